//! What is on the glass, as PNG: on request, and as it changes for those who watch.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use loop_proto::FrameSerial;
use loop_proto::client::{Error, HwClient};
use loop_proto::geometry::PICTURE;
use loop_proto::pixel::Frame;
use tokio::sync::{Notify, watch};

use crate::conditional::etag_of;
use crate::hw::{Away, Link};
use crate::ingest::rgb888_rows;

/// Shortest time between two pictures for those who watch.
const INTERVAL: Duration = Duration::from_millis(100);

/// After loop-hw has gone.
const RETRY: Duration = Duration::from_millis(200);

/// A picture of the glass.
#[derive(Clone, Debug)]
pub struct Picture {
    /// 320x240, RGB.
    pub png: Bytes,
    /// Validates the content.
    pub etag: Arc<str>,
    pixels: Bytes,
}

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// loop-hw is away.
    #[error(transparent)]
    Away(#[from] Away),
    /// It did not answer.
    #[error(transparent)]
    Call(#[from] Error),
    /// The picture could not be packed.
    #[error("cannot make a PNG of the glass: {0}")]
    Encode(String),
}

/// A handle, cheap to clone.
#[derive(Clone, Debug)]
pub struct GlassView(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    link: Link,
    latest: watch::Sender<Option<Picture>>,
    watched: Notify,
    /// The last picture made, so that the same pixels are packed once.
    last: Mutex<Option<Picture>>,
}

impl GlassView {
    /// Looks through this link.
    #[must_use]
    pub fn new(link: Link) -> Self {
        let (latest, last) = (watch::Sender::new(None), Mutex::default());
        Self(Arc::new(Shared {
            link,
            latest,
            watched: Notify::new(),
            last,
        }))
    }

    /// What is on the glass now.
    ///
    /// # Errors
    /// [`Fault`] while loop-hw is away.
    pub async fn now(&self) -> Result<Picture, Fault> {
        let glass = self.0.link.client()?.glass_after(None).await?;
        self.encode(glass.pixels.unwrap_or_default().into()).await
    }

    /// Each picture as it comes, the present one first; who is slow misses some.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Option<Picture>> {
        let mut pictures = self.0.latest.subscribe();
        pictures.mark_changed();
        self.0.watched.notify_one();
        pictures
    }

    /// Fetches pictures while somebody watches, until the future is dropped.
    pub async fn follow(self) {
        let mut seen: Option<FrameSerial> = None;
        loop {
            if self.0.latest.receiver_count() == 0 {
                // By the time somebody watches again it will be an old one.
                self.0.latest.send_replace(None);
                self.0.watched.notified().await;
                seen = None;
                continue;
            }
            let started = tokio::time::Instant::now();
            match self.0.link.client() {
                Ok(client) => match self.fetch(&client, seen).await {
                    Ok(serial) => {
                        seen = Some(serial);
                        tokio::time::sleep_until(started + INTERVAL).await;
                    }
                    Err(_) => {
                        seen = None;
                        tokio::time::sleep(RETRY).await;
                    }
                },
                Err(_) => {
                    seen = None;
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    async fn fetch(
        &self,
        client: &HwClient,
        seen: Option<FrameSerial>,
    ) -> Result<FrameSerial, Fault> {
        let glass = client.glass_after(seen).await?;
        if let Some(pixels) = glass.pixels {
            let picture = self.encode(pixels.into()).await?;
            let is_new = |old: &mut Option<Picture>| {
                let differs = old.as_ref().is_none_or(|old| old.etag != picture.etag);
                *old = Some(picture.clone());
                differs
            };
            self.0.latest.send_if_modified(is_new);
        }
        Ok(glass.serial)
    }

    async fn encode(&self, pixels: Bytes) -> Result<Picture, Fault> {
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
        let encoded: Result<Picture, png::EncodingError> = encoded
            .await
            .map_err(|error| Fault::Encode(error.to_string()))?;
        let picture = encoded.map_err(|error| Fault::Encode(error.to_string()))?;
        *self.last() = Some(picture.clone());
        Ok(picture)
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Option<Picture>> {
        // Replaced as a whole: a panic elsewhere cannot leave half a picture.
        self.0.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `pixels` are those of a frame.
fn png_of(pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let wrong = || std::io::Error::other("not the pixels of a frame");
    let frame = Frame::from_bytes(pixels.to_vec()).ok_or_else(wrong)?;
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, PICTURE.width.into(), PICTURE.height.into());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    encoder
        .write_header()?
        .write_image_data(&rgb888_rows(&frame))?;
    Ok(file)
}
