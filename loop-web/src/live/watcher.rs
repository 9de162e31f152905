//! The `live` room: what one client is told about the glass.
//!
//! ```text
//!           subscribe            screen on the glass
//!  (start) ──────────▶ clip ◀──────────────────────────▶ live
//!                      │ ▲  {"mode":"clip", position}     │ ▲  {"mode":"live"}, a key, then deltas
//!                      └─┘ each change, and now and then  └─┘ at most 15 a second, each from what was sent last
//! ```

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use loop_proto::clock::monotonic;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::hub::message;
use crate::glass::{Content, GlassView, INTERVAL, LivePicture};
use crate::hw::LinkState;

/// How often a client that plays a clip is told where it is, though nothing has changed: clocks differ.
const COMPARE_CLOCKS: Duration = Duration::from_secs(10);

/// What a client in the room has been told.
pub(super) struct Watcher {
    glass: GlassView,
    states: watch::Receiver<LinkState>,
    told: Option<Content>,
    told_at: Instant,
    /// Only while there is live content, since somebody who has them makes them be fetched.
    pictures: Option<watch::Receiver<Option<Arc<LivePicture>>>>,
    /// The picture the client has.
    sent: Option<u32>,
    next_picture: Instant,
}

impl Watcher {
    pub(super) fn new(glass: GlassView) -> Self {
        let now = Instant::now();
        Self {
            states: glass.states(),
            glass,
            told: None,
            told_at: now,
            pictures: None,
            sent: None,
            next_picture: now,
        }
    }

    /// The next thing to tell. Nothing is lost when the future is dropped: what counts is what was told, not what happened.
    pub(super) async fn next(&mut self) -> Message {
        loop {
            let content = Content::of(&self.states.borrow_and_update());
            if self.told.as_ref() != Some(&content) {
                return self.tell(content);
            }
            let tell_again = self.told_at + COMPARE_CLOCKS;
            tokio::select! {
                changed = self.states.changed() => if changed.is_err() {
                    // The daemon stops.
                    std::future::pending::<()>().await;
                },
                () = tokio::time::sleep_until(tell_again), if content.is_running() => {
                    return self.tell(content);
                }
                (serial, record) = record(self.pictures.as_mut(), self.sent, self.next_picture) => {
                    self.sent = Some(serial);
                    self.next_picture = Instant::now() + INTERVAL;
                    return Message::Binary(record);
                }
            }
        }
    }

    fn tell(&mut self, content: Content) -> Message {
        if content == Content::Live {
            self.pictures.get_or_insert_with(|| self.glass.watch());
        } else {
            self.pictures = None;
            self.sent = None;
        }
        let text = message("glass", &content.to_json(monotonic()), None);
        self.told = Some(content);
        self.told_at = Instant::now();
        Message::Text(text)
    }
}

/// What leads to the newest picture, not before `earliest`; never without pictures.
async fn record(
    pictures: Option<&mut watch::Receiver<Option<Arc<LivePicture>>>>,
    sent: Option<u32>,
    earliest: Instant,
) -> (u32, Bytes) {
    let Some(pictures) = pictures else {
        return std::future::pending().await;
    };
    tokio::time::sleep_until(earliest).await;
    let is_new = |picture: &Option<Arc<LivePicture>>| {
        picture
            .as_ref()
            .is_some_and(|picture| Some(picture.serial()) != sent)
    };
    let newest = match pictures.wait_for(is_new).await {
        Ok(newest) => newest.clone(),
        Err(_) => None,
    };
    match newest {
        Some(newest) => (newest.serial(), newest.message(sent).await),
        None => std::future::pending().await,
    }
}
