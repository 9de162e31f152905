//! What shows the picture.

mod framebuffer;
mod ili9341;
mod letterbox;
mod simulated;

#[cfg(test)]
mod tests;

use std::time::Duration;

use loop_proto::config::{PanelChoice, PanelConfig};
use loop_proto::geometry::Rect;
use loop_proto::pixel::Frame;
use loop_proto::snapshot::PanelKind;
use loop_proto::units::Brightness;

pub use framebuffer::{Framebuffer, Layout};
pub use ili9341::Ili9341;
pub use simulated::Simulated;

use crate::backlight::PwmBacklight;
use crate::bus::{self, RppalWire, Traffic};

/// Why the panel did not take a picture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The bus failed.
    #[error(transparent)]
    Bus(#[from] bus::Error),
    /// The framebuffer failed.
    #[error(transparent)]
    Framebuffer(#[from] framebuffer::Error),
    /// The backlight could not be set.
    #[error("cannot set the backlight: {0}")]
    Backlight(String),
}

/// What a panel knows about itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Diagnosis {
    /// What has been sent to it.
    pub traffic: Traffic,
    /// Pictures that were not on the glass as they were sent; only a simulated panel can tell.
    pub mismatches: u64,
    /// Breaches of the controller's protocol; only a simulated panel can tell.
    pub violations: u64,
}

/// Where a picture differs from the one before.
#[derive(Clone, Copy, Debug)]
pub enum Damage<'a> {
    /// Nowhere outside of these rectangles, in the frame's order.
    Rects(&'a [Rect]),
    /// Not known: the panel compares with what it has shown.
    Unknown,
}

/// A panel, owned by one thread.
pub trait Panel: Send {
    /// What it is.
    fn kind(&self) -> PanelKind;

    /// Shows a picture. The first call sends everything, and so does the one after an error.
    ///
    /// # Errors
    /// When it cannot be driven; the glass then shows part of the picture at worst.
    fn present(&mut self, frame: &Frame, damage: Damage<'_>) -> Result<(), Error>;

    /// Spends at most about this much time on sending again what should be on the glass, so that whatever disturbed it
    /// does not stay. Says whether there was anything to do in that time.
    ///
    /// # Errors
    /// As [`present`](Self::present).
    fn heal(&mut self, budget: Duration) -> Result<bool, Error>;

    /// Copies what the glass shows: read back where that is possible, else what was last sent.
    fn picture(&self, out: &mut Frame);

    /// Sets the backlight; it stays dark until the first picture is on the glass.
    ///
    /// # Errors
    /// When it cannot be driven.
    fn set_brightness(&mut self, brightness: Brightness) -> Result<(), Error>;

    /// Counters since it was opened.
    fn diagnosis(&self) -> Diagnosis;
}

/// Opens the panel the configuration asks for. A panel that cannot be opened is replaced by a simulated one, and the
/// sentence says why.
#[must_use]
pub fn open(config: &PanelConfig) -> (Box<dyn Panel>, Option<String>) {
    let simulated = || -> Box<dyn Panel> { Box::new(Simulated::new(config.rotation)) };
    let opened = match config.kind {
        PanelChoice::Simulated => return (simulated(), None),
        PanelChoice::Ili9341 => open_ili9341(config),
        PanelChoice::Framebuffer => open_framebuffer(config),
        PanelChoice::Auto if std::path::Path::new("/dev/spidev0.0").exists() => {
            open_ili9341(config)
        }
        PanelChoice::Auto if config.framebuffer.exists() => open_framebuffer(config),
        PanelChoice::Auto => return (simulated(), None),
    };
    opened.map_or_else(
        |error| {
            (
                simulated(),
                Some(format!("{error}; the picture is shown in the browser only")),
            )
        },
        |panel| (panel, None),
    )
}

fn open_ili9341(config: &PanelConfig) -> Result<Box<dyn Panel>, Error> {
    let clock = u32::try_from(config.spi_speed_hz.get()).unwrap_or(u32::MAX);
    let wire = RppalWire::open(clock)?;
    let backlight = PwmBacklight::open().map_err(|error| Error::Backlight(error.to_string()))?;
    Ok(Box::new(Ili9341::new(wire, backlight, config.rotation)))
}

fn open_framebuffer(config: &PanelConfig) -> Result<Box<dyn Panel>, Error> {
    Ok(Box::new(Framebuffer::open(&config.framebuffer)?))
}
