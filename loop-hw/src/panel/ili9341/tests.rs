use loop_proto::geometry::Rotation;

use super::*;
use crate::backlight::{self, NoBacklight};
use crate::bus::{Noisy, Recorder, Sent, WireCost};

/// MADCTL 48h.
pub(super) const USUAL: Mounting = Mounting::new(Rotation::Deg270, false);

const SPOT: Rect = Rect {
    x: 100,
    y: 200,
    width: 8,
    height: 8,
};

/// Counts how often it is set.
#[derive(Default)]
struct Lamp(u32);

impl Backlight for Lamp {
    fn set(&mut self, _: Brightness) -> Result<(), backlight::Error> {
        self.0 += 1;
        Ok(())
    }
}

pub(super) fn noise(seed: u32) -> Frame {
    let mut frame = Frame::black();
    let mut state = seed;
    for byte in frame.as_bytes_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = state.to_be_bytes()[0];
    }
    frame
}

/// Whether the glass, mounted as usual, shows the frame.
pub(super) fn shows(wire: &Noisy, frame: &Frame) -> bool {
    let memory = wire.chip.memory().chunks_exact(240);
    let rows = frame.as_bytes().chunks_exact(480);
    wire.chip.is_showing()
        && memory
            .zip(rows)
            .all(|(page, row)| page.iter().rev().eq(row.as_chunks().0))
}

#[test]
fn a_restart_neither_resets_nor_blanks_and_then_shows_the_picture() {
    let folder = tempfile::tempdir().unwrap();
    let panel = |wire| {
        let panel = Ili9341::new(wire, Lamp::default(), USUAL);
        panel.attached(Marker::below(folder.path()))
    };
    let mut first = panel(Noisy::default());
    first.present(&noise(1), Damage::Unknown).unwrap();
    assert!(first.wire().commands.contains(&None), "a cold start");

    let mut wire = first.into_wire();
    wire.commands.clear();
    wire.held = true;
    let mut second = panel(wire);
    second.set_brightness(Brightness::clamped(30)).unwrap();
    assert_eq!(
        second.backlight().0,
        0,
        "as it was until the picture is there"
    );
    second.present(&noise(2), Damage::Rects(&[])).unwrap();
    assert_eq!(second.backlight().0, 1);
    for blanking in [None, Some(0x01), Some(0x10), Some(0x11), Some(0x28)] {
        assert!(!second.wire().commands.contains(&blanking), "{blanking:?}");
    }
    assert!(shows(second.wire(), &noise(2)));
    assert_eq!(second.wire().chip.violations(), 0);
}

#[test]
fn a_panel_that_may_have_been_reset_since_is_started_cold() {
    let folder = tempfile::tempdir().unwrap();
    for held in [true, false] {
        let wire = Noisy {
            held,
            ..Noisy::default()
        };
        let mut panel =
            Ili9341::new(wire, NoBacklight, USUAL).attached(Marker::below(folder.path()));
        panel.present(&noise(1), Damage::Unknown).unwrap();
        assert!(panel.wire().commands.contains(&None));
    }
}

#[test]
fn a_start_that_is_cut_off_before_its_first_picture_leaves_no_note() {
    let folder = tempfile::tempdir().unwrap();
    let start = |held| {
        let wire = Noisy {
            held,
            ..Noisy::default()
        };
        Ili9341::new(wire, NoBacklight, USUAL).attached(Marker::below(folder.path()))
    };
    start(false).present(&noise(1), Damage::Unknown).unwrap();
    // Power was lost, the module has forgotten all, and this one is killed before it says anything to it.
    drop(start(false));
    let mut panel = start(true);
    panel.present(&noise(2), Damage::Unknown).unwrap();
    assert!(panel.wire().commands.contains(&None));
    drop(start(true).attached(Marker::below(folder.path())));
    assert!(folder.path().join("panel").exists());
}

#[test]
fn a_panel_mounted_otherwise_is_started_cold() {
    let folder = tempfile::tempdir().unwrap();
    for mounting in [USUAL, Mounting::new(Rotation::Deg90, false)] {
        let wire = Noisy {
            held: true,
            ..Noisy::default()
        };
        let panel = Ili9341::new(wire, NoBacklight, mounting);
        let mut panel = panel.attached(Marker::below(folder.path()));
        panel.present(&noise(1), Damage::Unknown).unwrap();
        assert!(panel.wire().commands.contains(&None));
    }
}

#[test]
fn whole_frames_use_the_bus_to_99_percent_in_four_writes() {
    for clock in [40_000_000, 62_500_000] {
        let wire = Noisy::behind(WireCost::spidev(clock));
        let mut panel = Ili9341::new(wire, NoBacklight, USUAL);
        panel.present(&noise(0), Damage::Unknown).unwrap();
        let (busy, sent) = (panel.wire().busy, panel.wire().commands.len());
        // As many as go without a gap until the registers are sent again, and that with them.
        let frames = 17;
        (1..=frames).for_each(|seed| panel.present(&noise(seed), Damage::Unknown).unwrap());
        let bus = Duration::from_secs_f64(f64::from(frames) * 153_600.0 * 8.0 / f64::from(clock));
        let share = bus.as_secs_f64() / (panel.wire().busy - busy).as_secs_f64();
        assert!(share >= 0.99, "{share} at {clock} Hz");
        // A write command each, then 65536 bytes at a time; once memory access, pixel format and the two addresses.
        assert_eq!(panel.wire().commands.len() - sent, 17 + 4);
    }
}

#[test]
fn a_spot_on_an_upright_panel_is_sent_as_a_spot() {
    for damage in [Damage::Unknown, Damage::Rects(&[SPOT])] {
        let mounting = Mounting::new(Rotation::Deg0, false);
        let mut panel = Ili9341::new(Noisy::default(), NoBacklight, mounting);
        let mut frame = noise(3);
        panel.present(&frame, Damage::Unknown).unwrap();
        frame.rows_mut(SPOT).for_each(|row| row.fill(0));
        let before = panel.wire().traffic().bytes;
        panel.present(&frame, damage).unwrap();
        let sent = panel.wire().traffic().bytes - before;
        assert!((10..400).contains(&sent), "{sent} bytes");
    }
}

#[test]
fn after_a_failed_start_the_note_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let note = || folder.path().join("panel").exists();
    let wire = Recorder {
        fail_at: Some(40),
        ..Recorder::default()
    };
    let panel = Ili9341::new(wire, NoBacklight, USUAL);
    let mut panel = panel.attached(Marker::below(folder.path()));
    assert!(!note());
    panel.present(&noise(1), Damage::Unknown).unwrap();
    assert!(note());
    let failed = (0..20).any(|seed| {
        let failed = panel.present(&noise(seed), Damage::Unknown).is_err();
        assert_eq!(note(), !failed);
        failed
    });
    assert!(failed);
    panel.present(&noise(1), Damage::Unknown).unwrap();
    assert!(note() && panel.wire().sent.contains(&Sent::Reset));
}
