//! What clients see, in the shapes the original's clients expect, with additions they ignore.

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
use crate::store::{Item, Library};

/// Everything, for the dashboard.
#[derive(Debug, Serialize)]
pub(crate) struct Dashboard<'a> {
    status: Status<'a>,
    media: &'a RawValue,
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

/// A media item.
#[derive(Debug, Serialize)]
pub(crate) struct MediaItem<'a> {
    slug: &'a str,
    filename: &'a str,
    #[serde(rename = "type")]
    mime: &'a str,
    size: u64,
    #[serde(rename = "uploadedAt")]
    uploaded_at: &'a str,
    url: Option<String>,
    thumbnail: String,
    duration: f64,
    width: u16,
    height: u16,
    frame_count: u32,
    quality: &'static str,
    processing_status: &'static str,
}

impl<'a> Dashboard<'a> {
    /// Puts it together; `media` is the list of items, made when the library changed.
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
            showing_progress: false,
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

impl<'a> MediaItem<'a> {
    /// Of this item.
    #[must_use]
    pub(crate) fn new(item: &'a Item) -> Self {
        let still = item.frame_count <= 1;
        let clip = item.clip.to_string();
        Self {
            slug: item.slug.as_str(),
            filename: &item.filename,
            mime: &item.mime,
            size: item.size,
            uploaded_at: &item.uploaded_at,
            url: item
                .original
                .as_ref()
                .map(|_| format!("/media/raw/{}/{}", item.slug, encode(&item.filename))),
            thumbnail: format!(
                "/api/media/{}/thumbnail?v={}",
                item.slug,
                clip.get(..8).unwrap_or_default()
            ),
            duration: if still {
                0.0
            } else {
                Duration::from_micros(item.duration_us).as_secs_f64()
            },
            width: loop_proto::geometry::PICTURE.width,
            height: loop_proto::geometry::PICTURE.height,
            frame_count: item.frame_count,
            quality: item.look.quality.name(),
            processing_status: "completed",
        }
    }
}

/// The list of all items as JSON.
#[must_use]
pub(crate) fn media_list(library: &Library) -> Box<RawValue> {
    let items = library.items();
    let list: Vec<_> = items.iter().map(|item| MediaItem::new(item)).collect();
    // Strings and numbers only: it cannot fail, and an empty list is no lie about nothing.
    serde_json::value::to_raw_value(&list).unwrap_or_default()
}

/// Percent-encodes a file name for a path.
fn encode(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
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
