//! The time of day, as clients get it.

use std::time::SystemTime;

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
