//! Clips as they are on disk, for browsers that play what the glass plays.

use std::io::SeekFrom;
use std::ops::RangeInclusive;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE,
    RANGE,
};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use loop_proto::ClipId;
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;

use super::App;
use super::error::{ApiError, ApiResult};
use super::extract::{Known, Ranged, SlugPath, Unchanged, invalid_parameter};
use super::openapi::refusals::{Disk, Range, Unknown};
use crate::conditional::is_known;
use crate::store::tried;

/// Read from the disk at a time.
const CHUNK_BYTES: usize = 64 * 1024;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Version {
    /// The clip that is wanted; without it the one the item has now.
    #[param(pattern = "^[0-9a-fA-F]{32}$")]
    v: Option<String>,
}

/// An item's clip: what the glass plays.
#[utoipa::path(get, path = "/api/media/{slug}/clip", tag = "media", params(SlugPath, Version, Known, Ranged),
    responses((status = 200, description = "The clip.", content_type = "application/octet-stream"),
        (status = 206, description = "A part of it.", content_type = "application/octet-stream"), Unchanged, SlugPath,
        Unknown, Range, Disk))]
pub(crate) async fn clip(
    State(app): State<App>,
    SlugPath(slug): SlugPath,
    version: Result<Query<Version>, QueryRejection>,
    headers: HeaderMap,
) -> ApiResult {
    let wanted = wanted(version)?;
    let (file, id) = app.store.open_clip(slug).await?;
    if wanted.is_some_and(|wanted| wanted != id) {
        let message = "the item has another clip by now; ask what is on the glass again";
        return Err(ApiError::new(
            StatusCode::NOT_FOUND,
            "CLIP_REPLACED",
            message,
        ));
    }
    let etag = format!("\"{id}\"");
    // With the clip in the address, another clip has another address.
    let caching = if wanted.is_some() {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let response = Response::builder()
        .header(ETAG, &etag)
        .header(CACHE_CONTROL, caching)
        .header(ACCEPT_RANGES, "bytes");
    if is_known(&headers, &etag) {
        let response = response.status(StatusCode::NOT_MODIFIED);
        return Ok(response.body(Body::empty()).unwrap_or_default());
    }
    let failed = tried("read the clip");
    let mut file = tokio::fs::File::from_std(file);
    let size = file.metadata().await.map_err(&failed)?.len();
    let (response, range) = match asked_range(&headers, &etag, size) {
        Asked::Everything => (response, 0..=size.saturating_sub(1)),
        Asked::Part(range) => {
            let about = format!("bytes {}-{}/{size}", range.start(), range.end());
            let response = response.status(StatusCode::PARTIAL_CONTENT);
            (response.header(CONTENT_RANGE, about), range)
        }
        Asked::Nothing => return Ok(no_such_range(size)),
    };
    file.seek(SeekFrom::Start(*range.start()))
        .await
        .map_err(failed)?;
    let length = range.end() - range.start() + 1;
    let body = ReaderStream::with_capacity(file.take(length), CHUNK_BYTES);
    let response = response
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(CONTENT_LENGTH, length);
    Ok(response
        .body(Body::from_stream(body))
        .unwrap_or_default()
        .into_response())
}

fn wanted(version: Result<Query<Version>, QueryRejection>) -> Result<Option<ClipId>, ApiError> {
    let Query(Version { v }) = version.map_err(|error| invalid_parameter(error.body_text()))?;
    v.map(|v| v.parse())
        .transpose()
        .map_err(|error: loop_proto::ids::ClipIdError| {
            invalid_parameter(format!("parameter v: {error}"))
        })
}

/// What of the file a request is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Everything,
    Part(RangeInclusive<u64>),
    Nothing,
}

/// A range counts only for the version it was meant for. What is not one range of bytes is ignored, as the standard allows.
pub(super) fn asked_range(headers: &HeaderMap, etag: &str, size: u64) -> Asked {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    let Some(range) = text(RANGE) else {
        return Asked::Everything;
    };
    if text(IF_RANGE).is_some_and(|meant| meant != etag) {
        return Asked::Everything;
    }
    let Ok(ranges) = http_range_header::parse_range_header(range) else {
        return Asked::Everything;
    };
    match ranges.validate(size).as_deref() {
        Ok([range]) => Asked::Part(range.clone()),
        Ok(_) => Asked::Everything,
        Err(_) => Asked::Nothing,
    }
}

pub(super) fn no_such_range(size: u64) -> axum::response::Response {
    let message = format!("there are {size} bytes and no such range");
    let error = ApiError::new(StatusCode::RANGE_NOT_SATISFIABLE, "NO_SUCH_RANGE", message);
    let mut response = error.into_response();
    if let Ok(about) = format!("bytes */{size}").parse() {
        response.headers_mut().insert(CONTENT_RANGE, about);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_of_the_right_version_is_a_part_and_the_rest_is_everything() {
        for (range, meant_for, asked) in [
            (None, None, Asked::Everything),
            (Some("bytes=0-9"), None, Asked::Part(0..=9)),
            (Some("bytes=90-"), None, Asked::Part(90..=99)),
            (Some("bytes=-7"), None, Asked::Part(93..=99)),
            (Some("bytes=0-9"), Some("\"a\""), Asked::Part(0..=9)),
            (Some("bytes=0-9"), Some("\"b\""), Asked::Everything),
            (Some("bytes=0-1,4-5"), None, Asked::Everything),
            (Some("lines=0-9"), None, Asked::Everything),
            (Some("bytes=100-"), None, Asked::Nothing),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(range) = range {
                headers.insert(RANGE, range.parse().unwrap());
            }
            if let Some(meant_for) = meant_for {
                headers.insert(IF_RANGE, meant_for.parse().unwrap());
            }
            assert_eq!(asked_range(&headers, "\"a\"", 100), asked, "{range:?}");
        }
    }
}
