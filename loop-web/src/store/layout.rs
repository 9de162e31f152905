//! Where things lie below the data folder, and how they get there.

use std::fs;
use std::path::{Path, PathBuf};

use loop_proto::Slug;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::atomic_file::{make_folder, replace, sync_folder, write_synced};
use super::item::{CLIP, META};
use super::{Disk, Error, Item, Library, Swept, tried};

/// Within a staged folder: what becomes the item.
pub(crate) const STAGED_ITEM: &str = "item";

/// What an upload that can be resumed is described by, in its folder below `incoming/`.
pub(crate) const UPLOAD: &str = "upload.json";

/// Has no start take up the upload in this folder any more, for good.
pub(crate) fn disown(folder: &Path) -> std::io::Result<()> {
    match fs::remove_file(folder.join(UPLOAD)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => sync_folder(folder),
    }
}

const ORDER_VERSION: u32 = 1;

/// Longest description of an item that is read.
pub(crate) const MAX_META_BYTES: u64 = 64 * 1024;

#[derive(Debug)]
pub(super) struct Layout {
    media: PathBuf,
    pub(super) incoming: PathBuf,
    trash: PathBuf,
    order: PathBuf,
    pub(super) disk: Disk,
}

#[derive(Serialize, Deserialize)]
struct OrderFile {
    version: u32,
    #[serde(rename = "loop")]
    order: Vec<Slug>,
}

impl Layout {
    pub(super) fn new(data: &Path, disk: Disk) -> Self {
        Self {
            media: data.join("media"),
            incoming: data.join("incoming"),
            trash: data.join("trash"),
            order: data.join("loop.json"),
            disk,
        }
    }

    pub(super) fn item_folder(&self, slug: &Slug) -> PathBuf {
        self.media.join(slug.as_str())
    }

    pub(super) fn make_folders(&self) -> Result<(), Error> {
        let mut sync = sync_folder;
        let made = [&self.media, &self.incoming, &self.trash]
            .into_iter()
            .try_for_each(|folder| make_folder(folder, &mut sync));
        made.map_err(tried("make the media folders"))
    }

    /// Removes what an earlier run left half-done, and its trash. An upload that can be resumed has a description and
    /// stays: those who resume it know whether it is good for anything.
    pub(super) fn sweep(&self) -> Result<(), Error> {
        let half_done = |name: &str| !self.incoming.join(name).join(UPLOAD).exists();
        let swept = clear_folder(&self.incoming, half_done)
            .and_then(|half_done| Ok(half_done.files + clear_folder(&self.trash, |_| true)?.files))
            .map_err(tried("sweep half-done uploads"))?;
        if swept > 0 {
            tracing::info!(swept, "removed half-done uploads and deleted items");
        }
        Ok(())
    }

    pub(super) fn read_library(&self) -> Result<Library, Error> {
        let failed = tried("read the media folder");
        let mut items = Vec::new();
        for entry in fs::read_dir(&self.media).map_err(&failed)? {
            let entry = entry.map_err(&failed)?;
            // A change of what is said about it that was cut off.
            drop(fs::remove_file(
                entry.path().join(META).with_extension("new"),
            ));
            match read_item(&entry.path()) {
                Ok(item) => items.push(item),
                Err(reason) => {
                    tracing::warn!(folder = ?entry.file_name(), "left out of the library: {reason}")
                }
            }
        }
        Ok(Library::new(items, self.read_order()))
    }

    /// The saved order; one that cannot be read is set aside, since losing the order is better than not starting.
    fn read_order(&self) -> Vec<Slug> {
        let text = match fs::read(&self.order) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
            Err(error) => {
                tracing::error!("cannot read the loop's order: {error}");
                return Vec::new();
            }
        };
        match serde_json::from_slice::<OrderFile>(&text) {
            Ok(file) if file.version == ORDER_VERSION => file.order,
            _ => {
                tracing::error!("the loop's order is damaged and set aside as loop.json.bad");
                if let Err(error) = fs::rename(&self.order, self.order.with_extension("json.bad")) {
                    tracing::error!("cannot set it aside: {error}");
                }
                Vec::new()
            }
        }
    }

    /// Saves the order if it is another one.
    pub(super) fn write_order(&self, before: &Library, after: &Library) -> Result<(), Error> {
        if before.order() == after.order() {
            return Ok(());
        }
        let file = OrderFile {
            version: ORDER_VERSION,
            order: after.order().to_vec(),
        };
        let text = serde_json::to_vec(&file)
            .map_err(|error| tried("save the loop's order")(error.into()))?;
        replace(&self.order, &text).map_err(tried("save the loop's order"))
    }

    /// Makes a staged item part of the library. With `exchange` the folder that was there is in the staged one
    /// afterwards.
    pub(super) fn commit_item(
        &self,
        staged: &TempDir,
        slug: &Slug,
        exchange: bool,
    ) -> Result<(), Error> {
        let failed = tried("put the item into the library");
        let from = staged.path().join(STAGED_ITEM);
        sync_folder(&from).map_err(&failed)?;
        self.swap(&from, slug, exchange).map_err(&failed)?;
        sync_folder(&self.media).map_err(|error| {
            self.take_back(staged, slug, exchange);
            failed(error)
        })
    }

    /// Undoes [`commit_item`](Self::commit_item).
    pub(super) fn take_back(&self, staged: &TempDir, slug: &Slug, exchanged: bool) {
        let to = staged.path().join(STAGED_ITEM);
        let moved = if exchanged {
            self.swap(&to, slug, true)
        } else {
            fs::rename(self.item_folder(slug), to)
        };
        if let Err(error) = moved.and_then(|()| sync_folder(&self.media)) {
            tracing::error!(%slug, "cannot take an item back: {error}");
        }
    }

    fn swap(&self, staged: &Path, slug: &Slug, exchange: bool) -> std::io::Result<()> {
        let flags = if exchange {
            RenameFlags::RENAME_EXCHANGE
        } else {
            RenameFlags::RENAME_NOREPLACE
        };
        let renamed = renameat2(AT_FDCWD, staged, AT_FDCWD, &self.item_folder(slug), flags);
        Ok(renamed?)
    }

    /// Describes an item that is staged, which makes it complete.
    pub(super) fn describe_staged(&self, staged: &TempDir, item: &mut Item) -> Result<(), Error> {
        let folder = staged.path().join(STAGED_ITEM);
        let written = write_synced(&folder.join(META), &text_of(item)?);
        let measured = written.and_then(|()| bytes_in(&folder));
        item.bytes = measured.map_err(tried("describe the item"))?;
        Ok(())
    }

    /// Describes an item of the library anew.
    pub(super) fn describe_item(&self, item: &mut Item) -> Result<(), Error> {
        let folder = self.item_folder(&item.slug);
        replace(&folder.join(META), &text_of(item)?).map_err(tried("describe the item"))?;
        // The change is made: a figure that cannot be had stays what it was.
        item.bytes = bytes_in(&folder).unwrap_or(item.bytes);
        Ok(())
    }

    /// Moves an item out of the library. Makes nothing new, for which a full disk has no room.
    pub(super) fn throw_away(&self, slug: &Slug) -> Result<(), Error> {
        let failed = tried("delete the item");
        let thrown = self.trash.join(slug.as_str());
        remove_all(&thrown).map_err(&failed)?;
        fs::rename(self.item_folder(slug), thrown).map_err(failed)
    }

    /// Undoes [`throw_away`](Self::throw_away).
    pub(super) fn bring_back(&self, slug: &Slug) -> Result<(), Error> {
        self.swap(&self.trash.join(slug.as_str()), slug, false)
            .map_err(tried("bring the item back"))
    }

    /// Removes what was thrown away, for good.
    pub(super) fn remove_thrown(&self, slug: &Slug) -> Result<(), Error> {
        remove_all(&self.trash.join(slug.as_str())).map_err(tried("remove a deleted item"))
    }

    /// Makes the names of the items durable.
    pub(super) fn sync_media(&self) -> Result<(), Error> {
        sync_folder(&self.media).map_err(tried("save the change of the library"))
    }

    /// Removes what was left half-done this long ago, and that nobody works on any more.
    pub(super) fn sweep_old(&self, age: std::time::Duration) -> Result<Swept, Error> {
        let is_old = |path: &Path| {
            let changed = fs::metadata(path).and_then(|about| about.modified());
            changed.is_ok_and(|at| at.elapsed().is_ok_and(|passed| passed >= age))
        };
        let half_done = |name: &str| {
            let path = self.incoming.join(name);
            !path.join(UPLOAD).exists() && is_old(&path)
        };
        clear_folder(&self.incoming, half_done).map_err(tried("sweep half-done uploads"))
    }

    /// Removes folders no item claims, but for those with an original in them: what cannot be read today may be all that is
    /// left of it. Uploads under way have folders of their own, which are left alone.
    pub(super) fn remove_orphans(&self, library: &Library) -> Result<Swept, Error> {
        let is_orphan = |name: &str| match name.parse::<Slug>() {
            Ok(slug) => !library.contains(&slug) && !has_original(&self.item_folder(&slug)),
            Err(_) => true,
        };
        clear_folder(&self.media, is_orphan).map_err(tried("remove what belongs to no item"))
    }
}

pub(super) fn read_item(folder: &Path) -> Result<Item, String> {
    let name = folder
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or("its name is not text")?;
    let meta = folder.join(META);
    let size = fs::metadata(&meta)
        .map_err(|error| format!("{META}: {error}"))?
        .len();
    if size > MAX_META_BYTES {
        return Err(format!("{META} is too long"));
    }
    let text = fs::read(&meta).map_err(|error| format!("{META}: {error}"))?;
    let mut item: Item =
        serde_json::from_slice(&text).map_err(|error| format!("{META}: {error}"))?;
    if !item.fits(name) {
        return Err(format!(
            "{META} describes another item or is of another version"
        ));
    }
    let clip = fs::metadata(folder.join(CLIP)).map_err(|error| format!("{CLIP}: {error}"))?;
    if !clip.is_file() {
        return Err(format!("{CLIP} is not a file"));
    }
    item.bytes = bytes_in(folder).map_err(|error| error.to_string())?;
    Ok(item)
}

fn text_of(item: &Item) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(item).map_err(|error| tried("describe the item")(error.into()))
}

/// Bytes of the files below a folder.
fn bytes_in(folder: &Path) -> std::io::Result<u64> {
    fs::read_dir(folder)?.map(|entry| bytes_of(&entry?)).sum()
}

fn bytes_of(entry: &fs::DirEntry) -> std::io::Result<u64> {
    match entry.file_type()?.is_dir() {
        true => bytes_in(&entry.path()),
        false => Ok(entry.metadata()?.len()),
    }
}

/// Removes a folder, if there is one.
fn remove_all(folder: &Path) -> std::io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn has_original(folder: &Path) -> bool {
    let Ok(mut entries) = fs::read_dir(folder) else {
        return false;
    };
    let is_original = |name: &str| name.starts_with("original.");
    entries
        .any(|entry| entry.is_ok_and(|entry| entry.file_name().to_str().is_some_and(is_original)))
}

/// Removes the entries of a folder that are not wanted.
fn clear_folder(folder: &Path, unwanted: impl Fn(&str) -> bool) -> std::io::Result<Swept> {
    let mut swept = Swept::default();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !unwanted(&entry.file_name().to_string_lossy()) {
            continue;
        }
        swept.bytes += bytes_of(&entry)?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
        swept.files += 1;
    }
    Ok(swept)
}
