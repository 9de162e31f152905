//! A file that may be read only so far, until the limit is lifted: what is read to find a ZIP's entries is also about what
//! they take in memory.

use std::io::{Error, Read, Result, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes that may still be read.
#[derive(Clone, Debug)]
pub(super) struct Budget(Arc<AtomicU64>);

impl Budget {
    pub(super) fn new(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// From now on there is no limit.
    pub(super) fn lift(&self) {
        self.0.store(u64::MAX, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Budgeted<R> {
    inner: R,
    budget: Budget,
}

impl<R> Budgeted<R> {
    pub(super) fn new(inner: R, budget: &Budget) -> Self {
        Self {
            inner,
            budget: budget.clone(),
        }
    }
}

impl<R: Read> Read for Budgeted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let left = self.budget.0.load(Ordering::Relaxed);
        if left == 0 && !buffer.is_empty() {
            return Err(Error::other("the directory of the ZIP is too long"));
        }
        let length = buffer
            .len()
            .min(usize::try_from(left).unwrap_or(usize::MAX));
        let read = self
            .inner
            .read(buffer.get_mut(..length).unwrap_or_default())?;
        if left != u64::MAX {
            self.budget
                .0
                .store(left.saturating_sub(read as u64), Ordering::Relaxed);
        }
        Ok(read)
    }
}

impl<R: Seek> Seek for Budgeted<R> {
    fn seek(&mut self, position: SeekFrom) -> Result<u64> {
        self.inner.seek(position)
    }
}
