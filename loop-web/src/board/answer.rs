//! A body that is ready to be sent, with what a client needs to not fetch it again.

use std::io::Write;

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, VARY,
};
use axum::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use crate::conditional::{etag_of, is_known};

/// Shorter bodies are not worth packing.
const MIN_PACKED_BYTES: usize = 1000;

/// A JSON body, packed and not.
#[derive(Debug)]
pub struct Answer {
    json: Bytes,
    gzip: Option<Bytes>,
    etag: String,
}

impl Answer {
    /// Just this value.
    #[must_use]
    pub fn bare(value: &impl Serialize) -> Self {
        // Our own types, with text for keys: it cannot fail, and null is at least valid.
        let json = serde_json::to_vec(value).unwrap_or_else(|_| b"null".to_vec());
        let gzip = (json.len() >= MIN_PACKED_BYTES)
            .then(|| pack(&json))
            .flatten();
        let etag = etag_of(&json);
        Self {
            json: json.into(),
            gzip,
            etag,
        }
    }

    /// The body, not packed.
    #[must_use]
    pub fn json(&self) -> &Bytes {
        &self.json
    }

    /// What this request gets: the body, the packed body, or the news that it has it already.
    #[must_use]
    pub fn respond(&self, request: &HeaderMap) -> Response<Body> {
        let response = Response::builder()
            .header(ETAG, &self.etag)
            .header(CACHE_CONTROL, "no-cache")
            .header(VARY, "accept-encoding");
        let response = if is_known(request, &self.etag) {
            response
                .status(StatusCode::NOT_MODIFIED)
                .body(Body::empty())
        } else {
            let response = response.header(CONTENT_TYPE, "application/json");
            match self.gzip.as_ref().filter(|_| takes_gzip(request)) {
                Some(gzip) => response
                    .header(CONTENT_ENCODING, "gzip")
                    .body(gzip.clone().into()),
                None => response.body(self.json.clone().into()),
            }
        };
        response.unwrap_or_default()
    }
}

/// Whether the client unpacks gzip.
pub(crate) fn takes_gzip(request: &HeaderMap) -> bool {
    let accepted = request
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0")
    })
}

/// Packs a body; `None` if that fails, and it goes as it is.
pub(crate) fn pack(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(4));
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
