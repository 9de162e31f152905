//! The backlight and the picture.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use loop_proto::units::Brightness;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::error::{ApiError, ApiResult, Enveloped, done, tell};
use super::extract::{ApiJson, Known, Unchanged};
use super::openapi::refusals::Hardware;
use super::whole;
use crate::conditional::is_known;
use crate::view::Envelope;

/// How bright the backlight is.
#[derive(Serialize, ToSchema)]
pub(crate) struct Bright {
    brightness: Brightness,
}

/// How bright the backlight is.
#[utoipa::path(get, path = "/api/display/brightness", tag = "display", operation_id = "brightness",
    responses((status = 200, description = "In percent.", body = Envelope<Bright>), Hardware))]
pub(crate) async fn brightness(State(app): State<App>) -> Enveloped<Bright> {
    let state = app.link.state();
    let Some(snapshot) = state.snapshot() else {
        app.link.client()?;
        return Err(ApiError::busy("the display is restarting"));
    };
    let brightness = snapshot.display.brightness;
    tell(Bright { brightness })
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct SetBrightness {
    /// In percent; what is beyond 0 to 100 is taken to the nearest of them, and without it nothing changes.
    #[schema(schema_with = whole::described)]
    #[serde(default, deserialize_with = "whole::optional")]
    brightness: Option<i64>,
}

/// Makes the backlight brighter or darker.
#[utoipa::path(post, path = "/api/display/brightness", tag = "display", operation_id = "set_brightness",
    request_body = SetBrightness,
    responses((status = 200, description = "What it is now.", body = Envelope<Bright>), ApiJson<SetBrightness>, Hardware))]
pub(crate) async fn set_brightness(
    State(app): State<App>,
    ApiJson(request): ApiJson<SetBrightness>,
) -> Enveloped<Bright> {
    let Some(percent) = request.brightness else {
        return brightness(State(app)).await;
    };
    let wanted = Brightness::clamped(percent);
    app.link.client()?.set_brightness(wanted).await?;
    done(
        format!("Brightness set to {}", wanted.percent()),
        Bright { brightness: wanted },
    )
}

/// Exactly what is on the glass, as the viewer sees it.
#[utoipa::path(get, path = "/api/display/snapshot.png", tag = "display", operation_id = "snapshot", params(Known),
    responses((status = 200, description = "320 by 240 pixels.", content_type = "image/png"), Unchanged, Hardware))]
pub(crate) async fn snapshot(State(app): State<App>, headers: HeaderMap) -> ApiResult {
    let picture = app.glass.now().await?;
    let response = Response::builder()
        .header(ETAG, &*picture.etag)
        .header(CACHE_CONTROL, "no-cache");
    let response = if is_known(&headers, &picture.etag) {
        response
            .status(StatusCode::NOT_MODIFIED)
            .body(Body::empty())
    } else {
        response
            .header(CONTENT_TYPE, "image/png")
            .body(picture.png.into())
    };
    Ok(response.unwrap_or_default().into_response())
}
