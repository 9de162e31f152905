//! What an item is made of, which must not outlive it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::fcntl::{FallocateFlags, fallocate};

use super::keeping::disown;

/// What a start would make an item of once more. It is used up when the item is there for good, and before anybody sees it:
/// who deletes the item then does not find it made again after a power cut.
#[derive(Clone, Debug, Default)]
pub struct Source(Kind);

#[derive(Clone, Debug, Default)]
enum Kind {
    #[default]
    Nothing,
    /// The folder of an upload.
    Upload(PathBuf),
    /// Some of an archive: offsets and lengths.
    Archive(Arc<File>, Vec<(u64, u64)>),
}

impl Source {
    /// The upload in this folder.
    pub(crate) fn upload(folder: &Path) -> Self {
        Self(Kind::Upload(folder.to_owned()))
    }

    /// These pieces of an archive, as offsets and lengths. Their room is given back to the disk, and they read as zeros.
    pub(crate) fn archive(file: &Arc<File>, pieces: Vec<(u64, u64)>) -> Self {
        Self(Kind::Archive(Arc::clone(file), pieces))
    }

    pub(super) fn use_up(&self) {
        let used_up = match &self.0 {
            Kind::Nothing => Ok(()),
            Kind::Upload(folder) => disown(folder),
            Kind::Archive(file, pieces) => punch(file, pieces),
        };
        if let Err(error) = used_up {
            tracing::error!("what an item was made of stays though it is there: {error}");
        }
    }
}

fn punch(file: &File, pieces: &[(u64, u64)]) -> io::Result<()> {
    let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    for (at, length) in pieces {
        if let (Ok(at), Ok(length @ 1..)) = ((*at).try_into(), (*length).try_into()) {
            fallocate(file, flags, at, length)?;
        }
    }
    file.sync_data()
}
