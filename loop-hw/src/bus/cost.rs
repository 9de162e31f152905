//! What a wire's writes cost in time, which decides how a picture is best cut into windows.

use std::time::Duration;

/// Longest write that counts as short: commands and their parameters.
const SHORT_BYTES: usize = 16;

/// Nanoseconds of a second, and picoseconds of a nanosecond.
const BILLION: u64 = 1_000_000_000;
const THOUSAND: u64 = 1000;

/// Most bytes of one write when the buffer of spidev has been enlarged.
const LARGE_BUFFER: usize = 65_536;

/// The cost of writes: a fixed part each and a part for each byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WireCost {
    /// Fixed part of a write of a few bytes.
    pub short_ns: u32,
    /// Fixed part of a longer write.
    pub bulk_ns: u32,
    /// Picoseconds a byte of a short write takes on the wire.
    pub short_byte_ps: u32,
    /// Picoseconds a byte of a longer write takes.
    pub byte_ps: u32,
    /// Most bytes of one write.
    pub max_write: usize,
}

impl WireCost {
    /// spidev with an enlarged buffer at this clock: a system call for each change of the D/C line, polled and with a
    /// ninth clock for each byte when short, by DMA when long. The fixed parts are what is assumed of a Raspberry Pi
    /// Zero 2 W until they have been measured.
    #[must_use]
    pub fn spidev(clock_hz: u32) -> Self {
        Self {
            short_ns: 12_000,
            bulk_ns: 40_000,
            short_byte_ps: clocks(9, clock_hz),
            byte_ps: clocks(8, clock_hz),
            max_write: LARGE_BUFFER,
        }
    }

    /// The controller's registers driven directly: each change of the D/C line costs one idle byte and nothing else does.
    #[must_use]
    pub fn registers(clock_hz: u32) -> Self {
        let byte_ps = clocks(8, clock_hz);
        let idle = u32::try_from(u64::from(byte_ps) / THOUSAND).unwrap_or(u32::MAX);
        Self {
            short_ns: idle,
            bulk_ns: idle,
            short_byte_ps: byte_ps,
            byte_ps,
            max_write: usize::MAX,
        }
    }

    /// Time of one write.
    #[must_use]
    pub fn write(&self, bytes: usize) -> Duration {
        let (fixed, per_byte) = if bytes <= SHORT_BYTES {
            (self.short_ns, self.short_byte_ps)
        } else {
            (self.bulk_ns, self.byte_ps)
        };
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let on_wire = bytes.saturating_mul(per_byte.into()) / THOUSAND;
        Duration::from_nanos(on_wire.saturating_add(fixed.into()))
    }

    /// Time of pixels after their window is open, in as many writes as they need.
    #[must_use]
    pub fn pixels(&self, bytes: usize) -> Duration {
        let (whole, rest) = (bytes / self.max_write, bytes % self.max_write);
        let whole =
            self.write(self.max_write.min(bytes)) * u32::try_from(whole).unwrap_or(u32::MAX);
        if rest == 0 {
            whole
        } else {
            whole + self.write(rest)
        }
    }

    /// Time to open an address window: three commands, two of them with four parameters.
    #[must_use]
    pub fn window(&self) -> Duration {
        self.write(1) * 3 + self.write(4) * 2
    }

    /// The bytes of pixels that take as long as opening a window and beginning to send.
    #[must_use]
    pub fn window_bytes(&self) -> usize {
        let fixed = self.window() + Duration::from_nanos(self.bulk_ns.into());
        let picoseconds = fixed.as_nanos() * u128::from(THOUSAND);
        usize::try_from(picoseconds / u128::from(self.byte_ps.max(1))).unwrap_or(usize::MAX)
    }
}

/// Picoseconds of this many clocks; turned round, hertz of a clock that takes as many picoseconds for them.
pub(super) fn clocks(count: u64, clock_hz: u32) -> u32 {
    let picoseconds = count * BILLION * THOUSAND / u64::from(clock_hz.max(1));
    u32::try_from(picoseconds).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_frame_takes_what_the_bus_takes_and_little_more() {
        let cost = WireCost::spidev(62_500_000);
        let frame = cost.window() + cost.pixels(153_600);
        let bus = Duration::from_nanos(153_600 * 128);
        assert!(frame > bus && frame < bus * 101 / 100, "{frame:?}");
    }

    #[test]
    fn windows_are_dear_through_spidev_and_cheap_by_registers() {
        assert!(WireCost::spidev(40_000_000).window_bytes() > 300);
        assert!(WireCost::registers(40_000_000).window_bytes() < 20);
    }
}
