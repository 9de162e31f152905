//! Cuts what has changed into windows: as few bytes and windows as the wire at hand makes sensible.
//!
//! Several plans are drawn and priced by the wire's cost, and the cheapest is taken; one of them is the whole frame, so no
//! plan ever takes longer than that. Windows may cover pixels that have not changed and may overlap: what is sent comes
//! from the frame in any case. The work is bounded by the size of a frame, not by the number of rectangles, and nothing is
//! allocated after the first frames.

mod bands;
mod spans;

#[cfg(test)]
mod tests;

use loop_proto::geometry::{PANEL, Rect};

use self::bands::Bands;
use self::spans::Spans;
use super::diff::Marks;
use super::window::{Latched, Meter, Price};

/// Most windows of a plan. More of them cost more than a whole frame on any wire that is known.
const MAX_WINDOWS: usize = 8192;

/// A plan has at most this many bytes per thousand of a frame, whatever its time.
const MOST_PER_MILLE: usize = 1001;

/// Pixels a window costs below which bands, and from which on spans, are never worth drawing. Measured on films, GIFs and
/// test pictures: beyond these bounds the other is better or the same to a tenth of a percent.
const CHEAP: u32 = 16;
const DEAR: u32 = 64;

/// A way to cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Everything.
    Full,
    /// One window around all that has changed.
    Bounds,
    /// Horizontal bands, each cut where a gap between its columns is worth it: best when windows are dear.
    Bands,
    /// Stretches of rows, joined with those above them: best when windows are cheap.
    Spans,
}

impl Cut {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Full, Self::Bounds, Self::Bands, Self::Spans];
}

/// Makes plans; keep it, its buffers are reused.
#[derive(Debug)]
pub struct Planner {
    best: Vec<Rect>,
    trial: Vec<Rect>,
    bands: Bands,
    spans: Spans,
}

impl Default for Planner {
    fn default() -> Self {
        Self {
            best: Vec::with_capacity(MAX_WINDOWS),
            trial: Vec::with_capacity(MAX_WINDOWS),
            bands: Bands::default(),
            spans: Spans::default(),
        }
    }
}

impl Planner {
    /// Windows that cover all marks, in the order to send them.
    pub fn plan(&mut self, marks: &Marks, meter: &Meter, latched: Latched) -> &[Rect] {
        // Whole and around all are always looked at; of the two that are work, those that can win.
        let [full, bounds, bands, spans] = Cut::ALL;
        match meter.span_pixels() {
            ..CHEAP => self.plan_by(&[full, bounds, spans], marks, meter, latched),
            CHEAP..DEAR => self.plan_by(&[full, bounds, bands, spans], marks, meter, latched),
            _ => self.plan_by(&[full, bounds, bands], marks, meter, latched),
        }
    }

    /// The same with only some cuts to choose from, or the whole frame.
    pub fn plan_by(
        &mut self,
        cuts: &[Cut],
        marks: &Marks,
        meter: &Meter,
        latched: Latched,
    ) -> &[Rect] {
        self.best.clear();
        let Some(bounds) = marks.bounds() else {
            return &self.best;
        };
        let most = PANEL.bytes() / 1000 * MOST_PER_MILLE;
        self.best.push(PANEL.rect());
        let full = meter.windows(latched, &self.best, u64::MAX, usize::MAX);
        let mut price = full.unwrap_or_default();
        for cut in cuts {
            self.trial.clear();
            let drawn = match cut {
                Cut::Full => false,
                Cut::Bounds => {
                    self.trial.push(bounds);
                    true
                }
                Cut::Bands => self.bands.draw(marks, meter, &mut self.trial),
                Cut::Spans => self.spans.draw(marks, meter, &mut self.trial),
            };
            if drawn && let Some(less) = self.is_cheaper(meter, latched, price, most) {
                price = less;
                std::mem::swap(&mut self.best, &mut self.trial);
            }
        }
        &self.best
    }

    fn is_cheaper(
        &self,
        meter: &Meter,
        latched: Latched,
        than: Price,
        most: usize,
    ) -> Option<Price> {
        let price = meter.windows(latched, &self.trial, than.nanos, most)?;
        (price.nanos < than.nanos).then_some(price)
    }
}
