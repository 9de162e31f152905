//! What clients see, in the shapes the original's clients expect, with additions they ignore.

#![expect(
    single_use_lifetimes,
    reason = "what ToSchema derives names each lifetime of a type"
)]

mod envelope;
mod media;
mod polled;
mod wifi;

use std::sync::Arc;
use std::time::Duration;

use loop_proto::Slug;
use loop_proto::clock::monotonic;
use loop_proto::geometry::Rotation;
use loop_proto::snapshot::{
    BusState, HwSnapshot, PanelKind, Playback, PlayerState, Repeat, Scheduling,
};
use loop_proto::units::Brightness;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use crate::clock::unix_millis;
use crate::hw::{Breaker, LinkState};
use crate::jobs::{Job, Jobs};
use crate::store::Library;

pub(crate) use envelope::{Envelope, Faults, Largest, Nothing, Refusal, always_null};
pub(crate) use media::{
    AllMedia, MediaItem, MediaList, MediaPage, TagCount, dashboard_media, media_list,
};
pub(crate) use polled::{PolledProgress, PolledStatus};
pub(crate) use wifi::{NetworkInReach, Wifi, WifiStatus};

/// Everything, for the dashboard.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dashboard<'a> {
    status: Status<'a>,
    /// At most 200: those that loop first, then the newest.
    #[schema(value_type = Vec<MediaItem<'a>>)]
    media: &'a RawValue,
    /// Of the whole library.
    media_total: usize,
    /// The item on the glass.
    #[schema(value_type = Option<Slug>)]
    active: Option<&'a str>,
    #[serde(rename = "loop")]
    #[schema(value_type = Vec<Slug>)]
    order: Vec<&'a str>,
    last_updated: Option<u64>,
    #[schema(value_type = Option<BTreeMap<String, Job>>)]
    processing: Option<&'a Jobs>,
    display: Option<Display>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Status<'a> {
    system: String,
    status: &'static str,
    timestamp: u64,
    name: &'a str,
    hardware: Hardware<'a>,
    player: Option<Player<'a>>,
    /// Nothing while loop-hw is away.
    wifi: Option<WifiStatus>,
    /// Updates are not managed by this version.
    #[schema(schema_with = always_null)]
    updates: (),
}

/// Whether loop-hw is there and which panel it drives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Hardware<'a> {
    connected: bool,
    /// Whether calls to it are made: while it is away they are refused at once.
    breaker: Breaker,
    reason: Option<&'a str>,
    panel: Option<Panel<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct Panel<'a> {
    kind: PanelKind,
    trouble: Option<&'a str>,
    /// What carries the picture, and its clock: as asked for and as measured.
    bus: Option<BusState>,
    /// Whether a busy machine may delay a picture.
    scheduling: Scheduling,
}

/// Brightness and mounting.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Display {
    brightness: Brightness,
    /// In degrees, clockwise.
    #[schema(schema_with = degrees)]
    rotation: Rotation,
}

fn degrees() -> Object {
    let degrees = ObjectBuilder::new().schema_type(Type::Integer);
    degrees.enum_values(Some([0, 90, 180, 270])).build()
}

/// What plays.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Player<'a> {
    is_playing: bool,
    #[schema(value_type = Option<Slug>)]
    current_media: Option<&'a str>,
    loop_index: u32,
    total_media: usize,
    /// Frames per second; 0 of a still.
    frame_rate: f64,
    loop_mode: LoopMode,
    showing_progress: bool,
    paused: bool,
    frame_count: u32,
    duration_ms: f64,
    /// How far into the pass it was at `position_at`.
    position_ms: f64,
    /// Unix time in milliseconds at which the position was that.
    position_at: u64,
}

impl<'a> Dashboard<'a> {
    /// Puts it together; `media` is the list of its items, made when the library changed.
    #[must_use]
    pub(crate) fn new(
        name: &'a str,
        library: &'a Library,
        media: &'a RawValue,
        link: &'a LinkState,
        jobs: &'a Jobs,
    ) -> Self {
        let snapshot = link.snapshot();
        Self {
            status: Status {
                system: format!("LOOP v{}", env!("CARGO_PKG_VERSION")),
                status: "running",
                timestamp: unix_millis() / 1000,
                name,
                hardware: Hardware::new(link),
                player: snapshot.map(|snapshot| Player::new(snapshot)),
                wifi: snapshot.map(|snapshot| WifiStatus::new(&snapshot.wifi)),
                updates: (),
            },
            media,
            media_total: library.len(),
            active: active(link),
            order: library.order().iter().map(Slug::as_str).collect(),
            last_updated: Some(unix_millis() / 1000),
            processing: (!jobs.is_empty()).then_some(jobs),
            display: snapshot.map(|snapshot| Display::new(snapshot)),
        }
    }
}

/// The item on the glass.
#[must_use]
pub(crate) fn active(link: &LinkState) -> Option<&str> {
    link.snapshot()?
        .player
        .current
        .as_ref()
        .map(|current| current.slug.as_str())
}

impl<'a> Hardware<'a> {
    /// Of this link.
    #[must_use]
    pub(crate) fn new(link: &'a LinkState) -> Self {
        let panel = |snapshot: &'a Arc<HwSnapshot>| Panel {
            kind: snapshot.panel.kind,
            trouble: snapshot.panel.trouble.as_deref(),
            bus: snapshot.panel.bus,
            scheduling: snapshot.panel.scheduling,
        };
        Self {
            connected: link.snapshot().is_some(),
            breaker: match link {
                LinkState::Connected(_) => Breaker::Closed,
                LinkState::Away(_) => Breaker::Open,
            },
            reason: match link {
                LinkState::Away(reason) => Some(reason),
                LinkState::Connected(_) => None,
            },
            panel: link.snapshot().map(panel),
        }
    }
}

impl Display {
    /// Of this state.
    #[must_use]
    pub(crate) fn new(snapshot: &HwSnapshot) -> Self {
        let display = snapshot.display;
        Self {
            brightness: display.brightness,
            rotation: display.rotation,
        }
    }
}

impl<'a> Player<'a> {
    /// Of this state.
    #[must_use]
    pub(crate) fn new(snapshot: &'a HwSnapshot) -> Self {
        Self::with_total(&snapshot.player, snapshot.playlist.len())
    }

    /// Of this state, with the number of entries in the playlist.
    #[must_use]
    pub(crate) fn with_total(state: &'a PlayerState, total_media: usize) -> Self {
        let now = state.current.as_ref();
        let seconds = now.map_or(0.0, |now| now.duration.as_secs_f64());
        let frame_count = now.map_or(0, |now| now.frame_count);
        let age = now.map_or(Duration::ZERO, |now| monotonic().saturating_sub(now.as_of));
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        let paused = state.playback == Playback::Paused;
        Self {
            is_playing: !paused && now.is_some(),
            current_media: now.map(|now| now.slug.as_str()),
            loop_index: now.map_or(0, |now| now.index),
            total_media,
            frame_rate: if frame_count > 1 && seconds > 0.0 {
                f64::from(frame_count) / seconds
            } else {
                0.0
            },
            loop_mode: state.repeat.into(),
            showing_progress: state.showing_progress,
            paused,
            frame_count,
            duration_ms: seconds * 1000.0,
            position_ms: now.map_or(0.0, |now| now.position.as_secs_f64() * 1000.0),
            position_at: unix_millis().saturating_sub(age_ms),
        }
    }
}

/// What comes after an item, in the contract's words.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LoopMode {
    /// The next one.
    All,
    /// The same one again.
    One,
}

impl From<Repeat> for LoopMode {
    fn from(repeat: Repeat) -> Self {
        match repeat {
            Repeat::All => Self::All,
            Repeat::One => Self::One,
        }
    }
}

impl LoopMode {
    /// As in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::One => "one",
        }
    }
}

/// What loops, in its order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Order {
    #[serde(rename = "loop")]
    order: Vec<Slug>,
}

impl Order {
    /// Of this library.
    #[must_use]
    pub(crate) fn of(library: &Library) -> Self {
        Self {
            order: library.order().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use loop_proto::snapshot::{PanelState, WireKind};
    use serde_json::json;

    use super::*;
    use crate::live::tests::idle;

    fn panel(bus: Option<BusState>) -> serde_json::Value {
        let snapshot = HwSnapshot {
            panel: PanelState {
                kind: PanelKind::Ili9341,
                trouble: None,
                bus,
                scheduling: Scheduling::Realtime,
            },
            ..idle()
        };
        let link = LinkState::Connected(Arc::new(snapshot));
        serde_json::to_value(Hardware::new(&link)).unwrap()["panel"].take()
    }

    #[test]
    fn the_panels_clock_is_shown_as_asked_for_and_as_measured() {
        let bus = BusState {
            wire: WireKind::Spidev,
            requested_hz: 62_500_000,
            effective_hz: 50_000_000,
        };
        let shown =
            json!({"wire": "spidev", "requested_hz": 62_500_000, "effective_hz": 50_000_000});
        let whole =
            json!({"kind": "ili9341", "trouble": null, "bus": shown, "scheduling": "realtime"});
        assert_eq!(panel(Some(bus)), whole);
        assert_eq!(panel(None)["bus"], json!(null));
    }
}
