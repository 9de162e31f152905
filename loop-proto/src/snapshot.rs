//! The state of loop-hw as its clients see it, and how it travels: a whole snapshot first, then numbered changes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::geometry::Rotation;
use crate::health::{Lateness, Process};
use crate::ids::{ClipId, FrameSerial, Revision, Slug};
use crate::units::{Brightness, Repeats, StillTime};
use crate::wifi::WifiState;

/// Everything visible. Its parts change one by one, each with a [`Change`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HwSnapshot {
    /// What plays and how.
    pub player: PlayerState,
    /// What is to be played, in order.
    pub playlist: Vec<Entry>,
    /// Brightness and the like.
    pub display: DisplayState,
    /// Which panel is driven and whether it is well.
    pub panel: PanelState,
    /// Networks without a cable.
    pub wifi: WifiState,
}

/// A place in the playlist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The media item.
    pub slug: Slug,
    /// The clip it had when the playlist was made; another id under the same name is another clip.
    pub clip: ClipId,
    /// For a clip of several frames: its passes before the next entry; `None` for the configured number.
    #[serde(default)]
    pub repeat: Option<Repeats>,
    /// For a clip of one frame: how long it is shown; `None` for the configured time.
    #[serde(default)]
    pub still: Option<StillTime>,
}

impl Entry {
    /// This clip, played as configured.
    #[must_use]
    pub const fn new(slug: Slug, clip: ClipId) -> Self {
        Self {
            slug,
            clip,
            repeat: None,
            still: None,
        }
    }

    /// Whether both are the same clip of the same item, whatever rules they are played by.
    #[must_use]
    pub fn is_same_clip(&self, other: &Self) -> bool {
        self.slug == other.slug && self.clip == other.clip
    }
}

/// Most entries a playlist may have.
pub const MAX_ENTRIES: usize = 4096;

/// Whether pictures advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Playback {
    /// Pictures advance.
    Playing,
    /// The last picture stays.
    Paused,
}

/// What comes after an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Repeat {
    /// The next entry, after the last the first.
    All,
    /// The same entry for ever.
    One,
}

/// What plays and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlayerState {
    /// Whether pictures advance.
    pub playback: Playback,
    /// What comes after the current entry.
    pub repeat: Repeat,
    /// The entry on the glass; `None` with an empty playlist or when nothing in it can be played.
    pub current: Option<NowPlaying>,
    /// Whether a bar lies over the picture that says how far an upload is.
    pub showing_progress: bool,
    /// Whether a message is on the glass instead of the picture.
    pub showing_message: bool,
}

/// The entry on the glass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NowPlaying {
    /// The media item.
    pub slug: Slug,
    /// Its clip.
    pub clip: ClipId,
    /// Its place in the playlist, from 0.
    pub index: u32,
    /// Frames of the clip.
    pub frame_count: u32,
    /// Length of one pass; for a still image the time it is shown.
    pub duration: Duration,
    /// How far into the pass it was at `as_of`.
    pub position: Duration,
    /// When that was, on the machine's monotonic clock (`CLOCK_MONOTONIC`), which all processes share.
    pub as_of: Duration,
}

/// What the viewer can set about the display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisplayState {
    /// Of the backlight.
    pub brightness: Brightness,
    /// As configured.
    pub rotation: Rotation,
}

/// Which kind of panel is driven.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PanelKind {
    /// An ILI9341 on SPI.
    Ili9341,
    /// A Linux framebuffer.
    Framebuffer,
    /// An ILI9341 in memory, seen only through its picture.
    Simulated,
}

/// Which panel is driven and whether it is well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelState {
    /// What is driven.
    pub kind: PanelKind,
    /// Why it is not what was asked for, or what goes wrong; `None` when all is well.
    pub trouble: Option<String>,
    /// What carries the picture to it; `None` for a framebuffer and before the first picture.
    pub bus: Option<BusState>,
    /// How the thread that drives it is run.
    pub scheduling: Scheduling,
}

/// What drives an SPI panel's lines.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireKind {
    /// spidev, and the GPIO registers of a Raspberry Pi.
    Rppal,
    /// spidev and the GPIO character device.
    Spidev,
    /// A model in memory.
    Simulated,
}

/// A wire and its clock, in hertz.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BusState {
    /// What drives it.
    pub wire: WireKind,
    /// The clock the configuration asks for.
    pub requested_hz: u32,
    /// The clock that was measured, to three digits: SPI controllers divide the clock of their chip, which may itself
    /// go up and down.
    pub effective_hz: u32,
}

/// One part of the state that has changed: the whole new part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// See [`HwSnapshot::player`].
    Player(PlayerState),
    /// See [`HwSnapshot::playlist`].
    Playlist(Vec<Entry>),
    /// See [`HwSnapshot::display`].
    Display(DisplayState),
    /// See [`HwSnapshot::panel`].
    Panel(PanelState),
    /// See [`HwSnapshot::wifi`].
    Wifi(WifiState),
}

impl HwSnapshot {
    /// The changes that would make any snapshot this one.
    #[must_use]
    pub fn replicate(&self) -> Vec<Change> {
        vec![
            Change::Player(self.player.clone()),
            Change::Playlist(self.playlist.clone()),
            Change::Display(self.display),
            Change::Panel(self.panel.clone()),
            Change::Wifi(self.wifi.clone()),
        ]
    }

    /// Takes over one change.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Player(player) => self.player = player,
            Change::Playlist(playlist) => self.playlist = playlist,
            Change::Display(display) => self.display = display,
            Change::Panel(panel) => self.panel = panel,
            Change::Wifi(wifi) => self.wifi = wifi,
        }
    }

    /// The changes that turn this snapshot into `next`.
    #[must_use]
    pub fn diff(&self, next: &Self) -> Vec<Change> {
        let mut seen = self.clone();
        let mut changes = next.replicate();
        changes.retain(|change| {
            let before = seen.clone();
            seen.apply(change.clone());
            seen != before
        });
        changes
    }
}

/// The answer to "what has changed since?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// The state the receiver has after taking this over.
    pub revision: Revision,
    /// How to get there.
    pub update: Update,
}

/// How a receiver catches up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Update {
    /// Forget what you had.
    Whole(Box<HwSnapshot>),
    /// Apply these in order; none when the wait ended without a change.
    Changes(Vec<Change>),
}

/// What is on the glass.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Glass {
    /// Which picture it is.
    pub serial: FrameSerial,
    /// Its pixels, in the order of a [`crate::pixel::Frame`], or nothing when the caller has that picture already.
    #[serde(with = "serde_bytes")]
    pub pixels: Option<Vec<u8>>,
}

impl std::fmt::Debug for Glass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Glass({}, {} bytes)",
            self.serial.0,
            self.pixels.as_ref().map_or(0, Vec::len)
        )
    }
}

/// How the kernel runs the thread that drives the panel.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheduling {
    /// Before all normal threads, so that a busy machine does not delay a picture.
    Realtime,
    /// As any other thread: what it takes to be before them is not permitted.
    #[default]
    Normal,
}

/// Counters since loop-hw started; read on demand, they are not part of the numbered state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Pictures sent to the panel.
    pub frames_presented: u64,
    /// Pictures whose time was over before they could be shown.
    pub frames_dropped: u64,
    /// Largest delay of a picture against its deadline, in microseconds.
    pub worst_lateness_us: u64,
    /// Bytes sent to the panel, commands included.
    pub wire_bytes: u64,
    /// Writes to the panel.
    pub wire_writes: u64,
    /// Simulated panel: pictures whose read-back differed from what was sent.
    pub mismatches: u64,
    /// Simulated panel: breaches of the controller's protocol.
    pub violations: u64,
    /// Attempts to drive the panel that failed.
    pub panel_errors: u64,
    /// Clips that could not be read or decoded.
    pub clip_errors: u64,
    /// Microseconds from process start to the first picture on the glass; 0 before it.
    pub first_frame_us: u64,
    /// How the thread that drives the panel is run.
    pub scheduling: Scheduling,
    /// How late pictures were that a clip's deadlines asked for.
    pub lateness: Lateness,
    /// What loop-hw takes of its machine.
    pub process: Process,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wifi::Unavailable;
    use proptest::prelude::*;

    fn snapshots() -> impl Strategy<Value = HwSnapshot> {
        let player = (any::<bool>(), any::<bool>(), prop::option::of(0u32..5));
        let passes = prop::option::of(1u32..=1000);
        let entries = prop::collection::vec(("[a-z]{1,8}", passes), 0..4);
        let panel = (prop::option::of(".{0,20}"), prop::option::of(any::<u32>()));
        let wifi = prop_oneof![Just(Unavailable::NoAdapter), Just(Unavailable::RadioOff)];
        let rest = (0u8..=100, panel, wifi);
        (player, entries, rest).prop_map(|((paused, one, index), entries, rest)| {
            let (percent, panel, wifi) = rest;
            let (trouble, clock) = panel;
            let clip = ClipId::from_sha256(&[7; 32]);
            let now = |index| NowPlaying {
                slug: Slug::nearest("x"),
                clip,
                index,
                frame_count: 1,
                duration: Duration::from_secs(1),
                position: Duration::ZERO,
                as_of: Duration::ZERO,
            };
            HwSnapshot {
                player: PlayerState {
                    playback: if paused {
                        Playback::Paused
                    } else {
                        Playback::Playing
                    },
                    repeat: if one { Repeat::One } else { Repeat::All },
                    current: index.map(now),
                    showing_progress: paused != one,
                    showing_message: one,
                },
                playlist: entries
                    .iter()
                    .map(|(name, passes)| Entry {
                        repeat: passes.map(|passes| passes.try_into().unwrap()),
                        ..Entry::new(Slug::nearest(name), clip)
                    })
                    .collect(),
                display: DisplayState {
                    brightness: Brightness::clamped(percent.into()),
                    rotation: Rotation::Deg270,
                },
                panel: PanelState {
                    kind: PanelKind::Simulated,
                    trouble,
                    bus: clock.map(|effective_hz| BusState {
                        wire: WireKind::Spidev,
                        requested_hz: 40_000_000,
                        effective_hz,
                    }),
                    scheduling: Scheduling::Normal,
                },
                wifi: WifiState::unavailable(wifi),
            }
        })
    }

    proptest! {
        #[test]
        fn replication_makes_any_snapshot_this_one(mut mine in snapshots(), theirs in snapshots()) {
            theirs.replicate().into_iter().for_each(|change| mine.apply(change));
            prop_assert_eq!(mine, theirs);
        }

        #[test]
        fn a_diff_is_enough_and_no_more(mut mine in snapshots(), theirs in snapshots()) {
            for change in mine.diff(&theirs) {
                let before = mine.clone();
                mine.apply(change);
                prop_assert_ne!(&mine, &before);
            }
            prop_assert_eq!(mine, theirs);
        }
    }
}
