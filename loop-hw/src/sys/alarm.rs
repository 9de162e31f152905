//! Wakes a waiting thread: at a moment, or when another thread rings.

use std::ptr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use nix::libc;
use nix::sys::time::TimeSpec;

const QUIET: u32 = 0;
const RUNG: u32 = 1;
const WAITING: u32 = 2;

/// One thread waits, any thread rings. What is rung before the wait begins ends it at once. Neither side locks or
/// allocates.
///
/// The wait ends at a moment of `CLOCK_MONOTONIC`, not after a time: however long the thread is kept from running between
/// looking at the clock and waiting, it is not woken later for it.
#[derive(Debug, Default)]
pub(crate) struct Alarm(AtomicU32);

impl Alarm {
    /// Ends the wait that is under way, or else the next one.
    pub(crate) fn ring(&self) {
        if self.0.swap(RUNG, Ordering::AcqRel) == WAITING {
            let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
            // SAFETY: the kernel takes the address as a name only; it wakes at most one thread.
            unsafe { libc::syscall(libc::SYS_futex, self.0.as_ptr(), operation, 1) };
        }
    }

    /// Waits for a ring, or for the moment if there is one. May end early; look again at what you wait for.
    pub(crate) fn wait(&self, until: Option<Duration>) {
        let begun = self
            .0
            .compare_exchange(QUIET, WAITING, Ordering::AcqRel, Ordering::Acquire);
        if begun.is_ok() {
            self.sleep(until.map(TimeSpec::from));
        }
        // Whoever rings from here on ends the next wait; what was rung for until now is seen by the caller.
        self.0.swap(QUIET, Ordering::AcqRel);
    }

    fn sleep(&self, until: Option<TimeSpec>) {
        let until: *const libc::timespec = until
            .as_ref()
            .map_or(ptr::null(), |until| ptr::from_ref(until.as_ref()));
        // Unlike FUTEX_WAIT, its time is a moment.
        let operation = libc::FUTEX_WAIT_BITSET | libc::FUTEX_PRIVATE_FLAG;
        // SAFETY: the word lives as long as `self`, `until` is null or outlives the call, the fifth argument is not used.
        // Every outcome is fine: rung, the moment has come, a signal, or the word had changed already.
        unsafe {
            libc::syscall(
                libc::SYS_futex,
                self.0.as_ptr(),
                operation,
                WAITING,
                until,
                ptr::null::<u32>(),
                libc::FUTEX_BITSET_MATCH_ANY,
            )
        };
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use loop_proto::clock::monotonic;

    use super::*;

    #[test]
    fn a_wait_ends_at_its_moment_and_not_before() {
        let alarm = Alarm::default();
        let moment = monotonic() + Duration::from_millis(5);
        while monotonic() < moment {
            alarm.wait(Some(moment));
        }
        alarm.wait(Some(Duration::ZERO));
    }

    #[test]
    fn what_is_rung_before_the_wait_ends_it() {
        let alarm = Alarm::default();
        alarm.ring();
        alarm.ring();
        alarm.wait(None);
    }

    #[test]
    fn no_ring_is_ever_lost() {
        let (there, back) = (Arc::new(Alarm::default()), Arc::new(Alarm::default()));
        let count = Arc::new(AtomicU32::new(0));
        let other = {
            let (there, back, count) = (there.clone(), back.clone(), count.clone());
            std::thread::spawn(move || {
                for number in 1..=20_000 {
                    while count.load(Ordering::Relaxed) != number * 2 - 1 {
                        there.wait(None);
                    }
                    count.store(number * 2, Ordering::Relaxed);
                    back.ring();
                }
            })
        };
        for number in 1..=20_000 {
            count.store(number * 2 - 1, Ordering::Relaxed);
            there.ring();
            while count.load(Ordering::Relaxed) != number * 2 {
                back.wait(None);
            }
        }
        other.join().unwrap();
    }
}
