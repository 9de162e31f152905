//! A greedy cut: each run of marked pixels joins the window above it if that wastes less than a window of its own costs.

use loop_proto::geometry::{PANEL, Rect};

use super::super::diff::Marks;
use super::super::window::Meter;
use super::MAX_WINDOWS;

/// A run and the next are one when fewer pixels lie between them, however cheap windows are: bounds the work of a row.
const LEAST_GAP: u32 = 4;

/// A window stops growing when it has wasted as many pixels as this many windows cost: without that a shape that narrows
/// slowly would be sent as the rectangle around it.
const WASTE: u32 = 4;

/// A window that may still grow.
#[derive(Clone, Copy, Debug)]
struct Open {
    rect: Rect,
    /// Pixels in it that must be sent.
    marked: u32,
}

/// Keeps its buffers from plan to plan.
#[derive(Debug)]
pub(super) struct Spans {
    open: Vec<Open>,
    new: Vec<Open>,
}

impl Default for Spans {
    fn default() -> Self {
        let most = usize::from(PANEL.width);
        Self {
            open: Vec::with_capacity(most * 4),
            new: Vec::with_capacity(most),
        }
    }
}

impl Spans {
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.open.capacity() + self.new.capacity()
    }

    /// Appends the windows in the order of their rows; false if there would be too many.
    pub(super) fn draw(&mut self, marks: &Marks, meter: &Meter, out: &mut Vec<Rect>) -> bool {
        let window = meter.span_pixels().clamp(LEAST_GAP, u16::MAX.into());
        let gap = u16::try_from(window).unwrap_or(u16::MAX);
        self.open.clear();
        for (y, row) in marks.rows() {
            self.new.clear();
            let mut at = 0;
            for (start, end) in row.runs(gap) {
                let run = Rect {
                    x: start,
                    y,
                    width: end - start,
                    height: 1,
                };
                at = self.skip(at, start.saturating_sub(gap));
                self.take(at, run, end.saturating_add(gap), window);
            }
            self.close(y, window, out);
            if out.len() + self.open.len() > MAX_WINDOWS {
                return false;
            }
        }
        out.extend(self.open.drain(..).map(|open| open.rect));
        // Windows that begin in the same row need the row only once.
        out.sort_unstable_by_key(|rect| (rect.y, rect.x));
        true
    }

    /// The first open window from `at` on that reaches to `left` or further.
    fn skip(&self, at: usize, left: u16) -> usize {
        let rest = self.open.get(at..).unwrap_or_default().iter();
        at + rest.take_while(|open| open.rect.right() < left).count()
    }

    /// Lets an open window that begins before `right` take the run, or opens another.
    fn take(&mut self, at: usize, run: Rect, right: u16, window: u32) {
        let near = self.open.get_mut(at..).unwrap_or_default().iter_mut();
        let near = near.take_while(|open| open.rect.x < right);
        let best = near.min_by_key(|open| growth(open.rect, run));
        let own = area(run);
        if let Some(open) = best {
            let wasted = area(open.rect.union(run)).saturating_sub(open.marked + own);
            if growth(open.rect, run) <= own + window && wasted <= window * WASTE {
                open.rect = open.rect.union(run);
                open.marked += own;
                return;
            }
        }
        self.new.push(Open {
            rect: run,
            marked: own,
        });
    }

    /// Puts away the windows that no run below row `y` can join to advantage.
    fn close(&mut self, y: u16, window: u32, out: &mut Vec<Rect>) {
        self.open.retain(|open| {
            let below = u32::from(y + 1 - open.rect.bottom());
            let stays = below * u32::from(open.rect.width) <= window;
            if !stays {
                out.push(open.rect);
            }
            stays
        });
        if !self.new.is_empty() {
            self.open.append(&mut self.new);
            self.open.sort_unstable_by_key(|open| open.rect.x);
        }
    }
}

fn growth(open: Rect, run: Rect) -> u32 {
    area(open.union(run)) - area(open)
}

fn area(rect: Rect) -> u32 {
    u32::from(rect.width) * u32::from(rect.height)
}
