//! `hw/` in the data folder. The data folder belongs to loop-web, which we do not trust: `hw` must be ours, and everything in
//! it is reached from its descriptor, never by a path that could have been led elsewhere.

use std::fs::File;
use std::io::{Error as IoError, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use nix::fcntl::{OFlag, open, openat, renameat};
use nix::sys::stat::{Mode, fstat, mkdirat};
use nix::unistd::{fsync, geteuid};

use super::Error;
use crate::media::open_beneath;

const STATE: &str = "state.json";
const FRESH: &str = "state.json.new";
const BAD: &str = "state.json.bad";

/// Longest state that is read: a playlist of the most entries with the longest names takes 0.8 MB.
const MAX_BYTES: u64 = 2 * 1024 * 1024;

/// Makes the names in an open folder durable.
pub(super) type Sync<'a> = dyn FnMut(&OwnedFd) -> Result<(), IoError> + 'a;

/// The open folder.
#[derive(Debug)]
pub(super) struct Folder(OwnedFd);

impl Folder {
    /// Opens it, and makes it if it is not there.
    pub(super) fn open(data: &Path) -> Result<Self, Error> {
        Self::open_or_make(data, &mut |folder| Ok(fsync(folder)?)).map_err(Error::Folder)
    }

    /// `sync` makes the names in a folder durable: what is kept in a folder that is gone after a power cut is not kept.
    pub(super) fn open_or_make(data: &Path, sync: &mut Sync<'_>) -> Result<Self, IoError> {
        make(data, sync)?;
        let data = open_folder(data)?;
        match mkdirat(&data, "hw", Mode::from_bits_truncate(0o755)) {
            Ok(()) => sync(&data)?,
            Err(nix::Error::EEXIST) => {}
            Err(error) => return Err(error.into()),
        }
        let folder = open_beneath(&data, Path::new("hw"), OFlag::O_RDONLY | OFlag::O_DIRECTORY)?;
        if fstat(folder.as_fd())?.st_uid != geteuid().as_raw() {
            return Err(IoError::new(
                ErrorKind::PermissionDenied,
                "hw/ belongs to somebody else",
            ));
        }
        Ok(Self(folder))
    }

    /// The saved text; `None` if there is none.
    pub(super) fn read(&self) -> Result<Option<String>, Error> {
        let file = match open_beneath(&self.0, Path::new(STATE), OFlag::O_RDONLY) {
            Ok(file) => file,
            Err(nix::Error::ENOENT) => return Ok(None),
            Err(error) => return Err(Error::Folder(error.into())),
        };
        let mut text = Vec::new();
        File::from(file)
            .take(MAX_BYTES)
            .read_to_end(&mut text)
            .map_err(Error::Folder)?;
        // What is no text is no state either, and is set aside like any other damage.
        Ok(Some(String::from_utf8_lossy(&text).into_owned()))
    }

    /// Replaces the saved text: after a power cut it is the old or the new one, whole.
    pub(super) fn replace(&self, text: &str) -> Result<(), Error> {
        self.write_and_rename(text).map_err(Error::Write)
    }

    fn write_and_rename(&self, text: &str) -> Result<(), IoError> {
        let flags = OFlag::O_WRONLY
            | OFlag::O_CREAT
            | OFlag::O_TRUNC
            | OFlag::O_NOFOLLOW
            | OFlag::O_CLOEXEC;
        let mut file = File::from(openat(
            &self.0,
            FRESH,
            flags,
            Mode::from_bits_truncate(0o644),
        )?);
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        renameat(&self.0, FRESH, &self.0, STATE)?;
        Ok(fsync(&self.0)?)
    }

    /// Moves a text nobody can read out of the way, for a person to look at.
    pub(super) fn set_aside(&self) -> Result<(), Error> {
        renameat(&self.0, STATE, &self.0, BAD).map_err(|error| Error::Write(error.into()))
    }
}

fn open_folder(path: &Path) -> Result<OwnedFd, IoError> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    Ok(open(path, flags, Mode::empty())?)
}

/// Makes the data folder, and those above it that are missing.
fn make(folder: &Path, sync: &mut Sync<'_>) -> Result<(), IoError> {
    let above = match folder.parent() {
        Some(above) if !folder.is_dir() => above,
        _ => return Ok(()),
    };
    make(above, sync)?;
    match std::fs::create_dir(folder) {
        // The other daemon makes it too.
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => sync(&open_folder(if above.as_os_str().is_empty() {
            Path::new(".")
        } else {
            above
        })?),
    }
}
