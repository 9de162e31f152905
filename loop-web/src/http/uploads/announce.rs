//! From the headers of `POST /api/uploads` to what is announced.

use axum::http::{HeaderMap, HeaderValue, StatusCode};

use super::headers::{Malformed, Metadata, parse_count};
use crate::http::error::ApiError;
use crate::ingest::plain_name;
use crate::look::Look;
use crate::uploads::{Announced, Purpose};

/// Reads what a client announces.
///
/// # Errors
/// With the header or the key that is wrong.
pub(super) fn announced(headers: &HeaderMap) -> Result<Announced, ApiError> {
    for (name, what) in [
        ("upload-defer-length", "lengths that come later"),
        ("upload-concat", "uploads made of others"),
    ] {
        if headers.contains_key(name) {
            return Err(bad_header(format!(
                "{what} are not supported: send Upload-Length, and all bytes to one upload"
            )));
        }
    }
    let length = single(headers, "upload-length")?;
    let length = length.ok_or_else(|| bad_header("Upload-Length is missing"))?;
    let length = parse_count("Upload-Length", length.as_bytes())?;
    let metadata = single(headers, "upload-metadata")?;
    let metadata = metadata.map_or(&b""[..], |value| value.as_bytes());
    let fields = Metadata::parse(metadata)?;
    let frames = match fields.text("frames")? {
        Some(text) if !text.is_empty() => parse_count("Upload-Metadata, frames", text.as_bytes())?,
        _ => 0,
    };
    if frames > length {
        return Err(bad_field("frames", "it is more than Upload-Length"));
    }
    let Some(filename) = fields.text("filename")?.filter(|name| !name.is_empty()) else {
        return Err(bad_field("filename", "it is missing"));
    };
    let sha256 = fields.text("sha256")?.filter(|text| !text.is_empty());
    if sha256.is_some_and(|text| !is_sha256(text)) {
        return Err(bad_field("sha256", "it must be 64 hexadecimal digits"));
    }
    Ok(Announced {
        length,
        frames,
        filename: plain_name(filename),
        look: Look::from_words(word(&fields, "fit")?, word(&fields, "quality")?)?,
        sha256: sha256.map(str::to_lowercase),
        purpose: match word(&fields, "kind")? {
            None | Some("media") => Purpose::Media,
            Some("library") => Purpose::Library,
            Some(_) => return Err(bad_field("kind", "it must be media or library")),
        },
        metadata: String::from_utf8_lossy(metadata).into_owned(),
    })
}

/// A header that comes once at the most: of two, nobody knows which is meant.
pub(super) fn single<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a HeaderValue>, ApiError> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (_, Some(_)) => Err(bad_header(format!("{name} comes twice"))),
        (only, None) => Ok(only),
    }
}

fn word<'a>(fields: &'a Metadata, key: &str) -> Result<Option<&'a str>, Malformed> {
    Ok(fields.text(key)?.filter(|text| !text.is_empty()))
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn bad_field(key: &str, fault: &str) -> ApiError {
    let message = format!("Upload-Metadata, {key}: {fault}");
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_FIELD", message)
}

pub(super) fn bad_header(message: impl Into<String>) -> ApiError {
    ApiError::new(StatusCode::BAD_REQUEST, "BAD_HEADER", message)
}

impl From<Malformed> for ApiError {
    fn from(error: Malformed) -> Self {
        bad_header(error.to_string())
    }
}
