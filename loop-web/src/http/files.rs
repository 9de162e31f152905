//! Originals and small pictures, from the disk.

use std::path::Path as FilePath;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use loop_proto::Slug;
use tower_http::services::ServeFile;

use super::App;
use super::clips::no_such_range;
use super::error::{ApiError, ApiResult};
use super::extract::{Known, PathText, Ranged, SlugPath, Unchanged, bad_slug};
use super::openapi::refusals::{Disk, Range, Unknown};
use crate::conditional::is_known;
use crate::store::Item;

/// Nothing in a file from outside may run, whatever a browser takes it for.
const INERT: &str = "default-src 'none'; sandbox";

/// An item's small picture.
#[utoipa::path(get, path = "/api/media/{slug}/thumbnail", tag = "media", params(SlugPath, Known, Ranged),
    responses((status = 200, description = "The picture.", content_type = "image/png"),
        (status = 206, description = "A part of it.", content_type = "image/png"), Unchanged, SlugPath, Unknown,
        Range, Disk))]
pub(crate) async fn thumbnail(
    State(app): State<App>,
    SlugPath(slug): SlugPath,
    request: Request,
) -> ApiResult {
    let item = app.store.library().item(&slug).ok_or_else(not_found)?;
    let path = app.store.thumbnail_path(&slug).ok_or_else(not_found)?;
    // The address carries the clip's id, so another picture has another address.
    let caching = if request.uri().query().is_some() {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    serve(
        &path,
        "image/png",
        &format!("\"{}\"", item.clip),
        caching,
        request,
    )
    .await
}

pub(crate) async fn original(
    State(app): State<App>,
    PathText((slug, name)): PathText<(String, String)>,
    request: Request,
) -> ApiResult {
    let slug: Slug = slug
        .parse()
        .map_err(|error: loop_proto::ids::SlugError| bad_slug(&error.to_string()))?;
    serve_original(&app, &slug, &name, request).await
}

/// The original's clients know originals by their name alone.
pub(crate) async fn original_by_name(
    State(app): State<App>,
    PathText(name): PathText<String>,
    request: Request,
) -> ApiResult {
    let items = app.store.library().items();
    let item = items
        .iter()
        .rev()
        .find(|item| item.original.is_some() && item.filename == name);
    let slug = item.map(|item| item.slug.clone()).ok_or_else(not_found)?;
    serve_original(&app, &slug, &name, request).await
}

async fn serve_original(app: &App, slug: &Slug, name: &str, request: Request) -> ApiResult {
    let item = app.store.library().item(slug).ok_or_else(not_found)?;
    let path = app.store.original_path(slug, name).ok_or_else(not_found)?;
    let etag = format!(
        "\"{}\"",
        item.original_sha256
            .as_deref()
            .and_then(|hash| hash.get(..24))
            .unwrap_or("none")
    );
    let mut response = serve(&path, &item.mime, &etag, "no-cache", request).await?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(INERT));
    if !is_shown_safely(&item) {
        headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    }
    Ok(response)
}

/// Pixels and sound; an SVG can carry scripts.
fn is_shown_safely(item: &Item) -> bool {
    item.mime != "image/svg+xml"
}

async fn serve(
    path: &FilePath,
    mime: &str,
    etag: &str,
    caching: &'static str,
    request: Request,
) -> ApiResult {
    let known = is_known(request.headers(), etag);
    let response = if known {
        Response::builder()
            .status(StatusCode::NOT_MODIFIED)
            .body(Body::empty())
            .unwrap_or_default()
    } else {
        let mut request = request;
        decide_by_version(request.headers_mut(), etag);
        match ServeFile::new(path).try_call(request).await {
            Ok(served) => served.into_response(),
            // Deleted in this moment, or lost from the disk.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(not_found()),
            Err(error) => return Err(crate::store::tried("read the file")(error).into()),
        }
    };
    if response.status() == StatusCode::RANGE_NOT_SATISFIABLE {
        let size = tokio::fs::metadata(path).await;
        let size = size.map_err(crate::store::tried("read the file"))?;
        return Ok(no_such_range(size.len()));
    }
    let mut response = response;
    let headers = response.headers_mut();
    let text = |text: &str| {
        HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
    };
    if headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, text(mime));
    }
    headers.insert(ETAG, text(etag));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    Ok(response)
}

/// Takes out conditions that would be decided by the time of the file, which is no version: the clock of a device without
/// a battery goes back. A part is only sent to who has the beginning of this version.
fn decide_by_version(headers: &mut HeaderMap, etag: &str) {
    if headers.remove(IF_NONE_MATCH).is_some() {
        headers.remove(IF_MODIFIED_SINCE);
    }
    if headers
        .remove(IF_RANGE)
        .is_some_and(|known| known.as_bytes() != etag.as_bytes())
    {
        headers.remove(RANGE);
    }
}

fn not_found() -> ApiError {
    ApiError::not_found("Media not found")
}
