//! Which pixels of a row differ: the one comparison that the making of clips and the driving of a panel share.

use crate::geometry::PANEL;
use crate::pixel::{PIXEL_BYTES, ROW_BYTES};

/// Bytes that are compared at a time, and how many pixels they are.
const STEP: usize = 8;
const STEP_PIXELS: usize = STEP / PIXEL_BYTES;

/// Pixels of a word of marks.
const WORD: usize = 64;

/// Words that hold a row.
const WORDS: usize = (PANEL.width as usize).div_ceil(WORD);

/// One bit for each pixel of a row of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowMarks([u64; WORDS]);

impl RowMarks {
    /// No pixel.
    pub const NONE: Self = Self([0; WORDS]);

    /// The pixels in which two rows of a frame differ.
    ///
    /// Most rows are equal, so they are compared whole first; then eight bytes at a time.
    #[must_use]
    pub fn between(old: &[u8], new: &[u8]) -> Self {
        let mut marks = Self::NONE;
        if old == new {
            return marks;
        }
        let (old, new) = (
            old.chunks(WORD * PIXEL_BYTES),
            new.chunks(WORD * PIXEL_BYTES),
        );
        for (word, (old, new)) in marks.0.iter_mut().zip(old.zip(new)) {
            let steps = old.as_chunks::<STEP>().0.iter().zip(new.as_chunks().0);
            for (number, (old, new)) in steps.enumerate() {
                let differing = u64::from_le_bytes(*old) ^ u64::from_le_bytes(*new);
                *word |= pixels_of(differing) << (number * STEP_PIXELS);
            }
        }
        marks
    }

    /// Marks the pixels from `start` to before `end`; those outside of the row are ignored.
    #[inline]
    pub fn mark(&mut self, start: u16, end: u16) {
        let (start, end) = (usize::from(start), usize::from(end.min(PANEL.width)));
        for (number, word) in self.0.iter_mut().enumerate() {
            let first = number * WORD;
            *word |= below(end.saturating_sub(first)) & !below(start.saturating_sub(first));
        }
    }

    /// Marks what the other has marked.
    #[inline]
    pub fn unite(&mut self, other: &Self) {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(own, other)| *own |= other);
    }

    /// What both have marked.
    #[must_use]
    #[inline]
    pub fn within(mut self, other: &Self) -> Self {
        self.0
            .iter_mut()
            .zip(other.0)
            .for_each(|(own, other)| *own &= other);
        self
    }

    /// Whether no pixel is marked.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// The first marked pixel and the one behind the last.
    #[must_use]
    #[inline]
    pub fn bounds(&self) -> Option<(u16, u16)> {
        let start = self.next(0, true)?;
        let (number, word) = self.0.iter().enumerate().rfind(|(_, word)| **word != 0)?;
        let end = (number + 1) * WORD - bits(word.leading_zeros());
        Some((narrow(start), narrow(end)))
    }

    /// Each run of marked pixels from the left, as its start and the pixel behind its end. Runs with at most `gap` other
    /// pixels between them are given as one.
    pub fn runs(&self, gap: u16) -> impl Iterator<Item = (u16, u16)> {
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = self.next(at, true)?;
            let mut end = self.next(start, false).unwrap_or(WORDS * WORD);
            while let Some(next) = self.next(end, true) {
                if next - end > usize::from(gap) {
                    break;
                }
                end = self.next(next, false).unwrap_or(WORDS * WORD);
            }
            at = end;
            Some((narrow(start), narrow(end)))
        })
    }

    /// The marks in blocks of four pixels, the first in the lowest bit: a block is marked when one of its pixels is.
    #[must_use]
    #[inline]
    pub fn blocks(&self) -> u64 {
        let words = (0u32..).zip(self.0);
        words.fold(0, |blocks, (number, word)| {
            blocks | (fours(word) << (number * 16))
        })
    }

    /// The next pixel from `from` on that is marked, or that is not.
    #[inline]
    fn next(&self, from: usize, marked: bool) -> Option<usize> {
        let skipped = from / WORD;
        let mut mask = !below(from % WORD);
        for (number, word) in self.0.iter().enumerate().skip(skipped) {
            let found = (if marked { *word } else { !*word }) & mask;
            if found != 0 {
                return Some(number * WORD + bits(found.trailing_zeros()));
            }
            mask = u64::MAX;
        }
        None
    }
}

const _: () = assert!(ROW_BYTES.is_multiple_of(STEP) && WORD.is_multiple_of(STEP_PIXELS));

/// The four low bits: which of the four pixels have a bit set.
fn pixels_of(differing: u64) -> u64 {
    const LOW: u64 = 0x7FFF_7FFF_7FFF_7FFF;
    // The sum carries into a pixel's top bit if any of its others is set, and never further.
    let top = (((differing & LOW) + LOW) | differing) & !LOW;
    // Bits 0, 16, 32 and 48 times this put one copy of each, in order, into bits 48 to 51.
    ((top >> 15).wrapping_mul(0x0001_0002_0004_0008) >> 48) & 0xF
}

/// One bit for each four, set when any of them is.
fn fours(word: u64) -> u64 {
    let any = word | (word >> 1);
    let any = (any | (any >> 2)) & 0x1111_1111_1111_1111;
    let any = (any | (any >> 3)) & 0x0303_0303_0303_0303;
    let any = (any | (any >> 6)) & 0x000F_000F_000F_000F;
    let any = (any | (any >> 12)) & 0x0000_00FF_0000_00FF;
    (any | (any >> 24)) & 0xFFFF
}

/// As many low bits as are asked for.
#[inline]
fn below(count: usize) -> u64 {
    u32::try_from(count)
        .ok()
        .and_then(|count| 1u64.checked_shl(count))
        .map_or(u64::MAX, |bit| bit - 1)
}

#[inline]
fn bits(count: u32) -> usize {
    usize::try_from(count).unwrap_or(WORD)
}

#[inline]
fn narrow(pixel: usize) -> u16 {
    u16::try_from(pixel).unwrap_or(PANEL.width)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks(pixels: &[bool]) -> RowMarks {
        let mut marks = RowMarks::NONE;
        for (x, _) in (0..).zip(pixels).filter(|(_, marked)| **marked) {
            marks.mark(x, x + 1);
        }
        marks
    }

    fn pixels() -> impl Strategy<Value = Vec<bool>> {
        let piece = (any::<bool>(), 1usize..70);
        prop::collection::vec(piece, 1..60).prop_map(|pieces| {
            let pixels = pieces.into_iter().flat_map(|(on, len)| vec![on; len]);
            pixels.chain(std::iter::repeat(false)).take(240).collect()
        })
    }

    proptest! {
        #[test]
        fn the_marked_pixels_are_those_that_differ(pixels in pixels(), change in 1u16..) {
            let old: Vec<u8> = (0..480u16).map(|at| at.to_le_bytes()[0]).collect();
            let mut new = old.clone();
            for (pixel, _) in new.as_chunks_mut::<2>().0.iter_mut().zip(&pixels).filter(|(_, on)| **on) {
                *pixel = (u16::from_le_bytes(*pixel) ^ change).to_le_bytes();
            }
            prop_assert_eq!(RowMarks::between(&old, &new), marks(&pixels));
        }

        #[test]
        fn runs_bounds_and_blocks_tell_the_same_pixels(pixels in pixels(), gap in 0u16..12) {
            let row = marks(&pixels);
            let mut model: Vec<(u16, u16)> = Vec::new();
            for (x, _) in (0u16..).zip(&pixels).filter(|(_, on)| **on) {
                match model.last_mut() {
                    Some((_, end)) if x - *end <= gap => *end = x + 1,
                    _ => model.push((x, x + 1)),
                }
            }
            let bounds = model.first().zip(model.last()).map(|(first, last)| (first.0, last.1));
            prop_assert_eq!(row.bounds(), bounds);
            prop_assert_eq!(row.is_empty(), bounds.is_none());
            prop_assert_eq!(row.runs(gap).collect::<Vec<_>>(), model);
            for (block, pixels) in pixels.chunks(4).enumerate() {
                prop_assert_eq!(row.blocks() >> block & 1 == 1, pixels.contains(&true));
            }
        }

        #[test]
        fn marking_a_stretch_marks_each_of_its_pixels(start in 0u16..260, length in 0u16..260) {
            let mut row = RowMarks::NONE;
            row.mark(start, start + length);
            let pixels: Vec<bool> = (0..240).map(|x| (start..start + length).contains(&x)).collect();
            prop_assert_eq!(row, marks(&pixels));
            let mut both = marks(&[true]);
            both.unite(&row);
            prop_assert_eq!(both.runs(0).map(|(from, to)| usize::from(to - from)).sum::<usize>(),
                pixels.iter().enumerate().filter(|(x, on)| **on || *x == 0).count());
        }
    }
}
