//! Tells clients how far a job is: an upload, from its first byte to the library, or whatever else takes its time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::board::Board;
use crate::cancel::Cancel;
use crate::clock::unix_millis;
use crate::ingest::{Progress, Tell};
use crate::jobs::Stage;

/// How often clients hear how far it is.
const NEWS: Duration = Duration::from_millis(200);

/// Received between two messages that count bytes, as the original sends them; no oftener than [`NEWS`] either.
const STEP_BYTES: u64 = 1024 * 1024;

/// Shares of the whole, in percent, when a stage ends.
pub(crate) const RECEIVED: u64 = 60;
const CONVERTED: u64 = 95;

/// The news of one job. Dropped in the middle, it tells that the job has ended.
#[derive(Debug)]
pub(crate) struct News {
    board: Board,
    id: String,
    filename: String,
    bytes: u64,
    /// Of them, what clients were last told.
    bytes_told: u64,
    told: Option<Instant>,
    ended: bool,
    cancel: Cancel,
}

impl News {
    /// Of a job whose id a client has chosen, if it is a plain one; else it gets one.
    pub(crate) fn new(board: Board, wanted: Option<&str>, cancel: Cancel) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let is_plain = |id: &&str| {
            (1..=64).contains(&id.len())
                && id
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        };
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = wanted
            .filter(is_plain)
            .map_or_else(|| format!("job_{}_{count}", unix_millis()), str::to_owned);
        board.accept_cancel(&id, cancel.clone());
        Self {
            board,
            id,
            filename: String::new(),
            bytes: 0,
            bytes_told: 0,
            told: None,
            ended: false,
            cancel,
        }
    }

    /// What clients know the job by.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// What a client cancels the job by.
    pub(crate) fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// Of this file; the first that is not the frames gives its name to the upload.
    pub(crate) fn name(&mut self, name: &str) {
        if self.filename.is_empty() || self.filename.ends_with(".zip") {
            name.clone_into(&mut self.filename);
        }
    }

    /// More of the body is here.
    pub(crate) fn received(&mut self, bytes: u64, expected: u64) {
        self.has(self.bytes + bytes, expected);
    }

    /// So much of it is here, all in all.
    pub(crate) fn has(&mut self, bytes: u64, expected: u64) {
        self.bytes = bytes;
        if self.told.is_none_or(|told| told.elapsed() >= NEWS) {
            let percent = self
                .bytes
                .min(expected)
                .saturating_mul(RECEIVED)
                .checked_div(expected)
                .unwrap_or(0);
            self.tell(Stage::Receiving, percent, "Receiving");
            if self.bytes.saturating_sub(self.bytes_told) >= STEP_BYTES {
                self.bytes_told = self.bytes;
                self.board.tell_bytes(self.bytes, expected);
            }
        }
    }

    /// The body is in, with all that is around its files.
    pub(crate) fn all_received(&mut self, expected: u64) {
        if expected >= STEP_BYTES {
            self.board.tell_bytes(expected, expected);
        }
        self.tell(Stage::Converting, RECEIVED, "Converting");
    }

    /// Something keeps it from going on.
    pub(crate) fn waits(&mut self, message: &str) {
        self.tell(Stage::Waiting, RECEIVED, message);
    }

    /// Nothing is done for it now: it is not listed until there are news again.
    pub(crate) fn rest(mut self) {
        self.ended = true;
        self.board.forget_job(&self.id);
    }

    fn tell(&mut self, stage: Stage, percent: u64, message: &str) {
        self.told = Some(Instant::now());
        let percent = u8::try_from(percent).unwrap_or(100);
        self.board
            .tell_upload(&self.id, &self.filename, stage, percent, message);
        self.board.refresh();
    }

    /// How it ended.
    pub(crate) fn end(&mut self, stage: Stage, percent: u8, message: &str) {
        self.ended = true;
        self.board
            .tell_upload(&self.id, &self.filename, stage, percent, message);
        self.board.refresh();
    }

    /// Tells how far the ingest is, from whatever thread it runs on.
    pub(crate) fn teller(&self) -> Tell {
        let teller = Teller {
            board: self.board.clone(),
            id: self.id.clone(),
            told: Mutex::new(None),
        };
        let cancel = self.cancel.clone();
        Arc::new(move |progress| {
            let goes_on = match progress {
                Progress::Storing => cancel.close(),
                Progress::Waiting | Progress::Converting { .. } => !cancel.is_asked(),
            };
            if goes_on {
                teller.tell(progress);
            }
            goes_on
        })
    }
}

impl Drop for News {
    fn drop(&mut self) {
        if !self.ended {
            self.end(Stage::Error, 0, "Cancelled");
        }
    }
}

struct Teller {
    board: Board,
    id: String,
    /// When clients were last told how much is converted.
    told: Mutex<Option<Instant>>,
}

impl Teller {
    fn tell(&self, progress: Progress) {
        let percent = |percent| u8::try_from(percent).unwrap_or(100);
        let (stage, percent, message) = match progress {
            Progress::Waiting => (Stage::Waiting, percent(RECEIVED), "Waiting for others"),
            Progress::Converting { done, all } => {
                if !self.is_time() {
                    return;
                }
                let share = u64::from(done) * (CONVERTED - RECEIVED) / u64::from(all.max(1));
                (Stage::Converting, percent(RECEIVED + share), "Converting")
            }
            Progress::Storing => (Stage::Finalizing, percent(CONVERTED), "Storing"),
        };
        self.board.tell_progress(&self.id, stage, percent, message);
    }

    fn is_time(&self) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let is_time = told.is_none_or(|told| told.elapsed() >= NEWS);
        if is_time {
            *told = Some(Instant::now());
        }
        is_time
    }
}
