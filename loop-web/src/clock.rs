//! The two clocks: one that only goes forward, shared by all processes, and the time of day for people.

use std::time::{Duration, SystemTime};

/// `CLOCK_MONOTONIC`.
#[must_use]
pub(crate) fn monotonic() -> Duration {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC);
    now.map_or(Duration::ZERO, Duration::from)
}

/// Unix time in milliseconds; 0 before 1970.
#[must_use]
pub(crate) fn unix_millis() -> u64 {
    let since = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Unix time in seconds, with fractions.
#[must_use]
pub(crate) fn unix_seconds() -> f64 {
    SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap_or_default()
        .as_secs_f64()
}
