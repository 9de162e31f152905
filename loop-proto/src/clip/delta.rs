//! Finds what differs between two pictures, as few tight rectangles.

use crate::geometry::Rect;
use crate::marks::RowMarks;
use crate::pixel::{Frame, ROW_BYTES};

/// Most rectangles of one record, and of the damage it reports.
pub const MAX_RECTS: usize = 4096;

/// How near to each other changes must be to share a rectangle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// Equal pixels between two changed ones that cost no more than another rectangle.
    pub(super) gap: u16,
    /// How far the sides of a run may lie from the rectangle above it to become part of it.
    slack: u16,
}

impl Reach {
    /// For rectangles that list all their pixels: one takes 8 bytes, a pixel 2, and LZ4 makes little of equal ones. On the
    /// wire a window costs about as many pixels, where windows are cheap.
    pub(super) const TIGHT: Self = Self { gap: 6, slack: 4 };

    /// For rectangles with a mask, where an equal pixel takes one bit.
    pub(super) const COARSE: Self = Self { gap: 32, slack: 16 };

    fn wider(self) -> Self {
        Self {
            gap: self.gap * 2,
            slack: self.slack * 2,
        }
    }
}

/// Appends to `rects` at most [`MAX_RECTS`] rectangles that cover every pixel in which the pictures differ and do not
/// overlap each other.
pub fn changed_rects(before: &Frame, after: &Frame, rects: &mut Vec<Rect>) {
    changed_in_bytes(before.as_bytes(), after.as_bytes(), Reach::TIGHT, rects);
}

/// The same for rows of a frame's width. A picture that differs in too many places is taken in larger pieces.
pub(super) fn changed_in_bytes(before: &[u8], after: &[u8], reach: Reach, rects: &mut Vec<Rect>) {
    let (start, mut reach) = (rects.len(), reach);
    while !place_all(before, after, reach, rects) {
        rects.truncate(start);
        reach = reach.wider();
    }
}

/// Whether they fit into [`MAX_RECTS`]. They do at the latest when a row is one run.
fn place_all(before: &[u8], after: &[u8], reach: Reach, rects: &mut Vec<Rect>) -> bool {
    let start = rects.len();
    let mut places = Places {
        rects,
        start,
        open: start,
    };
    let rows = before
        .chunks_exact(ROW_BYTES)
        .zip(after.chunks_exact(ROW_BYTES));
    for (y, (old, new)) in (0u16..).zip(rows) {
        for (x, end) in RowMarks::between(old, new).runs(reach.gap) {
            let run = Rect {
                x,
                y,
                width: end - x,
                height: 1,
            };
            places.place(run, reach.slack);
        }
        places.end_row(y);
        if places.rects.len() - start > MAX_RECTS {
            return false;
        }
    }
    let placed = rects.get_mut(start..).unwrap_or_default();
    placed.sort_unstable_by_key(|rect| (rect.y, rect.x));
    true
}

/// Rectangles while they grow. Those that can grow no more come first, in the order in which they end.
struct Places<'a> {
    rects: &'a mut Vec<Rect>,
    start: usize,
    /// From here on they reach to the row above or to this one: a few dozen, however many there are in all.
    open: usize,
}

impl Places<'_> {
    /// Lets the rectangle above take the run in if their sides nearly agree and nothing else is in the way.
    fn place(&mut self, run: Rect, slack: u16) {
        let above = self.open().iter().rposition(|rect| {
            rect.bottom() == run.y
                && rect.x.abs_diff(run.x) <= slack
                && rect.right().abs_diff(run.right()) <= slack
        });
        let above = above.and_then(|at| self.open().get(at).map(|rect| (at, *rect)));
        if let Some((at, rect)) = above {
            let grown = rect.union(run);
            let widened = grown.width != rect.width || grown.width != run.width;
            let clear = !widened || self.is_clear(grown, at);
            if let (true, Some(rect)) = (clear, self.rects.get_mut(self.open + at)) {
                *rect = grown;
                return;
            }
        }
        self.rects.push(run);
    }

    /// Whether no rectangle but this open one overlaps.
    fn is_clear(&self, grown: Rect, but: usize) -> bool {
        let mut open = self.open().iter().enumerate();
        let closed = self.rects.get(self.start..self.open).unwrap_or_default();
        let mut beside = closed
            .iter()
            .rev()
            .take_while(|rect| rect.bottom() > grown.y);
        open.all(|(at, rect)| at == but || !overlap(*rect, grown))
            && beside.all(|rect| !overlap(*rect, grown))
    }

    /// Closes the rectangles that this row has not added to.
    fn end_row(&mut self, y: u16) {
        for at in self.open..self.rects.len() {
            if self.rects.get(at).is_some_and(|rect| rect.bottom() <= y) {
                self.rects.swap(at, self.open);
                self.open += 1;
            }
        }
    }

    fn open(&self) -> &[Rect] {
        self.rects.get(self.open..).unwrap_or_default()
    }
}

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}
