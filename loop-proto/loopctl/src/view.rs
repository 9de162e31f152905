//! The state as people and scripts read it.

pub(crate) mod wifi;

use std::fmt::Write;
use std::time::Duration;

use loop_proto::Slug;
use loop_proto::clock::monotonic;
use loop_proto::snapshot::{
    BusState, Health, HwSnapshot, NowPlaying, PanelKind, Playback, PlayerState, Repeat, Scheduling,
    WireKind,
};
use loop_proto::units::Brightness;
use serde::Serialize;

/// All there is to know, in names and units of its own: scripts outlive versions of the protocol.
#[derive(Debug, Serialize)]
pub(crate) struct State<'a> {
    playback: &'static str,
    repeat: &'static str,
    current: Option<Current<'a>>,
    playlist: Vec<&'a Slug>,
    showing_message: bool,
    brightness: Brightness,
    panel: Panel<'a>,
}

#[derive(Debug, Serialize)]
struct Current<'a> {
    slug: &'a Slug,
    clip: String,
    index: u32,
    frame_count: u32,
    duration_ms: u64,
    position_ms: u64,
}

#[derive(Debug, Serialize)]
struct Panel<'a> {
    kind: PanelKind,
    bus: Option<BusState>,
    scheduling: Scheduling,
    trouble: Option<&'a str>,
}

impl<'a> State<'a> {
    pub(crate) fn of(state: &'a HwSnapshot) -> Self {
        let player = &state.player;
        let current = player.current.as_ref().map(|now| Current {
            slug: &now.slug,
            clip: now.clip.to_string(),
            index: now.index,
            frame_count: now.frame_count,
            duration_ms: millis(now.duration),
            position_ms: millis(position(now, player.playback, monotonic())),
        });
        Self {
            playback: playback(player.playback),
            repeat: repeat(player.repeat),
            current,
            playlist: state.playlist.iter().map(|entry| &entry.slug).collect(),
            showing_message: player.showing_message,
            brightness: state.display.brightness,
            panel: Panel {
                kind: state.panel.kind,
                bus: state.panel.bus,
                scheduling: state.panel.scheduling,
                trouble: state.panel.trouble.as_deref(),
            },
        }
    }
}

/// Several lines.
pub(crate) fn status(state: &HwSnapshot) -> String {
    let player = &state.player;
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing into a string cannot fail.
        writeln!(text, "{name:<11}{value}").unwrap_or_default();
    };
    line("playback", playback(player.playback));
    if let Some(now) = &player.current {
        let at = position(now, player.playback, monotonic());
        let times = format!(
            "{:.1} s of {:.1} s",
            at.as_secs_f64(),
            now.duration.as_secs_f64()
        );
        let place = format!(
            "{} of {}",
            now.index.saturating_add(1),
            state.playlist.len()
        );
        line("item", &format!("{}, {place}, {times}", now.slug));
    } else if state.playlist.is_empty() {
        line("item", "none: the loop is empty");
    } else {
        line("item", "none: nothing in the loop can be played");
    }
    if player.showing_message {
        line("message", "on the glass");
    }
    line("repeat", repeat(player.repeat));
    line(
        "brightness",
        &format!("{} %", state.display.brightness.percent()),
    );
    line("panel", &panel(state));
    if let Some(trouble) = &state.panel.trouble {
        line("trouble", &one_line(trouble));
    }
    text
}

fn panel(state: &HwSnapshot) -> String {
    let kind = match state.panel.kind {
        PanelKind::Ili9341 => "ILI9341",
        PanelKind::Framebuffer => "framebuffer",
        PanelKind::Simulated => "simulated",
    };
    let Some(bus) = state.panel.bus else {
        return kind.to_owned();
    };
    let wire = match bus.wire {
        WireKind::Rppal => "rppal",
        WireKind::Spidev => "spidev",
        WireKind::Simulated => "a simulated wire",
    };
    let mega = f64::from(bus.effective_hz) / 1e6;
    format!("{kind} by {wire} at {mega:.1} MHz")
}

/// One line for what plays.
pub(crate) fn player(player: &PlayerState) -> String {
    let item = player
        .current
        .as_ref()
        .map_or("nothing", |now| now.slug.as_str());
    let (playback, repeat) = (playback(player.playback), repeat(player.repeat));
    format!("{playback} {item}, repeat {repeat}\n")
}

/// A line for each part that has changed.
pub(crate) fn news(before: &HwSnapshot, now: &HwSnapshot) -> String {
    let mut text = String::new();
    if before.player != now.player {
        text += &player(&now.player);
    }
    let mut line = |changed: bool, value: String| {
        if changed {
            text += &value;
            text.push('\n');
        }
    };
    let count = now.playlist.len();
    line(before.playlist != now.playlist, format!("loop of {count}"));
    let percent = now.display.brightness.percent();
    line(
        before.display != now.display,
        format!("brightness {percent} %"),
    );
    let trouble = now
        .panel
        .trouble
        .as_deref()
        .map_or("well".to_owned(), one_line);
    line(
        before.panel != now.panel,
        format!("panel {}: {trouble}", panel(now)),
    );
    text
}

/// One counter a line.
pub(crate) fn health(health: &Health) -> String {
    let scheduling = match health.scheduling {
        Scheduling::Realtime => "realtime",
        Scheduling::Normal => "normal",
    };
    let counters = [
        ("pictures shown", health.frames_presented),
        ("pictures dropped", health.frames_dropped),
        ("worst lateness, us", health.worst_lateness_us),
        ("first picture after, us", health.first_frame_us),
        ("bytes to the panel", health.wire_bytes),
        ("writes to the panel", health.wire_writes),
        ("panel errors", health.panel_errors),
        ("clip errors", health.clip_errors),
        ("simulated: mismatches", health.mismatches),
        ("simulated: violations", health.violations),
    ];
    let mut text = String::new();
    for (name, count) in counters {
        writeln!(text, "{name:<25}{count}").unwrap_or_default();
    }
    writeln!(text, "{:<25}{scheduling}", "panel's thread").unwrap_or_default();
    text
}

/// Where the entry is at a moment of the clock all processes share.
fn position(now: &NowPlaying, playback: Playback, moment: Duration) -> Duration {
    if playback == Playback::Paused {
        return now.position;
    }
    let run = now.position + moment.saturating_sub(now.as_of);
    let pass = now.duration.as_nanos().max(1);
    u64::try_from(run.as_nanos() % pass).map_or(now.position, Duration::from_nanos)
}

/// What comes from outside must not command the terminal.
fn one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn playback(playback: Playback) -> &'static str {
    match playback {
        Playback::Playing => "playing",
        Playback::Paused => "paused",
    }
}

fn repeat(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::All => "all",
        Repeat::One => "one",
    }
}

#[cfg(test)]
mod tests {
    use loop_proto::ClipId;

    use super::*;

    #[test]
    fn a_position_goes_on_round_the_pass_unless_it_is_paused() {
        let seconds = Duration::from_secs;
        let now = NowPlaying {
            slug: Slug::nearest("dance"),
            clip: ClipId::from_sha256(&[1; 32]),
            index: 0,
            frame_count: 3,
            duration: seconds(10),
            position: seconds(4),
            as_of: seconds(100),
        };
        for (playback, moment, at) in [
            (Playback::Playing, 103, 7),
            (Playback::Playing, 107, 1),
            (Playback::Playing, 90, 4),
            (Playback::Paused, 107, 4),
        ] {
            assert_eq!(position(&now, playback, seconds(moment)), seconds(at));
        }
        let none = NowPlaying {
            duration: Duration::ZERO,
            ..now
        };
        assert_eq!(
            position(&none, Playback::Playing, seconds(103)),
            Duration::ZERO
        );
    }

    #[test]
    fn what_comes_from_outside_stays_on_its_line() {
        assert_eq!(one_line("a\u{1b}[2J\nb"), "a [2J b");
    }
}
