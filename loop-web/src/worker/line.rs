//! What the worker says, a line of JSON each, on its standard output.

use loop_proto::ClipId;
use serde::{Deserialize, Serialize};

use super::limits::Protections;
use super::refusal::{Code, Refusal};

/// One line. [`Line::Done`] and [`Line::Refused`] are the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// What is in force from here on; said before the first byte of the original is read.
    Protected(Protections),
    /// Percents that are done.
    Progress(u8),
    /// The clip is complete.
    Done {
        /// Its content.
        clip: ClipId,
        /// Number of frames.
        frames: u32,
        /// Length of one pass in microseconds.
        total_us: u64,
    },
    /// There is no clip.
    Refused {
        /// What sort of refusal it is.
        code: Code,
        /// What is wrong, for whoever sent the original.
        message: String,
    },
}

impl From<&Refusal> for Line {
    fn from(refusal: &Refusal) -> Self {
        Self::Refused {
            code: refusal.code(),
            message: refusal.to_string(),
        }
    }
}
