//! Whether calls to loop-hw are let through.
//!
//! ```text
//!          lost, or no answer to several calls in a row
//!  Closed ──────────────────────────────────────────────▶ Open ◀─┐ failed
//!     ▲                                                    │      │
//!     └───────────────── first state has come ── HalfOpen ◀┘ ─────┘
//!                                                 after a wait
//! ```

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use loop_proto::client::{Outcome, Witness};
use serde::Serialize;
use tokio::sync::Notify;
use utoipa::ToSchema;

use crate::metrics::METRICS;

/// So many calls in a row without an answer, and there is nobody who would answer the next one.
const SILENT_CALLS: u32 = 3;

/// What happens to a call now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Breaker {
    /// It is made.
    Closed,
    /// It is refused at once: loop-hw is away.
    Open,
    /// It is refused; whether loop-hw is back is being tried.
    HalfOpen,
}

impl Breaker {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// What clients know it by.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}

/// The breaker's state, and what it goes by.
#[derive(Debug)]
pub(super) struct Guard {
    state: AtomicU8,
    silent: AtomicU32,
    tripped: Notify,
}

impl Default for Guard {
    fn default() -> Self {
        let guard = Self {
            state: AtomicU8::new(0),
            silent: AtomicU32::new(0),
            tripped: Notify::new(),
        };
        guard.set(Breaker::Open);
        guard
    }
}

impl Guard {
    pub(super) fn state(&self) -> Breaker {
        let number = usize::from(self.state.load(Ordering::Relaxed));
        Breaker::ALL.get(number).copied().unwrap_or(Breaker::Open)
    }

    pub(super) fn set(&self, state: Breaker) {
        let number = match state {
            Breaker::Closed => 0,
            Breaker::Open => 1,
            Breaker::HalfOpen => 2,
        };
        self.state.store(number, Ordering::Relaxed);
    }

    /// Ends when too many calls in a row had no answer.
    pub(super) async fn tripped(&self) {
        self.tripped.notified().await;
    }
}

impl Witness for Guard {
    fn ended(&self, method: &'static str, outcome: Outcome, took: Duration) {
        METRICS.ipc.ended(method, outcome, took);
        if outcome != Outcome::Timeout {
            self.silent.store(0, Ordering::Relaxed);
        } else if self.silent.fetch_add(1, Ordering::Relaxed) + 1 == SILENT_CALLS {
            self.silent.store(0, Ordering::Relaxed);
            self.tripped.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn calls_without_an_answer_trip_it_only_when_they_are_in_a_row() {
        let guard = Guard::default();
        let trips = async |guard: &Guard| {
            let now = tokio::time::timeout(Duration::ZERO, guard.tripped());
            now.await.is_ok()
        };
        let end = |outcome| guard.ended("select", outcome, Duration::ZERO);
        for outcome in [Outcome::Timeout, Outcome::Timeout, Outcome::Refused] {
            end(outcome);
        }
        end(Outcome::Timeout);
        end(Outcome::Timeout);
        assert!(!trips(&guard).await);
        end(Outcome::Timeout);
        assert!(trips(&guard).await);
        assert!(!trips(&guard).await, "once");
    }

    #[test]
    fn each_state_is_kept() {
        let guard = Guard::default();
        assert_eq!(guard.state(), Breaker::Open);
        for state in Breaker::ALL {
            guard.set(state);
            assert_eq!(guard.state(), state);
        }
    }
}
