//! `POST /api/media`: an original and its frames.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::time::timeout;

use super::App;
use super::error::{ApiError, ApiResult, success};
use super::portions::{Endless, Gauge};
use crate::board::Board;
use crate::clock::unix_millis;
use crate::ingest::{Limits, Upload};
use crate::jobs::Stage;
use crate::store::Added;

/// The only field there is; it comes once for each file.
const FIELD: &str = "files";

/// How often clients hear how far it is.
const NEWS: Duration = Duration::from_millis(200);

/// Received between two messages that count bytes, as the original sends them; no oftener than [`NEWS`] either.
const STEP_BYTES: u64 = 1024 * 1024;

/// How long a sender may go on after its upload was refused.
const LISTEN: Duration = Duration::from_secs(30);

/// Without a byte for this long the sender is gone, and its place is for others.
const SILENCE: Duration = Duration::from_secs(30);

/// Shares of the whole, in percent, when a stage ends.
const RECEIVED: u64 = 60;
const CONVERTED: u64 = 95;

/// The files of an upload, one after the other.
struct Form {
    parts: Multipart,
    gauge: Gauge,
}

pub(crate) async fn upload(State(app): State<App>, request: Request) -> ApiResult {
    let headers = request.headers().clone();
    let gauge = Gauge::default();
    let request = request.map(|body| gauge.measure(body));
    let parts = Multipart::from_request(request, &()).await;
    let parts = parts.map_err(|error| malformed(&error.body_text()))?;
    let mut multipart = Form { parts, gauge };
    let result = match app.uploads.try_acquire() {
        Ok(_place) => take_and_tell(&app, &headers, &mut multipart).await,
        Err(_) => Err(ApiError::busy(
            "too many uploads at a time, try again in a moment",
        )),
    };
    if let Err(error) = &result {
        tracing::info!(
            code = error.code(),
            "refused an upload: {}",
            error.message()
        );
        // Without a reader the sender's connection breaks, and it never sees the reason.
        if !error.is_stalled() {
            drop(timeout(LISTEN, swallow(&mut multipart)).await);
        }
    }
    let (files, added) = result?;
    app.board.refresh();
    let data = json!({"slug": added.item().slug, "job_ids": []});
    success(format!("Processed {files} files"), data)
}

async fn take_and_tell(
    app: &App,
    headers: &HeaderMap,
    multipart: &mut Form,
) -> Result<(usize, Added), ApiError> {
    let mut news = News::new(app.board.clone(), headers);
    let result = take(app, headers, multipart, &mut news).await;
    match &result {
        Ok(_) => news.end(Stage::Complete, 100, "Added"),
        Err(error) => news.end(Stage::Error, 0, error.message()),
    }
    result
}

async fn take(
    app: &App,
    headers: &HeaderMap,
    multipart: &mut Form,
    news: &mut News,
) -> Result<(usize, Added), ApiError> {
    let length = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let expected: u64 = length.unwrap_or(0);
    let max_file_bytes = app
        .config
        .media
        .max_file_size_mb
        .get()
        .saturating_mul(1_000_000);
    let mut upload = Upload::begin(&app.store, Limits { max_file_bytes }, expected)?;
    let mut files = 0;
    while let Some(field) = arrived(multipart.parts.next_field()).await? {
        multipart.gauge.advanced();
        receive(&mut upload, field, &multipart.gauge, expected, news).await?;
        files += 1;
    }
    news.all_received(expected);
    news.tell(Stage::Converting, RECEIVED, "Converting");
    let teller = news.teller();
    let staged = upload
        .finish(move |done, all| teller.converted(done, all))
        .await?;
    news.tell(Stage::Finalizing, CONVERTED, "Storing");
    Ok((files, app.store.add(staged).await?))
}

async fn receive(
    upload: &mut Upload,
    mut field: Field<'_>,
    gauge: &Gauge,
    expected: u64,
    news: &mut News,
) -> Result<(), ApiError> {
    if field.name() != Some(FIELD) {
        let name = field.name().unwrap_or_default().to_owned();
        let message = format!("unknown form field {name:?}: send each file as {FIELD:?}");
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "WRONG_FIELD",
            message,
        ));
    }
    let name = field.file_name().unwrap_or_default().to_owned();
    news.name(&name);
    let mut part = upload.part(&name)?;
    while let Some(chunk) = arrived(field.chunk()).await? {
        gauge.advanced();
        part.write(&chunk).await?;
        news.received(chunk.len() as u64, expected);
    }
    Ok(part.finish().await?)
}

/// What comes next from the sender, if it is still there.
async fn arrived<T>(next: impl Future<Output = Result<T, MultipartError>>) -> Result<T, ApiError> {
    match timeout(SILENCE, next).await {
        Ok(next) => next.map_err(|error| broken(&error)),
        Err(_) => Err(ApiError::stalled(SILENCE)),
    }
}

/// Reads what is left and forgets it.
async fn swallow(multipart: &mut Form) {
    multipart.gauge.discard();
    while let Ok(Some(mut field)) = multipart.parts.next_field().await {
        while let Ok(Some(_)) = field.chunk().await {}
    }
}

fn broken(error: &MultipartError) -> ApiError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(found) = cause {
        if found.is::<Endless>() {
            return malformed(&found.to_string());
        }
        cause = found.source();
    }
    malformed(&error.body_text())
}

fn malformed(reason: &str) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "MALFORMED_MULTIPART", reason)
}

/// Tells clients how far it is. Dropped in the middle, it tells that the upload has ended.
struct News {
    board: Board,
    id: String,
    filename: String,
    bytes: u64,
    /// Of them, what clients were last told.
    bytes_told: u64,
    told: Option<Instant>,
    ended: bool,
}

impl News {
    fn new(board: Board, headers: &HeaderMap) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let wanted = headers
            .get("x-upload-id")
            .and_then(|value| value.to_str().ok());
        let is_plain = |id: &&str| {
            (1..=64).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = wanted
            .filter(is_plain)
            .map_or_else(|| format!("job_{}_{count}", unix_millis()), str::to_owned);
        Self {
            board,
            id,
            filename: String::new(),
            bytes: 0,
            bytes_told: 0,
            told: None,
            ended: false,
        }
    }

    /// The first file that is not the frames gives its name to the upload.
    fn name(&mut self, name: &str) {
        if self.filename.is_empty() || self.filename.ends_with(".zip") {
            name.clone_into(&mut self.filename);
        }
    }

    fn received(&mut self, bytes: u64, expected: u64) {
        self.bytes += bytes;
        if self.told.is_none_or(|told| told.elapsed() >= NEWS) {
            let percent = self
                .bytes
                .min(expected)
                .saturating_mul(RECEIVED)
                .checked_div(expected)
                .unwrap_or(0);
            self.tell(Stage::Receiving, percent, "Receiving");
            if self.bytes - self.bytes_told >= STEP_BYTES {
                self.bytes_told = self.bytes;
                self.board.tell_bytes(self.bytes, expected);
            }
        }
    }

    /// The body is in, with all that is around its files.
    fn all_received(&self, expected: u64) {
        if expected >= STEP_BYTES {
            self.board.tell_bytes(expected, expected);
        }
    }

    fn tell(&mut self, stage: Stage, percent: u64, message: &str) {
        self.told = Some(Instant::now());
        let percent = u8::try_from(percent).unwrap_or(100);
        self.board
            .tell_upload(&self.id, &self.filename, stage, percent, message);
        self.board.refresh();
    }

    fn end(&mut self, stage: Stage, percent: u8, message: &str) {
        self.ended = true;
        self.board
            .tell_upload(&self.id, &self.filename, stage, percent, message);
        self.board.refresh();
    }

    fn teller(&self) -> Teller {
        Teller {
            board: self.board.clone(),
            id: self.id.clone(),
            told: Arc::default(),
        }
    }
}

impl Drop for News {
    fn drop(&mut self) {
        if !self.ended {
            self.end(Stage::Error, 0, "Cancelled");
        }
    }
}

/// Tells how far the conversion is, from its own thread.
struct Teller {
    board: Board,
    id: String,
    /// When clients were last told, in milliseconds.
    told: Arc<AtomicU64>,
}

impl Teller {
    fn converted(&self, done: u32, all: u32) {
        let (now, news) = (unix_millis(), u64::try_from(NEWS.as_millis()).unwrap_or(0));
        if now.saturating_sub(self.told.load(Ordering::Relaxed)) < news {
            return;
        }
        self.told.store(now, Ordering::Relaxed);
        let share = u64::from(done) * (CONVERTED - RECEIVED) / u64::from(all.max(1));
        let percent = u8::try_from(RECEIVED + share).unwrap_or(100);
        self.board.tell_conversion(&self.id, percent);
    }
}
