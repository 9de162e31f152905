//! The clip file: an animation or a still, ready for the panel.
//!
//! A clip is made once, when a file is added, and then played for ever; so it stores what changes from frame to frame,
//! and a player writes just that. All numbers are little-endian.
//!
//! ```text
//! header   72 bytes
//!    0  8  magic "LOOPCLIP"
//!    8  2  version, 2
//!   10  1  pixel format, 1 = RGB565, high byte first
//!   11  1  scan order, 1 = the viewer's columns, from the left, each from the top
//!   12  2  width, 240        14  2  height, 320
//!   16  4  number of frames  20  4  number of records
//!   24  8  offset of the index
//!   32  8  length of one pass in microseconds
//!   40 32  sha256 of everything behind the header, then of the header's first 40 bytes
//! records  one a frame, and with two frames or more a last one that leads from the last frame back to the first
//! index    24 bytes a record
//!    0  8  offset             8  4  stored length     12  4  length when unpacked
//!   16  4  how long the frame is shown, in microseconds; 0 for the wrap
//!   20  1  kind: 0 key, 1 delta, 2 wrap
//!   21  1  pixels: bit 0 XOR with the frame before, else literal; bit 1 only those that change, behind a mask
//!   22  1  packing: 0 stored, 1 LZ4 block
//!   23  1  0
//! ```
//!
//! A key record unpacks to a whole picture; a delta or wrap to a u16 count of rectangles, at most [`MAX_RECTS`], four u16 each
//! (x, y, width, height), and then their pixels, rectangle after rectangle, row after row. With a mask there is first one
//! bit for each of those pixels, the lowest bit of a byte first and the last byte filled up with zeros, and then only the
//! pixels whose bit is 1. Rectangles of a record do not overlap when written by [`ClipWriter`]. A key comes first and then at least every [`KEY_INTERVAL`], which bounds the
//! work of starting in the middle. Records lie one after the other without gaps, the index behind them ends the file.

mod delta;
mod encoder;
mod header;
mod lz4;
mod mask;
mod message;
mod quality;
mod reader;
mod record;
mod writer;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use delta::{MAX_RECTS, changed_rects};
pub use header::MAGIC;
pub use message::{Serials, delta_message, key_message, read_message};
pub use quality::Quality;
pub use reader::{Clip, ReadAt, id_of};
pub use record::Record;
pub use writer::{ClipWriter, Summary};

/// Most frames of a clip: twenty minutes at 30 a second. Bounds the index a reader keeps in memory to 864 kB.
pub const MAX_FRAMES: u32 = 36_000;

/// Shortest time a frame may be shown.
pub const MIN_DURATION: Duration = Duration::from_millis(1);

/// Longest time a frame may be shown.
pub const MAX_DURATION: Duration = Duration::from_secs(3600);

/// A frame that begins this long after the last key is stored whole.
pub const KEY_INTERVAL: Duration = Duration::from_secs(2);

/// Why a clip cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read or written.
    #[error("clip file: {0}")]
    Io(#[from] std::io::Error),
    /// The file breaks the format; the text says where and how.
    #[error("not a valid clip: {0}")]
    Corrupt(String),
    /// The content is not what its hash says: the file is damaged, make the clip again.
    #[error("the clip's content does not match its sha256")]
    Hash,
    /// More than [`MAX_FRAMES`].
    #[error("a clip has at most {MAX_FRAMES} frames")]
    TooManyFrames,
    /// Finished without a frame.
    #[error("a clip has at least one frame")]
    Empty,
}

/// Which record to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// The record that leads to this frame from the one before; from nothing if it is a key.
    Frame(u32),
    /// The record that leads from the last frame to the first.
    Wrap,
}

/// How a record's pixels combine with what is there, and whether all pixels of its rectangles are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Literal,
    Xor,
    MaskedLiteral,
    MaskedXor,
}

impl Mode {
    /// In the order of their codes in the file.
    const ALL: [Self; 4] = [
        Self::Literal,
        Self::Xor,
        Self::MaskedLiteral,
        Self::MaskedXor,
    ];

    fn code(self) -> u8 {
        u8::from(self.is_xor()) | (u8::from(self.is_masked()) << 1)
    }

    fn is_xor(self) -> bool {
        matches!(self, Self::Xor | Self::MaskedXor)
    }

    fn is_masked(self) -> bool {
        matches!(self, Self::MaskedLiteral | Self::MaskedXor)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Packing {
    Stored,
    Lz4,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Key,
    Delta,
    Wrap,
}

fn corrupt<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(Error::Corrupt(what.into()))
}
