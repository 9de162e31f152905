//! The media library: what is in it, in which order it loops, and both safe on disk.
//!
//! A media item is a folder below `media/`; it appears and disappears by a rename, whole or not at all. The order is one
//! small file beside it. There is no index that could be torn: what is in memory is read from the folders at the start.
//! Reads never touch the disk; changes are made one at a time and are durable before they are seen.

mod atomic_file;
mod disk;
mod item;
mod layout;
mod library;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use loop_proto::{ClipId, Slug};
use tempfile::TempDir;
use tokio::sync::{Mutex, OwnedMutexGuard, watch};

pub use disk::{Disk, Usage};
pub use item::{Item, Kind};
pub use library::Library;

use self::layout::Layout;

/// What is needed to stage an item.
pub(crate) mod staging {
    pub(crate) use super::atomic_file::write_synced;
    pub(crate) use super::item::{CLIP, META, THUMBNAIL};
    pub(crate) use super::layout::STAGED_ITEM;
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

/// An item that is complete on disk, beside the library, and removed again unless it is added.
#[derive(Debug)]
pub struct Staged {
    /// Holds a folder `item` with everything in it.
    pub(crate) folder: TempDir,
    pub(crate) item: Item,
}

/// What became of a staged item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is new, and last in the loop.
    New(Arc<Item>),
    /// It took the place of an item of its name.
    Replaced(Arc<Item>),
    /// The library had just this already.
    Same(Arc<Item>),
}

impl Added {
    /// The item as it is in the library now.
    #[must_use]
    pub fn item(&self) -> &Arc<Item> {
        match self {
            Self::New(item) | Self::Replaced(item) | Self::Same(item) => item,
        }
    }
}

/// What a clean-up has removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Folders and files that belonged to nothing.
    pub files: usize,
}

/// The library, cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    layout: Arc<Layout>,
    library: watch::Sender<Arc<Library>>,
    /// Held by the one who changes something.
    writing: Arc<Mutex<()>>,
}

impl Store {
    /// Reads the library below a data folder, and makes it if there is none. Half-done uploads are swept; an item that is
    /// damaged is left where it is and out of the library, with a warning.
    ///
    /// # Errors
    /// When the folders cannot be made or read.
    pub async fn open(data: &Path, disk: Disk) -> Result<Self, Error> {
        let layout = Arc::new(Layout::new(data, disk));
        let reading = Arc::clone(&layout);
        let library = tokio::task::spawn_blocking(move || {
            reading.make_folders()?;
            reading.sweep_incoming()?;
            reading.read_library()
        });
        let library = library.await.map_err(|_| Error::Stopping)??;
        Ok(Self {
            layout,
            library: watch::Sender::new(Arc::new(library)),
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
        self.layout.disk.usage(self.library().bytes())
    }

    /// Adds an item, last in the loop unless it loops already. One that the library has is put back into the loop.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Io`].
    pub async fn add(&self, staged: Staged) -> Result<Added, Error> {
        self.change(move |layout, library| {
            let Staged { folder, item } = staged;
            if let Some(same) = library.twin_of(&item) {
                if library.order().contains(&same.slug) {
                    return Ok((None, Added::Same(same)));
                }
                let next = library.with_item(Arc::clone(&same));
                layout.write_order(library, &next)?;
                return Ok((Some(next), Added::Same(same)));
            }
            let replaces = library.contains(&item.slug);
            // A damaged item is not in the library, but its folder is in the way all the same.
            let exchange = layout.item_folder(&item.slug).exists();
            layout.commit_item(&folder, &item.slug, exchange)?;
            let item = Arc::new(item);
            let next = library.with_item(Arc::clone(&item));
            if let Err(error) = layout.write_order(library, &next) {
                layout.take_back(&folder, &item.slug, exchange);
                return Err(error);
            }
            Ok((
                Some(next),
                if replaces {
                    Added::Replaced(item)
                } else {
                    Added::New(item)
                },
            ))
        })
        .await
    }

    /// Deletes an item; `false` if there was none.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub async fn delete(&self, slug: Slug) -> Result<bool, Error> {
        self.change(move |layout, library| {
            if !library.contains(&slug) {
                return Ok((None, false));
            }
            let next = library.without_item(&slug);
            layout.remove_item(&slug)?;
            // The item is gone for good; an order that still names it is put right by the next start.
            if let Err(error) = layout.write_order(library, &next) {
                tracing::warn!("{}", loop_proto::launch::report(&error));
            }
            Ok((Some(next), true))
        })
        .await
    }

    /// Puts the loop into this order. Unknown and repeated names are left out.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Io`].
    pub async fn set_order(&self, order: Vec<Slug>) -> Result<Arc<Library>, Error> {
        self.reorder(move |library| Ok(library.with_order(order)))
            .await
    }

    /// Adds an item at the end of the loop, unless it is in it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Full`] or [`Error::Io`].
    pub async fn add_to_order(&self, slug: Slug) -> Result<Arc<Library>, Error> {
        self.reorder(move |library| {
            if !library.contains(&slug) {
                return Err(Error::NotFound(slug));
            }
            let order = library.order().iter().cloned().chain([slug]).collect();
            Ok(library.with_order(order))
        })
        .await
    }

    /// Takes an item out of the loop, if it is in it.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Io`].
    pub async fn remove_from_order(&self, slug: Slug) -> Result<Arc<Library>, Error> {
        self.reorder(move |library| {
            let order = library
                .order()
                .iter()
                .filter(|other| **other != slug)
                .cloned()
                .collect();
            Ok(library.with_order(order))
        })
        .await
    }

    /// Removes what belongs to no item and to no upload under way.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub async fn clean_up(&self) -> Result<Cleaned, Error> {
        self.change(|layout, library| Ok((None, layout.remove_orphans(library)?)))
            .await
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

    async fn reorder(
        &self,
        make: impl FnOnce(&Library) -> Result<Library, Error> + Send + 'static,
    ) -> Result<Arc<Library>, Error> {
        self.change(move |layout, library| {
            let next = make(library)?;
            layout.write_order(library, &next)?;
            Ok((Some(next), ()))
        })
        .await?;
        Ok(self.library())
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
