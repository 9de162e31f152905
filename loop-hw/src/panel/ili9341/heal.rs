//! Sends again, in time that is to spare, what should be in the controller.
//!
//! There is no way back from the module: nothing can be read, and a byte that was disturbed on its way stays wrong until it
//! is sent anew. So each call sends the registers that say where pixels go, one more register in turn, and a strip of the
//! picture below the last one, in a window with all its parameters. Calls that follow each other at the pace of film go
//! over the whole glass in less than two seconds. None of it is visible on a glass that is as it should be: registers get
//! the values they have, leaving sleep or turning the display on again has no effect (ILI9341 datasheet 8.2.12, 8.2.19).

#[cfg(test)]
mod tests;

use std::time::Duration;

use loop_proto::geometry::{PANEL, Rect};
use loop_proto::pixel::ROW_BYTES;

use super::super::window::nanos;
use super::glass::Glass;
use super::init::{PIXEL_FORMAT, REFRESHED, Register};
use crate::bus::{Error, Wire};

/// Rows that a call sends at least, if there is time: at 25 frames a second the whole glass in 1.6 s.
const LEAST_ROWS: u16 = 8;

/// Longer gaps send more, so that gaps of any length go over the glass in this time.
const SWEEP: Duration = Duration::from_millis(800);

/// After this many pictures without a gap the registers are sent all the same, two milliseconds a second.
const PATIENCE: u32 = 16;

/// Where on its way over the glass it is.
#[derive(Debug, Default)]
pub(super) struct Healing {
    row: u16,
    register: usize,
    /// Pictures since the last call that had time.
    waited: u32,
}

impl Healing {
    /// Spends at most `budget`; false when that is too little for anything.
    pub(super) fn step<W: Wire>(
        &mut self,
        glass: &mut Glass<W>,
        access: Register<'_>,
        budget: Duration,
    ) -> Result<bool, Error> {
        let wanted = wanted_rows(budget);
        let registers = 1 + REFRESHED.len() * usize::from(wanted) / usize::from(PANEL.height);
        let registers = registers.min(REFRESHED.len());
        let meter = glass.meter();
        let time = |(_, parameters): &Register<'_>| meter.command(parameters.len());
        let in_turn = (self.register..self.register + registers)
            .filter_map(|at| REFRESHED.get(at % REFRESHED.len()));
        let fixed: Duration = in_turn.clone().map(time).sum();
        let fixed = fixed + time(&access) + time(&PIXEL_FORMAT) + glass.wire().cost().window();
        let Some(rest) = budget.checked_sub(fixed) else {
            return Ok(false);
        };
        for register in [access, PIXEL_FORMAT].iter().chain(in_turn) {
            glass.set(*register)?;
        }
        self.register = (self.register + registers) % REFRESHED.len();
        self.waited = 0;
        glass.distrust_window();
        let strip = Rect {
            x: 0,
            y: self.row,
            width: PANEL.width,
            height: affordable_rows(wanted.min(PANEL.height - self.row), glass, rest),
        };
        if !strip.is_empty() {
            glass.rewrite(strip)?;
            self.row = strip.bottom() % PANEL.height;
        }
        Ok(true)
    }

    /// Before each picture: when there was no time for long, sends at least what decides where its pixels go.
    pub(super) fn before_picture<W: Wire>(
        &mut self,
        glass: &mut Glass<W>,
        access: Register<'_>,
    ) -> Result<(), Error> {
        self.waited += 1;
        if self.waited <= PATIENCE {
            return Ok(());
        }
        self.waited = 0;
        glass.distrust_window();
        glass.set(access)?;
        glass.set(PIXEL_FORMAT)
    }
}

fn wanted_rows(budget: Duration) -> u16 {
    let rows = nanos(budget) / (nanos(SWEEP) / u64::from(PANEL.height));
    u16::try_from(rows)
        .unwrap_or(PANEL.height)
        .clamp(LEAST_ROWS, PANEL.height)
}

/// As many rows as can be sent in this time, up to `wanted`.
fn affordable_rows<W: Wire>(wanted: u16, glass: &Glass<W>, time: Duration) -> u16 {
    let cost = glass.wire().cost();
    let fits = |rows: &u16| cost.pixels(usize::from(*rows) * ROW_BYTES) <= time;
    (1..=wanted).rev().find(fits).unwrap_or(0)
}
