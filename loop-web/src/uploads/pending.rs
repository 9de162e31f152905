//! One upload that is under way.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::Sha256;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::folder::Folder;
use super::registry::Left;
use super::{Announced, Error, UploadId};
use crate::board::Board;
use crate::cancel::Cancel;
use crate::news::News;
use crate::store::Reservation;

/// How long the one who writes may take to stop, which it does between two pieces: one write and one sync.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Begun and without a byte for this long, it makes way for others.
const ABANDONED: Duration = Duration::from_secs(120);

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Bytes are missing.
    Receiving,
    /// All bytes are here, and nobody has begun to work on them.
    Ready,
    /// They become an item.
    Working,
}

/// The end of what has arrived, for the one who writes.
#[derive(Debug)]
pub(super) struct Tail {
    /// So many bytes are here, for good.
    pub(super) offset: u64,
    /// What those of the original hash to, if all of them came by us.
    pub(super) sha256: Option<Sha256>,
    /// Room for what is missing.
    pub(super) room: Option<Reservation>,
    /// The folder says that what is behind the offset must be checked first.
    pub(super) has_unchecked: bool,
    /// Nothing is to be added any more.
    pub(super) is_gone: bool,
}

/// An upload under way.
#[derive(Debug)]
pub(crate) struct Pending {
    pub(crate) id: UploadId,
    pub(crate) announced: Announced,
    pub(super) created: SystemTime,
    pub(super) folder: Folder,
    tail: Arc<tokio::sync::Mutex<Tail>>,
    /// Tells the one who writes to stop.
    writer: Mutex<CancellationToken>,
    /// What has come, also what is not on the disk for good yet.
    seen: AtomicU64,
    is_allocated: AtomicBool,
    /// How old the last byte was at a moment. From there on it is counted by a clock that never jumps.
    last_byte: Mutex<(Duration, Instant)>,
    phase: Mutex<Phase>,
    news: Mutex<Option<News>>,
    /// Somebody waits for the one who writes to stop, to remove it.
    pub(super) is_unwanted: AtomicBool,
    /// Ends the work on it.
    pub(super) cancel: Cancel,
    /// It is not under way any more.
    pub(super) ended: CancellationToken,
}

impl Pending {
    pub(super) fn new(left: Left, room: Option<Reservation>) -> Self {
        let Left {
            id,
            announced,
            created,
            age,
            folder,
            offset,
        } = left;
        let is_whole = offset == announced.length;
        let is_allocated = room.as_ref().is_some_and(Reservation::has_allocated);
        let tail = Tail {
            offset,
            sha256: (offset == 0).then(Sha256::default),
            room: room.filter(|_| !is_whole),
            has_unchecked: false,
            is_gone: false,
        };
        Self {
            id,
            announced,
            created,
            folder,
            tail: Arc::new(tokio::sync::Mutex::new(tail)),
            writer: Mutex::default(),
            seen: AtomicU64::new(offset),
            is_allocated: AtomicBool::new(is_allocated),
            last_byte: Mutex::new((age, Instant::now())),
            phase: Mutex::new(if is_whole {
                Phase::Ready
            } else {
                Phase::Receiving
            }),
            news: Mutex::default(),
            is_unwanted: AtomicBool::new(false),
            cancel: Cancel::default(),
            ended: CancellationToken::new(),
        }
    }

    /// Takes the end of what has arrived; who writes to it is asked to stop.
    pub(super) async fn tail(&self) -> Result<OwnedMutexGuard<Tail>, Error> {
        if let Ok(tail) = Arc::clone(&self.tail).try_lock_owned() {
            return Ok(tail);
        }
        lock(&self.writer).cancel();
        let tail = timeout(PATIENCE, Arc::clone(&self.tail).lock_owned()).await;
        tail.map_err(|_| Error::Locked)
    }

    /// Who writes from now on listens to this.
    pub(super) fn is_written(&self, stopping: &CancellationToken) -> CancellationToken {
        let token = stopping.child_token();
        lock(&self.writer).clone_from(&token);
        token
    }

    /// How many bytes are here for good. Who writes is asked to stop.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) async fn offset(&self) -> Result<u64, Error> {
        let tail = self.tail().await?;
        if tail.is_gone {
            return Err(Error::Gone);
        }
        Ok(tail.offset)
    }

    /// How many bytes have come, without asking anybody to stop.
    pub(crate) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// So many bytes have come.
    pub(super) fn has_seen(&self, bytes: u64, board: &Board) {
        self.seen.store(bytes, Ordering::Relaxed);
        *lock(&self.last_byte) = (Duration::ZERO, Instant::now());
        let mut news = self.news();
        let news = news.get_or_insert_with(|| self.begin_news(board));
        news.has(bytes, self.announced.length);
    }

    /// What clients see of it while something is done for it.
    pub(super) fn begin_news(&self, board: &Board) -> News {
        let cancel = self.cancel.clone();
        let mut news = News::new(board.clone(), Some(self.id.as_str()), cancel);
        debug_assert_eq!(news.id(), self.id.as_str(), "ours are plain names");
        news.name(&self.announced.filename);
        news
    }

    /// Nothing has come for this long: it is no job meanwhile.
    pub(super) fn rest_after(&self, idle: Duration) {
        if self.phase() == Phase::Receiving && self.age() >= idle {
            let news = self.news().take();
            if let Some(news) = news {
                news.rest();
            }
        }
    }

    pub(super) fn bytes_on_disk(&self) -> u64 {
        if self.is_allocated.load(Ordering::Relaxed) {
            self.announced.length
        } else {
            self.seen()
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        *lock(&self.phase)
    }

    pub(super) fn enter(&self, phase: Phase) {
        *lock(&self.phase) = phase;
    }

    /// Since the last byte came.
    pub(super) fn age(&self) -> Duration {
        let (age, since) = *lock(&self.last_byte);
        age.saturating_add(since.elapsed())
    }

    /// Nothing of it has come, and it does not look as if anything will.
    pub(super) fn is_abandoned(&self) -> bool {
        self.seen() == 0 && self.age() > ABANDONED
    }

    pub(super) fn news(&self) -> MutexGuard<'_, Option<News>> {
        lock(&self.news)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What they hold is replaced in one step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
