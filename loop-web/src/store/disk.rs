//! How full the disk is, and whether more may be written.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::statvfs::statvfs;

use super::Error;

/// Bytes of what the interface calls a megabyte.
const MEGABYTE: u64 = 1_000_000;

/// The disk the library is on; cheap to clone.
#[derive(Clone, Debug)]
pub struct Disk {
    path: PathBuf,
    min_free_percent: u64,
    /// Bytes that are promised to somebody and not written yet.
    promised: Arc<Mutex<u64>>,
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
    /// Of that, what was deleted and can still be brought back.
    pub trash: u64,
    /// Of what is free, promised to uploads under way.
    pub promised: u64,
    /// Of what is free, never used.
    pub min_free: u64,
}

impl Disk {
    /// The disk that holds `path`, of which this share is to stay free.
    #[must_use]
    pub fn new(path: &Path, min_free_percent: u64) -> Self {
        Self {
            path: path.to_owned(),
            min_free_percent,
            promised: Arc::default(),
        }
    }

    /// Sets room aside before it is written to, so that uploads at the same time do not count on the same room.
    ///
    /// # Errors
    /// [`Error::Full`] with the figures if there is not as much.
    pub fn reserve(&self, bytes: u64) -> Result<Reservation, Error> {
        let mut promised = self.promised();
        self.check(bytes, *promised)?;
        *promised = promised.saturating_add(bytes);
        drop(promised);
        Ok(Reservation {
            disk: self.clone(),
            bytes,
            allocated: 0,
        })
    }

    /// Whether this many bytes more would leave enough free for everybody.
    ///
    /// # Errors
    /// [`Error::Full`] with the figures if not.
    pub fn check_room(&self, bytes: u64) -> Result<(), Error> {
        let promised = *self.promised();
        self.check(bytes, promised)
    }

    fn check(&self, bytes: u64, promised: u64) -> Result<(), Error> {
        let (total, free) = self.ask()?;
        let spare = free.saturating_sub(self.min_free(total));
        let spare = spare.saturating_sub(promised);
        if bytes <= spare {
            return Ok(());
        }
        Err(Error::Full {
            free_mb: spare / MEGABYTE,
            need_mb: bytes.div_ceil(MEGABYTE).max(1),
        })
    }

    /// How much may still be written by somebody who has reserved nothing.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn spare(&self) -> Result<u64, Error> {
        let (total, free) = self.ask()?;
        let kept = self.min_free(total).saturating_add(*self.promised());
        Ok(free.saturating_sub(kept))
    }

    pub(super) fn usage(&self, media: u64, trash: u64) -> Result<Usage, Error> {
        let (total, free) = self.ask()?;
        Ok(Usage {
            total,
            free,
            used: total.saturating_sub(free),
            media,
            trash,
            promised: *self.promised(),
            min_free: self.min_free(total),
        })
    }

    fn min_free(&self, total: u64) -> u64 {
        total / 100 * self.min_free_percent
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

    fn promised(&self) -> MutexGuard<'_, u64> {
        // A number is whole whenever it is looked at.
        self.promised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room that nobody else gets, until it is written to or this is dropped.
#[derive(Debug)]
pub struct Reservation {
    disk: Disk,
    bytes: u64,
    /// Beside them, what the file system itself has set aside.
    allocated: u64,
}

impl Reservation {
    /// So many bytes are on the disk now, where the system counts them. What goes beyond the reservation needs free room.
    ///
    /// # Errors
    /// [`Error::Full`] if there is none.
    pub fn use_up(&mut self, bytes: u64) -> Result<(), Error> {
        let allocated = bytes.min(self.allocated);
        self.allocated -= allocated;
        let bytes = bytes - allocated;
        let covered = bytes.min(self.bytes);
        self.give_back(covered);
        match bytes - covered {
            0 => Ok(()),
            beyond => self.disk.check_room(beyond),
        }
    }

    /// The file system itself has set so many of the bytes aside: it counts them as used.
    pub(crate) fn is_allocated(&mut self, bytes: u64) {
        self.give_back(bytes.min(self.bytes));
        self.allocated = self.allocated.saturating_add(bytes);
    }

    /// Whether the file system itself has set some of it aside.
    pub(crate) fn has_allocated(&self) -> bool {
        self.allocated > 0
    }

    fn give_back(&mut self, bytes: u64) {
        let mut promised = self.disk.promised();
        *promised = promised.saturating_sub(bytes);
        drop(promised);
        self.bytes -= bytes;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.give_back(self.bytes);
    }
}

/// The system's counters are narrower on some machines.
fn wide(count: impl Into<u64>) -> u64 {
    count.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_promised_to_one_is_not_promised_to_another() {
        let disk = Disk::new(Path::new("/"), 0);
        let free = disk.usage(0, 0).unwrap().free;
        let most = disk.reserve(free / 3 * 2).unwrap();
        let refused = disk.reserve(free / 3 * 2).unwrap_err();
        assert!(refused.to_string().contains("delete some media"));
        drop(most);
        let mut again = disk.reserve(free / 3 * 2).unwrap();
        again.use_up(1000).unwrap();
        assert_eq!(
            disk.usage(0, 0).unwrap().promised,
            free / 3 * 2 - 1000,
            "what is written is not promised any more"
        );
        again.use_up(free * 2).unwrap_err();
        assert_eq!(disk.usage(0, 0).unwrap().promised, 0);
    }
}
