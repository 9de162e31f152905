//! A client that speaks tus, and all the ways to speak it wrong.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::rig::{Answer, Rig};

/// Every request of the protocol says this.
pub const VERSION: (&str, &str) = ("tus-resumable", "1.0.0");

/// What bytes come as.
pub const BYTES: (&str, &str) = ("content-type", "application/offset+octet-stream");

/// `Upload-Metadata` of these fields.
#[must_use]
pub fn metadata(fields: &[(&str, &str)]) -> String {
    let pairs = fields
        .iter()
        .map(|(key, value)| format!("{key} {}", STANDARD.encode(value)));
    pairs.collect::<Vec<_>>().join(",")
}

/// `Upload-Checksum` with SHA-1.
#[must_use]
pub fn sha1(bytes: &[u8]) -> String {
    use sha1::Digest;
    format!("sha1 {}", STANDARD.encode(sha1::Sha1::digest(bytes)))
}

/// `Upload-Checksum` with SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    format!("sha256 {}", STANDARD.encode(sha2::Sha256::digest(bytes)))
}

/// What is sent: an original and its frames, one behind the other, and what is said of them.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// All bytes.
    pub bytes: Vec<u8>,
    /// `Upload-Metadata`.
    pub metadata: String,
}

impl Parcel {
    /// An original with its frames.
    #[must_use]
    pub fn new(filename: &str, original: &[u8], frames: &[u8]) -> Self {
        let count = frames.len().to_string();
        let fields = [("filename", filename), ("frames", count.as_str())];
        Self {
            bytes: [original, frames].concat(),
            metadata: metadata(&fields),
        }
    }

    /// A film with a frame for each shade, as the rig uploads it by form.
    #[must_use]
    pub fn film(name: &str, shades: &[u8]) -> Self {
        let original = crate::media::film(&format!("{name}{shades:?}"));
        let frames = crate::media::frames_zip(name, shades);
        Self::new(&format!("{name}.mp4"), &original, &frames)
    }
}

impl Rig {
    /// A request of the protocol.
    pub async fn tus(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let headers = [&[VERSION], headers].concat();
        self.send(method, path, &headers, body.to_vec())
            .await
            .unwrap()
    }

    /// Begins an upload; gives where it is.
    pub async fn tus_create(&self, parcel: &Parcel) -> String {
        let length = parcel.bytes.len().to_string();
        let headers = [
            ("upload-length", length.as_str()),
            ("upload-metadata", &parcel.metadata),
        ];
        let answer = self.tus("POST", "/api/uploads", &headers, b"").await;
        assert_eq!(answer.status, 201, "{}", answer.json);
        answer.header("location").to_owned()
    }

    /// Adds bytes to an upload.
    pub async fn tus_patch(&self, upload: &str, offset: usize, bytes: &[u8]) -> Answer {
        self.tus_patch_with(upload, offset, &[], bytes).await
    }

    /// Adds bytes to an upload, with more headers.
    pub async fn tus_patch_with(
        &self,
        upload: &str,
        offset: usize,
        more: &[(&str, &str)],
        bytes: &[u8],
    ) -> Answer {
        let offset = offset.to_string();
        let headers = [&[BYTES, ("upload-offset", offset.as_str())], more].concat();
        self.tus("PATCH", upload, &headers, bytes).await
    }

    /// Where an upload goes on.
    pub async fn tus_offset(&self, upload: &str) -> usize {
        let answer = self.tus("HEAD", upload, &[], b"").await;
        assert_eq!(answer.status, 200);
        answer.header("upload-offset").parse().unwrap()
    }

    /// Uploads in pieces of this size; gives where it is.
    pub async fn tus_upload(&self, parcel: &Parcel, piece: usize) -> String {
        let upload = self.tus_create(parcel).await;
        let mut offset = 0;
        for bytes in parcel.bytes.chunks(piece) {
            let answer = self.tus_patch(&upload, offset, bytes).await;
            assert_eq!(answer.status, 204, "{}", answer.json);
            offset += bytes.len();
        }
        upload
    }

    /// Waits until an upload is in this state.
    pub async fn tus_until(&self, upload: &str, state: &str) -> Value {
        let mut last = Value::Null;
        for _ in 0..1500 {
            last = self.get(upload).await.unwrap().ok();
            if last["data"]["state"] == state {
                return last["data"].clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{upload} never was {state}: {last:#}");
    }

    /// Waits until an upload has become an item; gives its slug.
    pub async fn tus_item(&self, upload: &str) -> String {
        let ended = self.tus_until(upload, "complete").await;
        assert_eq!(ended["progress"], 100);
        ended["slug"].as_str().unwrap().to_owned()
    }
}
