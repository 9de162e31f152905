//! The backlight and the picture.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use loop_proto::message::{ColourError, Message, MessageText, MessageTime};
use loop_proto::units::Brightness;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::error::{ApiError, ApiResult, Enveloped, done, tell};
use super::extract::{ApiJson, Known, Unchanged};
use super::openapi::refusals::Hardware;
use super::whole;
use crate::conditional::is_known;
use crate::view::{Envelope, Nothing};

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

#[derive(Deserialize, ToSchema)]
pub(crate) struct ShowMessage {
    /// 1 to 200 characters, without control characters but the line feed. What ISO 8859-15 lacks is shown as a `?`.
    #[schema(
        max_length = 200,
        pattern = r"^[^\x00-\x09\x0b-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x09\x0b-\x1f\x7f-\x9f]*$"
    )]
    text: String,
    /// Until it goes by itself, 1 to 3600; without it stays until it is taken away.
    #[schema(minimum = 1, maximum = 3600)]
    #[serde(default, deserialize_with = "whole::optional")]
    seconds: Option<i64>,
    /// Of the letters, like `#ff7f50`.
    #[schema(pattern = "^#?[0-9a-fA-F]{6}$")]
    color: Option<String>,
}

impl ShowMessage {
    fn checked(self) -> Result<Message, ApiError> {
        let text = MessageText::try_from(self.text);
        // Less than none is as wrong as none.
        let seconds = self.seconds.map(|seconds| seconds.try_into().unwrap_or(0));
        let time = seconds.map(|seconds| MessageTime::try_from(Duration::from_secs(seconds)));
        let colour = self.color.map(|colour| colour.parse());
        let wrong = |name, fault: &dyn std::fmt::Display| ApiError::field(name, &fault.to_string());
        Ok(Message {
            text: text.map_err(|fault| wrong("text", &fault))?,
            time: time.transpose().map_err(|fault| wrong("seconds", &fault))?,
            colour: colour
                .transpose()
                .map_err(|fault: ColourError| wrong("color", &fault))?,
        })
    }
}

/// Shows a message on the glass instead of the picture; playback goes on below it.
#[utoipa::path(post, path = "/api/display/message", tag = "display", operation_id = "show_message",
    request_body = ShowMessage,
    responses((status = 200, description = "It is on the glass.", body = Envelope<Nothing>), ApiJson<ShowMessage>, Hardware))]
pub(crate) async fn show_message(
    State(app): State<App>,
    ApiJson(request): ApiJson<ShowMessage>,
) -> Enveloped<Nothing> {
    let message = request.checked()?;
    app.link.client()?.show_message(Some(message)).await?;
    done("Message shown", Nothing)
}

/// Takes the message from the glass; without one nothing happens.
#[utoipa::path(delete, path = "/api/display/message", tag = "display", operation_id = "clear_message",
    responses((status = 200, description = "There is none any more.", body = Envelope<Nothing>), Hardware))]
pub(crate) async fn clear_message(State(app): State<App>) -> Enveloped<Nothing> {
    app.link.client()?.show_message(None).await?;
    done("Message cleared", Nothing)
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
