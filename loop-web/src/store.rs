//! The media library: what is in it, in which order it loops, and both safe on disk.
//!
//! A media item is a folder below `media/`; it appears and disappears by a rename, whole or not at all. The order is one
//! small file beside it. There is no index that could be torn: what is in memory is read from the folders at the start.
//! Reads never touch the disk; changes are made one at a time and are durable before they are seen.

mod adding;
mod atomic_file;
mod disk;
mod editing;
mod item;
mod label;
mod layout;
mod library;
mod ordering;
mod packing;
mod source;
mod sweeping;
mod trash;

#[cfg(test)]
pub(crate) mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loop_proto::{ClipId, Slug};
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

pub use adding::{Added, Staged};
pub use disk::{Disk, Reservation, Usage};
pub use item::{Item, Kind};
pub use label::Label;
pub(crate) use label::{MAX_TAG, MAX_TAGS, MAX_TITLE};
pub use library::Library;
pub(crate) use packing::Loops;
pub use source::Source;
pub use sweeping::Swept;
pub use trash::{Deleted, Restored, empty_in_time};

use self::layout::Layout;
use self::trash::Trash;

/// What is needed to pack an item.
pub(crate) mod packed {
    pub(crate) use super::item::{CLIP, META, THUMBNAIL};
    pub(crate) use super::layout::MAX_META_BYTES;
}

/// What is needed to stage an item.
pub(crate) mod staging {
    pub(crate) use super::atomic_file::write_synced;
    pub(crate) use super::item::{CLIP, THUMBNAIL};
    pub(crate) use super::layout::STAGED_ITEM;
}

/// What is needed to keep an upload on the disk.
pub(crate) mod keeping {
    pub(crate) use super::atomic_file::{sync_folder, write_synced};
    pub(crate) use super::layout::{UPLOAD, disown};
}

/// Why the library could not be read or changed. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such item.
    #[error("there is no media item {0}")]
    NotFound(Slug),
    /// The disk is full, or would be.
    #[error("the disk is full: {free_mb} MB are free, {need_mb} MB are needed; delete some media")]
    Full {
        /// Free above what must stay free.
        free_mb: u64,
        /// What would have been written.
        need_mb: u64,
    },
    /// The system refuses.
    #[error("cannot {action}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// The daemon is stopping.
    #[error("the web daemon is stopping")]
    Stopping,
}

/// Attaches what was tried to the system's answer; a full disk becomes its own error.
pub(crate) fn tried(action: &'static str) -> impl Fn(std::io::Error) -> Error {
    move |source| match source.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::Full {
            free_mb: 0,
            need_mb: 1,
        },
        _ => Error::Io { action, source },
    }
}

/// The library, cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    layout: Arc<Layout>,
    library: watch::Sender<Arc<Library>>,
    trash: Trash,
    /// Held by the one who changes something.
    writing: Arc<Mutex<()>>,
}

impl Store {
    /// Reads the library below a data folder, and makes it if there is none. What an earlier run left half-done is swept, but
    /// for uploads that can be resumed; an item that is damaged is left where it is and out of the library, with a warning.
    ///
    /// # Errors
    /// When the folders cannot be made or read.
    pub async fn open(data: &Path, disk: Disk) -> Result<Self, Error> {
        let layout = Arc::new(Layout::new(data, disk));
        let reading = Arc::clone(&layout);
        let library = tokio::task::spawn_blocking(move || {
            reading.make_folders()?;
            reading.sweep()?;
            reading.read_library()
        });
        let library = library.await.map_err(|_| Error::Stopping)??;
        Ok(Self {
            layout,
            library: watch::Sender::new(Arc::new(library)),
            trash: Trash::default(),
            writing: Arc::default(),
        })
    }

    /// The library as it is now.
    #[must_use]
    pub fn library(&self) -> Arc<Library> {
        Arc::clone(&self.library.borrow())
    }

    /// Tells of every change; who looks late sees the last.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Arc<Library>> {
        self.library.subscribe()
    }

    /// Where uploads are collected, on the same file system as the library.
    pub(crate) fn incoming(&self) -> &Path {
        &self.layout.incoming
    }

    /// Checks and tells how full the disk is.
    #[must_use]
    pub fn disk(&self) -> &Disk {
        &self.layout.disk
    }

    /// What is on the disk and how much of it is ours.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn usage(&self) -> Result<Usage, Error> {
        self.layout
            .disk
            .usage(self.library().bytes(), self.trash.bytes())
    }

    /// Whether the library may be written to at all: a card that fails is turned read-only by the system.
    ///
    /// # Errors
    /// [`Error::Io`] with the reason.
    pub fn check_writable(&self) -> Result<(), Error> {
        use nix::unistd::{AccessFlags, access};
        let allowed = access(self.incoming(), AccessFlags::W_OK);
        allowed.map_err(|error| tried("write to the library")(error.into()))
    }

    /// Sets room aside. Where there is not enough, what was deleted can no longer be brought back.
    ///
    /// # Errors
    /// [`Error::Full`] if even that is not enough.
    pub async fn reserve(&self, bytes: u64) -> Result<Reservation, Error> {
        match self.layout.disk.reserve(bytes) {
            Err(Error::Full { .. }) if !self.trash.is_empty() => {
                self.empty_trash(std::time::Duration::ZERO).await?;
                self.layout.disk.reserve(bytes)
            }
            reserved => reserved,
        }
    }

    /// The original file of an item, if it has one of this name.
    #[must_use]
    pub fn original_path(&self, slug: &Slug, filename: &str) -> Option<PathBuf> {
        let item = self.library().item(slug)?;
        let original = item
            .original
            .as_ref()
            .filter(|_| item.filename == filename)?;
        Some(self.layout.item_folder(slug).join(original))
    }

    /// The small picture of an item.
    #[must_use]
    pub fn thumbnail_path(&self, slug: &Slug) -> Option<PathBuf> {
        self.library()
            .contains(slug)
            .then(|| self.layout.item_folder(slug).join(item::THUMBNAIL))
    }

    /// Opens an item's clip and tells which one it is: by what is in the file, so that one that is replaced meanwhile
    /// is not taken for the other.
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Io`] also for a file that is no clip.
    pub(crate) async fn open_clip(&self, slug: Slug) -> Result<(File, ClipId), Error> {
        if !self.library().contains(&slug) {
            return Err(Error::NotFound(slug));
        }
        let path = self.layout.item_folder(&slug).join(item::CLIP);
        let opened = tokio::task::spawn_blocking(move || {
            let failed = tried("read the clip");
            let file = File::open(path).map_err(&failed)?;
            let id = loop_proto::clip::id_of(&file);
            let id = id.map_err(|error| failed(std::io::Error::other(error)))?;
            Ok((file, id))
        });
        opened.await.map_err(|_| Error::Stopping)?
    }

    /// Makes one change, to its end, also when the caller goes away.
    async fn change<T: Send + 'static>(
        &self,
        make: impl FnOnce(&Layout, &Library) -> Result<(Option<Library>, T), Error> + Send + 'static,
    ) -> Result<T, Error> {
        let alone: OwnedMutexGuard<()> = Arc::clone(&self.writing).lock_owned().await;
        let store = self.clone();
        let made = tokio::task::spawn_blocking(move || {
            let (next, answer) = make(&store.layout, &store.library())?;
            if let Some(next) = next {
                store.library.send_replace(Arc::new(next));
            }
            drop(alone);
            Ok(answer)
        });
        made.await.map_err(|_| Error::Stopping)?
    }
}
