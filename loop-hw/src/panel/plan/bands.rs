//! The best cut into horizontal bands, found by going through all of them.
//!
//! Rows with marks in nearly the same blocks of columns are one line; a band is a stretch of lines. The cheapest way to cut
//! the lines before the n-th is the cheapest of all ways to end a band there, which a table of what came before gives: at
//! most [`MOST_LINES`]² / 2 bands are looked at.

use loop_proto::geometry::{PANEL, Rect};

use super::super::diff::Marks;
use super::super::window::Meter;
use super::MAX_WINDOWS;

/// Columns of a block.
const BLOCK: u32 = 4;

const ROWS: usize = PANEL.height as usize;

/// Where every row differs from the next, as in film, looking at them all would find little and take long.
const MOST_LINES: usize = 64;

/// Neighbouring rows with the same blocks.
#[derive(Clone, Copy, Debug)]
struct Line {
    top: u16,
    bottom: u16,
    blocks: u64,
}

impl Line {
    fn pixels(self) -> u32 {
        self.blocks.count_ones() * BLOCK * u32::from(self.bottom - self.top)
    }
}

/// The cheapest way to cut everything before a line.
#[derive(Clone, Copy, Debug)]
struct Cheapest {
    /// In pixels, windows included.
    price: u32,
    /// The line with which the last band begins.
    from: usize,
}

/// Keeps its tables from plan to plan.
#[derive(Debug)]
pub(super) struct Bands {
    lines: Vec<Line>,
    cuts: Vec<Cheapest>,
}

impl Default for Bands {
    fn default() -> Self {
        Self {
            lines: Vec::with_capacity(ROWS),
            cuts: Vec::with_capacity(ROWS + 1),
        }
    }
}

impl Bands {
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.lines.capacity() + self.cuts.capacity()
    }

    /// Appends the windows from the top; false if there would be too many.
    pub(super) fn draw(&mut self, marks: &Marks, meter: &Meter, out: &mut Vec<Rect>) -> bool {
        let window = meter.band_pixels();
        self.find_lines(marks);
        self.join_lines(window);
        self.find_cuts(window);
        let mut end = self.lines.len();
        while let (Some(cut), Some(last)) = (
            self.cuts.get(end),
            end.checked_sub(1).and_then(|at| self.lines.get(at)),
        ) {
            let Some(first) = self.lines.get(cut.from) else {
                return false;
            };
            let lines = self.lines.get(cut.from..end).unwrap_or_default();
            let blocks = lines.iter().fold(0, |blocks, line| blocks | line.blocks);
            let rows = (first.top, last.bottom);
            for_each_span(blocks, window / u32::from(rows.1 - rows.0), |start, end| {
                out.extend(rect(rows, start, end).and_then(|rect| marks.tighten(rect)));
            });
            if out.len() > MAX_WINDOWS - usize::from(PANEL.width) {
                return false;
            }
            end = cut.from;
        }
        out.reverse();
        true
    }

    fn find_lines(&mut self, marks: &Marks) {
        self.lines.clear();
        for (y, row) in marks.rows() {
            let blocks = row.blocks();
            match self.lines.last_mut() {
                _ if blocks == 0 => {}
                Some(line) if line.bottom == y && line.blocks == blocks => line.bottom = y + 1,
                _ => self.lines.push(Line {
                    top: y,
                    bottom: y + 1,
                    blocks,
                }),
            }
        }
    }

    /// Joins neighbours, those first that waste least by it, until they are few enough.
    fn join_lines(&mut self, window: u32) {
        let mut waste = window / 8 + 1;
        while self.lines.len() > MOST_LINES {
            self.lines.dedup_by(|next, line| {
                let joined = Line {
                    top: line.top,
                    bottom: next.bottom,
                    blocks: line.blocks | next.blocks,
                };
                let near = joined.pixels() <= line.pixels() + next.pixels() + waste;
                if near {
                    *line = joined;
                }
                near
            });
            waste = waste.saturating_mul(2);
        }
    }

    fn find_cuts(&mut self, window: u32) {
        self.cuts.clear();
        self.cuts.push(Cheapest { price: 0, from: 0 });
        for (end, last) in (1..).zip(&self.lines) {
            let mut best = Cheapest {
                price: u32::MAX,
                from: 0,
            };
            let mut blocks = 0;
            let before = self.lines.iter().zip(&self.cuts).enumerate().take(end);
            for (from, (first, cut)) in before.rev() {
                blocks |= first.blocks;
                let rows = u32::from(last.bottom - first.top);
                // A band only becomes dearer by more lines, and is never cheaper than its blocks in one window.
                let least = blocks.count_ones() * BLOCK * rows + window;
                if least >= best.price {
                    break;
                }
                if least.saturating_add(cut.price) < best.price {
                    let price = price(blocks, rows, window).saturating_add(cut.price);
                    if price < best.price {
                        best = Cheapest { price, from };
                    }
                }
            }
            self.cuts.push(best);
        }
    }
}

/// Of a band with these blocks, in pixels.
fn price(blocks: u64, rows: u32, window: u32) -> u32 {
    let mut price: u32 = 0;
    for_each_span(blocks, window / rows.max(1), |start, end| {
        price = price.saturating_add((end - start) * BLOCK * rows + window);
    });
    price
}

/// Start and end of each stretch of blocks; a gap of at most `gap` pixels does not end one.
fn for_each_span(blocks: u64, gap: u32, mut found: impl FnMut(u32, u32)) {
    let mut rest = blocks;
    let mut at = 0;
    let mut span: Option<(u32, u32)> = None;
    while rest != 0 {
        let clear = rest.trailing_zeros();
        let set = (rest >> clear).trailing_ones();
        let (start, end) = (at + clear, at + clear + set);
        span = match span {
            Some((first, last)) if (start - last) * BLOCK <= gap => Some((first, end)),
            Some((first, last)) => {
                found(first, last);
                Some((start, end))
            }
            None => Some((start, end)),
        };
        at = end;
        rest = rest.checked_shr(clear + set).unwrap_or(0);
    }
    if let Some((first, last)) = span {
        found(first, last);
    }
}

fn rect((top, bottom): (u16, u16), start: u32, end: u32) -> Option<Rect> {
    Some(Rect {
        x: u16::try_from(start * BLOCK).ok()?,
        y: top,
        width: u16::try_from((end - start) * BLOCK).ok()?,
        height: bottom - top,
    })
}
