//! What clients see, in the shapes the original's clients expect, with additions they ignore.

mod media;

use std::sync::Arc;
use std::time::Duration;

use loop_proto::clock::monotonic;
use loop_proto::snapshot::{
    BusState, HwSnapshot, PanelKind, Playback, PlayerState, Repeat, Scheduling,
};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::clock::unix_millis;
use crate::hw::LinkState;
use crate::jobs::Jobs;
use crate::store::Library;

pub(crate) use media::{MediaItem, dashboard_media, media_list};

/// Everything, for the dashboard.
#[derive(Debug, Serialize)]
pub(crate) struct Dashboard<'a> {
    status: Status<'a>,
    media: &'a RawValue,
    media_total: usize,
    active: Option<&'a str>,
    #[serde(rename = "loop")]
    order: Vec<&'a str>,
    last_updated: Option<u64>,
    processing: Option<&'a Jobs>,
    display: Option<Display>,
}

#[derive(Debug, Serialize)]
struct Status<'a> {
    system: String,
    status: &'static str,
    timestamp: u64,
    name: &'a str,
    hardware: Hardware<'a>,
    player: Option<Player<'a>>,
    // Networks and updates are not managed by this version.
    wifi: Option<()>,
    updates: Option<()>,
}

/// Whether loop-hw is there and which panel it drives.
#[derive(Debug, Serialize)]
pub(crate) struct Hardware<'a> {
    connected: bool,
    reason: Option<&'a str>,
    panel: Option<Panel<'a>>,
}

#[derive(Debug, Serialize)]
struct Panel<'a> {
    kind: PanelKind,
    trouble: Option<&'a str>,
    /// What carries the picture, and its clock: as asked for and as measured.
    bus: Option<BusState>,
    /// Whether a busy machine may delay a picture.
    scheduling: Scheduling,
}

/// Brightness and mounting.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Display {
    brightness: u8,
    rotation: u16,
}

/// What plays.
#[derive(Debug, Serialize)]
pub(crate) struct Player<'a> {
    is_playing: bool,
    current_media: Option<&'a str>,
    loop_index: u32,
    total_media: usize,
    frame_rate: f64,
    loop_mode: &'static str,
    showing_progress: bool,
    paused: bool,
    frame_count: u32,
    duration_ms: f64,
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
                wifi: None,
                updates: None,
            },
            media,
            media_total: library.len(),
            active: active(link),
            order: library
                .order()
                .iter()
                .map(loop_proto::Slug::as_str)
                .collect(),
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
            brightness: display.brightness.percent(),
            rotation: display.rotation.into(),
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
            loop_mode: loop_mode(state.repeat),
            showing_progress: state.showing_progress,
            paused,
            frame_count,
            duration_ms: seconds * 1000.0,
            position_ms: now.map_or(0.0, |now| now.position.as_secs_f64() * 1000.0),
            position_at: unix_millis().saturating_sub(age_ms),
        }
    }
}

/// The contract's word.
#[must_use]
pub(crate) fn loop_mode(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::All => "all",
        Repeat::One => "one",
    }
}

#[cfg(test)]
mod tests {
    use loop_proto::snapshot::{DisplayState, PanelState, WireKind};
    use loop_proto::units::Brightness;
    use serde_json::json;

    use super::*;

    fn panel(bus: Option<BusState>) -> serde_json::Value {
        let snapshot = HwSnapshot {
            player: PlayerState {
                playback: Playback::Playing,
                repeat: Repeat::All,
                current: None,
                showing_progress: false,
            },
            playlist: Vec::new(),
            display: DisplayState {
                brightness: Brightness::FULL,
                rotation: loop_proto::geometry::Rotation::Deg270,
            },
            panel: PanelState {
                kind: PanelKind::Ili9341,
                trouble: None,
                bus,
                scheduling: Scheduling::Realtime,
            },
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
