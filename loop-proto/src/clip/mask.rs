//! Records that list only the pixels that change, behind a bit for each pixel of their rectangles.
//!
//! Their rectangles are coarse; what the mask says of them is reported as damage as tightly as the wire can use it.

use super::delta::{MAX_RECTS, Reach};
use crate::geometry::Rect;
use crate::pixel::{Frame, PIXEL_BYTES};

/// Bits of the mask that are looked at together: eight bytes, less what a bit's place in its byte may cost.
const WINDOW_BITS: usize = 57;

/// The parts of such a record, in which as many bits are set as there are pixels.
pub(super) struct Masked<'a> {
    pub(super) rects: &'a [Rect],
    pub(super) mask: &'a [u8],
    pub(super) pixels: &'a [u8],
    pub(super) is_xor: bool,
}

impl Masked<'_> {
    /// Changes the pixels whose bit is set and appends where they are to `damage`: [`MAX_RECTS`] rectangles at most,
    /// unless the record itself has more.
    pub(super) fn apply(&self, frame: &mut Frame, damage: &mut Vec<Rect>) {
        let room = damage.len() + MAX_RECTS - self.rects.len().min(MAX_RECTS);
        let mut pixels = self.pixels;
        let mut bit = 0;
        for rect in self.rects {
            let mut runs = Runs::new(damage, room, *rect);
            for (y, row) in (rect.y..).zip(frame.rows_mut(*rect)) {
                let row = row.as_chunks_mut::<PIXEL_BYTES>().0;
                for (x, chunk) in (0..).step_by(WINDOW_BITS).zip(row.chunks_mut(WINDOW_BITS)) {
                    let mut set = window(self.mask, bit, chunk.len());
                    bit += chunk.len();
                    while set != 0 {
                        let (at, length) = first_run(set);
                        set &= set.wrapping_add(1 << at);
                        let listed = pixels.split_at_checked(length * PIXEL_BYTES);
                        let (Some((run, rest)), Some(to)) =
                            (listed, chunk.get_mut(at..at + length))
                        else {
                            return;
                        };
                        self.put(run, to);
                        pixels = rest;
                        runs.add(x + at, y, length);
                    }
                }
            }
            runs.finish();
        }
    }

    fn put(&self, run: &[u8], to: &mut [[u8; PIXEL_BYTES]]) {
        for (from, to) in run.as_chunks::<PIXEL_BYTES>().0.iter().zip(to) {
            let old = match self.is_xor {
                true => u16::from_ne_bytes(*to),
                false => 0,
            };
            *to = (old ^ u16::from_ne_bytes(*from)).to_ne_bytes();
        }
    }
}

/// How many bits are set.
pub(super) fn count_ones(mask: &[u8]) -> usize {
    let (words, rest) = mask.as_chunks::<8>();
    let words = words
        .iter()
        .map(|word| u64::from_le_bytes(*word).count_ones());
    let rest = rest.iter().map(|byte| byte.count_ones());
    words
        .chain(rest)
        .map(|ones| usize::try_from(ones).unwrap_or(0))
        .sum()
}

/// The next `count` bits of the mask, at most [`WINDOW_BITS`], the first one lowest.
fn window(mask: &[u8], bit: usize, count: usize) -> u64 {
    let bytes = mask.get(bit / 8..).unwrap_or_default();
    let word = match bytes.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => bytes
            .iter()
            .rev()
            .fold(0, |word, byte| (word << 8) | u64::from(*byte)),
    };
    (word >> (bit % 8)) & ((1 << count) - 1)
}

/// Where the lowest set bits of a window begin, and how many follow each other.
fn first_run(set: u64) -> (usize, usize) {
    let at = set.trailing_zeros();
    let length = (!(set >> at)).trailing_zeros();
    let wide = |bits: u32| usize::try_from(bits).unwrap_or(0);
    (wide(at), wide(length))
}

/// The changed pixels of a rectangle as damage: runs of them where that is less, in pixels and windows, than all of it.
struct Runs<'a> {
    damage: &'a mut Vec<Rect>,
    /// Length that the damage may have behind this rectangle.
    room: usize,
    rect: Rect,
    start: usize,
    /// The run under way: its row, and its columns within the rectangle, which are none at first.
    y: u16,
    columns: std::ops::Range<usize>,
    cost: usize,
}

impl<'a> Runs<'a> {
    fn new(damage: &'a mut Vec<Rect>, room: usize, rect: Rect) -> Self {
        let start = damage.len();
        Self {
            damage,
            room,
            rect,
            start,
            y: rect.y,
            columns: 0..0,
            cost: 0,
        }
    }

    /// Pixels come row after row, from the left.
    fn add(&mut self, x: usize, y: u16, length: usize) {
        if y == self.y
            && x <= self.columns.end + usize::from(Reach::TIGHT.gap)
            && !self.columns.is_empty()
        {
            self.columns.end = x + length;
            return;
        }
        self.flush();
        self.y = y;
        self.columns = x..x + length;
    }

    fn flush(&mut self) {
        if self.columns.is_empty() {
            return;
        }
        self.cost += self.columns.len() + usize::from(Reach::TIGHT.gap);
        let narrow = |columns: usize| u16::try_from(columns).unwrap_or(u16::MAX);
        if self.is_worth_it() {
            self.damage.push(Rect {
                x: self.rect.x.saturating_add(narrow(self.columns.start)),
                y: self.y,
                width: narrow(self.columns.len()),
                height: 1,
            });
        }
    }

    fn is_worth_it(&self) -> bool {
        self.cost <= self.rect.pixels() && self.damage.len() < self.room
    }

    /// Leaves the runs in the damage, or the rectangle.
    fn finish(mut self) {
        self.flush();
        if !self.is_worth_it() {
            self.damage.truncate(self.start);
            self.damage.push(self.rect);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn windows_and_runs_tell_the_bits_of_the_mask(
            mask in prop::collection::vec(prop_oneof![Just(0u8), Just(255), any::<u8>()], 1..40),
            skip in 0usize..300,
            count in 1usize..=WINDOW_BITS,
        ) {
            let bits: Vec<bool> =
                mask.iter().flat_map(|byte| (0..8).map(move |bit| byte >> bit & 1 == 1)).collect();
            prop_assert_eq!(count_ones(&mask), bits.iter().filter(|bit| **bit).count());
            let skip = skip % bits.len();
            let count = count.min(bits.len() - skip);
            let mut set = window(&mask, skip, count);
            let mut seen = vec![false; count];
            while set != 0 {
                let (at, length) = first_run(set);
                set &= set.wrapping_add(1 << at);
                seen[at..at + length].fill(true);
            }
            prop_assert_eq!(&seen, &bits[skip..skip + count]);
        }
    }
}
