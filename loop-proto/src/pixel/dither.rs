//! From 8-bit channels to RGB565 without bands.
//!
//! Between two colours that RGB565 holds, a mask fixed to the picture's places decides which pixels take the upper one.
//! Nothing is carried from pixel to pixel, so what does not change in the source does not change here: error diffusion
//! would make a still background boil and every clip as large as its raw frames. The mask is the ordered 8x8 one of Bayer:
//! against a blue-noise mask of 16x16 it was nearer to the source behind a blur (by 0.6 to 4 dB in brightness), and LZ4
//! packs its short period better.
//!
//! The page does the same in `spa/src/convert/dither.ts`; `tests/golden/dither.json` holds both to it.

use super::PIXEL_BYTES;

/// Cells of the mask.
const CELLS: u32 = 64;

/// One pixel from the sums of `count` pixels' red, green and blue, for the place (`x`, `y`) of the picture as the viewer
/// sees it. A colour that RGB565 holds exactly comes out as it is, everywhere.
#[must_use]
pub fn dithered(sums: [u32; 3], count: u32, x: u16, y: u16) -> [u8; PIXEL_BYTES] {
    let count = count.max(1);
    let threshold = 2 * rank(x, y) + 1;
    let level = |sum: u32, bits: u32| {
        let sum = sum.min(255 * count);
        let mut lower = (sum / count) >> (8 - bits);
        if widened(lower, bits) * count > sum {
            lower -= 1;
        }
        let above = sum - widened(lower, bits) * count;
        let step = (widened(lower + 1, bits) - widened(lower, bits)) * count;
        lower + u32::from(above * 2 * CELLS > threshold * step)
    };
    let [red, green, blue] = sums;
    let pixel = (level(red, 5) << 11) | (level(green, 6) << 5) | level(blue, 5);
    let [.., high, low] = pixel.to_be_bytes();
    [high, low]
}

/// How late the mask's cell at this place takes the upper colour, 0 to 63.
fn rank(x: u16, y: u16) -> u32 {
    (0..3).fold(0, |rank, bit| {
        let (across, down) = (u32::from(x >> bit) & 1, u32::from(y >> bit) & 1);
        (rank << 2) | ((across ^ down) << 1) | down
    })
}

/// A level of this many bits as the 8-bit channel it stands for, see [`rgb888`](super::rgb888).
fn widened(level: u32, bits: u32) -> u32 {
    (level << (8 - bits)) | (level >> (2 * bits - 8))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::pixel::rgb888;

    const GOLDEN: &str = include_str!("../../tests/golden/dither.json");

    #[test]
    fn it_is_what_the_golden_pictures_say() {
        let golden: Value = serde_json::from_str(GOLDEN).unwrap();
        let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
        let pictures = golden["pictures"].as_array().unwrap();
        assert!(pictures.len() >= 5);
        for picture in pictures {
            let (k, width) = (number(&picture["k"]), number(&picture["width"]));
            let place = |at: u32| u16::try_from(at).unwrap();
            let sums = picture["sums"].as_array().unwrap();
            let wanted = picture["pixels"].as_array().unwrap();
            assert_eq!(sums.len(), wanted.len());
            for (at, (sums, wanted)) in (0..).zip(sums.iter().zip(wanted)) {
                let sums = [0, 1, 2].map(|channel| number(&sums[channel]));
                let (x, y) = (place(at % width), place(at / width));
                let pixel = u16::from_be_bytes(dithered(sums, k * k, x, y));
                assert_eq!(
                    u32::from(pixel),
                    number(wanted),
                    "{sums:?} at {x},{y} of {k}"
                );
            }
        }
    }

    #[test]
    fn a_colour_that_rgb565_holds_comes_out_as_it_is_everywhere() {
        for pixel in 0..=u16::MAX {
            let sums = rgb888(pixel.to_be_bytes()).map(|channel| 3 * u32::from(channel));
            let (x, y) = (pixel % 320, pixel % 240);
            assert_eq!(dithered(sums, 3, x, y), pixel.to_be_bytes());
        }
    }

    #[test]
    fn the_mean_of_a_mask_is_the_colour_that_went_in() {
        for value in 0..=255u32 {
            let mut sum = [0u32; 3];
            for (x, y) in (0..8).flat_map(|y| (0..8).map(move |x| (x, y))) {
                let pixel = rgb888(dithered([value; 3], 1, x, y));
                sum.iter_mut()
                    .zip(pixel)
                    .for_each(|(sum, channel)| *sum += u32::from(channel));
            }
            for sum in sum {
                assert!(
                    sum.abs_diff(64 * value) <= 8,
                    "{value} became {}",
                    f64::from(sum) / 64.0
                );
            }
        }
    }

    #[test]
    fn sums_beyond_white_are_white() {
        assert_eq!(dithered([9999; 3], 2, 0, 0), [0xFF, 0xFF]);
        assert_eq!(dithered([0; 3], 0, 0, 0), [0, 0]);
    }
}
