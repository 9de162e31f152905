//! Files that are either the old or the new one, also after a power cut.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Replaces a file: temporary file, sync, rename, sync of the folder.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = path.with_extension("new");
    if let Err(error) = write_synced(&fresh, content).and_then(|()| fs::rename(&fresh, path)) {
        // On a full disk it takes room that is missing.
        drop(fs::remove_file(&fresh));
        return Err(error);
    }
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

/// Makes a folder, and those above it that are missing, so that all of them are there after a power cut. `sync` makes
/// the names in a folder durable. One that was there may come from a start that ended before its name was: its name is
/// made durable all the same.
pub(super) fn make_folder(
    path: &Path,
    sync: &mut impl FnMut(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let above = match path.parent() {
        Some(above) if !above.as_os_str().is_empty() => above,
        Some(_) => Path::new("."),
        None => return Ok(()),
    };
    match fs::create_dir(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make_folder(above, sync)?;
            fs::create_dir(path)?;
        }
        Err(error) => return Err(error),
    }
    sync(above)
}
