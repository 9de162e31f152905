//! The backlight and the picture.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use loop_proto::units::Brightness;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::error::{ApiError, ApiResult, success};
use super::extract::ApiJson;
use crate::conditional::is_known;

pub(crate) async fn brightness(State(app): State<App>) -> ApiResult {
    let state = app.link.state();
    let Some(snapshot) = state.snapshot() else {
        app.link.client()?;
        return Err(ApiError::busy("the display is restarting"));
    };
    success(
        Value::Null,
        json!({"brightness": snapshot.display.brightness.percent()}),
    )
}

#[derive(Deserialize)]
pub(crate) struct SetBrightness {
    brightness: Option<i64>,
}

pub(crate) async fn set_brightness(
    State(app): State<App>,
    ApiJson(request): ApiJson<SetBrightness>,
) -> ApiResult {
    let Some(percent) = request.brightness else {
        return brightness(State(app)).await;
    };
    let wanted = Brightness::clamped(percent);
    app.link.client()?.set_brightness(wanted).await?;
    success(
        format!("Brightness set to {}", wanted.percent()),
        json!({"brightness": wanted.percent()}),
    )
}

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
