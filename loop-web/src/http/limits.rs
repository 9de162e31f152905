//! How much at a time, and for how long.

use std::any::Any;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tower_http::catch_panic::CatchPanicLayer;

use super::App;
use super::error::ApiError;
use crate::metrics::{METRICS, Refusal};

/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(2);

/// Waiting requests for each one that is worked on.
const QUEUE_FACTOR: usize = 4;

/// Turns for requests: some are worked on, some wait, the rest is told to come back. Reads are answered at once and never
/// wait for those that change something: their bodies may be long in coming.
#[derive(Debug)]
pub(crate) struct Requests {
    reads: Turns,
    writes: Turns,
}

#[derive(Debug)]
struct Turns {
    working: Semaphore,
    present: Semaphore,
}

impl Requests {
    /// So many reads, and half as many others.
    pub(crate) fn new(at_a_time: usize) -> Self {
        Self {
            reads: Turns::new(at_a_time),
            writes: Turns::new((at_a_time / 2).max(1)),
        }
    }
}

impl Turns {
    fn new(at_a_time: usize) -> Self {
        Self {
            working: Semaphore::new(at_a_time),
            present: Semaphore::new(at_a_time.saturating_mul(1 + QUEUE_FACTOR)),
        }
    }
}

pub(crate) async fn limit_requests(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Response {
    let busy = || {
        METRICS.http.refused(Refusal::Queue);
        ApiError::busy("Server busy. Too many requests at a time, try again in a moment.")
            .into_response()
    };
    let turns = match *request.method() {
        Method::GET | Method::HEAD => &app.requests.reads,
        _ => &app.requests.writes,
    };
    let Ok(_present) = turns.present.try_acquire() else {
        return busy();
    };
    match timeout(PATIENCE, turns.working.acquire()).await {
        Ok(Ok(_working)) => next.run(request).await,
        Ok(Err(_)) | Err(_) => busy(),
    }
}

/// Ends requests that take too long. A WebSocket's request is over when it is accepted.
pub(crate) async fn limit_time(State(app): State<App>, request: Request, next: Next) -> Response {
    let limit = Duration::from_secs(app.config.web.request_timeout_seconds.get());
    let late = || {
        METRICS.http.refused(Refusal::Timeout);
        ApiError::new(
            StatusCode::GATEWAY_TIMEOUT,
            "TIMEOUT",
            "the request took too long",
        )
        .into_response()
    };
    timeout(limit, next.run(request))
        .await
        .unwrap_or_else(|_| late())
}

/// A panic in a handler is an answer like any other fault of ours.
pub(crate) fn catch_panics() -> CatchPanicLayer<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanicLayer::custom(|_| {
        let message = "the request met a fault in LOOP; the log says more";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message).into_response()
    })
}
