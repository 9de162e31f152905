//! What a wire's writes really cost: measured once at start, then kept current from the writes of playing.
//!
//! The clock asked of an SPI controller is not the clock on its wire. A Raspberry Pi divides its core clock by an even
//! number, so that 62.5 MHz becomes 50 at a core clock of 400 MHz, and a core that idles at 250 MHz takes every SPI clock
//! down to 0.625 of itself. All times come in from outside; nothing here asks a clock or allocates.

use std::time::Duration;

use super::WireCost;
use super::cost::clocks;

/// Data of one measurement, in all its large blocks together.
const MEASURED_BYTES: usize = 60 * 1024;
/// Largest block: enough to tell clocks apart by less than a percent, and little enough for several samples.
pub(super) const LARGEST_BLOCK: usize = 8 * 1024;
/// Blocks are chosen to take less than a 200th of a second at the requested clock.
const BLOCKS_PER_SECOND: u32 = 200;
/// A small block is this part of a large one.
const SMALL_PART: usize = 8;

/// Samples taken of each kind at most.
pub(super) const SHORT_SAMPLES: usize = 64;
pub(super) const SMALL_SAMPLES: usize = 8;
pub(super) const LARGE_SAMPLES: usize = 16;

/// Bounds of a write's fixed part: no system call is faster, and what is slower was an interruption.
const FIXED_NS: std::ops::RangeInclusive<u64> = 500..=500_000;
/// The wire may be this much slower than asked for; more is an interruption. Never faster: controllers round down.
const SLOWEST: u32 = 64;

/// How long a window of bulk writes lasts; what is slower in all of it is slower.
const WINDOW: Duration = Duration::from_millis(400);
/// Writes a window must have at least.
const WINDOW_WRITES: u32 = 3;
/// Only writes this much longer than their fixed part tell the clock, and only from some hundred microseconds on.
const TELLING: u64 = 8;
const TELLING_BYTES: u64 = 1024;
/// A write that is faster than this percentage of what was known is no noise: nothing makes a wire faster by chance.
const FASTER_PERCENT: u64 = 97;

/// Durations of one kind of write, in nanoseconds.
#[derive(Debug)]
pub(super) struct Samples<const N: usize> {
    kept: [u64; N],
    count: usize,
}

impl<const N: usize> Samples<N> {
    fn new() -> Self {
        Self {
            kept: [0; N],
            count: 0,
        }
    }

    /// Keeps one more; those beyond the last place are dropped.
    pub(super) fn add(&mut self, took: Duration) {
        if let Some(place) = self.kept.get_mut(self.count) {
            *place = nanos(took);
            self.count += 1;
        }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    fn sorted(&mut self) -> &[u64] {
        let samples = self.kept.get_mut(..self.count).unwrap_or_default();
        samples.sort_unstable();
        samples
    }

    fn least(&mut self) -> Option<u64> {
        self.sorted().first().copied()
    }

    /// The lower quartile: what is usual while nobody else wants the processor.
    fn usual(&mut self) -> Option<u64> {
        let samples = self.sorted();
        samples.get(samples.len() / 4).copied()
    }
}

/// What is timed at start: single bytes, small blocks and large blocks, all after a command that ignores data.
#[derive(Debug)]
pub(super) struct Measurement {
    /// Bytes of a small block.
    pub(super) small_block: usize,
    /// Bytes of a large block.
    pub(super) large_block: usize,
    pub(super) short: Samples<SHORT_SAMPLES>,
    pub(super) small: Samples<SMALL_SAMPLES>,
    pub(super) large: Samples<LARGE_SAMPLES>,
}

impl Measurement {
    /// Large blocks that make up the data of a measurement.
    pub(super) fn large_blocks(&self) -> usize {
        MEASURED_BYTES.div_ceil(self.large_block)
    }
}

/// What is known about a wire's cost.
#[derive(Debug)]
pub(super) struct Calibrator {
    requested_hz: u32,
    cost: WireCost,
    measured: bool,
    window: Window,
}

/// Bulk writes since the window was opened.
#[derive(Debug, Default)]
struct Window {
    opened: Option<Duration>,
    writes: u32,
    /// Least time of a byte, in picoseconds.
    least: Option<u32>,
}

impl Calibrator {
    /// Begins with what is assumed.
    pub(super) fn new(requested_hz: u32, max_write: usize) -> Self {
        Self {
            requested_hz,
            cost: WireCost {
                max_write,
                ..WireCost::spidev(requested_hz)
            },
            measured: false,
            window: Window::default(),
        }
    }

    pub(super) fn cost(&self) -> WireCost {
        self.cost
    }

    pub(super) fn requested_hz(&self) -> u32 {
        self.requested_hz
    }

    /// The kernel takes less at a time than was thought.
    pub(super) fn limit_write(&mut self, max_write: usize) {
        self.cost.max_write = max_write;
    }

    /// The clock on the wire, as soon as it has been measured.
    pub(super) fn effective_hz(&self) -> Option<u32> {
        self.measured.then(|| clocks(8, self.cost.byte_ps))
    }

    /// What to time.
    pub(super) fn measurement(&self) -> Measurement {
        let per_block = self.requested_hz / 8 / BLOCKS_PER_SECOND;
        let large_block = usize::try_from(per_block)
            .unwrap_or(LARGEST_BLOCK)
            .clamp(256, LARGEST_BLOCK)
            .min(self.cost.max_write)
            .max(1);
        Measurement {
            small_block: (large_block / SMALL_PART).max(1),
            large_block,
            short: Samples::new(),
            small: Samples::new(),
            large: Samples::new(),
        }
    }

    /// Takes a measurement over. The clock is told by the difference of two sizes, each at its least, for interruptions
    /// only ever add.
    pub(super) fn learn(&mut self, measurement: &mut Measurement) {
        let bytes = measurement.large_block - measurement.small_block;
        let blocks = (measurement.large.least()).zip(measurement.small.least());
        let (Some((large, small)), Some(short)) = (blocks, measurement.short.usual()) else {
            return;
        };
        self.set_clock(per_byte(large.saturating_sub(small), bytes));
        let fixed = |whole: u64, bytes: usize, byte_ps: u32| {
            let on_wire = count(bytes).saturating_mul(byte_ps.into()) / 1000;
            let fixed = whole.saturating_sub(on_wire);
            u32::try_from(fixed.clamp(*FIXED_NS.start(), *FIXED_NS.end())).unwrap_or(u32::MAX)
        };
        self.cost.short_ns = fixed(short, 1, self.cost.short_byte_ps);
        self.cost.bulk_ns = fixed(small, measurement.small_block, self.cost.byte_ps);
        self.window = Window::default();
    }

    /// Takes one bulk write into account that ended at `now`.
    pub(super) fn bulk(&mut self, bytes: usize, took: Duration, now: Duration) {
        let fixed = u64::from(self.cost.bulk_ns);
        let telling = TELLING * fixed * 1000 / u64::from(self.cost.byte_ps.max(1));
        let most = count(self.cost.max_write);
        if count(bytes) < telling.max(TELLING_BYTES).min(most) {
            return;
        }
        let seen = self.bounded(per_byte(nanos(took).saturating_sub(fixed), bytes));
        if u64::from(seen) * 100 < u64::from(self.cost.byte_ps) * FASTER_PERCENT {
            self.set_clock(seen);
            return;
        }
        let window = &mut self.window;
        let opened = *window.opened.get_or_insert(now);
        window.writes += 1;
        let least = window.least.map_or(seen, |least| least.min(seen));
        window.least = Some(least);
        if window.writes >= WINDOW_WRITES && now.saturating_sub(opened) >= WINDOW {
            self.set_clock(least);
        }
    }

    /// Believes in this clock and opens a new window.
    fn set_clock(&mut self, byte_ps: u32) {
        let byte_ps = self.bounded(byte_ps);
        self.cost.byte_ps = byte_ps;
        // Short writes are polled, with a ninth clock for each byte.
        self.cost.short_byte_ps = byte_ps.saturating_add(byte_ps / 8);
        self.measured = true;
        self.window = Window::default();
    }

    fn bounded(&self, byte_ps: u32) -> u32 {
        let fastest = clocks(8, self.requested_hz).max(1);
        byte_ps.clamp(fastest, fastest.saturating_mul(SLOWEST))
    }
}

fn per_byte(nanoseconds: u64, bytes: usize) -> u32 {
    let picoseconds = nanoseconds.saturating_mul(1000) / count(bytes).max(1);
    u32::try_from(picoseconds).unwrap_or(u32::MAX)
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
