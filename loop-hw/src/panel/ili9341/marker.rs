//! A note that the controller is initialised, for a program that starts while the panel shows a picture.
//!
//! It lies beside the socket, in memory, so that it is gone after a power cut or a reboot, as the controller's settings
//! are. It is there exactly while the controller is known to have been initialised as it says: a start that finds it
//! neither resets nor blanks the panel. Anything that is not exactly the note we would write is no note.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

/// Longest note that is looked at.
const MOST_BYTES: u64 = 64;

/// Where the note is, and what it says when there is one.
#[derive(Debug)]
pub struct Marker {
    path: PathBuf,
}

impl Marker {
    /// In the folder for what need not survive a power cut.
    #[must_use]
    pub fn below(runtime_dir: &Path) -> Self {
        Self {
            path: runtime_dir.join("panel"),
        }
    }

    /// Whether the note is there and says this.
    pub(super) fn says(&self, text: &str) -> bool {
        self.read().is_ok_and(|found| found == text.as_bytes())
    }

    /// Leaves the note. Without it the next start is a cold one, so nobody needs to hear that it could not be left.
    pub(super) fn leave(&self, text: &str) {
        self.remove();
        let written = self
            .create()
            .and_then(|mut file| file.write_all(text.as_bytes()));
        if written.is_err() {
            self.remove();
        }
    }

    /// Takes the note away.
    pub(super) fn remove(&self) {
        // It may not have been there; where it cannot be removed it could not have been left either.
        drop(std::fs::remove_file(&self.path));
    }

    fn read(&self) -> std::io::Result<Vec<u8>> {
        // A pipe of this name must not hold up the start.
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits())
            .open(&self.path)?;
        let about = file.metadata()?;
        if !about.is_file() || about.uid() != geteuid().as_raw() {
            return Err(std::io::ErrorKind::PermissionDenied.into());
        }
        let mut text = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut text)?;
        Ok(text)
    }

    fn create(&self) -> std::io::Result<File> {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_there_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let marker = Marker::below(folder.path());
        assert!(!marker.says("ready"));
        marker.leave("ready");
        assert!(marker.says("ready") && !marker.says("read") && !marker.says("ready!"));
        marker.leave("again");
        assert!(marker.says("again"));
        marker.remove();
        assert!(!marker.says("again"));
    }

    #[test]
    fn links_pipes_folders_and_garbage_are_no_notes() {
        let folder = tempfile::tempdir().unwrap();
        let marker = Marker::below(folder.path());
        let elsewhere = folder.path().join("elsewhere");
        std::fs::write(&elsewhere, "ready").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &marker.path).unwrap();
        assert!(!marker.says("ready"));
        marker.leave("mine");
        assert!(marker.says("mine"));
        assert_eq!(std::fs::read(&elsewhere).unwrap(), b"ready");
        marker.remove();
        nix::unistd::mkfifo(&marker.path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(!marker.says("ready"));
        marker.remove();
        std::fs::create_dir(&marker.path).unwrap();
        assert!(!marker.says("ready"));
        marker.leave("ready");
        assert!(!marker.says("ready"));
        std::fs::remove_dir(&marker.path).unwrap();
        std::fs::write(&marker.path, [b'x'; 4096]).unwrap();
        assert!(!marker.says(&"x".repeat(4096)));
    }
}
