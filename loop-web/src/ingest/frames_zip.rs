//! The ZIP with the frames, as the original's page sends it: `metadata.json` and either `frame_000001.rgb`, ... or
//! `frames.bin`, stored or deflated. It comes from outside: every name, size, count and ratio is checked before anything
//! is unpacked, and again while it is.
//!
//! There are two ways to read it, with one set of rules. One that is [`at_rest`] is a file: its directory, at the end, is
//! read first. One that is [`arriving`] is read from its first byte to its last while they come, and nothing of it is
//! stored but the clip. Both take the same ZIPs and make the same clip of one, with these exceptions for those that arrive:
//! - each entry's sizes have to stand in front of it ([`begins_forwards`]);
//! - the directory has to name the entries in the order in which they lie, exactly as they are named there, and nothing may
//!   lie between them, in front of the first or behind the end;
//! - where frames come before a `metadata.json` with durations other than those of 25 frames a second, keys can be at
//!   other places, up to twice [`KEY_INTERVAL`](loop_proto::clip::KEY_INTERVAL) apart.

mod arriving;
mod at_rest;
mod content;
mod course;
mod early;
mod film;
mod ratio;
mod rules;
mod source;

use loop_proto::Slug;
use loop_proto::clip::{self, Quality, Summary};
use loop_proto::pixel::Frame;

pub(crate) use self::arriving::ENOUGH;
pub use self::arriving::{begins_forwards, convert as convert_arriving};
pub use self::at_rest::convert;
use super::metadata::Metadata;
use crate::store::Kind;

const METADATA: &str = "metadata.json";
const ALL_FRAMES: &str = "frames.bin";

/// What is wrong with a ZIP.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It ends too early, or is no ZIP.
    #[error("it is not a complete ZIP file ({0})")]
    Truncated(String),
    /// It has far more entries than a clip has frames.
    #[error("it has too many entries")]
    TooManyEntries,
    /// An entry that does not belong there.
    #[error(
        "the entry {0:?} does not belong there: expected metadata.json and frame_000001.rgb, ... or frames.bin"
    )]
    Name(String),
    /// An entry that is there already.
    #[error("{0} is there twice")]
    Twice(String),
    /// An entry that says only behind its content how long it is.
    #[error(
        "entry {0} does not say in front of its content how long it is, as the first one does: make the ZIP in one go, \
         into a file"
    )]
    Backwards(u64),
    /// An entry that is a link, is encrypted or is packed in an unusual way.
    #[error("the entry {0:?} is not a plain stored or deflated file")]
    NotPlain(String),
    /// There is no `metadata.json`.
    #[error("metadata.json is missing")]
    NoMetadata,
    /// `metadata.json` is not JSON.
    #[error("metadata.json cannot be read: {0}")]
    Metadata(String),
    /// A field of `metadata.json` has a value that cannot be.
    #[error("metadata.json, field {name}: {fault}")]
    Field {
        /// Of the field.
        name: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// An entry is longer or shorter than it must be.
    #[error("{name} has {actual} bytes, expected {expected}")]
    Size {
        /// Of the entry.
        name: String,
        /// What it has.
        actual: u64,
        /// What it must have.
        expected: u64,
    },
    /// An entry says that it unpacks to more than it can.
    #[error("{name} cannot unpack from {packed} bytes to {unpacked}")]
    Ratio {
        /// Of the entry.
        name: String,
        /// What it has.
        packed: u64,
        /// What it says.
        unpacked: u64,
    },
    /// Entries share their bytes.
    #[error("its entries have more bytes than the file: they lie on top of each other")]
    Overlap,
    /// There are more or fewer frames than `metadata.json` says.
    #[error("metadata.json says {said} frames, there are {found}")]
    Count {
        /// In `metadata.json`.
        said: u32,
        /// In the ZIP.
        found: u64,
    },
    /// A frame is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// An entry does not unpack.
    #[error("{name} is damaged: {fault}")]
    Damaged {
        /// Of the entry.
        name: String,
        /// What the unpacking says.
        fault: String,
    },
    /// The clip could not be written: the disk, most likely.
    #[error("the clip cannot be written: {0}")]
    Clip(#[from] clip::Error),
    /// Whoever asked for it has gone.
    #[error("cancelled")]
    Cancelled,
}

/// What came out.
#[derive(Debug)]
pub struct Converted {
    /// The name the client has chosen.
    pub slug: Option<Slug>,
    /// The name of the original.
    pub original_filename: Option<String>,
    /// Whether it was a video.
    pub kind: Kind,
    /// How closely the clip keeps to the frames.
    pub quality: Quality,
    /// The clip that was written.
    pub summary: Summary,
    /// The first frame.
    pub first: Frame,
}

impl Converted {
    fn new(metadata: Metadata, summary: Summary, first: Frame) -> Self {
        let Metadata {
            slug,
            original_filename,
            kind,
            quality,
            ..
        } = metadata;
        Self {
            slug,
            original_filename,
            kind,
            quality,
            summary,
            first,
        }
    }
}

fn frame_name(number: u32) -> String {
    format!("frame_{number:06}.rgb")
}
