//! What requests that bring files have in common.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use tokio::time::timeout;
use utoipa::IntoParams;

use super::App;

/// How long a sender may go on after it was refused. Without a reader its connection breaks, and it never sees the reason.
pub(super) const LISTEN: Duration = Duration::from_secs(30);

/// Reads what is left of a body and forgets it.
pub(super) async fn swallow(mut body: Body) {
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    drop(timeout(LISTEN, rest).await);
}

/// How long the body is said to be.
pub(super) fn told_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// A request whose work has a name.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct JobName {
    /// What the job is to be called by which its progress is told.
    #[param(rename = "x-upload-id", required = false)]
    _x_upload_id: String,
}

/// The name a client has chosen for its job. Nobody takes over another's job by its name.
pub(super) fn wanted_job<'a>(app: &App, headers: &'a HeaderMap) -> Option<&'a str> {
    let wanted = headers.get("x-upload-id")?.to_str().ok()?;
    (!app.board.jobs().contains_key(wanted)).then_some(wanted)
}
