//! A job can be cancelled until its result is on its way into the library; from there on nothing ends it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

/// The right to cancel one job, shared by whoever may ask and by the one who works; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancel(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    asked: CancellationToken,
    stage: Mutex<Stage>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    Asked,
    Closed,
}

impl Cancel {
    /// Asks for the end; `false` if it is too late for that.
    pub(crate) fn ask(&self) -> bool {
        let mut stage = self.stage();
        if *stage == Stage::Closed {
            return false;
        }
        *stage = Stage::Asked;
        drop(stage);
        self.0.asked.cancel();
        true
    }

    /// Whether somebody has asked.
    pub(crate) fn is_asked(&self) -> bool {
        *self.stage() == Stage::Asked
    }

    /// From now on it is too late; `false` if somebody has asked before.
    #[must_use]
    pub(crate) fn close(&self) -> bool {
        let mut stage = self.stage();
        if *stage == Stage::Open {
            *stage = Stage::Closed;
        }
        *stage == Stage::Closed
    }

    /// Takes [`close`](Self::close) back: the library could not take it.
    pub(crate) fn reopen(&self) {
        let mut stage = self.stage();
        if *stage == Stage::Closed {
            *stage = Stage::Open;
        }
    }

    /// Does this to its end, or to where somebody asks.
    pub(crate) async fn unless_asked<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.0.asked.run_until_cancelled(work).await
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        // Each change of it is one step.
        self.0.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_in_time_ends_the_work_and_keeps_it_out_of_the_library() {
        let cancel = Cancel::default();
        assert!(cancel.ask() && cancel.ask() && cancel.is_asked());
        assert_eq!(
            cancel.unless_asked(std::future::pending::<()>()).await,
            None
        );
        assert!(!cancel.close());
        cancel.reopen();
        assert!(cancel.is_asked());
    }

    #[tokio::test]
    async fn who_asks_too_late_is_told_so_and_the_work_goes_on() {
        let cancel = Cancel::default();
        assert!(cancel.close());
        assert!(!cancel.ask() && !cancel.is_asked());
        let work = async {
            tokio::task::yield_now().await;
            7
        };
        assert_eq!(cancel.unless_asked(work).await, Some(7));
        cancel.reopen();
        assert!(cancel.ask());
    }
}
