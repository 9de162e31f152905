//! Scales a picture that comes row after row, in the memory of what is shown.
//!
//! Shrunk, a pixel of the glass is the exact mean of the source's area it covers; enlarged, it is interpolated between
//! the four nearest pixels. All of it in whole numbers: a plain colour comes out as it went in, on every machine.

use super::place::{Placement, Side};

/// The weights of a target pixel add up to this.
const ONE: u64 = 1 << WEIGHT_BITS;
const WEIGHT_BITS: u32 = 12;

/// Between the two passes a channel keeps this many bits below the point, as it does in the end.
const KEPT_BITS: u32 = 8;

/// What the sums of [`Scaler::pixel`] are the sums of, see [`loop_proto::pixel::dithered`].
pub(super) const SUMMED: u32 = 1 << KEPT_BITS;

/// Which source pixels make a target pixel, and how much of each.
#[derive(Debug)]
struct Taps {
    start: u64,
    weights: Vec<u16>,
    /// The source pixel below the middle.
    middle: u64,
}

impl Taps {
    fn end(&self) -> u64 {
        self.start + self.weights.len() as u64
    }
}

/// All target pixels of one side.
///
/// Places are counted in units of which a source pixel has `2 * divisor * shown`: all borders are whole numbers then.
fn taps(side: Side) -> Vec<Taps> {
    let (part, divisor) = side.part;
    let unit = 2 * divisor * side.shown;
    let first = (side.length * divisor).saturating_sub(part) * side.shown;
    (0..side.shown)
        .map(|at| {
            let (low, high) = (first + 2 * part * at, first + 2 * part * (at + 1));
            let middle = ((low + high) / (2 * unit)).min(side.length - 1);
            let (start, weights) = if 2 * part >= unit {
                covered(low, high, unit)
            } else {
                between(low + high, unit, side.length)
            };
            Taps {
                start,
                weights,
                middle,
            }
        })
        .collect()
}

/// Each source pixel by the length of it that lies between the two places.
fn covered(low: u64, high: u64, unit: u64) -> (u64, Vec<u16>) {
    let (start, end) = (low / unit, high.div_ceil(unit));
    let upto = |place: u64| {
        let length = high - low;
        let done = place.clamp(low, high) - low;
        (2 * done * ONE + length) / (2 * length)
    };
    let weights = (start..end).map(|pixel| narrow(upto((pixel + 1) * unit) - upto(pixel * unit)));
    (start, weights.collect())
}

/// The two source pixels whose middles are nearest; `twice` is twice the place.
fn between(twice: u64, unit: u64, length: u64) -> (u64, Vec<u16>) {
    let place = twice.saturating_sub(unit);
    let (start, above) = (place / (2 * unit), place % (2 * unit));
    let upper = above * ONE / (2 * unit);
    if start + 1 >= length {
        (length - 1, vec![narrow(ONE)])
    } else {
        (start, vec![narrow(ONE - upper), narrow(upper)])
    }
}

fn narrow(weight: u64) -> u16 {
    u16::try_from(weight).unwrap_or(u16::MAX)
}

/// One picture at a time.
#[derive(Debug)]
pub(super) struct Scaler {
    across: Vec<Taps>,
    down: Vec<Taps>,
    /// A row that is scaled across, three channels a pixel.
    line: Vec<u16>,
    /// The target rows, each the weighted sum of such lines.
    sums: Vec<u32>,
    /// Of the source row that comes next.
    row: u64,
    /// Target rows before this one are complete.
    complete: usize,
}

impl Scaler {
    pub(super) fn new(placement: Placement) -> Self {
        let (across, down) = (taps(placement.across), taps(placement.down));
        let line = vec![0; across.len() * 3];
        let sums = vec![0; across.len() * 3 * down.len()];
        Self {
            across,
            down,
            line,
            sums,
            row: 0,
            complete: 0,
        }
    }

    /// Begins the next picture of the same size.
    pub(super) fn restart(&mut self) {
        self.sums.fill(0);
        self.row = 0;
        self.complete = 0;
    }

    /// Takes the next row, three bytes a pixel. `sample` is called with the pixels below the middles of target pixels.
    pub(super) fn push(&mut self, rgb: &[u8], mut sample: impl FnMut([u8; 3])) {
        let row = self.row;
        self.row += 1;
        let done = |taps: &&Taps| taps.end() <= row;
        self.complete += self
            .down
            .iter()
            .skip(self.complete)
            .take_while(done)
            .count();
        let is_due = |taps: &Taps| taps.start <= row;
        if !self.down.get(self.complete).is_some_and(is_due) {
            return;
        }
        let pixels = rgb.as_chunks::<3>().0;
        self.scale_across(pixels);
        let targets = self
            .down
            .iter()
            .zip(self.sums.chunks_exact_mut(self.line.len()));
        for (taps, sums) in targets
            .skip(self.complete)
            .take_while(|(taps, _)| is_due(taps))
        {
            let weight = index(row - taps.start).and_then(|at| taps.weights.get(at));
            let weight = u32::from(weight.copied().unwrap_or(0));
            for (sum, value) in sums.iter_mut().zip(&self.line) {
                *sum += u32::from(*value) * weight;
            }
            if taps.middle == row {
                let middles = self.across.iter().filter_map(|taps| index(taps.middle));
                middles
                    .filter_map(|at| pixels.get(at))
                    .for_each(|pixel| sample(*pixel));
            }
        }
    }

    fn scale_across(&mut self, pixels: &[[u8; 3]]) {
        for (out, taps) in self
            .line
            .as_chunks_mut::<3>()
            .0
            .iter_mut()
            .zip(&self.across)
        {
            let covered = index(taps.start).and_then(|start| pixels.get(start..));
            let mut sum = [0u32; 3];
            for (pixel, weight) in covered.unwrap_or_default().iter().zip(&taps.weights) {
                for (sum, channel) in sum.iter_mut().zip(pixel) {
                    *sum += u32::from(*channel) * u32::from(*weight);
                }
            }
            *out = sum.map(|sum| {
                u16::try_from(rounded(sum, WEIGHT_BITS - KEPT_BITS)).unwrap_or(u16::MAX)
            });
        }
    }

    /// A target pixel when all rows have come, as the sums of [`SUMMED`] pixels.
    pub(super) fn pixel(&self, x: usize, y: usize) -> [u32; 3] {
        let at = y * self.across.len() + x;
        let sums = self.sums.as_chunks::<3>().0.get(at).copied();
        sums.unwrap_or_default()
            .map(|sum| rounded(sum, WEIGHT_BITS))
    }
}

fn rounded(sum: u32, bits: u32) -> u32 {
    (sum + (1 << (bits - 1))) >> bits
}

fn index(place: u64) -> Option<usize> {
    usize::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::place::Dimensions;
    use super::*;
    use crate::look::Fit;

    fn scaled(width: u32, height: u32, fit: Fit, pixel: impl Fn(u32, u32) -> [u8; 3]) -> Scaler {
        let mut scaler = Scaler::new(Placement::new(Dimensions { width, height }, fit));
        for y in 0..height {
            let row: Vec<u8> = (0..width).flat_map(|x| pixel(x, y)).collect();
            scaler.push(&row, |_| {});
        }
        scaler
    }

    #[test]
    fn a_picture_of_the_glass_is_left_alone() {
        let pixel =
            |x: u32, y: u32| [x % 256, y % 256, (x * y) % 251].map(|n| u8::try_from(n).unwrap());
        let scaler = scaled(320, 240, Fit::Fill, pixel);
        for (x, y) in [(0, 0), (319, 239), (17, 100)] {
            let wanted = pixel(x, y).map(|channel| u32::from(channel) * SUMMED);
            assert_eq!(scaler.pixel(x as usize, y as usize), wanted);
        }
    }

    #[test]
    fn half_the_size_is_the_mean_of_four() {
        let pixel = |x: u32, y: u32| [u8::try_from((x * 7 + y * 13) % 256).unwrap(); 3];
        let scaler = scaled(640, 480, Fit::Fill, pixel);
        let four = [(20, 40), (21, 40), (20, 41), (21, 41)];
        let sum: u32 = four.iter().map(|&(x, y)| u32::from(pixel(x, y)[0])).sum();
        assert_eq!(scaler.pixel(10, 20), [sum * SUMMED / 4; 3]);
    }

    #[test]
    fn a_fine_pattern_becomes_its_mean_and_no_moire() {
        let scaler = scaled(3200, 2400, Fit::Fill, |x, y| {
            [if (x + y) % 2 == 0 { 255 } else { 0 }; 3]
        });
        for (x, y) in [(0, 0), (100, 77), (319, 239)] {
            let [red, ..] = scaler.pixel(x, y);
            assert!(red.abs_diff(255 * SUMMED / 2) <= SUMMED, "{red}");
        }
    }

    #[test]
    fn fill_shows_the_middle_and_fit_shows_the_edges() {
        let edge = |x: u32, _| [if !(100..1180).contains(&x) { 255 } else { 0 }; 3];
        let fill = scaled(1280, 480, Fit::Fill, edge);
        assert_eq!((fill.pixel(0, 0), fill.pixel(319, 0)), ([0; 3], [0; 3]));
        let fit = scaled(1280, 480, Fit::Fit, edge);
        assert_eq!(fit.pixel(0, 60), [255 * SUMMED; 3]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn a_plain_colour_stays_what_it_is(width in 1u32..900, height in 1u32..700, colour: [u8; 3], fit: bool) {
            let fit = if fit { Fit::Fit } else { Fit::Fill };
            let scaler = scaled(width, height, fit, |_, _| colour);
            let wanted = colour.map(|channel| u32::from(channel) * SUMMED);
            for y in 0..scaler.down.len() {
                for x in 0..scaler.across.len() {
                    prop_assert_eq!(scaler.pixel(x, y), wanted);
                }
            }
        }

        #[test]
        fn each_pixel_is_sampled_where_its_middle_is(width in 1u32..900, height in 1u32..700) {
            let mut scaler = Scaler::new(Placement::new(Dimensions { width, height }, Fit::Fill));
            let mut sampled = 0;
            for _ in 0..height {
                scaler.push(&vec![9; width as usize * 3], |_| sampled += 1);
            }
            prop_assert_eq!(sampled, 320 * 240);
        }
    }
}
