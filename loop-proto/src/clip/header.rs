//! The fixed-size parts of the file as bytes.

use std::time::Duration;

use super::{
    Error, Kind, MAX_DURATION, MAX_FRAMES, MAX_RECTS, MIN_DURATION, Mode, Packing, corrupt,
};
use crate::geometry::PANEL;
use crate::pixel::FRAME_BYTES;

pub(super) const HEADER_BYTES: usize = 72;
/// The part of the header that the hash covers; the hash itself follows.
pub(super) const HASHED_BYTES: usize = 40;
pub(super) const INDEX_ENTRY_BYTES: usize = 24;
pub(super) const RECT_BYTES: usize = 8;
pub(super) const COUNT_BYTES: usize = 2;

/// Longest record when unpacked: every rectangle, and all pixels once.
pub(super) const MAX_RAW_BYTES: usize = COUNT_BYTES + MAX_RECTS * RECT_BYTES + FRAME_BYTES;

/// What a clip file begins with.
pub const MAGIC: [u8; 8] = *b"LOOPCLIP";
const VERSION: u16 = 2;
const RGB565_BE: u8 = 1;
const VIEWER_COLUMNS: u8 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) frames: u32,
    pub(super) records: u32,
    pub(super) index_offset: u64,
    pub(super) total: Duration,
}

impl Header {
    pub(super) fn to_bytes(self) -> [u8; HASHED_BYTES] {
        let mut bytes = [0; HASHED_BYTES];
        let fields: [&[u8]; 9] = [
            &MAGIC,
            &VERSION.to_le_bytes(),
            &[RGB565_BE, VIEWER_COLUMNS],
            &PANEL.width.to_le_bytes(),
            &PANEL.height.to_le_bytes(),
            &self.frames.to_le_bytes(),
            &self.records.to_le_bytes(),
            &self.index_offset.to_le_bytes(),
            &micros(self.total).to_le_bytes(),
        ];
        for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    pub(super) fn parse(mut bytes: &[u8]) -> Result<Self, Error> {
        let input = &mut bytes;
        if take::<8>(input)? != MAGIC {
            return corrupt("it does not begin with LOOPCLIP");
        }
        let version = u16::from_le_bytes(take(input)?);
        if version != VERSION {
            return corrupt(format!("version {version}, this program reads {VERSION}"));
        }
        if take(input)? != [RGB565_BE, VIEWER_COLUMNS] {
            return corrupt("unknown pixel format or scan order");
        }
        let (width, height) = (
            u16::from_le_bytes(take(input)?),
            u16::from_le_bytes(take(input)?),
        );
        if (width, height) != (PANEL.width, PANEL.height) {
            return corrupt(format!("{width}x{height} pixels, expected 240x320"));
        }
        let frames = u32::from_le_bytes(take(input)?);
        let records = u32::from_le_bytes(take(input)?);
        if frames == 0 || frames > MAX_FRAMES || records != frames + u32::from(frames > 1) {
            return corrupt(format!("{frames} frames in {records} records"));
        }
        let index_offset = u64::from_le_bytes(take(input)?);
        let total = Duration::from_micros(u64::from_le_bytes(take(input)?));
        Ok(Self {
            frames,
            records,
            index_offset,
            total,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) offset: u64,
    pub(super) stored: u32,
    pub(super) raw: u32,
    pub(super) duration: Duration,
    pub(super) kind: Kind,
    pub(super) mode: Mode,
    pub(super) packing: Packing,
}

impl IndexEntry {
    pub(super) fn to_bytes(self) -> [u8; INDEX_ENTRY_BYTES] {
        let mut bytes = [0; INDEX_ENTRY_BYTES];
        let duration = u32::try_from(micros(self.duration)).unwrap_or(u32::MAX);
        let fields: [&[u8]; 5] = [
            &self.offset.to_le_bytes(),
            &self.stored.to_le_bytes(),
            &self.raw.to_le_bytes(),
            &duration.to_le_bytes(),
            &Self::forms(self.kind, self.mode, self.packing),
        ];
        for (to, from) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *to = *from;
        }
        bytes
    }

    /// The entry's last four bytes: what of the record must be known to unpack it.
    pub(super) fn forms(kind: Kind, mode: Mode, packing: Packing) -> [u8; 4] {
        let kind = match kind {
            Kind::Key => 0,
            Kind::Delta => 1,
            Kind::Wrap => 2,
        };
        [kind, mode.code(), u8::from(packing == Packing::Lz4), 0]
    }

    /// Checks all that can be checked without its neighbours; `number` is for messages.
    pub(super) fn parse(mut bytes: &[u8], number: usize) -> Result<Self, Error> {
        let input = &mut bytes;
        let offset = u64::from_le_bytes(take(input)?);
        let stored = u32::from_le_bytes(take(input)?);
        let raw = u32::from_le_bytes(take(input)?);
        let duration = Duration::from_micros(u64::from(u32::from_le_bytes(take(input)?)));
        let [kind, mode, packing, zero] = take(input)?;
        let entry = Self {
            offset,
            stored,
            raw,
            duration,
            kind: one_of([Kind::Key, Kind::Delta, Kind::Wrap], kind, number)?,
            mode: one_of(Mode::ALL, mode, number)?,
            packing: one_of([Packing::Stored, Packing::Lz4], packing, number)?,
        };
        entry.check(number, zero)?;
        Ok(entry)
    }

    fn check(&self, number: usize, zero: u8) -> Result<(), Error> {
        let raw = usize::try_from(self.raw).unwrap_or(usize::MAX);
        let size_is_right = match self.kind {
            Kind::Key => raw == FRAME_BYTES && self.mode == Mode::Literal,
            Kind::Delta | Kind::Wrap => (COUNT_BYTES..=MAX_RAW_BYTES).contains(&raw),
        };
        let packing_is_right = match self.packing {
            Packing::Stored => self.stored == self.raw,
            Packing::Lz4 => (1..self.raw).contains(&self.stored),
        };
        if !size_is_right || !packing_is_right || zero != 0 {
            return corrupt(format!("record {number} has impossible sizes"));
        }
        let duration_is_right = match self.kind {
            Kind::Wrap => self.duration.is_zero(),
            Kind::Key | Kind::Delta => (MIN_DURATION..=MAX_DURATION).contains(&self.duration),
        };
        if !duration_is_right {
            return corrupt(format!("record {number} has an impossible duration"));
        }
        Ok(())
    }
}

/// Splits `N` bytes off the front.
pub(super) fn take<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], Error> {
    let Some((head, tail)) = input.split_first_chunk::<N>() else {
        return corrupt("it ends in the middle of a field");
    };
    *input = tail;
    Ok(*head)
}

fn one_of<T: Copy, const N: usize>(all: [T; N], code: u8, number: usize) -> Result<T, Error> {
    all.get(usize::from(code))
        .copied()
        .ok_or_else(|| Error::Corrupt(format!("record {number} is of an unknown kind")))
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
