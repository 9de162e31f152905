//! A Linux framebuffer: whatever the kernel has a driver for.

use std::fs::{File, OpenOptions};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loop_proto::geometry::{PANEL, PICTURE, Rect};
use loop_proto::pixel::{Frame, PIXEL_BYTES, rgb888};
use loop_proto::snapshot::PanelKind;
use loop_proto::units::Brightness;

use super::{Damage, Diagnosis, Panel};
use crate::bus::Traffic;
use crate::sys::{Mapping, ScreenInfo, screen_info};

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
        "the framebuffer has {width}x{height} pixels of {bits} bits; it takes 320x240 or more, of 16 or 32 bits"
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

/// How pixels lie in the device's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    stride: usize,
    /// Bytes from the start to the picture's first pixel: it stands in the middle of a larger screen.
    start: usize,
    depth: Depth,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// RGB565 in the machine's byte order.
    Bits16,
    /// Blue, green, red, unused.
    Bits32,
}

impl Layout {
    fn new(info: ScreenInfo) -> Result<Self, Error> {
        let refused = Error::Layout {
            width: info.width,
            height: info.height,
            bits: info.bits_per_pixel,
        };
        let depth = match (info.bits_per_pixel, info.red_offset) {
            (16, 11) => Depth::Bits16,
            (32, 16) => Depth::Bits32,
            _ => return Err(refused),
        };
        let (Ok(width), Ok(height)) = (usize::try_from(info.width), usize::try_from(info.height))
        else {
            return Err(refused);
        };
        let (left, top) = match (
            width.checked_sub(PICTURE.width.into()),
            height.checked_sub(PICTURE.height.into()),
        ) {
            (Some(across), Some(down)) => (across / 2, down / 2),
            _ => return Err(refused),
        };
        if info.stride < width * depth.bytes() || info.bytes < info.stride.saturating_mul(height) {
            return Err(refused);
        }
        Ok(Self {
            stride: info.stride,
            start: top * info.stride + left * depth.bytes(),
            depth,
        })
    }

    /// Writes a rectangle of the frame, whose rows are the screen's columns; gives the number of bytes.
    fn write(&self, memory: &mut [u8], frame: &Frame, rect: Rect) -> usize {
        let mut written = 0;
        for (x, column) in (usize::from(rect.y)..).zip(frame.rows(rect)) {
            let pixels = column.as_chunks::<PIXEL_BYTES>().0;
            for (y, pixel) in (usize::from(rect.x)..).zip(pixels) {
                let at = self.start + y * self.stride + x * self.depth.bytes();
                if let Some(to) = memory.get_mut(at..at + self.depth.bytes()) {
                    self.depth.write(to, *pixel);
                    written += to.len();
                }
            }
        }
        written
    }
}

impl Depth {
    const fn bytes(self) -> usize {
        match self {
            Self::Bits16 => 2,
            Self::Bits32 => 4,
        }
    }

    fn write(self, to: &mut [u8], pixel: [u8; PIXEL_BYTES]) {
        match self {
            Self::Bits16 => to.copy_from_slice(&u16::from_be_bytes(pixel).to_ne_bytes()),
            Self::Bits32 => {
                let [red, green, blue] = rgb888(pixel);
                to.copy_from_slice(&[blue, green, red, 0]);
            }
        }
    }
}

/// An open framebuffer.
#[derive(Debug)]
pub struct Framebuffer {
    memory: Mapping,
    layout: Layout,
    shown: Frame,
    traffic: Traffic,
    whole: bool,
}

impl Framebuffer {
    /// Opens the device and blackens it.
    ///
    /// # Errors
    /// When it is missing, may not be opened, or has pixels of another kind.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Open {
            path: path.to_owned(),
            source,
        };
        let device: File = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        let info = screen_info(&device).map_err(|error| failed(error.into()))?;
        let layout = Layout::new(info)?;
        let bytes =
            NonZeroUsize::new(info.bytes).ok_or(failed(std::io::ErrorKind::InvalidData.into()))?;
        let mut memory = Mapping::new(&device, bytes).map_err(|error| failed(error.into()))?;
        memory.bytes().fill(0);
        Ok(Self {
            memory,
            layout,
            shown: Frame::black(),
            traffic: Traffic::default(),
            whole: false,
        })
    }
}

impl Panel for Framebuffer {
    fn kind(&self) -> PanelKind {
        PanelKind::Framebuffer
    }

    fn present(&mut self, frame: &Frame, damage: Damage<'_>) -> Result<(), super::Error> {
        let everything = [PANEL.rect()];
        let damage = match damage {
            Damage::Rects(rects) if self.whole => rects,
            Damage::Rects(_) | Damage::Unknown => &everything,
        };
        for rect in damage {
            let bytes = self.layout.write(self.memory.bytes(), frame, *rect);
            self.traffic.count(bytes);
        }
        self.shown.copy_from(frame);
        self.whole = true;
        Ok(())
    }

    /// Memory does not forget.
    fn heal(&mut self, _: Duration) -> Result<bool, super::Error> {
        Ok(false)
    }

    fn picture(&self, out: &mut Frame) {
        out.copy_from(&self.shown);
    }

    /// A framebuffer's light is the kernel driver's.
    fn set_brightness(&mut self, _: Brightness) -> Result<(), super::Error> {
        Ok(())
    }

    fn diagnosis(&self) -> Diagnosis {
        Diagnosis {
            traffic: self.traffic,
            ..Diagnosis::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(width: u32, height: u32, bits: u32) -> ScreenInfo {
        let stride = usize::try_from(width * bits / 8).unwrap() + 8;
        let red_offset = if bits == 16 { 11 } else { 16 };
        let bytes = stride * usize::try_from(height).unwrap();
        ScreenInfo {
            width,
            height,
            bits_per_pixel: bits,
            red_offset,
            stride,
            bytes,
        }
    }

    #[test]
    fn the_picture_stands_in_the_middle_of_a_larger_screen() {
        let layout = Layout::new(info(640, 480, 32)).unwrap();
        let mut memory = vec![0; 480 * (640 * 4 + 8)];
        let mut frame = Frame::black();
        frame.as_bytes_mut().fill(0xFF);
        layout.write(&mut memory, &frame, PANEL.rect());
        let first = memory.iter().position(|byte| *byte != 0).unwrap();
        assert_eq!(first, 120 * (640 * 4 + 8) + 160 * 4);
        assert_eq!(
            memory.iter().filter(|byte| **byte == 0xFF).count(),
            320 * 240 * 3
        );
    }

    #[test]
    fn sixteen_bits_are_in_the_order_of_the_machine() {
        let layout = Layout::new(info(320, 240, 16)).unwrap();
        let mut memory = vec![0; 240 * (320 * 2 + 8)];
        let mut frame = Frame::black();
        frame.as_bytes_mut()[..2].copy_from_slice(&[0xF8, 0x01]);
        layout.write(&mut memory, &frame, PANEL.rect());
        assert_eq!(memory[..2], 0xF801u16.to_ne_bytes());
    }

    #[test]
    fn only_the_damaged_rows_are_written() {
        let layout = Layout::new(info(320, 240, 16)).unwrap();
        let mut memory = vec![7; 240 * (320 * 2 + 8)];
        let rect = Rect {
            x: 10,
            y: 20,
            width: 3,
            height: 2,
        };
        assert_eq!(layout.write(&mut memory, &Frame::black(), rect), 12);
        assert_eq!(memory.iter().filter(|byte| **byte == 0).count(), 12);
    }

    #[test]
    fn too_small_or_of_another_depth_is_refused_with_its_figures() {
        for info in [
            info(240, 320, 16),
            info(640, 480, 24),
            ScreenInfo {
                stride: 8,
                ..info(320, 240, 16)
            },
        ] {
            assert!(
                Layout::new(info)
                    .unwrap_err()
                    .to_string()
                    .contains(&info.width.to_string())
            );
        }
    }
}
