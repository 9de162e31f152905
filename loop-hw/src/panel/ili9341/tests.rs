use loop_proto::geometry::Rotation;

use super::*;
use crate::backlight::{self, NoBacklight};
use crate::bus::Noisy;

/// MADCTL 48h.
pub(super) const USUAL: Mounting = Mounting::new(Rotation::Deg270, false);

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
fn a_panel_mounted_otherwise_is_started_cold() {
    let folder = tempfile::tempdir().unwrap();
    for mounting in [USUAL, Mounting::new(Rotation::Deg90, false)] {
        let panel = Ili9341::new(Noisy::default(), NoBacklight, mounting);
        let mut panel = panel.attached(Marker::below(folder.path()));
        panel.present(&noise(1), Damage::Unknown).unwrap();
        assert!(panel.wire().commands.contains(&None));
    }
}
