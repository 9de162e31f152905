//! The clock that all processes of a machine share.

use std::time::Duration;

/// `CLOCK_MONOTONIC`: it only goes forward, whatever happens to the time of day. Times in a
/// [`NowPlaying`](crate::snapshot::NowPlaying) are of this clock.
#[must_use]
pub fn monotonic() -> Duration {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC);
    // The kernel always has this clock.
    now.map_or(Duration::ZERO, Duration::from)
}
