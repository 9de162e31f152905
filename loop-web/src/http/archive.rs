//! The whole library as one file: `GET /api/media/export` and `POST /api/media/import`.

use std::fs::File;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG,
};
use axum::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tempfile::TempDir;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinHandle;

use super::App;
use super::body::{JobName, swallow, told_length, wanted_job};
use super::clips::{Asked, asked_range, no_such_range};
use super::error::{ApiError, ApiResult, Enveloped, done};
use super::extract::{Known, Ranged, Unchanged};
use super::openapi::refusals::{Arriving, Disk, Ingest, Range};
use super::places::Place;
use crate::archive::{self, Error, Imported, Packed, Reading};
use crate::cancel::Cancel;
use crate::conditional::is_known;
use crate::ingest::{Hashing, Spool};
use crate::jobs::Stage;
use crate::news::News;
use crate::store::tried;
use crate::view::Envelope;

/// Downloads at a time: each keeps a plan of a few hundred kilobytes.
pub(super) const EXPORTS: usize = 4;

/// The whole library as one file, to restore or to clone a device.
#[utoipa::path(get, path = "/api/media/export", tag = "media", params(Known, Ranged),
    responses((status = 200, description = "The archive.", content_type = "application/x-tar"),
        (status = 206, description = "A part of it.", content_type = "application/x-tar"), Unchanged, Range, Disk))]
pub(crate) async fn export(State(app): State<App>, headers: HeaderMap) -> ApiResult {
    let place = Arc::clone(&app.exports).try_acquire_owned();
    let place = place.map_err(|_| ApiError::busy("too many downloads of the library at a time"))?;
    let packed = Packed::of(&app.store, &app.config.device.name).await?;
    let (bytes, etag) = (packed.bytes(), packed.etag().to_owned());
    let response = Response::builder()
        .header(ETAG, &etag)
        .header(CACHE_CONTROL, "no-cache")
        .header(ACCEPT_RANGES, "bytes");
    if is_known(&headers, &etag) {
        let response = response.status(StatusCode::NOT_MODIFIED);
        return Ok(response.body(Body::empty()).unwrap_or_default());
    }
    let (response, range) = match asked_range(&headers, &etag, bytes) {
        Asked::Everything => (response, 0..bytes),
        Asked::Part(range) => {
            let about = format!("bytes {}-{}/{bytes}", range.start(), range.end());
            let response = response.status(StatusCode::PARTIAL_CONTENT);
            let range = *range.start()..range.end() + 1;
            (response.header(CONTENT_RANGE, about), range)
        }
        Asked::Nothing => return Ok(no_such_range(bytes)),
    };
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let date = now.get(..10).unwrap_or_default();
    let name = format!("attachment; filename=\"loop-library-{date}.tar\"");
    let response = response
        .header(CONTENT_TYPE, "application/x-tar")
        .header(CONTENT_DISPOSITION, name)
        .header(CONTENT_LENGTH, range.end - range.start);
    let body = Download {
        state: Fetching::Idle(Reading::new(Arc::new(packed), range)),
        _place: place,
    };
    Ok(response.body(Body::new(body)).unwrap_or_default())
}

/// A range of the archive on its way out. The next piece is read when the one before is with the socket; in between nothing
/// is held but a place.
struct Download {
    state: Fetching,
    _place: OwnedSemaphorePermit,
}

enum Fetching {
    Idle(Reading),
    Busy(u64, JoinHandle<(Reading, io::Result<Bytes>)>),
    Over,
}

impl HttpBody for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            match std::mem::replace(&mut self.state, Fetching::Over) {
                Fetching::Idle(reading) if reading.left() == 0 => return Poll::Ready(None),
                Fetching::Idle(mut reading) => {
                    let left = reading.left();
                    let work = tokio::task::spawn_blocking(move || {
                        let piece = reading.next_piece();
                        (reading, piece)
                    });
                    self.state = Fetching::Busy(left, work);
                }
                Fetching::Busy(left, mut work) => {
                    let Poll::Ready(done) = Pin::new(&mut work).poll(context) else {
                        self.state = Fetching::Busy(left, work);
                        return Poll::Pending;
                    };
                    let (reading, piece) = done.map_err(io::Error::other)?;
                    // Without the rest the client sees that it has not got all, and resumes with the new archive.
                    let piece = piece.inspect_err(|error| {
                        tracing::warn!("broke off a download of the library: {error}");
                    })?;
                    self.state = Fetching::Idle(reading);
                    return Poll::Ready(Some(Ok(Frame::data(piece))));
                }
                Fetching::Over => return Poll::Ready(None),
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match &self.state {
            Fetching::Idle(reading) => reading.left(),
            Fetching::Busy(left, _) => *left,
            Fetching::Over => 0,
        })
    }
}

/// Takes in the library of another device, or of this one.
#[utoipa::path(post, path = "/api/media/import", tag = "media", params(JobName),
    request_body(description = "An archive as it was exported.", content(("application/x-tar"))),
    responses((status = 200, description = "What came of it.", body = Envelope<Imported>), Arriving, Ingest))]
pub(crate) async fn import(State(app): State<App>, request: Request) -> Enveloped<Imported> {
    let (head, mut body) = request.into_parts();
    let result = match app.uploads.take().await {
        Ok(place) => take_and_tell(&app, &head.headers, &mut body, place).await,
        Err(lost) => Err(lost.into()),
    };
    if let Err(error) = &result {
        tracing::info!(code = error.code(), "an import ended: {}", error.message());
        if !error.is_stalled() {
            swallow(body).await;
        }
    }
    app.board.refresh();
    let imported = result?;
    let message = format!("Imported {} items", imported.imported);
    done(message, imported)
}

async fn take_and_tell(
    app: &App,
    headers: &HeaderMap,
    body: &mut Body,
    place: Place,
) -> Result<Imported, ApiError> {
    let mut news = News::new(
        app.board.clone(),
        wanted_job(app, headers),
        Cancel::default(),
    );
    news.name("library.tar");
    let result = take(app, headers, body, place, &mut news).await;
    match &result {
        Ok(done) => {
            let message = format!("Imported {} items", done.imported);
            news.end(Stage::Complete, 100, &message);
        }
        Err(error) => news.end(Stage::Error, 0, error.message()),
    }
    result.map_err(|error| error.with_hint(&app.store.library()))
}

async fn take(
    app: &App,
    headers: &HeaderMap,
    body: &mut Body,
    place: Place,
    news: &mut News,
) -> Result<Imported, ApiError> {
    let expected = told_length(headers).unwrap_or(0);
    let room = app.store.reserve(expected).await?;
    let begun = TempDir::with_prefix_in("upload-", app.store.incoming()).and_then(|folder| {
        let path = folder.path().join("library.tar");
        let file = File::create(&path)?;
        Ok((folder, path, file))
    });
    let (folder, path, file) = begun.map_err(tried("begin an import"))?;
    let mut spool = Spool::new(file, Hashing::None, room);
    while let Some(bytes) = place.wait(next(body)).await?? {
        place.received(bytes.len() as u64);
        spool.write(&bytes).await?;
        news.received(bytes.len() as u64, expected);
    }
    drop(spool.finish().await?);
    // What follows takes no place of those who send.
    drop(place);
    news.all_received(expected);
    let work = archive::import(&app.store, &path, news.teller());
    let done = news.cancel().unless_asked(work).await;
    drop(folder);
    Ok(done.unwrap_or(Err(Error::Cancelled))?)
}

/// What comes next from the sender; `None` at the end.
async fn next(body: &mut Body) -> Result<Option<Bytes>, ApiError> {
    loop {
        match body.frame().await {
            None => return Ok(None),
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    return Ok(Some(bytes));
                }
            }
            Some(Err(error)) => {
                let message = format!("the archive broke off on its way: {error}");
                return Err(ApiError::new(
                    StatusCode::BAD_REQUEST,
                    "BROKEN_BODY",
                    message,
                ));
            }
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Store(error) => error.into(),
            error => Self::from(&error),
        }
    }
}

impl From<&Error> for ApiError {
    fn from(error: &Error) -> Self {
        let (status, code) = match error {
            Error::NotLibrary(_) => (StatusCode::UNPROCESSABLE_ENTITY, "NOT_A_LIBRARY"),
            Error::Damaged { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "DAMAGED_ARCHIVE"),
            Error::TooMany(_) => (StatusCode::UNPROCESSABLE_ENTITY, "TOO_MANY_ITEMS"),
            Error::Stopped {
                source: crate::store::Error::Full { .. },
                ..
            } => (StatusCode::INSUFFICIENT_STORAGE, "DISK_FULL"),
            Error::Stopped { source, .. } => {
                tracing::error!("{}", loop_proto::launch::report(source));
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR")
            }
            Error::Cancelled => return Self::busy(error.to_string()),
            Error::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR"),
        };
        Self::new(status, code, error.to_string())
    }
}
