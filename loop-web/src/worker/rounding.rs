//! Which way 8-bit channels become RGB565. The page's `dither.ts` has the same rules.

use std::collections::HashMap;

use loop_proto::pixel::{PIXEL_BYTES, dithered, rgb565, rgb888};

use super::scale::SUMMED;

/// How a value between two levels is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rounding {
    /// To the nearest level: what is drawn with few colours has flat areas.
    Nearest,
    /// By the mask: anything else has tones that would show bands.
    Masked,
}

/// This many colours are few.
const FEW: usize = 16;

/// Colours no farther apart than this in any channel are tones of one another, as in a smooth ground.
const TONE: u8 = 4;

impl Rounding {
    /// A pixel of the glass from its sums, see [`super::scale::Scaler::pixel`].
    pub(super) fn pixel(self, sums: [u32; 3], x: u16, y: u16) -> [u8; PIXEL_BYTES] {
        match self {
            Self::Masked => dithered(sums, SUMMED, x, y),
            Self::Nearest => {
                let [red, green, blue] = sums;
                let level =
                    |sum: u32, top: u32| (sum * top * 2 + 255 * SUMMED) / (2 * 255 * SUMMED);
                let pixel = (level(red, 31) << 11) | (level(green, 63) << 5) | level(blue, 31);
                let [.., high, low] = pixel.to_be_bytes();
                [high, low]
            }
        }
    }
}

/// The colours of a picture's own pixels; scaled ones are mixed already.
#[derive(Debug, Default)]
pub(super) struct Colours(HashMap<[u8; 3], u32>);

impl Colours {
    /// Those that RGB565 holds exactly are the same either way and do not count.
    pub(super) fn count(&mut self, colour: [u8; 3]) {
        let [red, green, blue] = colour;
        if rgb888(rgb565(red, green, blue)) != colour {
            *self.0.entry(colour).or_default() += 1;
        }
    }

    /// What suits them; `None` when there are none that count.
    pub(super) fn rounding(&self) -> Option<Rounding> {
        let total: u32 = self.0.values().sum();
        let mut common: Vec<_> = self
            .0
            .iter()
            .map(|(colour, count)| (*colour, *count))
            .collect();
        common.sort_unstable_by_key(|&(colour, count)| (std::cmp::Reverse(count), colour));
        common.truncate(FEW);
        let is_drawn = |colour: &[u8; 3]| {
            let mut others = common.iter().filter(|(other, _)| other != colour);
            others.all(|(other, _)| !are_tones(*colour, *other))
        };
        let drawn = common.iter().filter(|(colour, _)| is_drawn(colour));
        let covered: u32 = drawn.map(|(_, count)| count).sum();
        (total > 0).then_some(if covered * 2 >= total {
            Rounding::Nearest
        } else {
            Rounding::Masked
        })
    }
}

fn are_tones(a: [u8; 3], b: [u8; 3]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= TONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounding(colours: impl IntoIterator<Item = [u8; 3]>) -> Option<Rounding> {
        let mut counted = Colours::default();
        colours.into_iter().for_each(|colour| counted.count(colour));
        counted.rounding()
    }

    #[test]
    fn a_drawing_is_rounded_and_a_gradient_is_masked() {
        let drawing = [[10, 20, 30], [200, 100, 50]].into_iter().cycle().take(500);
        assert_eq!(rounding(drawing), Some(Rounding::Nearest));
        assert_eq!(
            rounding((0..=255).map(|n| [n, n, n])),
            Some(Rounding::Masked)
        );
    }

    #[test]
    fn what_the_glass_holds_exactly_does_not_tell() {
        assert_eq!(rounding([[0, 0, 0], [255, 255, 255], [0, 255, 0]]), None);
    }

    #[test]
    fn nearest_is_nearest() {
        for value in 0..=255u8 {
            let pixel = Rounding::Nearest.pixel([u32::from(value) * SUMMED; 3], 3, 5);
            for (channel, step) in rgb888(pixel).into_iter().zip([8, 4, 8]) {
                assert!(
                    channel.abs_diff(value) <= step / 2 + 1,
                    "{value} became {channel}"
                );
            }
        }
        for pixel in 0..=u16::MAX {
            let sums = rgb888(pixel.to_be_bytes()).map(|channel| u32::from(channel) * SUMMED);
            assert_eq!(Rounding::Nearest.pixel(sums, 0, 0), pixel.to_be_bytes());
        }
    }
}
