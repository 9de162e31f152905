//! The body of a request, on its way into an upload.

use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::http::body::swallow;
use crate::http::error::ApiError;
use crate::metrics::{Kind, METRICS};
use crate::uploads::{UploadId, Uploads, Writing};

/// Without a byte for this long the sender is gone.
const SILENCE: Duration = Duration::from_secs(30);

/// How a body ended.
enum End {
    Whole,
    Broken,
    Silent,
    Stopped,
}

/// Adds a body to an upload; returns where the next request goes on. It goes on to its end also when the one who waits for
/// it is gone: a connection that breaks takes nothing with it that has come.
///
/// # Errors
/// When the body does not come whole or is refused.
pub(super) async fn receive(writing: Writing, body: Body) -> Result<u64, ApiError> {
    let received = tokio::spawn(take(writing, body));
    let stopping = |_| ApiError::from(crate::uploads::Error::Stopping);
    received.await.map_err(stopping)?
}

/// As [`receive`], for an upload whose name the client does not know yet: without all of the body it has no use for it.
///
/// # Errors
/// When the body does not come whole or is refused; there is no upload then.
pub(super) async fn receive_first(
    uploads: Uploads,
    id: UploadId,
    writing: Writing,
    body: Body,
) -> Result<u64, ApiError> {
    let received = tokio::spawn(async move {
        let received = take(writing, body).await;
        if received.is_err() {
            drop(uploads.remove(&id).await);
        }
        received
    });
    let stopping = |_| ApiError::from(crate::uploads::Error::Stopping);
    received.await.map_err(stopping)?
}

async fn take(mut writing: Writing, mut body: Body) -> Result<u64, ApiError> {
    let mut stop = std::pin::pin!(writing.told_to_stop());
    let end = loop {
        let next = tokio::select! {
            biased;
            () = stop.as_mut() => break End::Stopped,
            next = timeout(SILENCE, body.frame()) => next,
        };
        let frame = match next {
            Ok(Some(Ok(frame))) => frame,
            Ok(Some(Err(_))) => break End::Broken,
            Ok(None) => break End::Whole,
            Err(_) => break End::Silent,
        };
        let Some(bytes) = frame.data_ref() else {
            continue;
        };
        METRICS.uploads.received(Kind::Tus, bytes.len() as u64);
        if let Err(error) = writing.write(bytes).await {
            writing.undo().await?;
            swallow(body).await;
            return Err(error.into());
        }
    };
    let error = match end {
        End::Whole => return Ok(writing.keep().await?),
        End::Broken => super::announce::bad_header("the request ended in the middle"),
        End::Silent => ApiError::stalled(SILENCE),
        End::Stopped => writing.reason_to_stop().into(),
    };
    writing.break_off().await?;
    Err(error)
}
