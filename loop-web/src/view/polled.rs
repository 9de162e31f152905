//! What clients see that ask again and again.

use loop_proto::Slug;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Player, WifiStatus, active, always_null};
use crate::clock::unix_millis;
use crate::hw::LinkState;
use crate::jobs::{Job, Jobs};
use crate::store::Library;

/// What plays and what goes on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolledStatus<'a> {
    /// Unix time in seconds.
    timestamp: u64,
    player: Option<Player<'a>>,
    /// Nothing while loop-hw is away.
    wifi: Option<WifiStatus>,
    /// Updates are not managed by this version.
    #[schema(schema_with = always_null)]
    updates: (),
    media: Counts<'a>,
    processing: Processing<'a>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MediaCounts)]
struct Counts<'a> {
    total_count: usize,
    /// Of those that loop.
    loop_count: usize,
    /// The item on the glass.
    #[schema(value_type = Option<Slug>)]
    active: Option<&'a str>,
    has_media: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct Processing<'a> {
    active_jobs: usize,
    /// By its id.
    #[schema(value_type = BTreeMap<String, Job>)]
    jobs: &'a Jobs,
}

impl<'a> PolledStatus<'a> {
    /// Puts it together.
    #[must_use]
    pub(crate) fn new(library: &Library, link: &'a LinkState, jobs: &'a Jobs) -> Self {
        Self {
            timestamp: unix_millis() / 1000,
            player: link.snapshot().map(|snapshot| Player::new(snapshot)),
            wifi: link
                .snapshot()
                .map(|snapshot| WifiStatus::new(&snapshot.wifi)),
            updates: (),
            media: Counts {
                total_count: library.len(),
                loop_count: library.order().len(),
                active: active(link),
                has_media: !library.is_empty(),
            },
            processing: Processing {
                active_jobs: jobs.len(),
                jobs,
            },
        }
    }
}

/// Work that goes on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PolledProgress<'a> {
    /// By its id.
    #[schema(value_type = BTreeMap<String, Job>)]
    active_jobs: &'a Jobs,
    /// Unix time in seconds.
    timestamp: u64,
}

impl<'a> PolledProgress<'a> {
    /// As it is now.
    #[must_use]
    pub(crate) fn new(active_jobs: &'a Jobs) -> Self {
        Self {
            active_jobs,
            timestamp: unix_millis() / 1000,
        }
    }
}
