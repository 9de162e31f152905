//! Pixels as the panel takes them: RGB565, the high byte first.

use crate::geometry::{PICTURE, Rect};

/// Bytes of one pixel.
pub const PIXEL_BYTES: usize = 2;

/// Bytes of a row of a full picture.
pub const ROW_BYTES: usize = PICTURE.width as usize * PIXEL_BYTES;

/// Bytes of a full picture.
pub const FRAME_BYTES: usize = PICTURE.bytes();

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

/// One picture of [`PICTURE`] size in RGB565, rows from the top, as the viewer sees it.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame(Box<[u8]>);

impl Frame {
    /// A black picture.
    #[must_use]
    pub fn black() -> Self {
        Self(vec![0; FRAME_BYTES].into_boxed_slice())
    }

    /// Takes over the bytes of a picture; `None` unless there are exactly [`FRAME_BYTES`].
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        (bytes.len() == FRAME_BYTES).then(|| Self(bytes.into_boxed_slice()))
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
            .chunks_exact(ROW_BYTES)
            .skip(usize::from(rect.y))
            .take(usize::from(rect.height))
            .filter_map(move |row| row.get(start..end))
    }

    /// The bytes of each row of `rect`, to be changed in place.
    pub fn rows_mut(&mut self, rect: Rect) -> impl Iterator<Item = &mut [u8]> {
        let (start, end) = columns(rect);
        self.0
            .chunks_exact_mut(ROW_BYTES)
            .skip(usize::from(rect.y))
            .take(usize::from(rect.height))
            .filter_map(move |row| row.get_mut(start..end))
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({}x{})", PICTURE.width, PICTURE.height)
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
    fn rows_are_those_of_the_rectangle() {
        let mut frame = Frame::black();
        let rect = Rect {
            x: 318,
            y: 238,
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
