//! One record, unpacked and ready to be put on a picture.

use super::delta::{MAX_RECTS, Reach, changed_in_bytes};
use super::header::{IndexEntry, RECT_BYTES, take};
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
            self.apply_masked(frame, mask, pixels, damage);
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

    /// Changes the pixels whose bit is set; as many as there are pixels, as [`unpack`](Self::unpack) has seen to.
    fn apply_masked(&self, frame: &mut Frame, mask: &[u8], pixels: &[u8], damage: &mut Vec<Rect>) {
        let mut pixels = pixels.as_chunks::<PIXEL_BYTES>().0.iter();
        let room = damage.len() + MAX_RECTS - self.rects.len().min(MAX_RECTS);
        let mut bit = 0;
        for rect in &self.rects {
            let mut runs = Runs::new(damage, room, *rect);
            for (y, row) in (rect.y..).zip(frame.rows_mut(*rect)) {
                let row = row.as_chunks_mut::<PIXEL_BYTES>().0;
                let mut x = rect.x;
                for chunk in row.chunks_mut(WINDOW_BITS) {
                    let mut set = window(mask, bit, chunk.len());
                    bit += chunk.len();
                    while set != 0 {
                        let at = set.trailing_zeros();
                        set &= set - 1;
                        let at = u16::try_from(at).unwrap_or(u16::MAX);
                        let (Some(to), Some(from)) =
                            (chunk.get_mut(usize::from(at)), pixels.next())
                        else {
                            return;
                        };
                        let old = if self.is_xor {
                            u16::from_ne_bytes(*to)
                        } else {
                            0
                        };
                        *to = (old ^ u16::from_ne_bytes(*from)).to_ne_bytes();
                        runs.add(x.saturating_add(at), y);
                    }
                    x = x.saturating_add(WINDOW_COLUMNS);
                }
            }
            runs.finish();
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
            listed = mask.iter().map(|bits| bits.count_ones() as usize).sum();
        }
        if listed * PIXEL_BYTES != pixels.len() {
            return corrupt("a record has more or fewer pixels than its rectangles");
        }
        self.pixels_at = self.raw.len() - pixels.len();
        Ok(())
    }
}

/// Bits of the mask that are looked at together: eight bytes, less what a bit's place in its byte may cost.
const WINDOW_BITS: usize = WINDOW_COLUMNS as usize;
const WINDOW_COLUMNS: u16 = 57;

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

/// The changed pixels of a rectangle as damage: runs of them where that is less, in pixels and windows, than all of it.
struct Runs<'a> {
    damage: &'a mut Vec<Rect>,
    /// Length that the damage may have behind this rectangle.
    room: usize,
    rect: Rect,
    start: usize,
    /// Begins empty.
    run: Rect,
    cost: usize,
}

impl<'a> Runs<'a> {
    fn new(damage: &'a mut Vec<Rect>, room: usize, rect: Rect) -> Self {
        let start = damage.len();
        let run = Rect { width: 0, ..rect };
        Self {
            damage,
            room,
            rect,
            start,
            run,
            cost: 0,
        }
    }

    /// Pixels come row after row, from the left.
    fn add(&mut self, x: u16, y: u16) {
        let near = usize::from(x.saturating_sub(self.run.right())) <= Reach::TIGHT.gap;
        if self.run.width > 0 && self.run.y == y && near {
            self.run.width = x - self.run.x + 1;
            return;
        }
        self.flush();
        self.run = Rect {
            x,
            y,
            width: 1,
            height: 1,
        };
    }

    fn flush(&mut self) {
        if self.run.width > 0 {
            self.cost += usize::from(self.run.width) + Reach::TIGHT.gap;
            if self.is_worth_it() {
                self.damage.push(self.run);
            }
        }
        self.run.width = 0;
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
