//! The door for WebSockets.
//!
//! Not axum's own: that one can only send whole messages, and its buffer stays as large as the largest of them for each
//! client that is connected.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::App;
use super::error::{ApiError, ApiResult};
use crate::live;

/// Longest message a client may send: requests are a few words.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// The default would be 128 KiB for each connection.
const READ_BUFFER_BYTES: usize = 4096;

pub(crate) async fn websocket(State(app): State<App>, mut request: Request) -> ApiResult {
    let accepted = create_response_with_body(&request, Body::empty).map_err(|error| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "NOT_A_WEBSOCKET",
            error.to_string(),
        )
    })?;
    let Ok(place) = Arc::clone(&app.sockets).try_acquire_owned() else {
        return Err(ApiError::busy(
            "too many WebSockets are open; poll /api/poll/status instead",
        ));
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgrade.await {
            Ok(connection) => live::run(open(connection).await, app.board, app.glass).await,
            Err(error) => tracing::debug!("a WebSocket was not opened: {error}"),
        }
        drop(place);
    });
    Ok(accepted)
}

async fn open(connection: Upgraded) -> live::Socket {
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES));
    WebSocketStream::from_raw_socket(TokioIo::new(connection), Role::Server, Some(config)).await
}
