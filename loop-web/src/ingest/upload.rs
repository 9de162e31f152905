//! An upload by form, from its first byte to its last file.

use std::fs::File;

use tempfile::TempDir;

use super::part::{Part, Received, names_frames, plain_name};
use super::spool::{Hashing, Spool};
use super::{Error, sniff, tried};
use crate::look::Look;
use crate::store::{Reservation, Store};

/// How many times larger than an original its frames may be: raw frames of a short video are many times its size.
pub(crate) const FRAMES_FACTOR: u64 = 8;

/// What an upload may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest original in bytes.
    pub max_file_bytes: u64,
}

/// An upload under way. Dropped, everything it has written goes.
#[derive(Debug)]
pub struct Upload {
    limits: Limits,
    folder: TempDir,
    room: Option<Reservation>,
    received: Received,
}

impl Upload {
    /// Begins an upload of about this many bytes.
    ///
    /// # Errors
    /// When the disk has no room for it.
    pub async fn begin(store: &Store, limits: Limits, expected_bytes: u64) -> Result<Self, Error> {
        let room = store.reserve(expected_bytes).await?;
        let folder = tempfile::Builder::new()
            .prefix("upload-")
            .tempdir_in(store.incoming());
        Ok(Self {
            limits,
            folder: folder.map_err(tried("begin an upload"))?,
            room: Some(room),
            received: Received {
                original: None,
                frames: None,
                look: Look::default(),
            },
        })
    }

    /// How its original is to become a clip.
    pub fn set_look(&mut self, look: Look) {
        self.received.look = look;
    }

    /// Takes the next file. Its name tells only whether it holds the frames.
    ///
    /// # Errors
    /// When there is such a file already.
    pub fn part(&mut self, filename: &str) -> Result<PartWriter<'_>, Error> {
        let name = plain_name(filename);
        let is_frames = names_frames(&name);
        let (place, file_name, factor, hashing) = match is_frames {
            true => (
                &self.received.frames,
                "frames",
                FRAMES_FACTOR,
                Hashing::None,
            ),
            false => (&self.received.original, "original", 1, Hashing::Sha256),
        };
        if place.is_some() {
            let what = if is_frames {
                "file with frames"
            } else {
                "original"
            };
            return Err(Error::Combination(format!(
                "{name}: an upload has one original and one file with its frames; this is a second {what}"
            )));
        }
        let path = self.folder.path().join(file_name);
        let file = File::create(&path).map_err(tried("store the upload"))?;
        let limit = self.limits.max_file_bytes.saturating_mul(factor);
        // Taken by the part before, it is gone only if that has failed.
        let room = self.room.take().ok_or(Error::Cancelled)?;
        let part = Part {
            name,
            path,
            size: 0,
            sha256: String::new(),
            head: Vec::new(),
        };
        Ok(PartWriter {
            upload: self,
            part,
            is_frames,
            limit,
            spool: Spool::new(file, hashing, room),
        })
    }

    /// All files are here. They go with the folder.
    #[must_use]
    pub fn received(self) -> (Received, TempDir) {
        (self.received, self.folder)
    }
}

/// Receives the bytes of one file.
#[derive(Debug)]
pub struct PartWriter<'a> {
    upload: &'a mut Upload,
    part: Part,
    is_frames: bool,
    limit: u64,
    spool: Spool,
}

impl PartWriter<'_> {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// When the file becomes too large or the disk is full.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.part.size += bytes.len() as u64;
        if self.part.size > self.limit {
            let limit_mb = self.limit / 1_000_000;
            return Err(Error::TooLarge {
                name: self.part.name.clone(),
                limit_mb,
            });
        }
        let missing = sniff::ENOUGH.saturating_sub(self.part.head.len());
        let head = bytes.get(..missing.min(bytes.len())).unwrap_or_default();
        self.part.head.extend_from_slice(head);
        self.spool.write(bytes).await
    }

    /// The file is complete.
    ///
    /// # Errors
    /// When it is empty or the disk is full.
    pub async fn finish(mut self) -> Result<(), Error> {
        if self.part.size == 0 {
            return Err(Error::Empty(self.part.name));
        }
        let (sha256, room) = self.spool.finish().await?;
        self.part.sha256 = sha256.unwrap_or_default();
        self.upload.room = Some(room);
        let place = if self.is_frames {
            &mut self.upload.received.frames
        } else {
            &mut self.upload.received.original
        };
        *place = Some(self.part);
        Ok(())
    }
}
