//! An allocator that counts, for each thread, how often it was used. Not part of the program: a test binary takes it in
//! by its path, because it cannot be written without unsafe code.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Threads that can be told apart.
const THREADS: usize = 256;

/// How often each thread has allocated, and freed.
static ALLOCATED: [AtomicU64; THREADS] = [const { AtomicU64::new(0) }; THREADS];
static FREED: [AtomicU64; THREADS] = [const { AtomicU64::new(0) }; THREADS];
/// The kernel's number of each.
static NUMBERS: [AtomicUsize; THREADS] = [const { AtomicUsize::new(0) }; THREADS];
static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// This thread's place in the lists. Needs no memory of its own, and nothing is done when the thread ends.
    static PLACE: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The system's allocator, counted.
pub(crate) struct Counting;

/// How often a thread with this number of the kernel's has allocated and freed; `None` if it never did.
pub(crate) fn used_by(number: usize) -> Option<(u64, u64)> {
    let place = NUMBERS
        .iter()
        .rposition(|known| known.load(Ordering::Acquire) == number)?;
    let count = |list: &[AtomicU64]| list.get(place).map(|count| count.load(Ordering::Relaxed));
    Some((count(&ALLOCATED)?, count(&FREED)?))
}

fn count(list: &[AtomicU64]) {
    let place = PLACE.get().unwrap_or_else(|| {
        let place = NEXT.fetch_add(1, Ordering::Relaxed);
        let number = usize::try_from(nix::unistd::gettid().as_raw()).unwrap_or(0);
        if let Some(known) = NUMBERS.get(place) {
            known.store(number, Ordering::Release);
        }
        PLACE.set(Some(place));
        place
    });
    if let Some(count) = list.get(place) {
        count.fetch_add(1, Ordering::Relaxed);
    }
}

// SAFETY: all is passed on to the system's allocator; counting touches atomics and a plain cell only, and never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(&ALLOCATED);
        // SAFETY: the caller keeps the promises `System` asks for, here and below.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(&ALLOCATED);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(&ALLOCATED);
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(&FREED);
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}
