//! Finds the smallest form of a record.

use super::delta::{Reach, changed_in_bytes};
use super::lz4::Packer;
use super::{Mode, Packing};
use crate::geometry::{PANEL, Rect};
use crate::pixel::{Frame, PIXEL_BYTES};

/// A form with a mask must be smaller by this part: playing it takes a million instructions where most pixels change,
/// against 20 thousand. Measured: without this clips are 1 % of raw smaller when lossless, 0.2 % with a dead zone.
const MASK_GAIN: usize = 8;

/// Of a record with more pixels than this, forms are tried with so many rows out of so many: tried on films and pictures,
/// that leads to the same form or to one as small.
const FEW_PIXELS: usize = 16 * 1024;
const BAND: u16 = 16;
const BAND_EVERY: usize = 80;

/// How much is done for a record to be small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Effort {
    /// It is packed once and read for ever.
    #[default]
    Thorough,
    /// Somebody waits.
    Fast,
}

/// Makes one record after the other; its buffers are reused.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    effort: Effort,
    rects: Vec<Rect>,
    /// The rectangles of the forms with a mask: fewer, and larger.
    coarse: Vec<Rect>,
    /// What is tried of either.
    some: Vec<Rect>,
    form: Form,
    packed: Vec<u8>,
    packer: Packer,
}

/// A record's bytes before they are packed.
#[derive(Debug, Default)]
struct Form {
    mode: Mode,
    raw: Vec<u8>,
}

impl Encoder {
    /// From now on this much is done.
    pub(super) fn set_effort(&mut self, effort: Effort) {
        self.effort = effort;
    }

    /// A record that is a whole picture.
    pub(super) fn key(&mut self, frame: &Frame) {
        self.form.mode = Mode::Literal;
        self.form.raw.clear();
        self.form.raw.extend_from_slice(frame.as_bytes());
        self.pack();
    }

    /// A record that leads from one picture to the next.
    pub(super) fn delta(&mut self, before: &Frame, after: &Frame) {
        let (old, new) = (before.as_bytes(), after.as_bytes());
        self.rects.clear();
        changed_in_bytes(old, new, Reach::TIGHT, &mut self.rects);
        self.coarse.clear();
        changed_in_bytes(old, new, Reach::COARSE, &mut self.coarse);
        let mode = self.smallest(before, after);
        let rects = if mode.is_masked() {
            &self.coarse
        } else {
            &self.rects
        };
        self.form.fill(mode, rects, before, after);
        self.pack();
    }

    /// The bytes for the file.
    pub(super) fn stored(&self) -> &[u8] {
        match self.packing() {
            Packing::Stored => self.raw(),
            Packing::Lz4 => &self.packed,
        }
    }

    /// The same, unpacked.
    pub(super) fn raw(&self) -> &[u8] {
        &self.form.raw
    }

    pub(super) fn mode(&self) -> Mode {
        self.form.mode
    }

    pub(super) fn packing(&self) -> Packing {
        if self.packed.len() < self.raw().len() {
            Packing::Lz4
        } else {
            Packing::Stored
        }
    }

    fn pack(&mut self) {
        match self.effort {
            Effort::Thorough => self.packer.pack(&self.form.raw, &mut self.packed),
            Effort::Fast => pack_fast(&self.form.raw, &mut self.packed),
        }
    }

    /// What a fast compressor makes of some of a form tells well enough what a thorough one would make of all.
    fn smallest(&mut self, before: &Frame, after: &Frame) -> Mode {
        let (mut best, mut smallest, mut unmasked) = (Mode::Literal, usize::MAX, 0);
        let unmasked_modes = ([Mode::Literal, Mode::Xor], &self.rects);
        let masked_modes = ([Mode::MaskedLiteral, Mode::MaskedXor], &self.coarse);
        for (modes, rects) in [unmasked_modes, masked_modes] {
            some_of(rects, &mut self.some);
            for mode in modes {
                self.form.fill(mode, &self.some, before, after);
                let raw = &self.form.raw;
                pack_fast(raw, &mut self.packed);
                let mut size = self.packed.len().min(raw.len());
                if mode.is_masked() {
                    if raw.len() > unmasked {
                        continue;
                    }
                    size += size / MASK_GAIN;
                } else {
                    unmasked = raw.len();
                }
                if size < smallest {
                    (best, smallest) = (mode, size);
                }
            }
        }
        best
    }
}

impl Form {
    fn fill(&mut self, mode: Mode, rects: &[Rect], before: &Frame, after: &Frame) {
        self.mode = mode;
        self.raw.clear();
        let count = u16::try_from(rects.len()).unwrap_or(u16::MAX);
        self.raw.extend_from_slice(&count.to_le_bytes());
        for rect in rects {
            for number in [rect.x, rect.y, rect.width, rect.height] {
                self.raw.extend_from_slice(&number.to_le_bytes());
            }
        }
        if mode.is_masked() {
            self.add_mask(rects, before, after);
        }
        for rect in rects {
            for (old, new) in before.rows(*rect).zip(after.rows(*rect)) {
                match mode {
                    Mode::Literal => self.raw.extend_from_slice(new),
                    Mode::Xor => self.raw.extend(xor(old, new)),
                    Mode::MaskedLiteral => self.add_changed(old, new, |_, new| new),
                    Mode::MaskedXor => self.add_changed(old, new, |[a, b], [c, d]| [a ^ c, b ^ d]),
                }
            }
        }
    }

    fn add_mask(&mut self, rects: &[Rect], before: &Frame, after: &Frame) {
        let (mut bits, mut count) = (0u8, 0u32);
        for rect in rects {
            for (old, new) in before.rows(*rect).zip(after.rows(*rect)) {
                for (old, new) in pixels(old, new) {
                    bits |= u8::from(old != new) << (count % 8);
                    count += 1;
                    if count.is_multiple_of(8) {
                        self.raw.push(std::mem::take(&mut bits));
                    }
                }
            }
        }
        if !count.is_multiple_of(8) {
            self.raw.push(bits);
        }
    }

    /// Of a row the pixels that change. Each is written, and written over if it stays: which of them do in a film is not
    /// to be foreseen, and a branch that is guessed wrong costs more.
    fn add_changed(&mut self, old: &[u8], new: &[u8], pixel: impl Fn(Pixel, Pixel) -> Pixel) {
        let (mut row, mut end) = ([Pixel::default(); PANEL.width as usize], 0);
        for (old, new) in pixels(old, new) {
            if let Some(place) = row.get_mut(end) {
                *place = pixel(old, new);
            }
            end += usize::from(old != new);
        }
        let changed = row.get(..end).unwrap_or_default();
        self.raw.extend_from_slice(changed.as_flattened());
    }
}

/// Replaces `some` with what is tried of the rectangles: all if they are small, else what lies in bands of rows.
fn some_of(rects: &[Rect], some: &mut Vec<Rect>) {
    some.clear();
    if rects.iter().map(|rect| rect.pixels()).sum::<usize>() <= FEW_PIXELS {
        some.extend_from_slice(rects);
        return;
    }
    let first = rects.first().map_or(0, |rect| rect.y);
    for band in (first..PANEL.height).step_by(BAND_EVERY) {
        some.extend(rects.iter().filter_map(|rect| {
            let y = rect.y.max(band);
            let height = rect.bottom().min(band + BAND).saturating_sub(y);
            (height > 0).then_some(Rect { y, height, ..*rect })
        }));
    }
}

type Pixel = [u8; PIXEL_BYTES];

/// Each pixel of a row, before and after.
fn pixels<'a>(old: &'a [u8], new: &'a [u8]) -> impl Iterator<Item = (Pixel, Pixel)> {
    let old = old.as_chunks().0.iter().copied();
    old.zip(new.as_chunks().0.iter().copied())
}

fn xor<'a>(old: &'a [u8], new: &'a [u8]) -> impl Iterator<Item = u8> {
    old.iter().zip(new).map(|(old, new)| old ^ new)
}

fn pack_fast(raw: &[u8], packed: &mut Vec<u8>) {
    packed.resize(lz4_flex::block::get_maximum_output_size(raw.len()), 0);
    // It always fits; what did not would be stored as it is.
    let length = lz4_flex::block::compress_into(raw, packed).unwrap_or(packed.len());
    packed.truncate(length);
}
