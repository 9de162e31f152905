//! Many pictures, damaged in every way, over every wire: after each the memory of the emulated controller holds exactly
//! what it should. `LOOP_PANEL_FRAMES` is how many; the expected memory is kept by arithmetic of its own.

use std::time::Duration;

use loop_proto::geometry::{PANEL, Rect, Rotation};
use loop_proto::pixel::Frame;

use super::letterbox::Letterbox;
use super::simulated::on_glass;
use super::{Damage, Ili9341, Mounting, Panel};
use crate::backlight::NoBacklight;
use crate::bus::{Noisy, Wire, WireCost};

const FRAMES: u64 = 4000;

/// Pictures until a panel is replaced by one of another mounting behind another wire.
const RUN: u64 = 500;

/// Xorshift: small, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    fn small(&mut self, end: u16) -> u16 {
        u16::try_from(self.below(end.into())).unwrap()
    }

    fn rect(&mut self, width: u16, height: u16) -> Rect {
        let (x, y) = (self.small(PANEL.width), self.small(PANEL.height));
        Rect {
            x,
            y,
            width: (1 + self.small(width)).min(PANEL.width - x),
            height: (1 + self.small(height)).min(PANEL.height - y),
        }
    }

    /// Where a picture changes.
    fn damage(&mut self, rects: &mut Vec<Rect>) {
        rects.clear();
        match self.below(200) {
            0 => rects.push(PANEL.rect()),
            1..20 => {}
            20..80 => rects.extend((0..=self.below(4)).map(|_| self.rect(30, 30))),
            80..110 => rects.extend((0..=self.below(40)).map(|_| self.rect(1, 1))),
            110..130 => rects.extend((0..=self.below(3)).map(|_| self.rect(240, 1))),
            130..150 => rects.extend((0..=self.below(3)).map(|_| self.rect(1, 320))),
            150..190 => rects.extend((0..=self.below(12)).map(|_| self.rect(9, 9))),
            190..198 => rects.extend((0..=self.below(2)).map(|_| self.rect(240, 90))),
            _ => rects.extend((0..2500).map(|_| self.rect(2, 1))),
        }
    }
}

struct Run {
    panel: Ili9341<Noisy, NoBacklight>,
    mounting: Mounting,
    cost: WireCost,
    frame: Frame,
    expected: Vec<[u8; 2]>,
}

impl Run {
    fn new(dice: &mut Dice, number: u64) -> Self {
        let cost = match number % 4 {
            0 => WireCost::registers(62_500_000),
            1 => WireCost::spidev(40_000_000),
            2 => WireCost::registers(10_000_000),
            _ => WireCost {
                max_write: 4096,
                ..WireCost::spidev(10_000_000)
            },
        };
        // Upright pictures are drawn anew for each check, which takes the time of a hundred others.
        let rotation = match dice.below(50) {
            0 => Rotation::Deg0,
            1 => Rotation::Deg180,
            at if at % 2 == 0 => Rotation::Deg90,
            _ => Rotation::Deg270,
        };
        let mounting = Mounting::new(rotation, dice.below(2) == 0);
        Self {
            panel: Ili9341::new(Noisy::behind(cost), NoBacklight, mounting),
            mounting,
            cost,
            frame: Frame::black(),
            expected: vec![[0; 2]; PANEL.pixels()],
        }
    }

    /// Changes the picture, and what the memory should hold, in these places.
    fn change(&mut self, rects: &[Rect], dice: &mut Dice) {
        let upright = self.mounting.is_upright();
        for rect in rects {
            let seed = dice.next();
            for (x, row) in (rect.y..).zip(self.frame.rows_mut(*rect)) {
                for (y, pixel) in (rect.x..).zip(row.as_chunks_mut::<2>().0) {
                    let value = seed.wrapping_mul(u64::from(x) * 321 + u64::from(y) + 1) >> 40;
                    *pixel = u16::try_from(value & 0xFFFF).unwrap().to_be_bytes();
                    if !upright {
                        put(&mut self.expected, on_glass(self.mounting, x, y), *pixel);
                    }
                }
            }
        }
        if upright {
            let mut letterbox = Letterbox::new();
            letterbox.draw(&self.frame, PANEL.rect());
            let places = (0..PANEL.height).flat_map(|y| (0..PANEL.width).map(move |x| (x, y)));
            for ((x, y), pixel) in places.zip(letterbox.glass().as_bytes().as_chunks().0) {
                put(&mut self.expected, on_glass(self.mounting, x, y), *pixel);
            }
        }
    }

    /// Shows the picture, heals a little, and compares.
    fn step(&mut self, damage: Damage<'_>, dice: &mut Dice) {
        let traffic = self.panel.wire().traffic().bytes;
        let busy = self.panel.wire().busy;
        let is_first = traffic == 0;
        self.panel.present(&self.frame, damage).unwrap();
        if !is_first {
            let bytes = self.panel.wire().traffic().bytes - traffic;
            assert!(bytes * 1000 <= 153_600 * 1001, "{bytes} bytes");
            let registers = (self.cost.write(1) + self.cost.write(1)) * 2;
            let full = self.cost.window() + self.cost.pixels(153_600) + registers;
            assert!(self.panel.wire().busy - busy <= full);
        }
        self.compare();
        if dice.below(8) == 0 {
            let budget = Duration::from_micros(dice.below(3000));
            let busy = self.panel.wire().busy;
            self.panel.heal(budget).unwrap();
            assert!(self.panel.wire().busy - busy <= budget);
            self.compare();
        }
        self.panel.wire_mut().commands.clear();
    }

    fn compare(&self) {
        let chip = &self.panel.wire().chip;
        assert_eq!(chip.violations(), 0);
        assert!(chip.memory().as_flattened() == self.expected.as_flattened());
    }
}

/// The driver shifts the source driver, so that columns count from the left of the glass.
fn put(memory: &mut [[u8; 2]], (x, y): (u16, u16), pixel: [u8; 2]) {
    memory[usize::from(y) * 240 + usize::from(x)] = pixel;
}

#[test]
fn every_picture_is_in_the_memory_as_it_was_sent() {
    let wanted = std::env::var("LOOP_PANEL_FRAMES").map_or(FRAMES, |text| text.parse().unwrap());
    let mut dice = Dice(0x1234_5678_9ABC_DEF1);
    let (mut changed, mut claimed) = (Vec::new(), Vec::new());
    for number in 0..wanted.div_ceil(RUN) {
        let mut run = Run::new(&mut dice, number);
        for _ in 0..RUN.min(wanted - number * RUN) {
            dice.damage(&mut changed);
            run.change(&changed, &mut dice);
            claimed.clone_from(&changed);
            let more = dice.below(4);
            claimed.extend((0..more).map(|_| dice.rect(12, 12)));
            let damage = match dice.below(3) {
                0 => Damage::Unknown,
                1 => Damage::Rects(&changed),
                _ => Damage::Rects(&claimed),
            };
            run.step(damage, &mut dice);
        }
    }
}
