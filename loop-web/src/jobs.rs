//! Uploads under way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::cancel::Cancel;
use crate::clock::unix_seconds;

/// How far an upload is, in the words the original's clients know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stage {
    /// Its bytes are coming in.
    Receiving,
    /// Others are worked on first.
    Waiting,
    /// Its frames become a clip.
    Converting,
    /// It is being made durable.
    Finalizing,
    /// It is in the library.
    Complete,
    /// It was refused.
    Error,
}

/// Where an upload stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = JobStatus)]
pub(crate) enum Status {
    /// It goes on.
    Processing,
    /// It is in the library.
    Completed,
    /// It was refused.
    Error,
}

/// One upload.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct Job {
    /// Names it in the dashboard and in events.
    pub job_id: String,
    /// As uploaded; empty until it is known.
    pub filename: String,
    /// Where it stands.
    pub status: Status,
    /// 0 to 100, of the whole.
    #[schema(maximum = 100)]
    pub progress: u8,
    /// How far it is.
    pub stage: Stage,
    /// For people.
    pub message: String,
    /// Unix time in seconds.
    pub timestamp: f64,
    /// When it was first put in.
    #[serde(skip)]
    pub began: f64,
}

/// All that are under way, by id.
pub(crate) type Jobs = BTreeMap<String, Job>;

/// The list, cheap to clone. It is kept by those who work on it.
#[derive(Clone, Debug, Default)]
pub(crate) struct JobList {
    jobs: watch::Sender<Arc<Jobs>>,
    /// How each is told to end early.
    cancels: Arc<Mutex<BTreeMap<String, Cancel>>>,
}

impl JobList {
    /// The list as it is now.
    #[must_use]
    pub(crate) fn current(&self) -> Arc<Jobs> {
        Arc::clone(&self.jobs.borrow())
    }

    /// Tells of every change; who looks late sees the last.
    #[must_use]
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Jobs>> {
        self.jobs.subscribe()
    }

    /// Puts one in, or its new state.
    pub(crate) fn put(
        &self,
        id: &str,
        filename: &str,
        stage: Stage,
        progress: u8,
        message: &str,
    ) -> Job {
        let status = match stage {
            Stage::Complete => Status::Completed,
            Stage::Error => Status::Error,
            Stage::Receiving | Stage::Waiting | Stage::Converting | Stage::Finalizing => {
                Status::Processing
            }
        };
        let now = unix_seconds();
        let known = self.jobs.borrow().get(id).map(|job| job.began);
        let job = Job {
            job_id: id.to_owned(),
            filename: filename.to_owned(),
            status,
            progress,
            stage,
            message: message.to_owned(),
            timestamp: now,
            began: known.unwrap_or(now),
        };
        self.jobs.send_modify(|jobs| {
            Arc::make_mut(jobs).insert(id.to_owned(), job.clone());
        });
        job
    }

    /// Puts its new state in, unless it is over.
    pub(crate) fn update(
        &self,
        id: &str,
        stage: Stage,
        progress: u8,
        message: &str,
    ) -> Option<Job> {
        let mut updated = None;
        self.jobs.send_if_modified(|jobs| {
            let Some(job) = Arc::make_mut(jobs).get_mut(id) else {
                return false;
            };
            job.progress = progress;
            job.stage = stage;
            message.clone_into(&mut job.message);
            job.timestamp = unix_seconds();
            updated = Some(job.clone());
            true
        });
        updated
    }

    /// Takes one out: it is over.
    pub(crate) fn remove(&self, id: &str) {
        self.jobs
            .send_if_modified(|jobs| Arc::make_mut(jobs).remove(id).is_some());
        self.lock_cancels().remove(id);
    }

    /// From now on [`cancel`](Self::cancel) reaches this job.
    pub(crate) fn accept_cancel(&self, id: &str, cancel: Cancel) {
        self.lock_cancels().insert(id.to_owned(), cancel);
    }

    /// Tells a job to end; whether it was in time, or `None` if there is none of this id.
    pub(crate) fn cancel(&self, id: &str) -> Option<bool> {
        self.lock_cancels().get(id).map(Cancel::ask)
    }

    fn lock_cancels(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Cancel>> {
        // Each change is one insertion or removal: a panic elsewhere leaves the list whole.
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_that_is_over_does_not_come_back() {
        let jobs = JobList::default();
        jobs.put("x", "x.gif", Stage::Receiving, 10, "Receiving");
        let job = jobs.update("x", Stage::Converting, 70, "Converting");
        assert_eq!(job.as_ref(), jobs.current().get("x"));
        assert_eq!(job.map(|job| job.progress), Some(70));
        jobs.remove("x");
        assert_eq!(jobs.update("x", Stage::Converting, 80, "Converting"), None);
        assert!(jobs.current().is_empty());
    }
}
