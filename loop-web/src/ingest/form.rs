//! An upload by form, from its first byte to its last file.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::Semaphore;

use super::desk::Desk;
use super::feed::Feed;
use super::frames_zip::{self, begins_forwards, convert_arriving};
use super::part::{Frames, Part, Received, names_frames, plain_name};
use super::spool::{Hashing, Spool};
use super::stage::refusal;
use super::{Error, sniff, tried};
use crate::look::Look;
use crate::store::{Reservation, Source, Store};

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
    /// It stays until nobody writes to it any more.
    folder: Arc<TempDir>,
    room: Option<Reservation>,
    received: Received,
    turns: Arc<Semaphore>,
}

impl Upload {
    /// Begins an upload of about this many bytes, whose files are all stored as they come.
    ///
    /// # Errors
    /// When the disk has no room for it.
    pub async fn begin(store: &Store, limits: Limits, expected_bytes: u64) -> Result<Self, Error> {
        Self::begin_with(store, limits, expected_bytes, Arc::new(Semaphore::new(0))).await
    }

    /// Begins one whose frames become a clip while they come, if one of these turns is free then.
    pub(super) async fn begin_with(
        store: &Store,
        limits: Limits,
        expected_bytes: u64,
        turns: Arc<Semaphore>,
    ) -> Result<Self, Error> {
        let room = store.reserve(expected_bytes).await?;
        let folder = tempfile::Builder::new()
            .prefix("upload-")
            .tempdir_in(store.incoming());
        Ok(Self {
            limits,
            folder: Arc::new(folder.map_err(tried("begin an upload"))?),
            room: Some(room),
            received: Received {
                original: None,
                frames: None,
                look: Look::default(),
                source: Source::default(),
            },
            turns,
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
        let Received {
            original, frames, ..
        } = &self.received;
        let (is_there, factor) = match is_frames {
            true => (frames.is_some(), FRAMES_FACTOR),
            false => (original.is_some(), 1),
        };
        if is_there {
            let what = if is_frames {
                "file with frames"
            } else {
                "original"
            };
            return Err(Error::Combination(format!(
                "{name}: an upload has one original and one file with its frames; this is a second {what}"
            )));
        }
        let limit = self.limits.max_file_bytes.saturating_mul(factor);
        // Taken by the part before, it is gone only if that has failed.
        let room = self.room.take().ok_or(Error::Cancelled)?;
        let part = Part {
            name,
            path: self
                .folder
                .path()
                .join(if is_frames { "frames" } else { "original" }),
            size: 0,
            sha256: String::new(),
            head: Vec::new(),
        };
        Ok(PartWriter {
            upload: self,
            part,
            is_frames,
            limit,
            way: Some(Way::Unknown(room)),
        })
    }

    /// All files are here. They go with the folder.
    #[must_use]
    pub fn received(self) -> (Received, Arc<TempDir>) {
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
    /// There is none any more once it has failed.
    way: Option<Way>,
}

/// Where the bytes go.
#[derive(Debug)]
enum Way {
    /// The first ones have to tell.
    Unknown(Reservation),
    File(Spool),
    /// To a thread that makes a clip of them.
    Clip(Feed<(Frames, Reservation)>),
}

impl PartWriter<'_> {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// When the file becomes too large, the disk is full, or what has come as frames breaks a rule.
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
        let (head, rest) = bytes.split_at(missing.min(bytes.len()));
        self.part.head.extend_from_slice(head);
        let mut way = self.way.take().ok_or(Error::Cancelled)?;
        // Nothing of the head has gone anywhere until the way is known.
        let mut next = [head, rest];
        if let Way::Unknown(room) = way {
            if self.is_frames && self.part.head.len() < frames_zip::ENOUGH {
                self.way = Some(Way::Unknown(room));
                return Ok(());
            }
            way = self.decide(room)?;
            next = [&self.part.head, rest];
        }
        for bytes in next {
            match &mut way {
                Way::File(spool) => spool.write(bytes).await?,
                Way::Clip(feed) => feed.write(bytes).await?,
                Way::Unknown(_) => {}
            }
        }
        self.way = Some(way);
        Ok(())
    }

    /// What the head says: a ZIP that can be read forwards need not be stored.
    fn decide(&self, room: Reservation) -> Result<Way, Error> {
        let turn = match self.is_frames && begins_forwards(&self.part.head) {
            true => Arc::clone(&self.upload.turns).try_acquire_owned().ok(),
            false => None,
        };
        let Some(turn) = turn else {
            let hashing = match self.is_frames {
                true => Hashing::None,
                false => Hashing::Sha256,
            };
            let file = File::create(&self.part.path).map_err(tried("store the upload"))?;
            return Ok(Way::File(Spool::new(file, hashing, room)));
        };
        let (name, folder) = (self.part.name.clone(), Arc::clone(&self.upload.folder));
        Ok(Way::Clip(Feed::begin(move |zip| {
            let made = make_clip(zip, name, folder.path(), room);
            drop(turn);
            made
        })))
    }

    /// The file is complete.
    ///
    /// # Errors
    /// When it is empty, the disk is full, or it breaks a rule.
    pub async fn finish(mut self) -> Result<(), Error> {
        if self.part.size == 0 {
            return Err(Error::Empty(self.part.name));
        }
        let mut way = self.way.take().ok_or(Error::Cancelled)?;
        if let Way::Unknown(room) = way {
            way = self.decide(room)?;
            if let Way::File(spool) = &mut way {
                spool.write(&self.part.head).await?;
            }
        }
        let received = &mut self.upload.received;
        let room = match way {
            Way::Clip(feed) => {
                let (frames, room) = feed.finish().await?;
                received.frames = Some(frames);
                room
            }
            Way::File(spool) => {
                let (sha256, room) = spool.finish().await?;
                self.part.sha256 = sha256.unwrap_or_default();
                match self.is_frames {
                    true => received.frames = Some(Frames::File(self.part)),
                    false => received.original = Some(self.part),
                }
                room
            }
            Way::Unknown(room) => room,
        };
        self.upload.room = Some(room);
        Ok(())
    }
}

fn make_clip(
    zip: impl Read,
    name: String,
    folder: &Path,
    room: Reservation,
) -> Result<(Frames, Reservation), Error> {
    let desk = Desk::new(folder, room);
    let made = convert_arriving(zip, &desk, |_, _| true);
    let (converted, path) = made.map_err(|fault| refusal(&name, fault))?;
    let frames = Frames::Clip {
        name,
        path,
        converted: Box::new(converted),
    };
    Ok((frames, desk.into_room()))
}
