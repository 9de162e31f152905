//! What shows the picture.

mod diff;
mod framebuffer;
mod ili9341;
mod letterbox;
mod mounting;
mod plan;
mod simulated;
mod window;

#[cfg(test)]
mod campaign;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use loop_proto::config::{PanelChoice, PanelConfig};
use loop_proto::geometry::Rect;
use loop_proto::pixel::Frame;
use loop_proto::snapshot::{BusState, PanelKind};
use loop_proto::units::Brightness;

pub use diff::Marks;
pub use framebuffer::{Framebuffer, Layout};
pub use ili9341::{Ili9341, Marker};
pub use mounting::Mounting;
pub use plan::{Cut, Planner};
pub use simulated::Simulated;
pub use window::{Latched, Meter, Price};

use crate::backlight::{self, Behind};
use crate::bus::{self, FourWire, Traffic, Wire};

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
    /// What carries the pictures, once its speed has been measured; `None` for a framebuffer.
    pub bus: Option<BusState>,
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
    /// To be called once in each gap between pictures with the time that is left in it, and at least ten times a second
    /// while nothing changes: then the whole glass is gone over in less than two seconds.
    ///
    /// # Errors
    /// As [`present`](Self::present).
    fn heal(&mut self, budget: Duration) -> Result<bool, Error>;

    /// Copies what the viewer sees: read back from the glass where that is possible, else what was last sent. On a mirrored
    /// panel that is the picture in the mirror, the right way round; on an upright one the whole picture without its bars.
    fn picture(&self, out: &mut Frame);

    /// Sets the backlight; it stays dark until the first picture is on the glass.
    ///
    /// # Errors
    /// When it cannot be driven.
    fn set_brightness(&mut self, brightness: Brightness) -> Result<(), Error>;

    /// Counters since it was opened.
    fn diagnosis(&self) -> Diagnosis;
}

/// A panel and, in a sentence, what is not as asked for.
type Opened = (Box<dyn Panel>, Option<String>);

/// Opens the panel the configuration asks for. A panel that cannot be opened is replaced by a simulated one, a light that
/// cannot be driven as asked for by the next that can, and the sentence says why. What need not survive a power cut is kept in
/// `runtime_dir`.
#[must_use]
pub fn open(config: &PanelConfig, runtime_dir: &Path) -> Opened {
    let simulated = || -> Box<dyn Panel> {
        Box::new(Simulated::with_clock(
            Mounting::of(config),
            bus::clock_hz(config),
        ))
    };
    let opened = match config.kind {
        PanelChoice::Simulated => return (simulated(), None),
        PanelChoice::Ili9341 => open_ili9341(config, runtime_dir),
        PanelChoice::Framebuffer => open_framebuffer(config),
        PanelChoice::Auto if config.spi_device.exists() => open_ili9341(config, runtime_dir),
        PanelChoice::Auto if config.framebuffer.exists() => open_framebuffer(config),
        PanelChoice::Auto => return (simulated(), None),
    };
    opened.unwrap_or_else(|error| {
        let sentence = format!("{error}; the picture is shown in the browser only");
        (simulated(), Some(sentence))
    })
}

fn open_ili9341(config: &PanelConfig, runtime_dir: &Path) -> Result<Opened, Error> {
    Ok(if bus::uses_rppal(config.wire) {
        with_backlight(FourWire::rppal(config)?, config, runtime_dir)
    } else {
        with_backlight(FourWire::spidev(config)?, config, runtime_dir)
    })
}

/// The panel on this wire. Without its backlight line it shows as bright as the module is by itself.
fn with_backlight(wire: impl Wire + 'static, config: &PanelConfig, runtime_dir: &Path) -> Opened {
    let (light, trouble) = backlight::open(config, Behind::Module);
    let panel = Ili9341::new(wire, light, Mounting::of(config));
    (
        Box::new(panel.attached(Marker::below(runtime_dir))),
        trouble,
    )
}

fn open_framebuffer(config: &PanelConfig) -> Result<Opened, Error> {
    let (light, trouble) = backlight::open(config, Behind::Framebuffer);
    let panel = Framebuffer::open(&config.framebuffer, Mounting::of(config), light)?;
    Ok((Box::new(panel), trouble))
}
