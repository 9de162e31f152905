//! One record, unpacked and ready to be put on a picture.

use super::delta::{MAX_RECTS, Reach, changed_in_bytes};
use super::header::{IndexEntry, RECT_BYTES, take};
use super::mask::{Masked, count_ones};
use super::{Error, Kind, Packing, corrupt};
use crate::geometry::{PANEL, Rect};
use crate::pixel::{FRAME_BYTES, Frame, PIXEL_BYTES};

/// A record's content. Reuse it from record to record: its buffers keep their size, so that loading allocates nothing
/// once they have grown.
#[derive(Debug, Default)]
pub struct Record {
    /// Then `raw` is exactly one picture, see [`IndexEntry`].
    is_key: bool,
    is_xor: bool,
    rects: Vec<Rect>,
    raw: Vec<u8>,
    /// Where in `raw` the mask begins, if there is one; it ends where the pixels begin.
    mask_at: Option<usize>,
    /// Where in `raw` the pixels begin.
    pixels_at: usize,
    /// The packed bytes as read from the file.
    pub(super) packed: Vec<u8>,
}

impl Record {
    /// Changes `frame`, which must be the picture this record follows on, and appends what has changed to `damage`.
    ///
    /// A key needs no picture before it; its damage is what differs from the picture that was there.
    pub fn apply(&self, frame: &mut Frame, damage: &mut Vec<Rect>) {
        let pixels = self.raw.get(self.pixels_at..).unwrap_or_default();
        if self.is_key {
            changed_in_bytes(frame.as_bytes(), pixels, Reach::TIGHT, damage);
            frame.as_bytes_mut().copy_from_slice(pixels);
            return;
        }
        if let Some(mask) = self.mask_at.and_then(|at| self.raw.get(at..self.pixels_at)) {
            Masked {
                rects: &self.rects,
                mask,
                pixels,
                is_xor: self.is_xor,
            }
            .apply(frame, damage);
            return;
        }
        damage.extend_from_slice(&self.rects);
        let mut rest = pixels;
        for rect in &self.rects {
            for row in frame.rows_mut(*rect) {
                let Some((line, tail)) = rest.split_at_checked(row.len()) else {
                    return;
                };
                rest = tail;
                if self.is_xor {
                    row.iter_mut().zip(line).for_each(|(to, from)| *to ^= from);
                } else {
                    row.copy_from_slice(line);
                }
            }
        }
    }

    /// Whether it stands on its own.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.is_key
    }

    /// Unpacks what the reader has put into `packed`.
    pub(super) fn unpack(&mut self, entry: &IndexEntry) -> Result<(), Error> {
        let raw_len = usize::try_from(entry.raw).unwrap_or(usize::MAX);
        self.raw.clear();
        match entry.packing {
            Packing::Stored => self.raw.extend_from_slice(&self.packed),
            Packing::Lz4 => {
                self.raw.resize(raw_len, 0);
                match lz4_flex::block::decompress_into(&self.packed, &mut self.raw) {
                    Ok(length) if length == raw_len => {}
                    Ok(_) => return corrupt("a record unpacks to less than it should"),
                    Err(error) => return corrupt(format!("a record does not unpack: {error}")),
                }
            }
        }
        self.is_key = entry.kind == Kind::Key;
        self.is_xor = entry.mode.is_xor();
        self.rects.clear();
        self.pixels_at = 0;
        self.mask_at = None;
        match self.is_key {
            true => Ok(()),
            false => self.parse_rects(entry.mode.is_masked()),
        }
    }

    fn parse_rects(&mut self, masked: bool) -> Result<(), Error> {
        let mut input = self.raw.as_slice();
        let count = usize::from(u16::from_le_bytes(take(&mut input)?));
        if count > MAX_RECTS {
            return corrupt("a record has too many rectangles");
        }
        let Some((list, pixels)) = input.split_at_checked(count * RECT_BYTES) else {
            return corrupt("a record ends in its list of rectangles");
        };
        let mut listed = 0;
        for mut bytes in list.chunks_exact(RECT_BYTES) {
            let mut next = || take(&mut bytes).map(u16::from_le_bytes);
            let rect = Rect {
                x: next()?,
                y: next()?,
                width: next()?,
                height: next()?,
            };
            if !rect.fits(PANEL) {
                return corrupt("a rectangle lies outside the picture");
            }
            listed += rect.pixels();
            self.rects.push(rect);
        }
        if listed * PIXEL_BYTES > FRAME_BYTES {
            return corrupt("a record has more pixels than a picture");
        }
        let mut pixels = pixels;
        if masked {
            let Some((mask, changed)) = pixels.split_at_checked(listed.div_ceil(8)) else {
                return corrupt("a record ends in its mask");
            };
            self.mask_at = Some(self.raw.len() - pixels.len());
            pixels = changed;
            listed = count_ones(mask);
        }
        if listed * PIXEL_BYTES != pixels.len() {
            return corrupt("a record has more or fewer pixels than its rectangles");
        }
        self.pixels_at = self.raw.len() - pixels.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_rects(count: usize) -> Record {
        let mut raw = u16::try_from(count).unwrap().to_le_bytes().to_vec();
        raw.extend([0, 0, 0, 0, 1, 0, 1, 0].repeat(count));
        raw.extend([0; PIXEL_BYTES].repeat(count));
        Record {
            raw,
            ..Record::default()
        }
    }

    #[test]
    fn a_record_has_no_more_rectangles_than_a_player_has_room_for() {
        assert!(with_rects(MAX_RECTS).parse_rects(false).is_ok());
        let refused = with_rects(MAX_RECTS + 1).parse_rects(false);
        assert!(matches!(refused, Err(Error::Corrupt(why)) if why.contains("too many")));
    }
}
