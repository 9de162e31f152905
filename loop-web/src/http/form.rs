//! `POST /api/media`: an original and its frames.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use loop_proto::Slug;
use loop_proto::clip::Quality;
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::App;
use super::body::{JobName, LISTEN, told_length, wanted_job};
use super::error::{ApiError, Enveloped, done};
use super::openapi::refusals::{Arriving, Ingest};
use super::places::Place;
use super::portions::{Endless, Gauge};
use crate::cancel::Cancel;
use crate::ingest::{Limits, Upload};
use crate::jobs::Stage;
use crate::look::{Fit, Look};
use crate::metrics::{Kind, METRICS};
use crate::news::News;
use crate::store::Added;
use crate::view::Envelope;

/// The field of the files; it comes once for each.
const FILES: &str = "files";

/// Longest text of any other field.
const MAX_WORD_BYTES: usize = 64;

/// The files of an upload, one after the other.
struct Form {
    parts: Multipart,
    gauge: Gauge,
}

/// What is sent.
// It is read part by part, while it comes; this is how the document describes it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UploadForm)]
pub(crate) struct Parts {
    /// The original, and beside it its frames: a ZIP, or a clip that is ready. Without frames the device converts it.
    #[schema(rename = "files", value_type = Vec<String>, format = Binary, min_items = 1, max_items = 2)]
    _files: (),
    #[schema(rename = "fit", value_type = Fit, required = false)]
    _fit: (),
    #[schema(rename = "quality", value_type = Quality, required = false)]
    _quality: (),
}

/// What came of an upload.
#[derive(Serialize, ToSchema)]
pub(crate) struct Uploaded {
    slug: Slug,
    /// Where the original names its jobs: an upload is over when it is answered.
    #[schema(max_items = 0)]
    job_ids: Vec<String>,
    /// The same was in the library already.
    duplicate: bool,
}

/// Adds a picture, a GIF or a video.
#[utoipa::path(post, path = "/api/media", tag = "media", params(JobName),
    request_body(content((Parts = "multipart/form-data"))),
    responses((status = 200, description = "It is in the library.", body = Envelope<Uploaded>), Arriving, Ingest))]
pub(crate) async fn upload(State(app): State<App>, request: Request) -> Enveloped<Uploaded> {
    let headers = request.headers().clone();
    let gauge = Gauge::default();
    let request = request.map(|body| gauge.measure(body));
    let parts = Multipart::from_request(request, &()).await;
    let parts = parts.map_err(|error| malformed(&error.body_text()))?;
    let mut multipart = Form { parts, gauge };
    let result = match app.uploads.take().await {
        Ok(place) => take_and_tell(&app, &headers, &mut multipart, place).await,
        Err(lost) => Err(lost.into()),
    };
    if let Err(error) = &result {
        tracing::info!(
            code = error.code(),
            "refused an upload: {}",
            error.message()
        );
        if !error.is_stalled() {
            drop(timeout(LISTEN, swallow(&mut multipart)).await);
        }
    }
    METRICS.uploads.ended(Kind::Form, result.is_ok());
    let (files, added) = result?;
    app.board.refresh();
    let uploaded = Uploaded {
        slug: added.item().slug.clone(),
        job_ids: Vec::new(),
        duplicate: matches!(added, Added::Same(_)),
    };
    done(format!("Processed {files} files"), uploaded)
}

async fn take_and_tell(
    app: &App,
    headers: &HeaderMap,
    multipart: &mut Form,
    place: Place,
) -> Result<(usize, Added), ApiError> {
    let cancel = Cancel::default();
    let mut news = News::new(app.board.clone(), wanted_job(app, headers), cancel.clone());
    let taken = take(app, headers, multipart, place, &mut news);
    let result = cancel.unless_asked(taken).await;
    let result = result.unwrap_or_else(|| Err(ApiError::cancelled()));
    match &result {
        Ok(_) => news.end(Stage::Complete, 100, "Added"),
        Err(error) => news.end(Stage::Error, 0, error.message()),
    }
    result.map_err(|error| error.with_hint(&app.store.library()))
}

async fn take(
    app: &App,
    headers: &HeaderMap,
    multipart: &mut Form,
    place: Place,
    news: &mut News,
) -> Result<(usize, Added), ApiError> {
    let expected = told_length(headers).unwrap_or(0);
    let max_file_bytes = app.config.media.max_file_bytes();
    let mut upload = app
        .ingest
        .begin(Limits { max_file_bytes }, expected)
        .await?;
    let (mut files, mut words) = (0, [None, None]);
    while let Some(field) = arrived(&place, multipart.parts.next_field()).await? {
        multipart.gauge.advanced();
        let mut source = Source {
            field,
            gauge: &multipart.gauge,
            place: &place,
        };
        match source.field.name() {
            Some(FILES) => {
                receive(&mut upload, &mut source, expected, news).await?;
                files += 1;
            }
            Some("fit") => words[0] = Some(word(source).await?),
            Some("quality") => words[1] = Some(word(source).await?),
            other => return Err(wrong_field(other.unwrap_or_default())),
        }
    }
    // What follows takes other turns.
    drop(place);
    let [fit, quality] = words;
    upload.set_look(Look::from_words(fit.as_deref(), quality.as_deref())?);
    news.all_received(expected);
    let (received, folder) = upload.received();
    let added = app.ingest.run(received, news.teller()).await;
    drop(folder);
    Ok((files, added?))
}

/// A field on its way in.
struct Source<'a> {
    field: Field<'a>,
    gauge: &'a Gauge,
    place: &'a Place,
}

impl Source<'_> {
    async fn chunk(&mut self) -> Result<Option<Bytes>, ApiError> {
        let chunk = arrived(self.place, self.field.chunk()).await?;
        if let Some(chunk) = &chunk {
            self.gauge.advanced();
            self.place.received(chunk.len() as u64);
            METRICS.uploads.received(Kind::Form, chunk.len() as u64);
        }
        Ok(chunk)
    }
}

async fn receive(
    upload: &mut Upload,
    source: &mut Source<'_>,
    expected: u64,
    news: &mut News,
) -> Result<(), ApiError> {
    let name = source.field.file_name().unwrap_or_default().to_owned();
    news.name(&name);
    let mut part = upload.part(&name)?;
    while let Some(chunk) = source.chunk().await? {
        part.write(&chunk).await?;
        news.received(chunk.len() as u64, expected);
    }
    Ok(part.finish().await?)
}

/// A field that is one word.
async fn word(mut source: Source<'_>) -> Result<String, ApiError> {
    let mut text = Vec::new();
    while let Some(chunk) = source.chunk().await? {
        text.extend_from_slice(&chunk);
        if text.len() > MAX_WORD_BYTES {
            let name = source.field.name().unwrap_or_default().to_owned();
            return Err(malformed(&format!("the form field {name:?} is too long")));
        }
    }
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn wrong_field(name: &str) -> ApiError {
    let message = format!("unknown form field {name:?}: send each file as {FILES:?}");
    ApiError::new(StatusCode::BAD_REQUEST, "WRONG_FIELD", message)
}

/// What comes next from the sender, while it has its place.
async fn arrived<T>(
    place: &Place,
    next: impl Future<Output = Result<T, MultipartError>>,
) -> Result<T, ApiError> {
    place.wait(next).await?.map_err(|error| broken(&error))
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
