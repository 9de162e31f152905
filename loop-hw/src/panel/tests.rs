use loop_proto::config::{PanelConfig, WireChoice};
use loop_proto::geometry::{PANEL, Rect, Rotation};
use loop_proto::pixel::Frame;
use proptest::prelude::*;

use super::*;
use crate::backlight::{self, Backlight};
use crate::bus::{Recorder, Sent};

const USUAL: Mounting = Mounting::new(Rotation::Deg270, false);

/// Remembers what it was set to.
#[derive(Default)]
struct Lamp(Vec<u8>);

impl Backlight for Lamp {
    fn set(&mut self, brightness: Brightness) -> Result<(), backlight::Error> {
        self.0.push(brightness.percent());
        Ok(())
    }
}

fn rects() -> impl Strategy<Value = Vec<Rect>> {
    let one =
        (0u16..240, 0u16..320, 1u16..=240, 1u16..=320).prop_map(|(x, y, width, height)| Rect {
            x,
            y,
            width: width.min(PANEL.width - x),
            height: height.min(PANEL.height - y),
        });
    prop::collection::vec(one, 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn whatever_is_damaged_the_glass_shows_the_picture(
        mounting in prop::sample::select(&mounting::tests::ALL),
        steps in prop::collection::vec((rects(), any::<u8>()), 1..5),
    ) {
        let mut panel = Simulated::new(mounting);
        let (mut frame, mut seen) = (Frame::black(), Frame::black());
        for (number, (rects, seed)) in steps.into_iter().enumerate() {
            for rect in &rects {
                for (y, row) in frame.rows_mut(*rect).enumerate() {
                    row.iter_mut().enumerate().for_each(|(x, byte)| *byte = u8::try_from((x * 7 + y * 13) % 256).unwrap() ^ seed);
                }
            }
            let damage = if number == 0 { vec![PANEL.rect()] } else { rects };
            panel.present(&frame, Damage::Rects(&damage)).unwrap();
            panel.picture(&mut seen);
            prop_assert!(seen == frame);
        }
        let diagnosis = panel.diagnosis();
        prop_assert_eq!((diagnosis.mismatches, diagnosis.violations), (0, 0));
    }
}

#[test]
fn every_mounting_shows_the_viewer_the_picture_pixel_by_pixel() {
    let mut frame = Frame::black();
    let pixels = frame.as_bytes_mut().as_chunks_mut().0;
    for (pixel, at) in pixels.iter_mut().zip((0u16..61_001).cycle()) {
        *pixel = at.to_be_bytes();
    }
    for mounting in mounting::tests::ALL {
        let mut panel = Simulated::new(mounting);
        panel.present(&frame, Damage::Unknown).unwrap();
        let mut seen = Frame::black();
        panel.picture(&mut seen);
        assert!(seen == frame, "{mounting:?}");
        let diagnosis = panel.diagnosis();
        assert_eq!((diagnosis.mismatches, diagnosis.violations), (0, 0));
    }
}

#[test]
fn the_glass_is_lit_only_after_the_first_picture() {
    let mut panel = Ili9341::new(Recorder::default(), Lamp::default(), USUAL);
    panel.set_brightness(Brightness::clamped(40)).unwrap();
    assert!(panel.backlight().0.is_empty());
    panel
        .present(&Frame::black(), Damage::Rects(&[PANEL.rect()]))
        .unwrap();
    assert_eq!(panel.backlight().0, [40]);
    let sent = &panel.wire().sent;
    let position = |wanted: &Sent| sent.iter().position(|sent| sent == wanted);
    let picture = position(&Sent::Pixels(PANEL.bytes())).unwrap();
    assert!(picture < position(&Sent::Command(0x29, vec![])).unwrap());
}

#[test]
fn a_cold_controller_gets_the_makers_sequence() {
    let mut panel = Ili9341::new(Recorder::default(), Lamp::default(), USUAL);
    panel
        .present(&Frame::black(), Damage::Rects(&[PANEL.rect()]))
        .unwrap();
    let line = |sent: &Sent| match sent {
        Sent::Reset => "reset".to_owned(),
        Sent::Command(op, parameters) => format!("{op:02X} {parameters:02X?}"),
        Sent::Pixels(bytes) => format!("{bytes} bytes"),
    };
    let stream: Vec<String> = panel.wire().sent.iter().map(line).collect();
    assert_eq!(
        stream.join("\n"),
        include_str!("../../tests/golden/cold_start.txt").trim_end()
    );
}

#[test]
fn a_spot_is_a_window_of_its_own_and_many_spots_are_one_around_them_all() {
    let mut panel = Ili9341::new(Recorder::default(), Lamp::default(), USUAL);
    panel
        .present(&Frame::black(), Damage::Rects(&[PANEL.rect()]))
        .unwrap();
    let spot = |x, y| Rect {
        x,
        y,
        width: 2,
        height: 5,
    };
    for (rects, bytes) in [(1, 20), (400, 20)] {
        let rects = vec![spot(3, 4); rects];
        panel
            .present(&Frame::black(), Damage::Rects(&rects))
            .unwrap();
        assert_eq!(panel.wire().sent.last(), Some(&Sent::Pixels(bytes)));
    }
    let corners = [spot(0, 0), spot(238, 0), spot(0, 315), spot(238, 315)];
    panel
        .present(&Frame::black(), Damage::Rects(&corners))
        .unwrap();
    assert_eq!(panel.wire().sent.last(), Some(&Sent::Pixels(20)));
    let scattered: Vec<Rect> = (0..1760).map(|at| spot(at % 80 * 3, at / 80 * 5)).collect();
    panel
        .present(&Frame::black(), Damage::Rects(&scattered))
        .unwrap();
    let around = Sent::Pixels(239 * 110 * 2);
    assert_eq!(panel.wire().sent.last(), Some(&around));
}

#[test]
fn after_a_failed_transfer_the_panel_starts_anew_with_a_whole_picture() {
    let wire = Recorder {
        fail_at: Some(30),
        ..Recorder::default()
    };
    let mut panel = Ili9341::new(wire, Lamp::default(), USUAL);
    let mut results = (0..3).map(|_| {
        panel
            .present(&Frame::black(), Damage::Rects(&[PANEL.rect()]))
            .is_ok()
    });
    assert!(results.by_ref().any(|fine| !fine));
    panel.present(&Frame::black(), Damage::Rects(&[])).unwrap();
    let resets = panel
        .wire()
        .sent
        .iter()
        .filter(|sent| **sent == Sent::Reset)
        .count();
    assert_eq!(resets, 2);
}

#[test]
fn the_wire_is_measured_before_the_first_picture_and_not_again() {
    let mut panel = Simulated::with_clock(USUAL, 62_500_000);
    assert_eq!(panel.diagnosis().bus, None);
    let mut bytes = || {
        let whole = [PANEL.rect()];
        panel
            .present(&Frame::black(), Damage::Rects(&whole))
            .unwrap();
        panel.diagnosis().traffic.bytes
    };
    let (first, second, third) = (bytes(), bytes(), bytes());
    assert!(first > second - first + 60_000);
    assert_eq!(second - first, third - second);
    let bus = panel.diagnosis().bus.unwrap();
    assert_eq!(bus.requested_hz, 62_500_000);
    assert!(bus.effective_hz.abs_diff(62_500_000) < 500_000, "{bus:?}");
    assert_eq!(panel.diagnosis().violations, 0);
}

#[test]
fn a_missing_panel_is_replaced_by_a_simulated_one_that_says_why() {
    for (kind, wire) in [
        (PanelChoice::Ili9341, WireChoice::Rppal),
        (PanelChoice::Ili9341, WireChoice::Spidev),
        (PanelChoice::Framebuffer, WireChoice::Auto),
    ] {
        let config = PanelConfig {
            kind,
            wire,
            spi_device: "/dev/spidev6.2".into(),
            framebuffer: "/nowhere/fb9".into(),
            ..PanelConfig::default()
        };
        let (panel, trouble) = open(&config, "/nowhere".as_ref());
        assert_eq!(panel.kind(), PanelKind::Simulated);
        assert!(trouble.unwrap().contains("shown in the browser only"));
    }
}
