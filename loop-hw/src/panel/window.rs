//! Address windows: what must be sent to open one, and what that costs.
//!
//! The controller keeps start and end of columns and pages from one window to the next, and a command that is broken off by
//! the next one keeps the parameters that have arrived (ILI9341 datasheet 7.1.11, 8.2.20, 8.2.21). So only what changes is
//! sent. The end of the pages stays at the last one: pixels stop before they get there. Of a window with a single row
//! neither is the end of the columns ever reached.

use std::time::Duration;

use loop_proto::geometry::{PANEL, Rect};
use loop_proto::pixel::PIXEL_BYTES;

use crate::bus::WireCost;

const LAST_COLUMN: u16 = PANEL.width - 1;
const LAST_ROW: u16 = PANEL.height - 1;

/// What the controller's address registers hold, start and last; `None` when it is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latched {
    columns: Option<(u16, u16)>,
    rows: Option<(u16, u16)>,
}

/// The parameters of an address command; none when it need not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    bytes: [u8; 4],
    count: usize,
}

/// What opens a window, before the write command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) columns: Parameters,
    pub(super) rows: Parameters,
}

impl Latched {
    /// What must be sent to open this window, which must not be empty; takes it as sent.
    pub(super) fn open(&mut self, rect: Rect) -> Opening {
        let last = rect.right().saturating_sub(1);
        let reached = if rect.height == 1 {
            // Any end does that is not before the last pixel.
            let end = self.columns.map_or(LAST_COLUMN, |(_, end)| end);
            if end < last { LAST_COLUMN } else { end }
        } else {
            last
        };
        Opening {
            columns: Parameters::change(&mut self.columns, (rect.x, reached)),
            rows: Parameters::change(&mut self.rows, (rect.y, LAST_ROW)),
        }
    }
}

impl Parameters {
    /// What of the parameters must be sent where `held` is in force.
    fn change(held: &mut Option<(u16, u16)>, (start, end): (u16, u16)) -> Self {
        let ([a, b], [c, d]) = (start.to_be_bytes(), end.to_be_bytes());
        let count = match *held {
            Some(held) if held == (start, end) => 0,
            Some((_, held)) if held == end => 2,
            _ => 4,
        };
        *held = Some((start, end));
        Self {
            bytes: [a, b, c, d],
            count,
        }
    }

    /// The bytes to send after the command; `None` when not even that is needed.
    pub(super) fn sent(&self) -> Option<&[u8]> {
        self.bytes
            .get(..self.count)
            .filter(|bytes| !bytes.is_empty())
    }
}

/// Time and bytes of something that is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Price {
    /// Nanoseconds on the wire.
    pub nanos: u64,
    /// Bytes, commands included.
    pub bytes: usize,
}

/// Adds up prices on one wire.
#[derive(Clone, Copy, Debug)]
pub struct Meter {
    cost: WireCost,
    command: u64,
    two: u64,
    four: u64,
}

impl Meter {
    /// For a wire of this cost.
    #[must_use]
    pub fn new(cost: WireCost) -> Self {
        Self {
            cost,
            command: nanos(cost.write(1)),
            two: nanos(cost.write(2)),
            four: nanos(cost.write(4)),
        }
    }

    /// Of a window with its pixels.
    pub(super) fn window(&self, latched: &mut Latched, rect: Rect) -> Price {
        let opening = latched.open(rect);
        let pixels = rect.pixels() * PIXEL_BYTES;
        let mut price = Price {
            nanos: self.command + nanos(self.cost.pixels(pixels)),
            bytes: 1 + pixels,
        };
        for parameters in [opening.columns, opening.rows] {
            price.nanos += match parameters.count {
                0 => 0,
                2 => self.command + self.two,
                _ => self.command + self.four,
            };
            price.bytes += match parameters.count {
                0 => 0,
                count => 1 + count,
            };
        }
        price
    }

    /// Of all these windows; `None` when that is more time than `limit`, or more bytes than `most`.
    #[must_use]
    pub fn windows(
        &self,
        mut latched: Latched,
        rects: &[Rect],
        limit: u64,
        most: usize,
    ) -> Option<Price> {
        let mut sum = Price::default();
        for rect in rects {
            let price = self.window(&mut latched, *rect);
            sum.nanos += price.nanos;
            sum.bytes += price.bytes;
            if sum.nanos > limit || sum.bytes > most {
                return None;
            }
        }
        Some(sum)
    }

    /// The number of pixels that take as long as opening a window of one row.
    pub(super) fn span_pixels(&self) -> u32 {
        self.pixels_in(3 * self.command + 2 * self.two + u64::from(self.cost.bulk_ns))
    }

    /// The number of pixels that take as long as opening a window of several rows.
    pub(super) fn band_pixels(&self) -> u32 {
        self.pixels_in(3 * self.command + self.two + self.four + u64::from(self.cost.bulk_ns))
    }

    /// Of a command with parameters.
    pub(super) fn command(&self, parameters: usize) -> Duration {
        let rest = match parameters {
            0 => Duration::ZERO,
            count => self.cost.write(count),
        };
        self.cost.write(1) + rest
    }

    fn pixels_in(&self, nanos: u64) -> u32 {
        const PICOS: u64 = 1000;
        let pixel = u64::from(self.cost.byte_ps.max(1)) * PIXEL_BYTES as u64;
        u32::try_from(nanos.saturating_mul(PICOS) / pixel).unwrap_or(u32::MAX)
    }
}

pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(latched: &mut Latched, (x, y, width, height): (u16, u16, u16, u16)) -> [Vec<u8>; 2] {
        let rect = Rect {
            x,
            y,
            width,
            height,
        };
        let opening = latched.open(rect);
        [opening.columns, opening.rows].map(|part| part.sent().unwrap_or_default().to_vec())
    }

    #[test]
    fn only_what_changes_is_sent() {
        let mut latched = Latched::default();
        assert_eq!(
            sent(&mut latched, (0, 0, 240, 320)),
            [vec![0, 0, 0, 239], vec![0, 0, 1, 63]]
        );
        assert_eq!(
            sent(&mut latched, (0, 0, 240, 320)),
            [Vec::<u8>::new(), vec![]]
        );
        assert_eq!(sent(&mut latched, (0, 9, 240, 3)), [vec![], vec![0, 9]]);
        assert_eq!(sent(&mut latched, (7, 9, 233, 3)), [vec![0, 7], vec![]]);
    }

    #[test]
    fn a_single_row_leaves_the_last_column_as_it_is_when_it_is_not_before_its_end() {
        let mut latched = Latched::default();
        sent(&mut latched, (0, 0, 100, 2));
        assert_eq!(sent(&mut latched, (20, 0, 80, 1)), [vec![0, 20], vec![]]);
        assert_eq!(
            sent(&mut latched, (20, 0, 81, 1)),
            [vec![0, 20, 0, 239], vec![]]
        );
        assert_eq!(
            sent(&mut latched, (20, 0, 81, 2)),
            [vec![0, 20, 0, 100], vec![]]
        );
    }

    #[test]
    fn prices_are_what_the_wire_says() {
        let cost = WireCost::spidev(40_000_000);
        let meter = Meter::new(cost);
        let mut latched = Latched::default();
        let rect = PANEL.rect();
        let first = meter.window(&mut latched, rect);
        let window = cost.window() + cost.pixels(153_600);
        assert_eq!(first.nanos, nanos(window));
        assert_eq!(first.bytes, 153_611);
        let again = meter.window(&mut latched, rect);
        assert_eq!(again.bytes, 153_601);
        assert!(
            meter
                .windows(latched, &[rect], again.nanos - 1, 153_601)
                .is_none()
        );
        assert_eq!(
            meter.windows(latched, &[rect], again.nanos, 153_601),
            Some(again)
        );
    }
}
