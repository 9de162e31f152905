//! Records as messages: what changes on the glass, for those who watch content that is in no clip.
//!
//! ```text
//!    0  4  serial of the picture it leads to, from 1
//!    4  4  serial of the picture it follows on, 0 for a key
//!    8  4  length when unpacked
//!   12  4  kind, pixels, packing and 0, as in the index of a clip
//!   16     the record, as in a clip
//! ```
//!
//! Pixels are always literal here: live content is mostly text and plain areas, where a XOR gains nothing, and each picture
//! is packed while people wait for it.

use super::delta::changed_rects;
use super::header::{IndexEntry, take};
use super::{Error, Kind, MIN_DURATION, Mode, Packing, Record, corrupt};
use crate::geometry::Rect;
use crate::pixel::Frame;

const HEAD_BYTES: usize = 16;

/// Which picture a message leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serials {
    /// Of the picture it leads to.
    pub serial: u32,
    /// Of the picture it must be applied to; `None` for a key, which needs none.
    pub base: Option<u32>,
}

/// Packs a whole picture.
#[must_use]
pub fn key_message(serial: u32, frame: &Frame) -> Vec<u8> {
    message(serial, 0, Kind::Key, frame.as_bytes())
}

/// Packs what leads from one picture to another; `base` is the serial of `before` and not 0.
#[must_use]
pub fn delta_message(serial: u32, base: u32, before: &Frame, after: &Frame) -> Vec<u8> {
    let mut rects = Vec::new();
    changed_rects(before, after, &mut rects);
    let count = u16::try_from(rects.len()).unwrap_or(u16::MAX);
    let mut raw = count.to_le_bytes().to_vec();
    for rect in &rects {
        let Rect {
            x,
            y,
            width,
            height,
        } = *rect;
        for number in [x, y, width, height] {
            raw.extend_from_slice(&number.to_le_bytes());
        }
    }
    for rect in &rects {
        after.rows(*rect).for_each(|row| raw.extend_from_slice(row));
    }
    message(serial, base, Kind::Delta, &raw)
}

/// Reads a message into `record`, ready to be applied to the picture it follows on.
///
/// # Errors
/// [`Error::Corrupt`] when it breaks the format.
pub fn read_message(mut bytes: &[u8], record: &mut Record) -> Result<Serials, Error> {
    let input = &mut bytes;
    let serial = u32::from_le_bytes(take(input)?);
    let base = u32::from_le_bytes(take(input)?);
    let raw = take::<4>(input)?;
    let forms = take::<4>(input)?;
    let stored = u32::try_from(input.len()).unwrap_or(u32::MAX);
    let mut entry = [0; 24];
    let duration = u32::try_from(MIN_DURATION.as_micros()).unwrap_or(u32::MAX);
    let fields = [
        [0; 4],
        [0; 4],
        stored.to_le_bytes(),
        raw,
        duration.to_le_bytes(),
        forms,
    ];
    for (to, from) in entry.iter_mut().zip(fields.iter().flatten()) {
        *to = *from;
    }
    let entry = IndexEntry::parse(&entry, 0)?;
    if entry.kind == Kind::Wrap || (entry.kind == Kind::Key) != (base == 0) {
        return corrupt("a message is of a kind that cannot be there");
    }
    record.packed.clear();
    record.packed.extend_from_slice(input);
    record.unpack(&entry)?;
    Ok(Serials {
        serial,
        base: (base != 0).then_some(base),
    })
}

fn message(serial: u32, base: u32, kind: Kind, raw: &[u8]) -> Vec<u8> {
    let room = lz4_flex::block::get_maximum_output_size(raw.len());
    let mut bytes = vec![0; HEAD_BYTES + room];
    let packed = match bytes.get_mut(HEAD_BYTES..) {
        Some(out) => lz4_flex::block::compress_into(raw, out).unwrap_or(usize::MAX),
        None => usize::MAX,
    };
    let packing = if packed < raw.len() {
        bytes.truncate(HEAD_BYTES + packed);
        Packing::Lz4
    } else {
        bytes.truncate(HEAD_BYTES);
        bytes.extend_from_slice(raw);
        Packing::Stored
    };
    let raw_length = u32::try_from(raw.len()).unwrap_or(u32::MAX);
    let fields = [
        serial.to_le_bytes(),
        base.to_le_bytes(),
        raw_length.to_le_bytes(),
        IndexEntry::forms(kind, Mode::Literal, packing),
    ];
    for (to, from) in bytes.iter_mut().zip(fields.iter().flatten()) {
        *to = *from;
    }
    bytes
}
