//! A panel in memory: the real driver on an emulated controller, so that everything above the bus is what a real panel
//! gets. After each picture it reads the glass back and compares.

use std::time::Duration;

use loop_proto::geometry::PANEL;
use loop_proto::pixel::Frame;
use loop_proto::snapshot::{PanelKind, WireKind};
use loop_proto::units::Brightness;

use super::letterbox::Letterbox;
use super::{Damage, Diagnosis, Error, Ili9341, Mounting, Panel};
use crate::backlight::NoBacklight;
use crate::bus::{EmulatedPort, Emulator, FourWire, Wire, WireCost};

/// Driver and emulated controller.
#[derive(Debug)]
pub struct Simulated {
    driver: Ili9341<FourWire<EmulatedPort>, NoBacklight>,
    mounting: Mounting,
    /// What was read back as the viewer sees it, in a mirror if there is one: lying a frame, upright row after row.
    glass: Frame,
    letterbox: Letterbox,
    mismatches: u64,
}

/// The clock of the wire when none is asked for.
const CLOCK_HZ: u32 = 40_000_000;

impl Simulated {
    /// A cold panel mounted this way.
    #[must_use]
    pub fn new(mounting: Mounting) -> Self {
        Self::with_clock(mounting, CLOCK_HZ)
    }

    /// A cold panel behind a wire that keeps to the clock it is asked for.
    #[must_use]
    pub fn with_clock(mounting: Mounting, clock_hz: u32) -> Self {
        let cost = WireCost::spidev(clock_hz);
        let port = EmulatedPort::behind(cost);
        let wire = FourWire::new(port, WireKind::Simulated, clock_hz, cost.max_write);
        Self {
            driver: Ili9341::new(wire, NoBacklight, mounting),
            mounting,
            glass: Frame::black(),
            letterbox: Letterbox::new(),
            mismatches: 0,
        }
    }

    fn chip(&self) -> &Emulator {
        self.driver.wire().port().chip()
    }

    /// Reads the whole glass: lying, column after column; upright, row after row.
    fn read_back(&mut self) {
        let controller = self.driver.wire().port().chip();
        let places = (0..PANEL.height).flat_map(|row| (0..PANEL.width).map(move |at| (at, row)));
        let pixels = self.glass.as_bytes_mut().as_chunks_mut().0;
        for ((at, row), pixel) in places.zip(pixels) {
            let (x, y) = if self.mounting.is_upright() {
                (at, row)
            } else {
                (row, at)
            };
            let (x, y) = on_glass(self.mounting, x, y);
            *pixel = controller.glass(x, y).unwrap_or_default();
        }
    }

    fn matches(&mut self, frame: &Frame) -> bool {
        if !self.mounting.is_upright() {
            return self.glass == *frame;
        }
        self.letterbox.draw(frame, PANEL.rect());
        self.glass == *self.letterbox.glass()
    }
}

/// Where the viewer's pixel lies on the glass held upright: exchanged left and right if there is a mirror, then turned back
/// by as many quarters as the viewer has turned the module. Derived from that alone, not from what the driver goes by.
pub(super) fn on_glass(mounting: Mounting, x: u16, y: u16) -> (u16, u16) {
    let (mut width, mut height) = if mounting.is_upright() {
        (PANEL.width, PANEL.height)
    } else {
        (PANEL.height, PANEL.width)
    };
    let (mut x, mut y) = (x, y);
    if mounting.is_mirrored() {
        x = width - 1 - x;
    }
    for _ in 0..u16::from(mounting.rotation()) / 90 {
        (x, y) = (y, width - 1 - x);
        (width, height) = (height, width);
    }
    (x, y)
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

    /// Upright, the glass has another shape than the picture, which then is the driver's.
    fn picture(&self, out: &mut Frame) {
        if self.mounting.is_upright() {
            self.driver.picture(out);
        } else {
            out.copy_from(&self.glass);
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
