//! A disk that is soon full.

use std::process::Command;

/// A file system of a few megabytes, unmounted when it is dropped.
pub struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    /// `None` where we may not mount one.
    #[must_use]
    pub fn mount(folder: &std::path::Path, size: &str) -> Option<Self> {
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

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazy: the programs on it may still be stopping.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}
