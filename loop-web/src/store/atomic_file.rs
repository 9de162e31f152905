//! Files that are either the old or the new one, also after a power cut.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file: temporary file, sync, rename, sync of the folder.
pub(super) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    write_synced(&fresh, content)?;
    fs::rename(&fresh, path)?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Writes a file and returns when its content is on the disk.
pub(crate) fn write_synced(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Makes names in a folder durable: created, renamed, removed.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
