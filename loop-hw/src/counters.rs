//! Counts what the player and the panel do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use loop_proto::snapshot::Health;

use crate::panel::Diagnosis;

/// Written by the player's thread, read by anybody.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) presented: Counter,
    pub(crate) dropped: Counter,
    pub(crate) panel_errors: Counter,
    pub(crate) clip_errors: Counter,
    worst_lateness_us: AtomicU64,
    wire_bytes: AtomicU64,
    wire_writes: AtomicU64,
    mismatches: AtomicU64,
    violations: AtomicU64,
    first_frame_us: AtomicU64,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn late_by(&self, lateness: Duration) {
        self.worst_lateness_us
            .fetch_max(micros(lateness), Ordering::Relaxed);
    }

    /// Only the first call counts.
    pub(crate) fn first_frame_after(&self, start: Duration) {
        let us = micros(start).max(1);
        if self.first_frame_us.load(Ordering::Relaxed) == 0 {
            self.first_frame_us.store(us, Ordering::Relaxed);
        }
    }

    pub(crate) fn take(&self, diagnosis: Diagnosis) {
        for (counter, value) in [
            (&self.wire_bytes, diagnosis.traffic.bytes),
            (&self.wire_writes, diagnosis.traffic.writes),
            (&self.mismatches, diagnosis.mismatches),
            (&self.violations, diagnosis.violations),
        ] {
            counter.store(value, Ordering::Relaxed);
        }
    }

    pub(crate) fn health(&self) -> Health {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Health {
            frames_presented: self.presented.get(),
            frames_dropped: self.dropped.get(),
            worst_lateness_us: get(&self.worst_lateness_us),
            wire_bytes: get(&self.wire_bytes),
            wire_writes: get(&self.wire_writes),
            mismatches: get(&self.mismatches),
            violations: get(&self.violations),
            panel_errors: self.panel_errors.get(),
            clip_errors: self.clip_errors.get(),
            first_frame_us: get(&self.first_frame_us),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
