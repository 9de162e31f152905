//! An ILI9341 on any wire.

mod init;

use std::time::Duration;

use loop_proto::geometry::{PANEL, Rect};
use loop_proto::pixel::{Frame, PIXEL_BYTES};
use loop_proto::snapshot::PanelKind;
use loop_proto::units::Brightness;

use super::letterbox::Letterbox;
use super::{Damage, Diagnosis, Error, Mounting, Panel};
use crate::backlight::Backlight;
use crate::bus::{Traffic, Wire};

const COLUMN_ADDRESS: u8 = 0x2A;
const PAGE_ADDRESS: u8 = 0x2B;
const MEMORY_WRITE: u8 = 0x2C;
const MEMORY_ACCESS: u8 = 0x36;
const DISPLAY_ON: u8 = 0x29;

/// A window costs about as much time as this many bytes at 40 MHz through spidev (six short writes of 12 us).
const WINDOW_BYTES: usize = 512;

/// The panel with its backlight.
#[derive(Debug)]
pub struct Ili9341<W, B> {
    wire: W,
    backlight: B,
    mounting: Mounting,
    brightness: Brightness,
    /// What was last sent.
    shown: Frame,
    /// Upright mounting shows the picture smaller, between bars.
    letterbox: Option<Letterbox>,
    rows: Vec<u8>,
    stage: Stage,
}

/// How far the controller is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Unknown, also after a failed transfer: it must be initialised and get a whole picture.
    Cold,
    /// It shows what was last sent.
    Showing,
}

impl<W: Wire, B: Backlight> Ili9341<W, B> {
    /// A panel that is initialised with its first picture.
    pub fn new(wire: W, backlight: B, mounting: Mounting) -> Self {
        Self {
            wire,
            backlight,
            mounting,
            brightness: Brightness::FULL,
            shown: Frame::black(),
            letterbox: mounting.is_upright().then(Letterbox::new),
            rows: Vec::new(),
            stage: Stage::Cold,
        }
    }

    pub(super) fn wire(&self) -> &W {
        &self.wire
    }

    #[cfg(test)]
    pub(super) fn backlight(&self) -> &B {
        &self.backlight
    }

    /// Initialises, clears what the picture will not cover, and leaves the display dark.
    fn wake(&mut self) -> Result<(), Error> {
        init::run(&mut self.wire)?;
        self.wire
            .command(MEMORY_ACCESS, &[self.mounting.memory_access()])?;
        self.wire.calibrate()?;
        if self.letterbox.is_some() {
            self.open_window(PANEL.rect())?;
            self.rows.clear();
            self.rows.resize(PANEL.bytes(), 0);
            self.wire.pixels(&self.rows)?;
        }
        Ok(())
    }

    fn send(&mut self, frame: &Frame, damage: &[Rect]) -> Result<(), Error> {
        if self.letterbox.is_some() {
            return self.send_letterboxed(frame);
        }
        for rect in damage.iter().copied().filter(|rect| rect.fits(PANEL)) {
            self.open_window(rect)?;
            self.rows.clear();
            frame
                .rows(rect)
                .for_each(|row| self.rows.extend_from_slice(row));
            self.wire.pixels(&self.rows)?;
        }
        Ok(())
    }

    fn send_letterboxed(&mut self, frame: &Frame) -> Result<(), Error> {
        let Some(letterbox) = self.letterbox.as_mut() else {
            return Ok(());
        };
        let rect = letterbox.draw(frame, PANEL.rect());
        self.rows.clear();
        let rows = letterbox.glass().rows(rect);
        rows.for_each(|row| self.rows.extend_from_slice(row));
        self.open_window(rect)?;
        Ok(self.wire.pixels(&self.rows)?)
    }

    fn open_window(&mut self, rect: Rect) -> Result<(), Error> {
        self.wire
            .command(COLUMN_ADDRESS, &range(rect.x, rect.right()))?;
        self.wire
            .command(PAGE_ADDRESS, &range(rect.y, rect.bottom()))?;
        Ok(self.wire.command(MEMORY_WRITE, &[])?)
    }

    fn try_present(&mut self, frame: &Frame, damage: Damage<'_>) -> Result<(), Error> {
        let stage = std::mem::replace(&mut self.stage, Stage::Cold);
        if stage == Stage::Cold {
            self.wake()?;
        }
        let whole = [PANEL.rect()];
        let damage = match damage {
            Damage::Rects(rects) if stage == Stage::Showing && !is_dear(rects) => rects,
            Damage::Rects(_) | Damage::Unknown => &whole,
        };
        self.send(frame, damage)?;
        if stage == Stage::Cold {
            // Only now: whatever was in the memory before would flash up.
            self.wire.command(DISPLAY_ON, &[])?;
            self.backlight
                .set(self.brightness)
                .map_err(|error| Error::Backlight(error.to_string()))?;
        }
        self.stage = Stage::Showing;
        Ok(())
    }
}

impl<W: Wire, B: Backlight> Panel for Ili9341<W, B> {
    fn kind(&self) -> PanelKind {
        PanelKind::Ili9341
    }

    fn present(&mut self, frame: &Frame, damage: Damage<'_>) -> Result<(), Error> {
        self.try_present(frame, damage)?;
        self.shown.copy_from(frame);
        Ok(())
    }

    fn heal(&mut self, _: Duration) -> Result<bool, Error> {
        Ok(false)
    }

    fn picture(&self, out: &mut Frame) {
        out.copy_from(&self.shown);
    }

    fn set_brightness(&mut self, brightness: Brightness) -> Result<(), Error> {
        self.brightness = brightness;
        if self.stage == Stage::Cold {
            return Ok(());
        }
        self.backlight
            .set(brightness)
            .map_err(|error| Error::Backlight(error.to_string()))
    }

    fn diagnosis(&self) -> Diagnosis {
        Diagnosis {
            traffic: self.traffic(),
            bus: self.wire.state(),
            ..Diagnosis::default()
        }
    }
}

impl<W: Wire, B> Ili9341<W, B> {
    fn traffic(&self) -> Traffic {
        self.wire.traffic()
    }
}

/// Whether the rectangles cost more than one whole picture.
fn is_dear(damage: &[Rect]) -> bool {
    let bytes: usize = damage
        .iter()
        .map(|rect| rect.pixels() * PIXEL_BYTES + WINDOW_BYTES)
        .sum();
    bytes > PANEL.bytes() + WINDOW_BYTES
}

/// First and last address of a window command; `end` is behind the last.
fn range(start: u16, end: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (start.to_be_bytes(), end.saturating_sub(1).to_be_bytes());
    [a, b, c, d]
}
