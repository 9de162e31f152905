//! Where each pixel lies in a framebuffer's memory, and how it is packed there. Pure.

use loop_proto::geometry::{PANEL, PICTURE, Rect};
use loop_proto::pixel::{Frame, PIXEL_BYTES, rgb888};

use super::Error;
use crate::panel::Mounting;
use crate::sys::ScreenInfo;

/// How pixels lie in the device's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Bytes from the start to the first pixel of what is drawn: it stands in the middle of a larger screen.
    origin: usize,
    /// Bytes from row to row and from pixel to pixel of what is drawn. What goes backwards wraps around, so that adding
    /// is subtracting.
    row_step: usize,
    pixel_step: usize,
    packing: Packing,
    upright: bool,
}

/// The bits of a pixel, in the machine's byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    /// RGB565.
    Red565,
    /// The same with blue and red exchanged.
    Blue565,
    /// Eight bits each, shifted by so many; and what is in all pixels.
    Shifted {
        red: u32,
        green: u32,
        blue: u32,
        opaque: u32,
    },
}

impl Layout {
    pub(super) fn new(info: ScreenInfo, mounting: Mounting) -> Result<Self, Error> {
        Self::find(info, mounting).ok_or(Error::Layout {
            width: info.width,
            height: info.height,
            bits: info.bits_per_pixel,
        })
    }

    fn find(info: ScreenInfo, mounting: Mounting) -> Option<Self> {
        let packing = Packing::of(&info)?;
        let bytes = packing.bytes();
        let count = |number: u32| usize::try_from(number).ok();
        let (width, height) = (count(info.width)?, count(info.height)?);
        let (left, top) = (count(info.left)?, count(info.top)?);
        if info.stride < left.checked_add(width)?.checked_mul(bytes)?
            || info.bytes < info.stride.checked_mul(top.checked_add(height)?)?
        {
            return None;
        }
        let wide = width >= height;
        let glass = if wide { PICTURE } else { PANEL };
        let left = left + width.checked_sub(glass.width.into())? / 2;
        let top = top + height.checked_sub(glass.height.into())? / 2;
        let upright = mounting.is_upright();
        let offset = |row: u16, at: u16| {
            // A frame's rows are the viewer's columns; what is drawn for an upright glass has the viewer's rows.
            let (x, y) = if upright { (at, row) } else { (row, at) };
            let (x, y) = mounting.on_glass(x, y);
            // A wide screen is the glass as it lies with the usual rotation.
            let (x, y) = if wide {
                (y, PANEL.width - 1 - x)
            } else {
                (x, y)
            };
            (top + usize::from(y)) * info.stride + (left + usize::from(x)) * bytes
        };
        let origin = offset(0, 0);
        Some(Self {
            origin,
            row_step: offset(1, 0).wrapping_sub(origin),
            pixel_step: offset(0, 1).wrapping_sub(origin),
            packing,
            upright,
        })
    }

    /// Whether the picture is drawn smaller between bars, as rows, instead of as a frame.
    pub(super) fn is_upright(&self) -> bool {
        self.upright
    }

    /// Writes a rectangle of what is drawn; gives the number of bytes.
    pub(super) fn write(&self, memory: &mut [u8], drawn: &Frame, rect: Rect) -> usize {
        let step = |count: u16, step: usize| usize::from(count).wrapping_mul(step);
        let mut written = 0;
        let mut start = self
            .origin
            .wrapping_add(step(rect.y, self.row_step))
            .wrapping_add(step(rect.x, self.pixel_step));
        for row in drawn.rows(rect) {
            let mut at = start;
            for pixel in row.as_chunks::<PIXEL_BYTES>().0 {
                let place = memory.get_mut(at..at.wrapping_add(self.packing.bytes()));
                written += place.map_or(0, |place| self.packing.write(place, *pixel));
                at = at.wrapping_add(self.pixel_step);
            }
            start = start.wrapping_add(self.row_step);
        }
        written
    }
}

impl Packing {
    /// `None` for bits we do not write.
    fn of(info: &ScreenInfo) -> Option<Self> {
        let fields = [info.red, info.green, info.blue].map(|field| (field.offset, field.length));
        match (info.bits_per_pixel, fields) {
            (16, [(11, 5), (5, 6), (0, 5)]) => Some(Self::Red565),
            (16, [(0, 5), (5, 6), (11, 5)]) => Some(Self::Blue565),
            (32, [(red, 8), (green, 8), (blue, 8)]) => {
                let mut shifts = [red, green, blue];
                shifts.sort_unstable();
                let [low, middle, high] = shifts;
                let apart = low + 8 <= middle && middle + 8 <= high && high <= 24;
                let opaque = match (info.alpha.length, info.alpha.offset) {
                    (8, offset @ 0..=24) => 0xFF << offset,
                    _ => 0,
                };
                apart.then_some(Self::Shifted {
                    red,
                    green,
                    blue,
                    opaque,
                })
            }
            _ => None,
        }
    }

    const fn bytes(self) -> usize {
        match self {
            Self::Red565 | Self::Blue565 => 2,
            Self::Shifted { .. } => 4,
        }
    }

    /// Gives the number of bytes written.
    fn write(self, place: &mut [u8], pixel: [u8; PIXEL_BYTES]) -> usize {
        let bits = u16::from_be_bytes(pixel);
        match self {
            Self::Red565 => place.copy_from_slice(&bits.to_ne_bytes()),
            Self::Blue565 => {
                let exchanged = (bits << 11) | (bits & 0x07E0) | (bits >> 11);
                place.copy_from_slice(&exchanged.to_ne_bytes());
            }
            Self::Shifted {
                red,
                green,
                blue,
                opaque,
            } => {
                let [r, g, b] = rgb888(pixel).map(u32::from);
                let bits = (r << red) | (g << green) | (b << blue) | opaque;
                place.copy_from_slice(&bits.to_ne_bytes());
            }
        }
        place.len()
    }
}
