//! The bytes of a ZIP on their way through its reader.

use std::cell::Cell;
use std::io::{Error, Read, Result};

/// How far they are, for one who has lent them to somebody.
#[derive(Debug, Default)]
pub(super) struct Course {
    passed: Cell<u64>,
    ended: Cell<bool>,
    stopped: Cell<bool>,
}

impl Course {
    /// So many have been read.
    pub(super) fn passed(&self) -> u64 {
        self.passed.get()
    }

    /// Whether more were wanted than there are.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// From now on there are none: a reader who wants to skip something need not wait for it.
    pub(super) fn stop(&self) {
        self.stopped.set(true);
    }
}

#[derive(Debug)]
pub(super) struct Followed<'a, R> {
    pub(super) inner: R,
    pub(super) course: &'a Course,
}

impl<R: Read> Read for Followed<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if self.course.stopped.get() {
            return Err(Error::other("nobody wants the rest"));
        }
        let read = self.inner.read(buffer)?;
        self.course.passed.update(|passed| passed + read as u64);
        self.course.ended.set(read == 0 && !buffer.is_empty());
        Ok(read)
    }
}
