//! An upload on the disk: a folder with what was announced and up to two files, which grow.
//!
//! How much has arrived is not written down anywhere: it is how long the files are. After a power cut a file may be longer
//! than what of it reached the disk; the rest then is a hole, and what comes behind a hole has not arrived. In a block that
//! was there before there are zeros instead, which nobody can tell from content: whoever adds to such a block writes down
//! first from where on. Once all of it is here that is written down, since whoever works on it may make holes of his own.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use nix::fcntl::{FallocateFlags, fallocate};
use nix::unistd::{Whence, lseek64};

use super::announced::{Announced, Description, MAX_BYTES};
use super::id::UploadId;
use crate::store::Source;
use crate::store::keeping::{UPLOAD, disown, sync_folder, write_synced};

const ORIGINAL: &str = "original";
const FRAMES: &str = "frames";

/// A byte for each time that it was begun to make an item of it, and never ended.
const TRIES: &str = "tries";

/// Says that all bytes are here, whatever the files look like since.
const WHOLE: &str = "whole";

/// Says from which byte on nobody has checked yet what arrived, though its sender told what it hashes to, or nobody has
/// waited for the disk, though it is in a block with what was there before.
const UNCHECKED: &str = "unchecked";

/// No file system writes more at once than this: what begins at a multiple of it has blocks of its own.
const BLOCK_BYTES: u64 = 64 * 1024;

/// The folder of one upload.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Bytes of the original.
    split: u64,
    length: u64,
}

impl Folder {
    pub(super) fn new(incoming: &Path, id: &UploadId, announced: &Announced) -> Self {
        Self {
            path: incoming.join(id.as_str()),
            split: announced.split(),
            length: announced.length,
        }
    }

    /// Makes it, for good. What is left when this fails is swept by the next start.
    pub(super) fn create(&self, description: &Description) -> io::Result<()> {
        let made = fs::create_dir(&self.path).and_then(|()| {
            for (name, bytes) in self.files() {
                if bytes > 0 {
                    File::create_new(self.path.join(name))?;
                }
            }
            write_synced(&self.path.join(UPLOAD), &description.to_text()?)?;
            sync_folder(&self.path)?;
            sync_folder(self.path.parent().unwrap_or(Path::new(".")))
        });
        if made.is_err() {
            drop(fs::remove_dir_all(&self.path));
        }
        made
    }

    /// Has the file system set the room aside that is missing; `false` where it cannot.
    pub(super) fn allocate(&self) -> bool {
        let allocate = |(name, bytes): (&str, u64)| -> io::Result<()> {
            if bytes > 0 {
                let file = OpenOptions::new().write(true).open(self.path.join(name))?;
                let bytes = bytes.try_into().map_err(io::Error::other)?;
                fallocate(file.as_fd(), FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, bytes)?;
            }
            Ok(())
        };
        self.files().into_iter().try_for_each(allocate).is_ok()
    }

    fn files(&self) -> [(&'static str, u64); 2] {
        [
            (ORIGINAL, self.split),
            (FRAMES, self.length.saturating_sub(self.split)),
        ]
    }

    /// Where the file ends that holds this byte.
    pub(super) fn end_of_file_at(&self, offset: u64) -> u64 {
        if offset < self.split {
            self.split
        } else {
            self.length
        }
    }

    /// Whether this byte belongs to the original.
    pub(super) fn is_original(&self, offset: u64) -> bool {
        offset < self.split
    }

    /// Whether what is added from this byte on shares a block with what is before it.
    pub(super) fn shares_block(&self, offset: u64) -> bool {
        !self.within_file(offset).is_multiple_of(BLOCK_BYTES)
    }

    /// Where about so many bytes end behind an offset, in the file that holds this byte, with a block.
    pub(super) fn end_of_block(&self, offset: u64, at: u64, bytes: u64) -> u64 {
        let first = at - self.within_file(at);
        let end = offset.max(first) - first + bytes;
        first + end / BLOCK_BYTES * BLOCK_BYTES
    }

    fn within_file(&self, offset: u64) -> u64 {
        offset.checked_sub(self.split).unwrap_or(offset)
    }

    /// Opens the file that holds this byte, to write from there on.
    pub(super) fn open_at(&self, offset: u64) -> io::Result<File> {
        let (name, at) = match offset.checked_sub(self.split) {
            Some(at) => (FRAMES, at),
            None => (ORIGINAL, offset),
        };
        let mut file = OpenOptions::new().write(true).open(self.path.join(name))?;
        if file.metadata()?.len() != at {
            file.set_len(at)?;
        }
        file.seek(SeekFrom::Start(at))?;
        Ok(file)
    }

    /// Forgets what comes behind, for good.
    pub(super) fn cut_at(&self, offset: u64) -> io::Result<()> {
        if offset < self.length {
            self.remove_note(WHOLE)?;
        }
        let original = offset.min(self.split);
        for ((name, bytes), kept) in self.files().into_iter().zip([original, offset - original]) {
            if bytes > 0 {
                let file = OpenOptions::new().write(true).open(self.path.join(name))?;
                if file.metadata()?.len() != kept {
                    file.set_len(kept)?;
                }
                file.sync_all()?;
            }
        }
        Ok(())
    }

    /// All bytes are here, for good, from when this returns.
    pub(super) fn mark_whole(&self) -> io::Result<()> {
        self.write_note(WHOLE, b"")
    }

    /// What arrives from here on counts only once it is checked, also if that never happens.
    pub(super) fn mark_unchecked(&self, from: u64) -> io::Result<()> {
        // The end of the line tells that none of the digits is missing.
        self.write_note(UNCHECKED, format!("{from}\n").as_bytes())
    }

    /// What has arrived is right, or is gone.
    pub(super) fn is_checked(&self) -> io::Result<()> {
        self.remove_note(UNCHECKED)
    }

    fn write_note(&self, name: &str, text: &[u8]) -> io::Result<()> {
        write_synced(&self.path.join(name), text)?;
        sync_folder(&self.path)
    }

    fn remove_note(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed.and_then(|()| sync_folder(&self.path)),
        }
    }

    /// How much has arrived, after a restart. From now on it is there for good, and nothing is behind it.
    pub(super) fn recover(&self) -> io::Result<u64> {
        if self.is_whole()? {
            self.is_checked()?;
            return Ok(self.length);
        }
        let mut offset = 0;
        for (name, bytes) in self.files() {
            if bytes > 0 {
                let arrived = without_holes(&File::open(self.path.join(name))?)?.min(bytes);
                offset += arrived;
                if arrived < bytes {
                    break;
                }
            }
        }
        offset = offset.min(self.unchecked_from().unwrap_or(offset));
        self.cut_at(offset)?;
        if offset == self.length {
            self.mark_whole()?;
        }
        self.is_checked()?;
        Ok(offset)
    }

    /// Whether all was here once; the holes in it are then of those who work on it.
    fn is_whole(&self) -> io::Result<bool> {
        if !self.path.join(WHOLE).exists() {
            return Ok(false);
        }
        for (name, bytes) in self.files() {
            if bytes > 0 && fs::metadata(self.path.join(name))?.len() != bytes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where a request began that nobody has checked. A note that is not whole was written before any of its bytes.
    fn unchecked_from(&self) -> Option<u64> {
        let text = fs::read_to_string(self.path.join(UNCHECKED)).ok()?;
        text.strip_suffix('\n')?.parse().ok()
    }

    /// When the last byte came.
    pub(super) fn last_change(&self) -> SystemTime {
        let times = [ORIGINAL, FRAMES, UPLOAD].map(|name| {
            let about = fs::metadata(self.path.join(name));
            about.and_then(|about| about.modified()).ok()
        });
        times
            .into_iter()
            .flatten()
            .max()
            .unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Counts that somebody begins to work on it; gives how often that has been.
    pub(super) fn count_try(&self) -> io::Result<u64> {
        let path = self.path.join(TRIES);
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        file.write_all(b".")?;
        Ok(file.metadata()?.len())
    }

    /// Work on it has come to some end: it is not what ends the daemon.
    pub(super) fn forget_tries(&self) {
        if let Err(error) = fs::remove_file(self.path.join(TRIES))
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("cannot forget that an upload was tried: {error}");
        }
    }

    /// The upload, for who makes an item of it.
    pub(super) fn source(&self) -> Source {
        Source::upload(&self.path)
    }

    pub(super) fn original(&self) -> Option<PathBuf> {
        (self.split > 0).then(|| self.path.join(ORIGINAL))
    }

    pub(super) fn frames(&self) -> Option<PathBuf> {
        (self.split < self.length).then(|| self.path.join(FRAMES))
    }

    /// Removes it. Without its description it is nothing that a start would take up again.
    pub(super) fn remove(&self) -> io::Result<()> {
        remove(&self.path)
    }
}

/// Removes the folder of an upload.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match disown(folder).and_then(|()| fs::remove_dir_all(folder)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What is described in a folder; `None` if it is nothing of ours.
pub(super) fn description_in(folder: &Path) -> Option<(Announced, SystemTime)> {
    let path = folder.join(UPLOAD);
    let size = fs::metadata(&path).ok()?.len();
    if size > MAX_BYTES {
        return None;
    }
    Description::parse(&fs::read(path).ok()?)
}

/// Bytes up to the first that never reached the disk.
fn without_holes(file: &File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let hole = lseek64(file.as_fd(), 0, Whence::SeekHole);
    let hole = hole.ok().and_then(|hole| u64::try_from(hole).ok());
    Ok(hole.unwrap_or(length).min(length))
}
