//! A panel in memory: the real driver on an emulated controller, so that everything above the bus is what a real panel
//! gets. After each picture it reads the glass back and compares.

use std::time::Duration;

use loop_proto::geometry::{PANEL, Rotation};
use loop_proto::pixel::{Frame, PIXEL_BYTES};
use loop_proto::snapshot::{PanelKind, WireKind};
use loop_proto::units::Brightness;

use super::ili9341::is_upright;
use super::letterbox::Letterbox;
use super::{Damage, Diagnosis, Error, Ili9341, Panel};
use crate::backlight::NoBacklight;
use crate::bus::{EmulatedPort, Emulator, FourWire, Wire, WireCost};

/// Driver and emulated controller.
#[derive(Debug)]
pub struct Simulated {
    driver: Ili9341<FourWire<EmulatedPort>, NoBacklight>,
    rotation: Rotation,
    /// What was read back: in a frame's order, upright as the viewer sees it.
    glass: Vec<u8>,
    expected: Vec<u8>,
    letterbox: Letterbox,
    mismatches: u64,
}

/// The clock of the wire when none is asked for.
const CLOCK_HZ: u32 = 40_000_000;

impl Simulated {
    /// A cold panel mounted this way.
    #[must_use]
    pub fn new(rotation: Rotation) -> Self {
        Self::with_clock(rotation, CLOCK_HZ)
    }

    /// A cold panel behind a wire that keeps to the clock it is asked for.
    #[must_use]
    pub fn with_clock(rotation: Rotation, clock_hz: u32) -> Self {
        let cost = WireCost::spidev(clock_hz);
        let port = EmulatedPort::behind(cost);
        let wire = FourWire::new(port, WireKind::Simulated, clock_hz, cost.max_write);
        Self {
            driver: Ili9341::new(wire, NoBacklight, rotation),
            rotation,
            glass: Vec::new(),
            expected: Vec::new(),
            letterbox: Letterbox::new(PANEL),
            mismatches: 0,
        }
    }

    fn chip(&self) -> &Emulator {
        self.driver.wire().port().chip()
    }

    /// Reads the whole glass: lying, column after column; upright, row after row.
    fn read_back(&mut self) {
        self.glass.clear();
        let controller = self.driver.wire().port().chip();
        for row in 0..PANEL.height {
            for at in 0..PANEL.width {
                let (x, y) = if is_upright(self.rotation) {
                    (at, row)
                } else {
                    (row, at)
                };
                let (x, y) = on_glass(self.rotation, x, y);
                self.glass
                    .extend_from_slice(&controller.glass(x, y).unwrap_or_default());
            }
        }
    }

    fn matches(&mut self, frame: &Frame) -> bool {
        if !is_upright(self.rotation) {
            return self.glass == frame.as_bytes();
        }
        let place = self.letterbox.draw(frame, &mut self.expected);
        let row = usize::from(place.width) * PIXEL_BYTES;
        let (above, rest) = self.glass.split_at(usize::from(place.y) * row);
        let (picture, below) = rest.split_at(self.expected.len());
        picture == self.expected && above.iter().chain(below).all(|byte| *byte == 0)
    }
}

/// Where the viewer's pixel lies on the glass held upright. The viewer turns the module clockwise by the rotation, so the
/// picture is turned back; derived from the mounting alone, not from the driver.
fn on_glass(rotation: Rotation, x: u16, y: u16) -> (u16, u16) {
    let (right, bottom) = (PANEL.width - 1, PANEL.height - 1);
    match rotation {
        Rotation::Deg0 => (x, y),
        Rotation::Deg90 => (y, bottom - x),
        Rotation::Deg180 => (right - x, bottom - y),
        Rotation::Deg270 => (right - y, x),
    }
}

impl Panel for Simulated {
    fn kind(&self) -> PanelKind {
        PanelKind::Simulated
    }

    fn present(&mut self, frame: &Frame, damage: Damage<'_>) -> Result<(), Error> {
        self.driver.present(frame, damage)?;
        self.read_back();
        let shows = self.chip().is_showing() && self.matches(frame);
        self.mismatches += u64::from(!shows);
        Ok(())
    }

    fn heal(&mut self, budget: Duration) -> Result<bool, Error> {
        self.driver.heal(budget)
    }

    fn picture(&self, out: &mut Frame) {
        match Frame::from_bytes(self.glass.clone()) {
            Some(glass) if !is_upright(self.rotation) => out.copy_from(&glass),
            // Upright, the glass has another shape than the picture.
            _ => self.driver.picture(out),
        }
    }

    fn set_brightness(&mut self, brightness: Brightness) -> Result<(), Error> {
        self.driver.set_brightness(brightness)
    }

    fn diagnosis(&self) -> Diagnosis {
        Diagnosis {
            traffic: self.driver.wire().traffic(),
            mismatches: self.mismatches,
            violations: self.chip().violations(),
            bus: self.driver.wire().state(),
        }
    }
}
