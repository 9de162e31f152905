//! A disk of our own that can be filled for real.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::rig::Rig;

/// A file system of a few megabytes, unmounted when it is dropped.
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(folder: &Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", size, "tmpfs"])
            .arg(folder)
            .status();
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(folder.to_owned()))
    }
}

impl Rig {
    /// A device whose data is on a small disk; `None`, and a word about it, where we may not mount one.
    pub async fn start_on(size: &str) -> Option<(Self, SmallDisk)> {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        let Some(disk) = SmallDisk::mount(&data, size) else {
            eprintln!("SKIPPED: may not mount a small file system here");
            return None;
        };
        Some((Self::start_in(dir, data, &[]).await, disk))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazy: the programs on it may still be stopping.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}
