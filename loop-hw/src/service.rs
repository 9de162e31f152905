//! The calls of the protocol: each becomes a command to the player, is made durable, and is answered.

use loop_proto::message::Message;
use loop_proto::pixel::Frame;
use loop_proto::progress::Progress;
use loop_proto::service::{Hardware, Hello, LONG_POLL, Step, Switch};
use loop_proto::snapshot::{
    Entry, Glass, Health, MAX_ENTRIES, News, Playback, PlayerState, Repeat,
};
use loop_proto::units::Brightness;
use loop_proto::wifi::{AttemptId, Join, Network, Ssid};
use loop_proto::{Fault, FaultCode, FrameSerial, Revision, Slug};
use tarpc::context::Context;

use crate::memory::Memory;
use crate::player::PlayerHandle;
use crate::state::Publisher;
use crate::wifi::Wifi;

/// What a connection talks to; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) player: PlayerHandle,
    pub(crate) publisher: Publisher,
    pub(crate) memory: Memory,
    pub(crate) wifi: Wifi,
    /// Whether the bar is wanted that says how far an upload is.
    pub(crate) shows_progress: bool,
}

impl Service {
    /// Carries a change out and makes it durable, also when the caller goes away meanwhile.
    async fn change<T: Send + 'static>(
        self,
        change: impl Future<Output = Result<T, Fault>> + Send + 'static,
    ) -> Result<T, Fault> {
        let memory = self.memory;
        let done = tokio::spawn(async move {
            let answer = change.await?;
            memory.save().await?;
            Ok(answer)
        });
        done.await
            .unwrap_or_else(|_| Err(Fault::new(FaultCode::Stopping, "the display is restarting")))
    }
}

impl Hardware for Service {
    async fn hello(self, _: Context, _: Hello) -> Result<Hello, Fault> {
        Ok(Hello::ours())
    }

    async fn changes_since(self, _: Context, revision: Revision) -> Result<News, Fault> {
        Ok(self.publisher.changes_since(revision, LONG_POLL).await)
    }

    async fn set_playlist(self, _: Context, entries: Vec<Entry>) -> Result<(), Fault> {
        if entries.len() > MAX_ENTRIES {
            let message = format!("{} entries are more than {MAX_ENTRIES}", entries.len());
            return Err(Fault::new(FaultCode::Invalid, message));
        }
        let player = self.player.clone();
        self.change(async move { player.set_playlist(entries).await })
            .await
    }

    async fn select(self, _: Context, slug: Slug) -> Result<PlayerState, Fault> {
        let player = self.player.clone();
        self.change(async move { player.select(slug).await }).await
    }

    async fn step(self, _: Context, step: Step) -> Result<PlayerState, Fault> {
        let player = self.player.clone();
        self.change(async move { player.step(step).await }).await
    }

    async fn set_playback(self, _: Context, to: Switch<Playback>) -> Result<PlayerState, Fault> {
        let player = self.player.clone();
        self.change(async move { player.set_playback(to).await })
            .await
    }

    async fn set_repeat(self, _: Context, to: Switch<Repeat>) -> Result<PlayerState, Fault> {
        let player = self.player.clone();
        self.change(async move { player.set_repeat(to).await })
            .await
    }

    async fn set_brightness(self, _: Context, to: Brightness) -> Result<(), Fault> {
        let player = self.player.clone();
        self.change(async move { player.set_brightness(to).await })
            .await
    }

    async fn show_progress(self, _: Context, progress: Option<Progress>) -> Result<(), Fault> {
        if !self.shows_progress {
            return Ok(());
        }
        self.player.show_progress(progress).await
    }

    async fn show_message(self, _: Context, message: Option<Message>) -> Result<(), Fault> {
        self.player.show_message(message).await
    }

    async fn glass_after(self, _: Context, seen: Option<FrameSerial>) -> Result<Glass, Fault> {
        if let Some(seen) = seen {
            let mut shown = self.player.shown();
            let changed = shown.wait_for(|serial| *serial != seen);
            if tokio::time::timeout(LONG_POLL, changed).await.is_err() {
                return Ok(Glass {
                    serial: seen,
                    pixels: None,
                });
            }
        }
        let (serial, frame): (FrameSerial, Box<Frame>) = self.player.picture().await?;
        Ok(Glass {
            serial,
            pixels: Some(frame.as_bytes().to_vec()),
        })
    }

    async fn scan_wifi(self, _: Context) -> Result<Vec<Network>, Fault> {
        self.wifi.scan().await
    }

    async fn join_wifi(self, _: Context, join: Join) -> Result<AttemptId, Fault> {
        self.wifi.join(join).await
    }

    async fn leave_wifi(self, _: Context) -> Result<(), Fault> {
        self.wifi.leave().await
    }

    async fn keep_wifi(self, _: Context) -> Result<Ssid, Fault> {
        self.wifi.keep().await
    }

    async fn forget_wifi(self, _: Context, ssid: Ssid) -> Result<(), Fault> {
        self.wifi.forget(ssid).await
    }

    async fn health(self, _: Context) -> Result<Health, Fault> {
        Ok(self.player.counters().health())
    }
}
