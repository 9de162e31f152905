//! The controller's memory as we believe it to be, and the writes that change it.

use loop_proto::geometry::{PANEL, Rect};
use loop_proto::pixel::{Frame, PIXEL_BYTES};

use super::super::window::{Latched, Meter};
use super::init::Register;
use crate::bus::{Error, Wire};

const COLUMN_ADDRESS: u8 = 0x2A;
const PAGE_ADDRESS: u8 = 0x2B;
const MEMORY_WRITE: u8 = 0x2C;

/// The wire, and what is at its other end.
#[derive(Debug)]
pub(super) struct Glass<W> {
    wire: W,
    /// What was last sent, pixel by pixel.
    shadow: Frame,
    latched: Latched,
    /// The pixels of a window that is narrower than the frame.
    rows: Vec<u8>,
}

impl<W: Wire> Glass<W> {
    pub(super) fn new(wire: W) -> Self {
        Self {
            wire,
            shadow: Frame::black(),
            latched: Latched::default(),
            rows: Vec::with_capacity(PANEL.bytes()),
        }
    }

    pub(super) fn wire(&self) -> &W {
        &self.wire
    }

    pub(super) fn wire_mut(&mut self) -> &mut W {
        &mut self.wire
    }

    #[cfg(test)]
    pub(super) fn into_wire(self) -> W {
        self.wire
    }

    pub(super) fn shadow(&self) -> &Frame {
        &self.shadow
    }

    pub(super) fn latched(&self) -> Latched {
        self.latched
    }

    pub(super) fn meter(&self) -> Meter {
        Meter::new(self.wire.cost())
    }

    /// The next window is opened with all its parameters, whatever the controller holds.
    pub(super) fn distrust_window(&mut self) {
        self.latched = Latched::default();
    }

    pub(super) fn set(&mut self, (op, parameters): Register<'_>) -> Result<(), Error> {
        self.wire.command(op, parameters)
    }

    /// Sends these windows of the frame.
    pub(super) fn send(&mut self, frame: &Frame, windows: &[Rect]) -> Result<(), Error> {
        for rect in windows.iter().copied().filter(|rect| rect.fits(PANEL)) {
            let rows = self.shadow.rows_mut(rect).zip(frame.rows(rect));
            rows.for_each(|(shadow, row)| shadow.copy_from_slice(row));
            self.rewrite(rect)?;
        }
        Ok(())
    }

    /// Sends a window of the shadow.
    pub(super) fn rewrite(&mut self, rect: Rect) -> Result<(), Error> {
        let opening = self.latched.open(rect);
        for (op, parameters) in [
            (COLUMN_ADDRESS, opening.columns),
            (PAGE_ADDRESS, opening.rows),
        ] {
            if let Some(bytes) = parameters.sent() {
                self.wire.command(op, bytes)?;
            }
        }
        self.wire.command(MEMORY_WRITE, &[])?;
        if rect.width == PANEL.width {
            let start = usize::from(rect.y) * usize::from(PANEL.width) * PIXEL_BYTES;
            let end = start + rect.pixels() * PIXEL_BYTES;
            let rows = self.shadow.as_bytes().get(start..end);
            return self.wire.pixels(rows.unwrap_or_default());
        }
        self.rows.clear();
        let rows = self.shadow.rows(rect);
        rows.for_each(|row| self.rows.extend_from_slice(row));
        self.wire.pixels(&self.rows)
    }
}
