//! The daemon itself, and the door for WebSockets.

use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use std::sync::Arc;

use super::App;
use super::error::{ApiError, ApiResult, success};
use crate::hw::LinkState;
use crate::live;

/// Longest message a client may send: requests are a few words.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// The default would be 128 KiB for each connection.
const READ_BUFFER_BYTES: usize = 4096;

pub(crate) async fn websocket(
    State(app): State<App>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> ApiResult {
    let upgrade = upgrade.map_err(|error| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "NOT_A_WEBSOCKET",
            error.body_text(),
        )
    })?;
    let Ok(place) = Arc::clone(&app.sockets).try_acquire_owned() else {
        return Err(ApiError::busy(
            "too many WebSockets are open; poll /api/poll/status instead",
        ));
    };
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES);
    Ok(upgrade.on_upgrade(async move |socket| {
        live::run(socket, app.board, app.glass).await;
        drop(place);
    }))
}

pub(crate) async fn websockets(State(app): State<App>) -> ApiResult {
    let (total, rooms) = app.board.with_hub(|hub, _| (hub.len(), hub.rooms()));
    let counts: std::collections::BTreeMap<_, _> =
        rooms.iter().map(|(room, ids)| (*room, ids.len())).collect();
    let connections =
        json!({"total_connections": total, "rooms": counts, "healthy_connections": total});
    success(
        Value::Null,
        json!({"connections": connections, "detailed_rooms": rooms}),
    )
}

pub(crate) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.link.state() {
        LinkState::Connected(_) => Json(json!({"ready": true, "reasons": []})).into_response(),
        LinkState::Away(reason) => {
            let body = json!({"ready": false, "reasons": [format!("loop-hw is away: {reason}")]});
            let retry = [(RETRY_AFTER, "2")];
            (StatusCode::SERVICE_UNAVAILABLE, retry, Json(body)).into_response()
        }
    }
}

/// Not 503: that says "in a moment", and the original's page then asks three times more.
pub(crate) async fn not_available() -> ApiError {
    let message = "this version of LOOP does not manage networks or updates";
    ApiError::new(StatusCode::NOT_IMPLEMENTED, "NOT_AVAILABLE", message)
}
