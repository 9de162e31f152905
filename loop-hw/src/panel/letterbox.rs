//! The landscape picture on an upright glass: three quarters of its size, in the middle, between black bars.

use loop_proto::geometry::{PANEL, PICTURE, Rect};
use loop_proto::pixel::{Frame, PIXEL_BYTES, ROW_BYTES, dithered, rgb888};

/// Four pixels of the picture become three of the glass, in both directions.
const FROM: u16 = 4;
const TO: u16 = 3;
const _: () = assert!(PICTURE.width * TO == PANEL.width * FROM);

/// Where the picture stands on the glass.
const PLACE: Rect = Rect {
    x: 0,
    y: (PANEL.height - PICTURE.height * TO / FROM) / 2,
    width: PANEL.width,
    height: PICTURE.height * TO / FROM,
};

/// Parts of the sum in [`sums`].
const PARTS: u32 = 16;

/// The glass as the viewer sees it, row after row from the top: not a frame, whose rows are columns.
#[derive(Debug)]
pub(super) struct Letterbox {
    glass: Frame,
}

impl Letterbox {
    /// Bars everywhere.
    pub(super) fn new() -> Self {
        Self {
            glass: Frame::black(),
        }
    }

    /// What is on the glass.
    pub(super) fn glass(&self) -> &Frame {
        &self.glass
    }

    /// Draws what this rectangle of the frame changes, and says where that is on the glass. Never allocates.
    pub(super) fn draw(&mut self, frame: &Frame, damage: Rect) -> Rect {
        // A frame's rows are the viewer's columns.
        let (left, right) = shrunk(damage.y, damage.bottom().min(PICTURE.width));
        let (top, bottom) = shrunk(damage.x, damage.right().min(PICTURE.height));
        let place = Rect {
            x: left,
            y: PLACE.y + top,
            width: right.saturating_sub(left),
            height: bottom.saturating_sub(top),
        };
        for (y, row) in (top..bottom).zip(self.glass.rows_mut(place)) {
            for (x, pixel) in (left..right).zip(row.as_chunks_mut::<PIXEL_BYTES>().0) {
                *pixel = dithered(sums(frame, x, y), PARTS, x, y);
            }
        }
        place
    }
}

/// From source pixels to the smaller ones that show any of them.
fn shrunk(start: u16, end: u16) -> (u16, u16) {
    (start * TO / FROM, (end * TO).div_ceil(FROM))
}

/// The first source pixel under a smaller one, and how many thirds of it and of the next lie there; four in all.
fn under(at: u16) -> (usize, [u32; 2]) {
    let source = usize::from(at / TO * FROM + at % TO);
    let thirds = match at % TO {
        0 => [3, 1],
        1 => [2, 2],
        _ => [1, 3],
    };
    (source, thirds)
}

/// Red, green and blue of the picture under a smaller pixel: [`PARTS`] times their mean.
fn sums(frame: &Frame, x: u16, y: u16) -> [u32; 3] {
    let ((column, across), (row, down)) = (under(x), under(y));
    let columns = frame.as_bytes().chunks_exact(ROW_BYTES).skip(column);
    let mut sums = [0; 3];
    for (part, pixels) in across.into_iter().zip(columns) {
        let pixels = pixels.as_chunks::<PIXEL_BYTES>().0.iter().skip(row);
        for (part, pixel) in down.map(|down| down * part).into_iter().zip(pixels) {
            sums.iter_mut()
                .zip(rgb888(*pixel))
                .for_each(|(sum, channel)| *sum += part * u32::from(channel));
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use loop_proto::pixel::{Picture, rgb565};

    use super::*;

    fn picture(colour: impl Fn(u16, u16) -> [u8; 3]) -> Frame {
        let mut picture = Picture::black();
        let pixels = picture.as_bytes_mut().as_chunks_mut().0;
        for (at, pixel) in (0u32..).zip(pixels) {
            let place = |at: u32| u16::try_from(at).unwrap();
            let [red, green, blue] = colour(place(at % 320), place(at / 320));
            *pixel = rgb565(red, green, blue);
        }
        picture.transposed()
    }

    /// The mean of the picture over the square under a smaller pixel, by sampling it in twelfths.
    fn mean(frame: &Frame, x: u16, y: u16) -> [f64; 3] {
        let mut mean = [0.0; 3];
        for (across, down) in (0..16).flat_map(|across| (0..16).map(move |down| (across, down))) {
            let source = |at: u16, part: u16| usize::from((at * 16 + part) / 12);
            let (column, row) = (source(x, across), source(y, down));
            let pixel = frame.as_bytes().as_chunks::<2>().0[column * 240 + row];
            for (mean, channel) in mean.iter_mut().zip(rgb888(pixel)) {
                *mean += f64::from(channel) / 256.0;
            }
        }
        mean
    }

    #[test]
    fn each_pixel_is_the_mean_of_the_square_it_stands_for() {
        let frame = picture(|x, y| {
            let (x, y) = (u32::from(x), u32::from(y));
            [x * 37 + y, x * y, y * 91].map(|value| u8::try_from(value % 256).unwrap())
        });
        for (x, y) in [(0, 0), (1, 2), (2, 1), (119, 90), (238, 178), (239, 179)] {
            let sums = sums(&frame, x, y);
            for (sum, mean) in sums.into_iter().zip(mean(&frame, x, y)) {
                assert!((f64::from(sum) / 16.0 - mean).abs() < 1e-9, "({x}, {y})");
            }
        }
    }

    #[test]
    fn a_white_picture_is_white_between_black_bars() {
        let mut letterbox = Letterbox::new();
        let place = letterbox.draw(&picture(|_, _| [255; 3]), PANEL.rect());
        assert_eq!((place.y, place.height, place.width), (70, 180, 240));
        let bytes = letterbox.glass().as_bytes();
        let row = ROW_BYTES;
        assert!(bytes[70 * row..250 * row].iter().all(|byte| *byte == 0xFF));
        let bars = bytes[..70 * row].iter().chain(&bytes[250 * row..]);
        assert!(bars.copied().all(|byte| byte == 0));
    }

    #[test]
    fn drawing_only_what_has_changed_gives_the_same_as_drawing_everything() {
        let before = picture(|x, y| [u8::try_from((x + y) % 256).unwrap(); 3]);
        for damage in [
            (0, 0, 1, 1),
            (239, 319, 1, 1),
            (13, 100, 41, 3),
            (5, 6, 2, 200),
        ] {
            let (x, y, width, height) = damage;
            let damage = Rect {
                x,
                y,
                width,
                height,
            };
            let mut after = before.clone();
            after.rows_mut(damage).for_each(|row| row.fill(0xA5));
            let (mut parts, mut whole) = (Letterbox::new(), Letterbox::new());
            parts.draw(&before, PANEL.rect());
            parts.draw(&after, damage);
            whole.draw(&after, PANEL.rect());
            assert!(parts.glass() == whole.glass(), "{damage:?}");
        }
    }
}
