//! From what was uploaded to an item that can be added to the library.
//!
//! An upload is collected in a folder of its own below `incoming/`. The frames come converted (the page does that) in a ZIP
//! beside the original, which are checked while one clip is written from them, one frame in memory at a time; or as a
//! finished clip. A ZIP that comes by form is not stored first, where it can be read from its first byte to its last.

mod desk;
mod feed;
mod form;
pub mod frames_zip;
mod metadata;
mod part;
mod pipeline;
mod ready_clip;
mod sniff;
mod spool;
mod stage;

#[cfg(test)]
mod tests;

pub use desk::Desk;
pub(crate) use form::FRAMES_FACTOR;
pub use form::{Limits, PartWriter, Upload};
pub use frames_zip::{Converted, convert, convert_arriving};
pub use part::Received;
pub(crate) use part::{Frames, Part, plain_name};
pub use pipeline::{Ingest, Progress, Tell};
pub(crate) use spool::{Hashing, Observe, Spool, hex};
pub(crate) use stage::{Staging, measure};

use crate::{convert, store};

/// Why an upload is refused. Nothing of it is kept then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file has no bytes.
    #[error("{0} is empty")]
    Empty(String),
    /// A file is longer than allowed.
    #[error("{name} is larger than {limit_mb} MB")]
    TooLarge {
        /// As uploaded.
        name: String,
        /// What is allowed.
        limit_mb: u64,
    },
    /// A file is nothing that can be shown.
    #[error("{0} is not an image, a GIF or a video")]
    NotMedia(String),
    /// There is nothing to convert.
    #[error("{0} came without its original: it can only be added anew")]
    NoOriginal(String),
    /// Files that do not belong together.
    #[error("{0}")]
    Combination(String),
    /// The ZIP with the frames breaks a rule; the text names it.
    #[error("{name}: {fault}")]
    Frames {
        /// As uploaded.
        name: String,
        /// What is wrong and where.
        fault: frames_zip::Fault,
    },
    /// The clip that came as frames breaks a rule; the text names it.
    #[error("{name}: {fault}")]
    Clip {
        /// As uploaded.
        name: String,
        /// What is wrong.
        fault: loop_proto::clip::Error,
    },
    /// The original does not become a clip here.
    #[error("{name}: {source}")]
    Convert {
        /// As uploaded.
        name: String,
        /// Why.
        source: convert::Error,
    },
    /// The disk.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The daemon is stopping, or nobody waits for the result any more.
    #[error("the upload was cancelled")]
    Cancelled,
}

pub(crate) use crate::store::tried;
