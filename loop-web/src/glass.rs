//! What is on the glass.
//!
//! While a clip plays that is a name and a position: browsers play the same file, and no pixel leaves loop-hw. Only what
//! is in no clip, such as a screen, is fetched, and only while somebody watches. A PNG is made for who asks for one.

mod content;
mod live;
mod snapshot;

use std::sync::Arc;
use std::time::Duration;

use loop_proto::FrameSerial;
use loop_proto::client::{Error, HwClient};
use loop_proto::pixel::Frame;
use tokio::sync::{Notify, watch};

pub(crate) use content::Content;
pub(crate) use live::LivePicture;
pub use snapshot::Picture;

use crate::hw::{Away, Link, LinkState};
use live::Pictures;
use snapshot::Snapshots;

/// Shortest time between two pictures of live content.
pub(crate) const INTERVAL: Duration = Duration::from_nanos(1_000_000_000 / 15);

/// After loop-hw has gone.
const RETRY: Duration = Duration::from_millis(200);

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// loop-hw is away.
    #[error(transparent)]
    Away(#[from] Away),
    /// It did not answer.
    #[error(transparent)]
    Call(#[from] Error),
    /// What it gave is not a picture, or could not be packed.
    #[error("cannot make a picture of the glass: {0}")]
    Encode(String),
}

/// A handle, cheap to clone.
#[derive(Clone, Debug)]
pub struct GlassView(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    link: Link,
    snapshots: Snapshots,
    latest: watch::Sender<Option<Arc<LivePicture>>>,
    watched: Notify,
}

impl GlassView {
    /// Looks through this link.
    #[must_use]
    pub fn new(link: Link) -> Self {
        Self(Arc::new(Shared {
            link,
            snapshots: Snapshots::default(),
            latest: watch::Sender::new(None),
            watched: Notify::new(),
        }))
    }

    /// What is on the glass now, as PNG.
    ///
    /// # Errors
    /// [`Fault`] while loop-hw is away.
    pub async fn now(&self) -> Result<Picture, Fault> {
        let glass = self.0.link.client()?.glass_after(None).await?;
        let pixels = glass.pixels.unwrap_or_default();
        self.0.snapshots.encode(pixels.into()).await
    }

    /// Tells when something else may be on the glass.
    pub(crate) fn states(&self) -> watch::Receiver<LinkState> {
        self.0.link.watch()
    }

    /// Each picture of live content as it comes, the present one first; who is slow misses some.
    pub(crate) fn watch(&self) -> watch::Receiver<Option<Arc<LivePicture>>> {
        let pictures = self.0.latest.subscribe();
        self.0.watched.notify_one();
        pictures
    }

    /// Fetches pictures while there is live content and somebody watches, until the future is dropped.
    pub async fn follow(self) {
        let (mut states, mut pictures) = (self.0.link.watch(), Pictures::default());
        loop {
            // By the time somebody watches again they will be old ones.
            self.0.latest.send_replace(None);
            pictures.forget();
            while self.0.latest.receiver_count() == 0 {
                self.0.watched.notified().await;
            }
            let is_live = |state: &LinkState| Content::of(state) == Content::Live;
            if states.wait_for(is_live).await.is_err() {
                return;
            }
            tokio::select! {
                () = self.0.latest.closed() => {}
                _ = states.wait_for(|state| !is_live(state)) => {}
                () = self.fetch_all(&mut pictures) => {}
            }
        }
    }

    /// Fetches picture after picture until loop-hw does not answer.
    async fn fetch_all(&self, pictures: &mut Pictures) {
        let mut seen = None;
        loop {
            let started = tokio::time::Instant::now();
            let fetched = match self.0.link.client() {
                Ok(client) => fetch(&client, seen).await,
                Err(away) => Err(away.into()),
            };
            match fetched {
                Ok((serial, frame)) => {
                    seen = Some(serial);
                    if let Some(picture) = frame.and_then(|frame| pictures.next(frame)) {
                        self.0.latest.send_replace(Some(picture));
                    }
                    tokio::time::sleep_until(started + INTERVAL).await;
                }
                Err(error) => {
                    tracing::debug!("no picture of the glass: {error}");
                    return tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

/// The picture after the one that was seen; none if nothing has changed for long.
async fn fetch(
    client: &HwClient,
    seen: Option<FrameSerial>,
) -> Result<(FrameSerial, Option<Frame>), Fault> {
    let glass = client.glass_after(seen).await?;
    let Some(pixels) = glass.pixels else {
        return Ok((glass.serial, None));
    };
    let wrong = || Fault::Encode("not the pixels of a frame".to_owned());
    let frame = Frame::from_bytes(pixels).ok_or_else(wrong)?;
    Ok((glass.serial, Some(frame)))
}
