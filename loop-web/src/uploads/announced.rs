//! What a client says when it begins an upload, and how that is kept beside the bytes.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::{Bounds, Error};
use crate::ingest::{self, FRAMES_FACTOR, plain_name};
use crate::look::Look;

const VERSION: u32 = 1;

/// Longest description that is read: the client's own words, twice, and a little around them.
pub(super) const MAX_BYTES: u64 = 32 * 1024;

/// What becomes of an upload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    /// An item of the library.
    #[default]
    Media,
    /// It is an exported library, to be merged into ours.
    Library,
}

/// What a client has announced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Announced {
    /// Bytes of all.
    pub(crate) length: u64,
    /// Of them, at the end, those of the frames; the others are the original's.
    pub(crate) frames: u64,
    /// Of the original; plain.
    pub(crate) filename: String,
    /// How the original is to become a clip, or became one.
    pub(crate) look: Look,
    /// What the original must hash to, in hexadecimal digits.
    pub(crate) sha256: Option<String>,
    /// What becomes of it.
    pub(crate) purpose: Purpose,
    /// The client's own words, which it may ask for.
    pub(crate) metadata: String,
}

impl Announced {
    /// Where the frames begin.
    pub(crate) fn split(&self) -> u64 {
        self.length.saturating_sub(self.frames)
    }

    /// What the frames are called: as by form.
    pub(super) fn frames_name(&self) -> String {
        let name = &self.filename;
        let stem = name
            .rsplit_once('.')
            .map_or(name.as_str(), |(stem, _)| stem);
        format!("{stem}_frames.zip")
    }

    /// Whether it is as large as it may be.
    pub(super) fn check(&self, bounds: &Bounds) -> Result<(), Error> {
        let name = || self.filename.clone();
        if self.length == 0 {
            return Err(ingest::Error::Empty(name()).into());
        }
        if self.purpose == Purpose::Library {
            return Ok(());
        }
        let max_frames_bytes = bounds.max_file_bytes.saturating_mul(FRAMES_FACTOR);
        for (bytes, limit, name) in [
            (self.split(), bounds.max_file_bytes, name()),
            (self.frames, max_frames_bytes, self.frames_name()),
            // What is too much by itself is never little enough, however long one waits.
            (self.length, bounds.bytes, name()),
        ] {
            if bytes > limit {
                let limit_mb = limit / 1_000_000;
                return Err(ingest::Error::TooLarge { name, limit_mb }.into());
            }
        }
        Ok(())
    }
}

/// The description on the disk.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Description {
    version: u32,
    created_ms: u64,
    upload: Announced,
}

impl Description {
    pub(super) fn new(upload: Announced, created: SystemTime) -> Self {
        let since = created
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        Self {
            version: VERSION,
            created_ms: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
            upload,
        }
    }

    pub(super) fn to_text(&self) -> std::io::Result<Vec<u8>> {
        Ok(serde_json::to_vec(self)?)
    }

    /// What is described, and since when; `None` if it is nothing of ours.
    pub(super) fn parse(text: &[u8]) -> Option<(Announced, SystemTime)> {
        let Self {
            version,
            created_ms,
            upload,
        } = serde_json::from_slice(text).ok()?;
        let created = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(created_ms))?;
        let is_ours = version == VERSION
            && upload.length > 0
            && upload.frames <= upload.length
            && plain_name(&upload.filename) == upload.filename;
        is_ours.then_some((upload, created))
    }
}
