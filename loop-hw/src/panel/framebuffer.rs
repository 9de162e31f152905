//! A Linux framebuffer: whatever the kernel has a driver for.
//!
//! One that is higher than wide (as the kernel's own ILI9341 driver gives) is the glass held upright. One that is wide
//! shows the picture as it is with the usual rotation, 270, whatever made it wide; another rotation turns it from there.

mod layout;
mod surface;

#[cfg(test)]
mod tests;

use std::fs::{File, OpenOptions};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loop_proto::geometry::{PANEL, PICTURE, Size};
use loop_proto::pixel::Frame;
use loop_proto::snapshot::PanelKind;
use loop_proto::units::Brightness;

pub use layout::Layout;

use self::surface::Surface;
use super::{Damage, Diagnosis, Mounting, Panel};
use crate::backlight::Backlight;
use crate::bus::Traffic;
use crate::sys::{Mapping, ScreenInfo, ask_for_rgb565, screen_info, switch_on};

/// Why a framebuffer cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The device is missing or may not be opened.
    #[error("cannot open {path}")]
    Open {
        /// Of the device.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Its pixels are of a kind we do not write, or there are too few of them.
    #[error(
        "the framebuffer has {width}x{height} pixels of {bits} bits and no mode that fits; it takes 320x240 or 240x320 \
         at least, RGB565, BGR565 or 32 bits"
    )]
    Layout {
        /// Pixels in a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Bits per pixel.
        bits: u32,
    },
}

/// An open framebuffer.
#[derive(Debug)]
pub struct Framebuffer<B> {
    memory: Mapping,
    surface: Surface,
    backlight: B,
    brightness: Brightness,
    traffic: Traffic,
}

impl<B: Backlight> Framebuffer<B> {
    /// Opens the device and switches it on. What it shows stays until the first picture.
    ///
    /// # Errors
    /// When it is missing, may not be opened, or has pixels of another kind.
    pub fn open(path: &Path, mounting: Mounting, backlight: B) -> Result<Self, Error> {
        let failed = |source| Error::Open {
            path: path.to_owned(),
            source,
        };
        let device: File = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        if let Err(error) = switch_on(&device) {
            // Drivers without modes are on already.
            tracing::debug!("{}: cannot be switched on: {error}", path.display());
        }
        let ask = |size: Size| ask_for_rgb565(&device, size.width.into(), size.height.into());
        let info = || screen_info(&device).map_err(|error| failed(error.into()));
        let (bytes, layout) = negotiate(info, ask, mounting)?;
        let bytes =
            NonZeroUsize::new(bytes).ok_or(failed(std::io::ErrorKind::InvalidData.into()))?;
        let memory = Mapping::new(&device, bytes).map_err(|error| failed(error.into()))?;
        Ok(Self {
            memory,
            surface: Surface::new(layout),
            backlight,
            brightness: Brightness::FULL,
            traffic: Traffic::default(),
        })
    }
}

/// Takes the device as it is, or else asks it for 16 bits at our size, in its own direction first. Gives the bytes of its
/// memory too.
fn negotiate(
    info: impl Fn() -> Result<ScreenInfo, Error>,
    ask: impl Fn(Size) -> nix::Result<()>,
    mounting: Mounting,
) -> Result<(usize, Layout), Error> {
    let found = info()?;
    let refused = match Layout::new(found, mounting) {
        Ok(layout) => return Ok((found.bytes, layout)),
        Err(refused) => refused,
    };
    let mut sizes = [PICTURE, PANEL];
    if found.width < found.height {
        sizes.reverse();
    }
    for size in sizes {
        if let Err(error) = ask(size) {
            tracing::debug!(
                "no {}x{} with 16 bits either: {error}",
                size.width,
                size.height
            );
            continue;
        }
        let found = info()?;
        if let Ok(layout) = Layout::new(found, mounting) {
            return Ok((found.bytes, layout));
        }
    }
    Err(refused)
}

impl<B: Backlight> Panel for Framebuffer<B> {
    fn kind(&self) -> PanelKind {
        PanelKind::Framebuffer
    }

    fn present(&mut self, frame: &Frame, damage: Damage<'_>) -> Result<(), super::Error> {
        let first = !self.surface.is_showing();
        let bytes = self.surface.present(self.memory.bytes(), frame, damage);
        self.traffic.count(bytes);
        if first {
            self.set_brightness(self.brightness)?;
        }
        Ok(())
    }

    /// Memory does not forget.
    fn heal(&mut self, _: Duration) -> Result<bool, super::Error> {
        Ok(false)
    }

    fn picture(&self, out: &mut Frame) {
        out.copy_from(self.surface.shown());
    }

    fn set_brightness(&mut self, brightness: Brightness) -> Result<(), super::Error> {
        self.brightness = brightness;
        if !self.surface.is_showing() {
            return Ok(());
        }
        self.backlight
            .set(brightness)
            .map_err(|error| super::Error::Backlight(error.to_string()))
    }

    fn diagnosis(&self) -> Diagnosis {
        Diagnosis {
            traffic: self.traffic,
            ..Diagnosis::default()
        }
    }
}
