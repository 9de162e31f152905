//! Pixels as the panel takes them: RGB565, the high byte first.

mod dither;

pub use dither::dithered;

use crate::geometry::{PANEL, PICTURE, Rect, Size};

/// Bytes of one pixel.
pub const PIXEL_BYTES: usize = 2;

/// Bytes of a row of a [`Frame`].
pub const ROW_BYTES: usize = PANEL.width as usize * PIXEL_BYTES;

/// Bytes of a [`Frame`], and of a [`Picture`].
pub const FRAME_BYTES: usize = PANEL.bytes();

/// Packs 8-bit channels into RGB565 by dropping the low bits.
#[must_use]
pub const fn rgb565(red: u8, green: u8, blue: u8) -> [u8; PIXEL_BYTES] {
    [
        (red & 0xF8) | (green >> 5),
        ((green << 3) & 0xE0) | (blue >> 3),
    ]
}

/// Widens RGB565 to 8-bit channels; the top bits are repeated so that white stays 255.
#[must_use]
pub const fn rgb888(pixel: [u8; PIXEL_BYTES]) -> [u8; 3] {
    let [high, low] = pixel;
    let red = high & 0xF8;
    let green = (high << 5) | ((low & 0xE0) >> 3);
    let blue = low << 3;
    [red | (red >> 5), green | (green >> 6), blue | (blue >> 5)]
}

/// Pixels of `W` columns and `H` rows in RGB565, row after row from the top.
#[derive(Clone, PartialEq, Eq)]
pub struct Raster<const W: u16, const H: u16>(Box<[u8]>);

/// A picture as the viewer sees it; what is uploaded and what browsers show.
pub type Picture = Raster<{ PICTURE.width }, { PICTURE.height }>;

/// A picture in the order in which the panel refreshes its lines: row x is the viewer's column x, the pixels in it go from
/// the viewer's top to the bottom. Written in this order a torn picture is torn along a straight line, not along a diagonal.
pub type Frame = Raster<{ PANEL.width }, { PANEL.height }>;

/// Rows that are transposed together, so that what is written is written in runs.
const BLOCK: usize = 16;

impl<const W: u16, const H: u16> Raster<W, H> {
    /// Width and height.
    pub const SIZE: Size = Size {
        width: W,
        height: H,
    };

    const ROW: usize = W as usize * PIXEL_BYTES;

    /// All pixels black.
    #[must_use]
    pub fn black() -> Self {
        Self(vec![0; Self::SIZE.bytes()].into_boxed_slice())
    }

    /// Takes over the bytes; `None` unless there are exactly [`FRAME_BYTES`].
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == Self::SIZE.bytes()).then(|| Self(bytes.into_boxed_slice()))
    }

    /// All pixels, row after row.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// All pixels, to be changed in place.
    #[must_use]
    pub fn as_bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Copies another picture into this one without allocating.
    pub fn copy_from(&mut self, other: &Self) {
        self.0.copy_from_slice(&other.0);
    }

    /// The bytes of each row of `rect`, from the top. Rows outside the picture are not yielded.
    pub fn rows(&self, rect: Rect) -> impl Iterator<Item = &[u8]> {
        let (start, end) = columns(rect);
        self.0
            .chunks_exact(Self::ROW)
            .skip(usize::from(rect.y))
            .take(usize::from(rect.height))
            .filter_map(move |row| row.get(start..end))
    }

    /// The bytes of each row of `rect`, to be changed in place.
    pub fn rows_mut(&mut self, rect: Rect) -> impl Iterator<Item = &mut [u8]> {
        let (start, end) = columns(rect);
        self.0
            .chunks_exact_mut(Self::ROW)
            .skip(usize::from(rect.y))
            .take(usize::from(rect.height))
            .filter_map(move |row| row.get_mut(start..end))
    }

    /// Writes the same picture with rows and columns exchanged: from the viewer's order to the panel's, or back.
    pub fn transpose_into(&self, out: &mut Raster<H, W>) {
        for (block, rows) in self.0.chunks(BLOCK * Self::ROW).enumerate() {
            let at = block * BLOCK * PIXEL_BYTES;
            for (x, to) in out.0.chunks_exact_mut(Raster::<H, W>::ROW).enumerate() {
                let to = to.get_mut(at..).unwrap_or_default();
                let column = rows
                    .chunks_exact(Self::ROW)
                    .filter_map(|row| row.as_chunks::<PIXEL_BYTES>().0.get(x));
                to.as_chunks_mut::<PIXEL_BYTES>()
                    .0
                    .iter_mut()
                    .zip(column)
                    .for_each(|(to, from)| *to = *from);
            }
        }
    }

    /// The same picture with rows and columns exchanged.
    #[must_use]
    pub fn transposed(&self) -> Raster<H, W> {
        let mut out = Raster::black();
        self.transpose_into(&mut out);
        out
    }
}

impl<const W: u16, const H: u16> std::fmt::Debug for Raster<W, H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Raster({W}x{H})")
    }
}

fn columns(rect: Rect) -> (usize, usize) {
    (
        usize::from(rect.x) * PIXEL_BYTES,
        usize::from(rect.right()) * PIXEL_BYTES,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_and_black_survive_the_round_trip() {
        assert_eq!(rgb888(rgb565(255, 255, 255)), [255, 255, 255]);
        assert_eq!(rgb888(rgb565(0, 0, 0)), [0, 0, 0]);
    }

    #[test]
    fn widening_then_packing_gives_the_same_pixel_for_every_pixel() {
        for pixel in 0..=u16::MAX {
            let [red, green, blue] = rgb888(pixel.to_be_bytes());
            assert_eq!(rgb565(red, green, blue), pixel.to_be_bytes());
        }
    }

    #[test]
    fn a_frame_has_the_viewers_columns_as_rows_and_back_again() {
        let mut picture = Picture::black();
        for (number, pixel) in picture
            .as_bytes_mut()
            .as_chunks_mut()
            .0
            .iter_mut()
            .enumerate()
        {
            *pixel = u16::try_from(number % 65_521).unwrap().to_be_bytes();
        }
        let frame = picture.transposed();
        for (x, y) in [(0, 0), (1, 0), (319, 0), (0, 239), (17, 100), (319, 239)] {
            let seen = picture.as_bytes().as_chunks::<2>().0[y * 320 + x];
            assert_eq!(frame.as_bytes().as_chunks::<2>().0[x * 240 + y], seen);
        }
        assert_eq!(frame.transposed(), picture);
    }

    #[test]
    fn rows_are_those_of_the_rectangle() {
        let mut frame = Frame::black();
        let rect = Rect {
            x: 238,
            y: 318,
            width: 2,
            height: 2,
        };
        for row in frame.rows_mut(rect) {
            row.fill(0xFF);
        }
        assert_eq!(
            frame.rows(rect).map(<[u8]>::len).collect::<Vec<_>>(),
            [4, 4]
        );
        assert_eq!(frame.as_bytes().iter().filter(|&&b| b == 0xFF).count(), 8);
        assert_eq!(frame.as_bytes().last(), Some(&0xFF));
    }
}
