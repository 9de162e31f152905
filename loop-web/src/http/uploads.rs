//! `/api/uploads`: uploads that can be resumed, by tus 1.0.0.
//!
//! A client may say with `X-HTTP-Method-Override` what it means by a POST. Every answer tells our version, also a refusal.

mod announce;
pub mod headers;
mod receive;
mod refusal;
mod status;
mod words;

use std::sync::Arc;
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, EXPECT, LOCATION};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::OpenApi;

use self::announce::{announced, bad_header, single};
use self::headers::{Checksum, parse_checksum, parse_count};
use self::receive::{receive, receive_first};
use self::status::{KnownUpload, UnderWay};
use self::words::{Adds, Announces, Id, Override, Speaks};
use super::App;
use super::body::{swallow, told_length};
use super::error::{ApiError, ApiResult, Enveloped, done, method_not_allowed, tell};
use super::extract::PathText;
use super::openapi::refusals::{Bytes, Meant, Parameter, Tus, Unknown, Upload};
use crate::ingest::FRAMES_FACTOR;
use crate::uploads::{Ended, Error, Failure, Found, Pending, UploadId, Uploads, Writing};
use crate::view::{Envelope, Nothing};

const VERSION: &str = "1.0.0";

const EXTENSIONS: &str = "creation,creation-with-upload,termination,checksum,expiration";

const ALGORITHMS: &str = "sha1,sha256";

/// What the bytes of an upload are sent as.
const BYTES: &str = "application/offset+octet-stream";

/// What is answered here, as the document describes it: which method it is is not axum's to say, see [`meant`].
#[derive(OpenApi)]
#[openapi(paths(abilities, under_way, create, state, offset, add, remove, meant))]
pub(super) struct Operations;

/// Of all uploads: what is under way, and one more.
pub(crate) async fn collection(State(app): State<App>, request: Request) -> Response {
    let (method, headers) = (meant(&request), request.headers().clone());
    let answer = match method {
        Method::OPTIONS => Ok(abilities(&app.resumable)),
        Method::GET => under_way(&app.resumable).map(IntoResponse::into_response),
        Method::POST => match speaks_tus(&headers) {
            Ok(()) => create(&app, &headers, request.into_body()).await,
            Err(error) => refuse(error, &headers, request.into_body()).await,
        },
        _ => Err(method_not_allowed().await),
    };
    in_tus(&app, "OPTIONS, GET, POST", answer)
}

/// Of one upload.
pub(crate) async fn one(
    State(app): State<App>,
    PathText(id): PathText<String>,
    request: Request,
) -> Response {
    let (method, headers) = (meant(&request), request.headers().clone());
    let answer = match method {
        Method::OPTIONS => Ok(abilities(&app.resumable)),
        Method::GET => state(&app.resumable, &id).map(IntoResponse::into_response),
        Method::HEAD | Method::PATCH | Method::DELETE => {
            let checked = speaks_tus(&headers).and_then(|()| named(&id));
            match (checked, method) {
                (Err(error), _) => refuse(error, &headers, request.into_body()).await,
                (Ok(id), Method::HEAD) => offset(&app.resumable, &id).await,
                (Ok(id), Method::DELETE) => remove(&app.resumable, &id).await,
                (Ok(id), _) => add(&app, &id, &headers, request.into_body()).await,
            }
        }
        _ => Err(method_not_allowed().await),
    };
    in_tus(&app, "OPTIONS, GET, HEAD, POST, PATCH, DELETE", answer)
}

/// What a request means: some senders can say only POST.
#[utoipa::path(post, path = "/api/uploads/{id}", tag = "uploads", operation_id = "meant", params(Id, Override, Speaks, Adds),
    request_body(content(("application/offset+octet-stream"))),
    responses((status = 200, description = "As of HEAD.", headers(("upload-offset" = u64), ("upload-length" = u64))),
        (status = 204, description = "As of PATCH or DELETE."), Meant, Tus, Bytes, Upload))]
fn meant(request: &Request) -> Method {
    let told = request.headers().get("x-http-method-override");
    let told = told.and_then(|told| Method::from_bytes(told.as_bytes()).ok());
    // Only of a POST, since whoever may send a GET may not change anything.
    match told {
        Some(told) if *request.method() == Method::POST => told,
        _ => request.method().clone(),
    }
}

fn in_tus(app: &App, methods: &'static str, answer: ApiResult) -> Response {
    let mut answer = answer.unwrap_or_else(|error| {
        tracing::debug!(code = error.code(), "refused: {}", error.message());
        error.with_hint(&app.store.library()).into_response()
    });
    let status = answer.status();
    let headers = answer.headers_mut();
    headers.insert("tus-resumable", HeaderValue::from_static(VERSION));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match status {
        StatusCode::METHOD_NOT_ALLOWED => {
            headers.insert(ALLOW, HeaderValue::from_static(methods));
        }
        StatusCode::PRECONDITION_FAILED => {
            headers.insert("tus-version", HeaderValue::from_static(VERSION));
        }
        _ => {}
    }
    answer
}

fn speaks_tus(headers: &HeaderMap) -> Result<(), ApiError> {
    let version = headers.get("tus-resumable");
    if version.is_some_and(|version| version == VERSION) {
        return Ok(());
    }
    let message = format!("send the header Tus-Resumable: {VERSION}");
    Err(ApiError::new(
        StatusCode::PRECONDITION_FAILED,
        "TUS_VERSION",
        message,
    ))
}

fn place(app: &App) -> Result<OwnedSemaphorePermit, ApiError> {
    let busy = |_| ApiError::busy("too many uploads at a time, try again in a moment");
    Arc::clone(&app.resuming).try_acquire_owned().map_err(busy)
}

fn named(id: &str) -> Result<UploadId, ApiError> {
    id.parse().map_err(|_| Error::Unknown.into())
}

/// Refuses a request whose body nobody has read.
async fn refuse(error: ApiError, headers: &HeaderMap, body: Body) -> ApiResult {
    // Who waits to be asked for the body has not sent it.
    if !headers.contains_key(EXPECT) {
        swallow(body).await;
    }
    Err(error)
}

/// What of tus is spoken here.
#[utoipa::path(options, path = "/api/uploads", tag = "uploads", operation_id = "tus_abilities",
    responses((status = 204, description = "In headers.", headers(("tus-version"), ("tus-extension"),
        ("tus-checksum-algorithm"), ("tus-max-size" = u64)))))]
fn abilities(uploads: &Uploads) -> Response {
    let bounds = uploads.bounds();
    let max = bounds.max_file_bytes.saturating_mul(1 + FRAMES_FACTOR);
    let max = max.min(bounds.bytes).to_string();
    let headers = [
        ("tus-version", VERSION),
        ("tus-extension", EXTENSIONS),
        ("tus-checksum-algorithm", ALGORITHMS),
        ("tus-max-size", max.as_str()),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// All uploads under way, in the order in which they were begun.
#[utoipa::path(get, path = "/api/uploads", tag = "uploads", operation_id = "uploads",
    responses((status = 200, description = "All of them.", body = Envelope<UnderWay>)))]
fn under_way(uploads: &Uploads) -> Enveloped<UnderWay> {
    let all = uploads.all();
    let uploads = all.iter().map(|upload| status::pending(uploads, upload));
    tell(UnderWay {
        uploads: uploads.collect(),
    })
}

/// What is known of an upload: how far it is, and for a while after its end what came of it.
#[utoipa::path(get, path = "/api/uploads/{id}", tag = "uploads", operation_id = "upload_state", params(Id),
    responses((status = 200, description = "Where it stands.", body = Envelope<KnownUpload>), Unknown))]
fn state(uploads: &Uploads, id: &str) -> Enveloped<KnownUpload> {
    let found = uploads.find(&named(id)?).ok_or(Error::Unknown)?;
    tell(status::found(uploads, &found))
}

/// Begins an upload, with its first bytes if there are some.
#[utoipa::path(post, path = "/api/uploads", tag = "uploads", operation_id = "begin_upload", params(Speaks, Announces),
    request_body(content(("application/offset+octet-stream"))),
    responses((status = 201, description = "It has begun.", headers(("location"), ("upload-offset" = u64),
        ("upload-expires"))), Tus, Meant, Bytes))]
async fn create(app: &App, headers: &HeaderMap, body: Body) -> ApiResult {
    let uploads = &app.resumable;
    let with_bytes = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == BYTES);
    let begun = begin(app, headers, with_bytes).await;
    let (upload, filling) = match begun {
        Ok(begun) => begun,
        Err(error) => return refuse(error, headers, body).await,
    };
    let mut answer = StatusCode::CREATED.into_response();
    if let Some((writing, _place)) = filling {
        let offset = receive_first(uploads.clone(), upload.id.clone(), writing, body).await?;
        put(&mut answer, "upload-offset", &offset.to_string());
    }
    let location = format!("/api/uploads/{}", upload.id);
    put(&mut answer, LOCATION.as_str(), &location);
    expires(uploads, &upload, &mut answer);
    Ok(answer)
}

/// An upload, and the place in which its first bytes come if some do.
type Begun = (Arc<Pending>, Option<(Writing, OwnedSemaphorePermit)>);

async fn begin(app: &App, headers: &HeaderMap, with_bytes: bool) -> Result<Begun, ApiError> {
    let (announced, told) = (announced(headers)?, promised(headers)?);
    if !with_bytes {
        return Ok((app.resumable.create(announced).await?, None));
    }
    is_not_too_much(headers, announced.length, announced.length)?;
    let place = place(app)?;
    let upload = app.resumable.create(announced).await?;
    let writing = app.resumable.write(Arc::clone(&upload), 0, told).await?;
    Ok((upload, Some((writing, place))))
}

/// Where an upload goes on.
#[utoipa::path(head, path = "/api/uploads/{id}", tag = "uploads", operation_id = "upload_offset", params(Id, Speaks),
    responses((status = 200, description = "In headers.", headers(("upload-offset" = u64), ("upload-length" = u64),
        ("upload-metadata"), ("upload-expires"))), Tus, Upload))]
async fn offset(uploads: &Uploads, id: &UploadId) -> ApiResult {
    let mut answer = StatusCode::OK.into_response();
    let (announced, offset) = match uploads.find(id).ok_or(Error::Unknown)? {
        Found::Pending(upload) => {
            let offset = upload.offset().await?;
            expires(uploads, &upload, &mut answer);
            (upload.announced.clone(), offset)
        }
        Found::Ended(ended) => (ended.announced.clone(), offset_at_end(&ended)?),
    };
    put(&mut answer, "upload-offset", &offset.to_string());
    put(&mut answer, "upload-length", &announced.length.to_string());
    if !announced.metadata.is_empty() {
        put(&mut answer, "upload-metadata", &announced.metadata);
    }
    Ok(answer)
}

/// All bytes have come, whatever became of them: the sender has nothing to do any more, even if it never saw that.
fn offset_at_end(ended: &Ended) -> Result<u64, Error> {
    match &ended.result {
        Err(Failure::Cancelled | Failure::Expired) => Err(Error::Gone),
        _ => Ok(ended.offset),
    }
}

/// Adds bytes to an upload.
#[utoipa::path(patch, path = "/api/uploads/{id}", tag = "uploads", operation_id = "add_to_upload", params(Id, Speaks, Adds),
    request_body(content(("application/offset+octet-stream"))),
    responses((status = 204, description = "They are there for good.", headers(("upload-offset" = u64),
        ("upload-expires"))), Tus, Bytes, Upload))]
async fn add(app: &App, id: &UploadId, headers: &HeaderMap, body: Body) -> ApiResult {
    let uploads = &app.resumable;
    let (upload, writing, _place) = match begin_to_add(app, id, headers).await {
        Ok(begun) => begun,
        Err(error) => return refuse(error, headers, body).await,
    };
    let offset = receive(writing, body).await?;
    let mut answer = StatusCode::NO_CONTENT.into_response();
    put(&mut answer, "upload-offset", &offset.to_string());
    expires(uploads, &upload, &mut answer);
    Ok(answer)
}

async fn begin_to_add(
    app: &App,
    id: &UploadId,
    headers: &HeaderMap,
) -> Result<(Arc<Pending>, Writing, OwnedSemaphorePermit), ApiError> {
    let upload = app.resumable.pending(id)?;
    if headers.get(CONTENT_TYPE).is_none_or(|kind| kind != BYTES) {
        let message = format!("the bytes of an upload come as {BYTES}");
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(ApiError::new(status, "WRONG_CONTENT_TYPE", message));
    }
    let at = single(headers, "upload-offset")?;
    let at = at.ok_or_else(|| bad_header("Upload-Offset is missing"))?;
    let at = parse_count("Upload-Offset", at.as_bytes())?;
    let told = promised(headers)?;
    let place = place(app)?;
    let writing = app.resumable.write(Arc::clone(&upload), at, told);
    let writing = writing.await?;
    is_not_too_much(headers, writing.missing(), upload.announced.length)?;
    Ok((upload, writing, place))
}

/// What the bytes of the request are to hash to.
fn promised(headers: &HeaderMap) -> Result<Option<Checksum>, ApiError> {
    let told = single(headers, "upload-checksum")?;
    let told = told.map(|told| parse_checksum(told.as_bytes()));
    Ok(told.transpose()?)
}

/// Refuses a body before it comes if it is longer than what is missing.
fn is_not_too_much(headers: &HeaderMap, missing: u64, all: u64) -> Result<(), ApiError> {
    match told_length(headers).is_some_and(|length| length > missing) {
        true => Err(Error::TooMuch(all).into()),
        false => Ok(()),
    }
}

/// Removes an upload.
#[utoipa::path(delete, path = "/api/uploads/{id}", tag = "uploads", operation_id = "remove_upload", params(Id, Speaks),
    responses((status = 204, description = "It is gone."), Tus, Upload))]
async fn remove(uploads: &Uploads, id: &UploadId) -> ApiResult {
    uploads.remove(id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Cancels work that goes on: an upload that can be resumed, or any other.
#[utoipa::path(delete, path = "/api/jobs/{id}", tag = "uploads", operation_id = "cancel_job",
    params(("id" = String, Path, description = "The job's name.")),
    responses((status = 200, description = "It will end.", body = Envelope<Nothing>), Parameter, Unknown, Upload))]
pub(crate) async fn cancel_job(
    State(app): State<App>,
    PathText(id): PathText<String>,
) -> Enveloped<Nothing> {
    let removed = match id.parse::<UploadId>() {
        Ok(upload) => app.resumable.remove(&upload).await,
        Err(_) => Err(Error::Unknown),
    };
    match removed {
        Ok(()) => {}
        Err(Error::Unknown | Error::Gone) => match app.board.cancel(&id) {
            Some(true) => {}
            Some(false) => return Err(Error::Stored.into()),
            None => return Err(ApiError::not_found("there is no such job")),
        },
        Err(error) => return Err(error.into()),
    }
    done(format!("Cancelled {id}"), Nothing)
}

fn expires(uploads: &Uploads, upload: &Pending, answer: &mut Response) {
    let at: SystemTime = uploads.expires_at(upload);
    put(answer, "upload-expires", &httpdate::fmt_http_date(at));
}

fn put(answer: &mut Response, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}
