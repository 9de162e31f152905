//! How full the disk is, and whether more may be written.

use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;

use super::Error;

/// Bytes of what the interface calls a megabyte.
const MEGABYTE: u64 = 1_000_000;

/// The disk the library is on.
#[derive(Clone, Debug)]
pub struct Disk {
    path: PathBuf,
    min_free_percent: u64,
}

/// Figures in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Of the file system.
    pub total: u64,
    /// Of it, what we may still use.
    pub free: u64,
    /// Of it, what is used by anybody.
    pub used: u64,
    /// Of that, the media library.
    pub media: u64,
}

impl Disk {
    /// The disk that holds `path`, of which this share is to stay free.
    #[must_use]
    pub fn new(path: &Path, min_free_percent: u64) -> Self {
        Self {
            path: path.to_owned(),
            min_free_percent,
        }
    }

    /// Whether this many bytes more would leave enough free.
    ///
    /// # Errors
    /// [`Error::Full`] with the figures if not.
    pub fn check_room(&self, bytes: u64) -> Result<(), Error> {
        let (total, free) = self.ask()?;
        let spare = free.saturating_sub(total / 100 * self.min_free_percent);
        if bytes <= spare {
            return Ok(());
        }
        Err(Error::Full {
            free_mb: spare / MEGABYTE,
            need_mb: bytes.div_ceil(MEGABYTE).max(1),
        })
    }

    pub(super) fn usage(&self, media: u64) -> Result<Usage, Error> {
        let (total, free) = self.ask()?;
        Ok(Usage {
            total,
            free,
            used: total.saturating_sub(free),
            media,
        })
    }

    fn ask(&self) -> Result<(u64, u64), Error> {
        let figures = statvfs(&self.path)
            .map_err(|error| super::tried("read how full the disk is")(error.into()))?;
        let size = wide(figures.fragment_size());
        Ok((
            wide(figures.blocks()) * size,
            wide(figures.blocks_available()) * size,
        ))
    }
}

/// The system's counters are narrower on some machines.
fn wide(count: impl Into<u64>) -> u64 {
    count.into()
}
