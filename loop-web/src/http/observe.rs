//! Every request as it is seen from outside: its id, its line in the log, and what is counted of it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, ETAG};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument;

use super::request_id::{RequestId, X_REQUEST_ID};
use crate::clock::unix_millis;
use crate::metrics::{Counted, METRICS, method_name};

/// From here on an answer is late, unless it had to wait for the client's bytes.
const SLOW: Duration = Duration::from_secs(2);

/// The routes whose requests last as long as bytes come.
const UNHURRIED: [&str; 4] = [
    "/api/media",
    "/api/media/import",
    "/api/uploads",
    "/api/uploads/{id}",
];

/// The route of a request that has none: its path is not written down, since there is no end of them.
const UNMATCHED: &str = "unmatched";

pub(super) async fn observe(request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    let method = method_name(request.method());
    let place = METRICS.http.place(route);
    let under_way = Counted::into(&METRICS.http.in_flight);
    let span = tracing::info_span!("request", %id, method, route);
    let begun = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let took = begun.elapsed();
    drop(under_way);
    let status = response.status();
    METRICS.http.answered(&place, method, status.as_u16(), took);
    count_answer(&response);
    span.in_scope(|| log(status, took, UNHURRIED.contains(&route)));
    response
        .headers_mut()
        .insert(X_REQUEST_ID, id.into_header());
    response
}

fn count_answer(response: &Response) {
    let headers = response.headers();
    let told = headers
        .get(CONTENT_LENGTH)
        .and_then(|told| told.to_str().ok()?.parse().ok());
    if let Some(bytes) = response.body().size_hint().exact().or(told) {
        let packed = headers
            .get(CONTENT_ENCODING)
            .is_some_and(|encoding| encoding == "gzip");
        METRICS.http.sends(bytes, packed);
    }
    if headers.contains_key(ETAG) {
        match response.status() {
            StatusCode::NOT_MODIFIED => METRICS.http.validated(true),
            StatusCode::OK => METRICS.http.validated(false),
            _ => {}
        }
    }
}

fn log(status: StatusCode, took: Duration, is_unhurried: bool) {
    let status_code = status.as_u16();
    let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let is_slow = took >= SLOW && !is_unhurried;
    match status {
        // Said for what this version does not do.
        StatusCode::NOT_IMPLEMENTED => tracing::debug!(status = status_code, took_ms, "answered"),
        // Many may be turned away at a time; the metrics count them all.
        StatusCode::SERVICE_UNAVAILABLE if !is_first_of_second() => {
            tracing::debug!(status = status_code, took_ms, "answered");
        }
        status if status.is_server_error() => {
            tracing::warn!(status = status_code, took_ms, "failed")
        }
        _ if is_slow => tracing::warn!(status = status_code, took_ms, "answered late"),
        _ => tracing::debug!(status = status_code, took_ms, "answered"),
    }
}

fn is_first_of_second() -> bool {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = unix_millis() / 1000;
    LAST.swap(now, Ordering::Relaxed) != now
}
