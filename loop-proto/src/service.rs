//! The calls loop-hw answers. `lib.rs` tells how to connect and in which order to talk.

use serde::{Deserialize, Serialize};

use crate::fault::Fault;
use crate::ids::{FrameSerial, Revision, Slug};
use crate::message::Message;
use crate::progress::Progress;
use crate::snapshot::{Entry, Glass, Health, News, Playback, PlayerState, Repeat};
use crate::units::Brightness;
use crate::wifi::{AttemptId, Join, Network, Ssid};

/// Raised with every change of a message's layout; both sides must have the same.
pub const PROTO_VERSION: u32 = 8;

/// How long [`Hardware::changes_since`] and [`Hardware::glass_after`] wait for news before they answer that there is none.
pub const LONG_POLL: std::time::Duration = std::time::Duration::from_secs(20);

/// How long a bar stays without another [`Hardware::show_progress`]: whoever asked for it may have died.
pub const PROGRESS_SILENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// What a side says about itself in the first call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Its [`PROTO_VERSION`].
    pub proto: u32,
    /// Its package version, for messages.
    pub build: String,
}

impl Hello {
    /// What this build says.
    #[must_use]
    pub fn ours() -> Self {
        Self {
            proto: PROTO_VERSION,
            build: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// To set a two-valued thing, or to turn it to its other value without knowing which it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Switch<T> {
    /// To this value.
    To(T),
    /// To the other one.
    Over,
}

/// Which way to go in the playlist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Step {
    /// Towards the end, then to the first.
    Next,
    /// Towards the front, then to the last.
    Previous,
}

/// The hardware daemon.
///
/// A change is answered after it is in force and durable; a caller that goes away does not undo it. Every change is
/// also seen by all through [`changes_since`](Hardware::changes_since).
#[tarpc::service]
pub trait Hardware {
    /// Must be the first call of a connection. [`Version`](crate::FaultCode::Version) when the two do not fit.
    async fn hello(hello: Hello) -> Result<Hello, Fault>;

    /// Waits up to [`LONG_POLL`] for a state after `revision`. The first call of a connection passes [`Revision::NONE`]
    /// and is answered at once with a whole snapshot.
    async fn changes_since(revision: Revision) -> Result<News, Fault>;

    /// Replaces the playlist. The current entry goes on playing if it is still in there with the same clip, by the rules it
    /// has now: passes count on, and a still's time is counted from when it appeared.
    /// [`Invalid`](crate::FaultCode::Invalid) above [`MAX_ENTRIES`](crate::snapshot::MAX_ENTRIES).
    async fn set_playlist(entries: Vec<Entry>) -> Result<(), Fault>;

    /// Plays this entry now, from its beginning, also when paused (it then stays paused on the first picture).
    /// [`NotFound`](crate::FaultCode::NotFound) if it is not in the playlist.
    async fn select(slug: Slug) -> Result<PlayerState, Fault>;

    /// Goes to the neighbouring entry; with fewer than two entries nothing happens.
    async fn step(step: Step) -> Result<PlayerState, Fault>;

    /// Pauses or resumes.
    async fn set_playback(playback: Switch<Playback>) -> Result<PlayerState, Fault>;

    /// Sets what comes after the current entry.
    async fn set_repeat(repeat: Switch<Repeat>) -> Result<PlayerState, Fault>;

    /// Sets the backlight.
    async fn set_brightness(brightness: Brightness) -> Result<(), Fault>;

    /// Lays a bar over the picture that says how far something is, or takes it away with `None`. Playback goes on below it.
    /// The bar goes by itself when it has not been told for [`PROGRESS_SILENCE`]. Nothing of it is durable; where the
    /// configuration wants no bar nothing happens.
    async fn show_progress(progress: Option<Progress>) -> Result<(), Fault>;

    /// Shows a message instead of the picture, or takes it away with `None`. Playback goes on below it; the message goes by
    /// itself when its time is over. Nothing of it is durable.
    async fn show_message(message: Option<Message>) -> Result<(), Fault>;

    /// Waits up to [`LONG_POLL`] until the glass shows another picture than `seen`, then gives it; at once with `None`.
    /// Read from the panel's own memory where that can be read, else from what was last sent.
    async fn glass_after(seen: Option<FrameSerial>) -> Result<Glass, Fault>;

    /// Looks for networks and gives those in reach, when the adapter has looked; what it saw a moment ago is given at once.
    /// [`Unavailable`](crate::FaultCode::Unavailable) without WiFi, as every call about it.
    async fn scan_wifi() -> Result<Vec<Network>, Fault>;

    /// Begins to join a network. How it goes is told as [`WifiState::attempt`](crate::wifi::WifiState::attempt): when it
    /// fails, what was there before is there again. [`Busy`](crate::FaultCode::Busy) while another attempt is under way.
    async fn join_wifi(join: Join) -> Result<AttemptId, Fault>;

    /// Leaves the network that is joined and stays away from all until one is asked for; nothing happens without one.
    async fn leave_wifi() -> Result<(), Fault>;

    /// Sees to it that the network that is joined is joined again after a restart, and tells which it is.
    /// [`NotFound`](crate::FaultCode::NotFound) without one.
    async fn keep_wifi() -> Result<Ssid, Fault>;

    /// Forgets how to join a network, and leaves it. [`NotFound`](crate::FaultCode::NotFound) if it is not saved.
    async fn forget_wifi(ssid: Ssid) -> Result<(), Fault>;

    /// Counters since the start.
    async fn health() -> Result<Health, Fault>;
}
