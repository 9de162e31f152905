//! What the entries of a ZIP may be, told from what their headers say.

use loop_proto::clip::MAX_FRAMES;
use loop_proto::pixel::FRAME_BYTES;
use zip::CompressionMethod;
use zip::read::ZipFileEntry;

use super::ratio::Ratio;
use super::{ALL_FRAMES, Fault, METADATA};
use crate::ingest::metadata::Metadata;

/// Longest metadata: a duration for each of the most frames takes 0.4 MB.
pub(super) const MAX_METADATA_BYTES: u64 = 2 * 1024 * 1024;

/// In front of the frames in `frames.bin`: their number and the size of one, four bytes each, big-endian.
const BIN_HEADER_BYTES: u64 = 8;

/// Type bits of a Unix mode, and those of a symbolic link.
const UNIX_TYPE: u32 = 0o170_000;
const UNIX_LINK: u32 = 0o120_000;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Metadata,
    /// All frames in one.
    Bin,
    /// One of them, counted from 1.
    Frame(u32),
}

impl What {
    fn of(name: &str) -> Option<Self> {
        match name {
            METADATA => Some(Self::Metadata),
            ALL_FRAMES => Some(Self::Bin),
            other => frame_number(other).map(Self::Frame),
        }
    }
}

/// Which way the frames come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Entries {
    /// All in one file of this size.
    One(u64),
    /// A file each, this many.
    Each(u64),
}

/// Sees the headers of all entries, one after the other.
#[derive(Debug, Default)]
pub(super) struct Rules {
    seen: u32,
    frames: u64,
    bin: Option<u64>,
    metadata: bool,
    ratio: Ratio,
}

impl Rules {
    /// Looks at an entry of a ZIP in which so many bytes can be entries.
    pub(super) fn check(&mut self, entry: &ZipFileEntry<'_>, bytes: u64) -> Result<What, Fault> {
        self.seen += 1;
        if self.seen > MAX_FRAMES + 1 {
            return Err(Fault::TooManyEntries);
        }
        let name = entry
            .name()
            .map_err(|_| Fault::Name(format!("entry {}", self.seen)))?
            .into_owned();
        let Some(what) = What::of(&name) else {
            return Err(Fault::Name(name));
        };
        let is_link = entry
            .unix_mode()
            .is_some_and(|mode| mode & UNIX_TYPE == UNIX_LINK);
        let packing = matches!(
            entry.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        );
        if is_link || entry.is_dir() || entry.encrypted() || !packing {
            return Err(Fault::NotPlain(name));
        }
        let (packed, actual) = (entry.compressed_size(), entry.size());
        self.ratio.check(&name, packed, actual, bytes)?;
        let expected = match what {
            What::Metadata => actual.min(MAX_METADATA_BYTES),
            What::Frame(_) => FRAME_BYTES as u64,
            What::Bin => actual,
        };
        if actual != expected {
            return Err(Fault::Size {
                name,
                actual,
                expected,
            });
        }
        self.count(what, name, actual)
    }

    fn count(&mut self, what: What, name: String, size: u64) -> Result<What, Fault> {
        let is_there = match what {
            What::Metadata => std::mem::replace(&mut self.metadata, true),
            What::Bin => self.bin.replace(size).is_some(),
            What::Frame(_) => {
                self.frames += 1;
                false
            }
        };
        if is_there {
            return Err(Fault::Twice(name));
        }
        if self.bin.is_some() && self.frames > 0 {
            return Err(Fault::Name(name));
        }
        Ok(what)
    }

    /// That was the last one.
    pub(super) fn entries(&self) -> Result<Entries, Fault> {
        match self.bin {
            _ if !self.metadata => Err(Fault::NoMetadata),
            Some(size) => Ok(Entries::One(size)),
            None => Ok(Entries::Each(self.frames)),
        }
    }
}

impl Entries {
    /// Whether these are the frames that the metadata tells of.
    pub(super) fn check(self, metadata: &Metadata) -> Result<(), Fault> {
        let said = metadata.frame_count;
        match self {
            Self::Each(found) if found != u64::from(said) => Err(Fault::Count { said, found }),
            Self::Each(_) => Ok(()),
            Self::One(actual) => check_bin(actual, said),
        }
    }
}

/// Whether `frames.bin` has room for just so many frames.
pub(super) fn check_bin(actual: u64, frames: u32) -> Result<(), Fault> {
    let expected = BIN_HEADER_BYTES + u64::from(frames) * FRAME_BYTES as u64;
    if actual == expected {
        return Ok(());
    }
    Err(Fault::Size {
        name: ALL_FRAMES.to_owned(),
        actual,
        expected,
    })
}

fn frame_number(name: &str) -> Option<u32> {
    let digits = name.strip_prefix("frame_")?.strip_suffix(".rgb")?;
    let is_number = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = is_number.then(|| digits.parse().ok()).flatten();
    number.filter(|number| *number > 0)
}
