//! The door for WebSockets.
//!
//! Not axum's own: that one can only send whole messages, and its buffer stays as large as the largest of them for each
//! client that is connected.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use nix::sys::socket::{setsockopt, sockopt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;

use super::App;
use super::address::Client;
use super::error::{ApiError, ApiResult};
use super::impatient::Impatient;
use crate::live::{self, Socket};

/// What the system keeps for a client that does not read, twice over; by itself it would go up to 4 MiB.
const SEND_BUFFER_BYTES: usize = 128 * 1024;

pub(crate) async fn websocket(State(app): State<App>, mut request: Request) -> ApiResult {
    let accepted = create_response_with_body(&request, Body::empty).map_err(|error| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "NOT_A_WEBSOCKET",
            error.to_string(),
        )
    })?;
    let client = request.extensions().get::<Client>().copied();
    let Some(seat) = client.and_then(|client| app.sockets.take(client)) else {
        return Err(ApiError::busy(
            "too many WebSockets are open; poll /api/poll/status instead",
        ));
    };
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        match upgrade.await {
            Ok(connection) => serve(connection, app).await,
            Err(error) => tracing::debug!("a WebSocket was not opened: {error}"),
        }
        drop(seat);
    });
    Ok(accepted)
}

async fn serve(connection: Upgraded, app: App) {
    // The one kind of connection there is: see `serve.rs`.
    let Ok(parts) = connection.downcast::<TokioIo<Impatient<TcpStream>>>() else {
        tracing::warn!("a WebSocket did not come over TCP");
        return;
    };
    // A session has a patience of its own.
    let stream = parts.io.into_inner().into_inner();
    if let Err(error) = setsockopt(&stream, sockopt::SndBuf, &SEND_BUFFER_BYTES) {
        tracing::debug!("the send buffer stays as it is: {error}");
    }
    let socket = Socket::open(stream, &parts.read_buf).await;
    live::run(socket, app.board.clone(), app.glass.clone()).await;
}
