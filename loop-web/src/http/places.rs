//! Places for uploads. Who sends next to nothing keeps a place only as long as nobody waits for one, and not for ever.
//!
//! What counts is the time we wait for a sender, for each portion of bytes: a disk that is slow is no fault of his.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

/// What a sender has to bring within these times of waiting.
const PORTION: u64 = 32 * 1024;

/// After this others may have the place.
const SLOW: Duration = Duration::from_secs(2);

/// After this the sender counts as gone.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a newcomer waits for a place, and how often he looks for one that has become slow.
const PATIENCE: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(200);

/// Why there is no place, or none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Lost {
    /// All others have places and use them.
    #[error("too many uploads at a time, try again in a moment")]
    Taken,
    /// Next to nothing came.
    #[error("the rest of the request did not come within {} s", SILENCE.as_secs())]
    Silent,
    /// Little came, and somebody else waited.
    #[error(
        "the upload was too slow while others waited for its place; try again over a better connection"
    )]
    Slow,
}

/// The places, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    seats: Arc<Mutex<Vec<Arc<Seat>>>>,
    most: usize,
    freed: Arc<Notify>,
}

/// A place one has. Dropped, it is for others.
#[derive(Debug)]
pub(crate) struct Place {
    seat: Arc<Seat>,
    places: Places,
}

#[derive(Debug, Default)]
struct Seat {
    pace: Mutex<Pace>,
    evicted: AtomicBool,
    eviction: Notify,
}

/// Of the portion that is coming.
#[derive(Debug, Default)]
struct Pace {
    bytes: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
}

impl Places {
    /// So many.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            seats: Arc::default(),
            most,
            freed: Arc::default(),
        }
    }

    /// Takes a place, in need that of the slowest sender.
    ///
    /// # Errors
    /// [`Lost::Taken`] if there is none for a while.
    pub(crate) async fn take(&self) -> Result<Place, Lost> {
        let patience = Instant::now() + PATIENCE;
        loop {
            if let Some(place) = self.try_take() {
                return Ok(place);
            }
            if Instant::now() >= patience {
                return Err(Lost::Taken);
            }
            drop(timeout(LOOK, self.freed.notified()).await);
        }
    }

    fn try_take(&self) -> Option<Place> {
        let mut seats = lock(&self.seats);
        if seats.len() >= self.most {
            let waited = |seat: &Arc<Seat>| lock(&seat.pace).waited();
            let slowest = seats.iter().map(waited).enumerate();
            let (at, waited) = slowest.max_by_key(|(_, waited)| *waited)?;
            if waited < SLOW {
                return None;
            }
            seats.swap_remove(at).evict();
        }
        let seat = Arc::<Seat>::default();
        seats.push(Arc::clone(&seat));
        Some(Place {
            seat,
            places: self.clone(),
        })
    }
}

impl Place {
    /// What comes next from the sender.
    ///
    /// # Errors
    /// [`Lost::Silent`] or [`Lost::Slow`].
    pub(crate) async fn wait<T>(&self, next: impl Future<Output = T>) -> Result<T, Lost> {
        let deadline = lock(&self.seat.pace).begin_wait();
        let evicted = async {
            let eviction = self.seat.eviction.notified();
            if !self.seat.evicted.load(Ordering::Acquire) {
                eviction.await;
            }
        };
        let next = async {
            tokio::select! {
                biased;
                () = evicted => Err(Lost::Slow),
                next = next => Ok(next),
            }
        };
        let next = timeout_at(deadline, next)
            .await
            .unwrap_or(Err(Lost::Silent));
        lock(&self.seat.pace).end_wait();
        next
    }

    /// So many bytes have come.
    pub(crate) fn received(&self, bytes: u64) {
        lock(&self.seat.pace).received(bytes);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.places.seats).retain(|seat| !Arc::ptr_eq(seat, &self.seat));
        self.places.freed.notify_one();
    }
}

impl Seat {
    fn evict(&self) {
        self.evicted.store(true, Ordering::Release);
        self.eviction.notify_one();
    }
}

impl Pace {
    /// Gives when waiting makes no sense any more.
    fn begin_wait(&mut self) -> Instant {
        let now = Instant::now();
        self.waiting_since = Some(now);
        now + SILENCE.saturating_sub(self.waited)
    }

    fn end_wait(&mut self) {
        self.waited = self.waited();
        self.waiting_since = None;
    }

    fn received(&mut self, bytes: u64) {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes >= PORTION {
            *self = Self::default();
        }
    }

    fn waited(&self) -> Duration {
        let now = self
            .waiting_since
            .map_or(Duration::ZERO, |since| since.elapsed());
        self.waited + now
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    /// A sender who brings so many bytes each second, until he loses his place; gives why and after how many seconds.
    async fn send(place: Place, bytes: u64) -> (Lost, u64) {
        let start = Instant::now();
        loop {
            let second = place.wait(tokio::time::sleep(Duration::from_secs(1)));
            match second.await {
                Ok(()) => place.received(bytes),
                Err(lost) => return (lost, start.elapsed().as_secs()),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_next_to_nothing_loses_his_place_in_the_end() {
        let places = Places::new(4);
        for bytes in [0, 1, 1000] {
            let place = places.take().await.unwrap();
            assert_eq!(send(place, bytes).await, (Lost::Silent, 30));
        }
        let place = places.take().await.unwrap();
        let steady = send(place, 1200);
        assert!(timeout(Duration::from_secs(3600), steady).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_newcomer_gets_the_place_of_the_slowest_and_only_of_a_slow_one() {
        let places = Places::new(2);
        let (slow, fast) = (places.take().await.unwrap(), places.take().await.unwrap());
        let slow = tokio::spawn(send(slow, 1));
        let fast = tokio::spawn(send(fast, 100_000));
        let first = places.take().await.unwrap();
        assert_eq!(slow.await.unwrap(), (Lost::Slow, 2));
        // He uses it, and so does the other.
        let first = tokio::spawn(send(first, 100_000));
        assert_eq!(places.take().await.unwrap_err(), Lost::Taken);
        first.abort();
        assert!(first.await.is_err());
        places.take().await.unwrap();
        assert!(!fast.is_finished());
    }

    #[tokio::test(start_paused = true)]
    async fn one_whose_bytes_we_are_busy_with_is_not_slow() {
        let places = Places::new(1);
        let place = places.take().await.unwrap();
        tokio::time::sleep(Duration::from_secs(100)).await;
        assert_eq!(places.take().await.unwrap_err(), Lost::Taken);
        let waiting = place.wait(pending::<()>());
        let (waited, taken) = tokio::join!(waiting, places.take());
        assert_eq!(waited, Err(Lost::Slow));
        drop(place);
        // The one who was sent away gives back nothing that is not his any more.
        assert_eq!(lock(&places.seats).len(), 1);
        drop(taken);
        assert_eq!(lock(&places.seats).len(), 0);
    }
}
