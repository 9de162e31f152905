//! What is disturbed is right again within two seconds: on a clock made of what the wire costs.

use loop_proto::pixel::Frame;

use super::super::tests::{USUAL, noise, shows};
use super::super::{Damage, Ili9341, Panel};
use super::*;
use crate::backlight::NoBacklight;
use crate::bus::{Fault, Noisy, Upset, WireCost};

/// The promise.
const HEALED: Duration = Duration::from_secs(2);

/// The time of a picture of film.
const FRAME: Duration = Duration::from_millis(40);

/// A panel with what it shows and the time that has passed.
struct Scene {
    panel: Ili9341<Noisy, NoBacklight>,
    frame: Frame,
    number: u16,
    now: Duration,
}

impl Scene {
    fn new() -> Self {
        let wire = Noisy::behind(WireCost::spidev(40_000_000));
        let mut scene = Self {
            panel: Ili9341::new(wire, NoBacklight, USUAL),
            frame: noise(7),
            number: 0,
            now: Duration::ZERO,
        };
        scene.panel.present(&scene.frame, Damage::Unknown).unwrap();
        scene
    }

    /// A square that moves over noise, and what of the time until the next picture is left is for healing, up to `most`.
    fn film(&mut self, interval: Duration, most: Duration) {
        let busy = self.panel.wire().busy;
        let square = Rect {
            x: self.number * 3 % 220,
            y: self.number * 5 % 300,
            width: 20,
            height: 20,
        };
        self.number += 1;
        let pattern = self.number.to_be_bytes()[1];
        self.frame
            .rows_mut(square)
            .for_each(|row| row.fill(pattern));
        self.panel
            .present(&self.frame, Damage::Rects(&[square]))
            .unwrap();
        let rest = interval.saturating_sub(self.panel.wire().busy - busy);
        self.panel.heal(rest.min(most)).unwrap();
        assert!(self.panel.wire().busy - busy <= interval, "late");
        self.now += interval;
    }

    fn still(&mut self, interval: Duration) {
        let busy = self.panel.wire().busy;
        self.panel.heal(interval).unwrap();
        assert!(self.panel.wire().busy - busy <= interval, "late");
        self.now += interval;
    }

    fn is_right(&self) -> bool {
        shows(self.panel.wire(), &self.frame)
    }

    /// Goes on until the promise falls due, and a little longer: from then on all is right.
    fn heals(&mut self, step: impl Fn(&mut Self), name: &str) -> Duration {
        let (start, mut healed) = (self.now, None);
        while self.now < start + HEALED {
            step(self);
            healed = match (self.is_right(), healed) {
                (true, None) => Some(self.now - start),
                (true, since) => since,
                (false, _) => None,
            };
        }
        (0..3).for_each(|_| step(self));
        assert!(self.is_right(), "{name}");
        let healed = healed.expect("it is right now, and has been at the due time");
        println!("{name}: {healed:?}");
        healed
    }
}

fn upsets() -> Vec<Upset> {
    let inner = [
        Upset::MemoryAccess(0x08),
        Upset::MemoryAccess(0xE8),
        Upset::PixelFormat(0x66),
        Upset::FunctionControl(0x82),
        Upset::Asleep,
        Upset::Off,
        Upset::Reset,
    ];
    let memory = [0, 11_111, 76_799].map(|at| Upset::Memory(at, 5));
    let window = (0..8).flat_map(|byte| [0, 3, 7].map(|bit| Upset::Window(byte, bit)));
    inner.into_iter().chain(memory).chain(window).collect()
}

#[test]
fn an_upset_controller_is_right_again_within_two_seconds_of_film() {
    let mut scene = Scene::new();
    for (number, upset) in upsets().into_iter().enumerate() {
        (0..number % 5).for_each(|_| scene.film(FRAME, FRAME));
        scene.panel.wire_mut().chip.upset(upset);
        scene.heals(|scene| scene.film(FRAME, FRAME), &format!("{upset:?}"));
    }
}

#[test]
fn film_that_leaves_little_time_heals_within_two_seconds() {
    let little = Duration::from_micros(1500);
    for upset in [Upset::MemoryAccess(0xC8), Upset::Reset, Upset::Memory(5, 1)] {
        let mut scene = Scene::new();
        scene.film(FRAME, little);
        scene.panel.wire_mut().chip.upset(upset);
        let healed = scene.heals(|scene| scene.film(FRAME, little), &format!("{upset:?}"));
        assert!(
            healed > HEALED / 2,
            "there was more time than was to be tested: {healed:?}"
        );
    }
}

#[test]
fn a_disturbed_byte_is_right_again_within_two_seconds_of_film() {
    let mut scene = Scene::new();
    let turned = (0u8..8).flat_map(|bit| (0..40).step_by(7).map(move |at| (at, Fault::Turn(bit))));
    let swallowed = (0..40).map(|at| (at, Fault::Swallow));
    let late = [900, 1500, 3001, 5002].map(|at| (at, Fault::Swallow));
    for (at, fault) in turned.chain(swallowed).chain(late) {
        scene.panel.wire_mut().fault = Some((at, fault));
        scene.heals(
            |scene| scene.film(FRAME, FRAME),
            &format!("{fault:?} of byte {at}"),
        );
    }
}

#[test]
fn a_still_picture_heals_whatever_the_pace_of_the_calls() {
    for millis in [5, 20, 40, 100] {
        let pace = Duration::from_millis(millis);
        let mut scene = Scene::new();
        for upset in [
            Upset::Reset,
            Upset::MemoryAccess(0),
            Upset::Memory(70_000, 1),
        ] {
            scene.panel.wire_mut().chip.upset(upset);
            scene.heals(|scene| scene.still(pace), &format!("{upset:?} at {pace:?}"));
        }
    }
}

#[test]
fn pictures_that_leave_no_time_set_right_where_they_go() {
    for upset in upsets() {
        let mut scene = Scene::new();
        // Nothing but a gap with time wakes a controller or turns it on.
        if matches!(
            upset,
            Upset::Asleep | Upset::Off | Upset::Reset | Upset::FunctionControl(_)
        ) {
            continue;
        }
        scene.panel.wire_mut().chip.upset(upset);
        for seed in 0..2 * PATIENCE {
            scene.frame = noise(seed);
            scene.panel.present(&scene.frame, Damage::Unknown).unwrap();
            assert!(!scene.panel.heal(Duration::from_micros(90)).unwrap());
        }
        assert!(scene.is_right(), "{upset:?}");
    }
}

#[test]
fn a_panel_that_shows_nothing_yet_is_left_alone() {
    let mut panel = Ili9341::new(Noisy::default(), NoBacklight, USUAL);
    assert!(!panel.heal(Duration::from_secs(1)).unwrap());
    assert_eq!(panel.wire().commands, []);
}
