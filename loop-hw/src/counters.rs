//! Counts what the player and the panel do.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use loop_proto::health::{LATENESS_BOUNDS_US, Lateness, Process};
use loop_proto::snapshot::{BusState, Health, Scheduling, WireKind};

use crate::panel::Diagnosis;

/// Written by the player's threads, read by anybody.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) presented: Counter,
    pub(crate) dropped: Counter,
    pub(crate) panel_errors: Counter,
    pub(crate) clip_errors: Counter,
    worst_lateness_us: AtomicU64,
    lateness: [AtomicU64; LATENESS_BOUNDS_US.len() + 1],
    lateness_sum_us: AtomicU64,
    wire_bytes: AtomicU64,
    wire_writes: AtomicU64,
    mismatches: AtomicU64,
    violations: AtomicU64,
    first_frame_us: AtomicU64,
    is_realtime: AtomicBool,
    bus: BusCell,
}

/// A [`BusState`] without a lock. Its wire and the clock asked for never change, so that what is read is always one state.
#[derive(Debug, Default)]
struct BusCell {
    /// Place in [`WIRES`] from 1; 0 is no bus.
    wire: AtomicU8,
    requested_hz: AtomicU32,
    effective_hz: AtomicU32,
}

const WIRES: [WireKind; 3] = [WireKind::Rppal, WireKind::Spidev, WireKind::Simulated];

impl BusCell {
    fn set(&self, bus: BusState) {
        self.requested_hz.store(bus.requested_hz, Ordering::Relaxed);
        self.effective_hz.store(bus.effective_hz, Ordering::Relaxed);
        let place = (1u8..).zip(WIRES).find(|(_, wire)| *wire == bus.wire);
        let number = place.map_or(0, |(number, _)| number);
        // Last, so that whoever sees it sees the clocks as well.
        self.wire.store(number, Ordering::Release);
    }

    fn get(&self) -> Option<BusState> {
        let number = self.wire.load(Ordering::Acquire);
        let wire = *WIRES.get(usize::from(number).checked_sub(1)?)?;
        Some(BusState {
            wire,
            requested_hz: self.requested_hz.load(Ordering::Relaxed),
            effective_hz: self.effective_hz.load(Ordering::Relaxed),
        })
    }
}

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counters {
    pub(crate) fn late_by(&self, lateness: Duration) {
        let us = micros(lateness);
        self.worst_lateness_us.fetch_max(us, Ordering::Relaxed);
        self.lateness_sum_us.fetch_add(us, Ordering::Relaxed);
        let bound = LATENESS_BOUNDS_US.partition_point(|bound| *bound < us);
        if let Some(count) = self.lateness.get(bound) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Only the first call counts.
    pub(crate) fn first_frame_after(&self, start: Duration) {
        let us = micros(start).max(1);
        if self.first_frame_us.load(Ordering::Relaxed) == 0 {
            self.first_frame_us.store(us, Ordering::Relaxed);
        }
    }

    pub(crate) fn set_scheduling(&self, scheduling: Scheduling) {
        let is_realtime = scheduling == Scheduling::Realtime;
        self.is_realtime.store(is_realtime, Ordering::Relaxed);
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
        if let Some(bus) = diagnosis.bus {
            self.bus.set(bus);
        }
    }

    /// What carries the pictures, once its speed is known.
    pub(crate) fn bus(&self) -> Option<BusState> {
        self.bus.get()
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
            scheduling: if self.is_realtime.load(Ordering::Relaxed) {
                Scheduling::Realtime
            } else {
                Scheduling::Normal
            },
            lateness: Lateness {
                counts: self.lateness.each_ref().map(get),
                sum_us: get(&self.lateness_sum_us),
            },
            process: Process::own(),
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_counted_by_how_late_it_was_with_the_bound_itself() {
        let counters = Counters::default();
        for us in [0, 100, 101, 100_000, 100_001, 7_000_000] {
            counters.late_by(Duration::from_micros(us));
        }
        let health = counters.health();
        assert_eq!(health.lateness.counts, [2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(health.lateness.sum_us, 7_200_202);
        assert_eq!(health.worst_lateness_us, 7_000_000);
    }

    #[test]
    fn the_bus_is_unknown_until_it_was_measured_and_then_current() {
        let counters = Counters::default();
        counters.take(Diagnosis::default());
        assert_eq!(counters.bus(), None);
        for wire in WIRES {
            for effective_hz in [40_000_000, 25_000_000] {
                let bus = Some(BusState {
                    wire,
                    requested_hz: 40_000_000,
                    effective_hz,
                });
                counters.take(Diagnosis {
                    bus,
                    ..Diagnosis::default()
                });
                assert_eq!(counters.bus(), bus);
            }
        }
    }
}
