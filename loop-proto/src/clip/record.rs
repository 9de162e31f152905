//! One record, unpacked and ready to be put on a picture.

use super::delta::changed_in_bytes;
use super::header::{IndexEntry, RECT_BYTES, take};
use super::{Error, Kind, Mode, Packing, corrupt};
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
            changed_in_bytes(frame.as_bytes(), pixels, damage);
            frame.as_bytes_mut().copy_from_slice(pixels);
            return;
        }
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
        damage.extend_from_slice(&self.rects);
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
        self.is_xor = entry.mode == Mode::Xor;
        self.rects.clear();
        self.pixels_at = 0;
        if self.is_key {
            Ok(())
        } else {
            self.parse_rects()
        }
    }

    fn parse_rects(&mut self) -> Result<(), Error> {
        let mut input = self.raw.as_slice();
        let count = usize::from(u16::from_le_bytes(take(&mut input)?));
        let Some((list, pixels)) = input.split_at_checked(count * RECT_BYTES) else {
            return corrupt("a record ends in its list of rectangles");
        };
        let mut area = 0;
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
            area += rect.pixels() * PIXEL_BYTES;
            self.rects.push(rect);
        }
        if area != pixels.len() || area > FRAME_BYTES {
            return corrupt("a record has more or fewer pixels than its rectangles");
        }
        self.pixels_at = self.raw.len() - pixels.len();
        Ok(())
    }
}
