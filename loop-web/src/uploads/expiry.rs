//! Uploads that nobody goes on with.

use std::time::Duration;

use super::{Failure, Phase, Uploads};

/// How often they are looked for.
pub(super) const LOOK: Duration = Duration::from_secs(15);

/// Without a byte for this long an upload is no job that anybody watches.
const IDLE: Duration = Duration::from_secs(60);

impl Uploads {
    /// Removes uploads to which nothing was added for too long; gives how many.
    pub async fn remove_stale(&self) -> usize {
        let expiry = self.0.bounds.expiry;
        let mut removed = 0;
        for upload in self.all() {
            if upload.phase() != Phase::Receiving || upload.age() < expiry {
                continue;
            }
            match self.end_receiving(&upload, Failure::Expired).await {
                Ok(is_over) => removed += usize::from(is_over),
                Err(error) => tracing::warn!(id = %upload.id, "cannot remove an upload: {error}"),
            }
        }
        removed
    }

    /// Those for which nothing is done now are no jobs.
    pub(super) fn rest_idle(&self) {
        self.all().iter().for_each(|upload| upload.rest_after(IDLE));
    }
}
