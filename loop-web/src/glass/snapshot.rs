//! The glass as PNG.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use loop_proto::picture::{self, EncodingError};
use loop_proto::pixel::Frame;

use super::Fault;
use crate::conditional::etag_of;

/// A picture of the glass.
#[derive(Clone, Debug)]
pub struct Picture {
    /// 320x240, RGB.
    pub png: Bytes,
    /// Validates the content.
    pub etag: Arc<str>,
    pixels: Bytes,
}

/// Makes pictures; keeps the last one, so that the same pixels are packed once.
#[derive(Debug, Default)]
pub(super) struct Snapshots(Mutex<Option<Picture>>);

impl Snapshots {
    pub(super) async fn encode(&self, pixels: Bytes) -> Result<Picture, Fault> {
        let last = self.last().clone();
        if let Some(last) = last.filter(|last| last.pixels == pixels) {
            return Ok(last);
        }
        let encoded = tokio::task::spawn_blocking(move || {
            let png = Bytes::from(png_of(&pixels)?);
            Ok(Picture {
                etag: etag_of(&png).into(),
                png,
                pixels,
            })
        });
        let encoded: Result<Picture, EncodingError> = encoded
            .await
            .map_err(|error| Fault::Encode(error.to_string()))?;
        let picture = encoded.map_err(|error| Fault::Encode(error.to_string()))?;
        *self.last() = Some(picture.clone());
        Ok(picture)
    }

    fn last(&self) -> MutexGuard<'_, Option<Picture>> {
        // Replaced as a whole: a panic elsewhere cannot leave half a picture.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `pixels` are those of a frame.
fn png_of(pixels: &[u8]) -> Result<Vec<u8>, EncodingError> {
    let wrong = || std::io::Error::other("not the pixels of a frame");
    let frame = Frame::from_bytes(pixels.to_vec()).ok_or_else(wrong)?;
    picture::png_of(&frame)
}
