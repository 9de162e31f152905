//! Finds what differs between two pictures, as few tight rectangles.

use crate::geometry::Rect;
use crate::pixel::{Frame, PIXEL_BYTES, ROW_BYTES};

/// Most rectangles of one record. A picture that differs in more places is taken as one rectangle around them all.
pub const MAX_RECTS: usize = 2048;

/// Equal pixels between two changed ones that are cheaper to store than another rectangle (8 bytes, 2 a pixel, and LZ4
/// makes little of them).
const GAP: usize = 6;

/// How far the sides of a run may lie from the rectangle above it to become part of it.
const SLACK: u16 = 4;

/// Appends to `rects` rectangles that cover every pixel in which the pictures differ and do not overlap each other.
pub fn changed_rects(before: &Frame, after: &Frame, rects: &mut Vec<Rect>) {
    changed_in_bytes(before.as_bytes(), after.as_bytes(), rects);
}

pub(super) fn changed_in_bytes(before: &[u8], after: &[u8], rects: &mut Vec<Rect>) {
    let start = rects.len();
    let rows = before
        .chunks_exact(ROW_BYTES)
        .zip(after.chunks_exact(ROW_BYTES));
    for (y, (old, new)) in (0u16..).zip(rows) {
        // Comparing whole rows first is several times faster than looking at each pixel of equal rows.
        if old == new {
            continue;
        }
        for_each_run(old, new, |x, width| {
            place(
                rects,
                start,
                Rect {
                    x,
                    y,
                    width,
                    height: 1,
                },
            )
        });
        if rects.len() - start > MAX_RECTS {
            rects.truncate(start);
            rects.extend(bounding_box(before, after));
            return;
        }
    }
}

/// Calls `found` with start and length of each stretch of changed pixels.
fn for_each_run(old: &[u8], new: &[u8], mut found: impl FnMut(u16, u16)) {
    let mut run: Option<(usize, usize)> = None;
    let pixels = old
        .chunks_exact(PIXEL_BYTES)
        .zip(new.chunks_exact(PIXEL_BYTES))
        .enumerate();
    for (x, _) in pixels.filter(|(_, (old, new))| old != new) {
        run = match run {
            Some((start, end)) if x - end <= GAP => Some((start, x + 1)),
            Some((start, end)) => {
                report(start, end, &mut found);
                Some((x, x + 1))
            }
            None => Some((x, x + 1)),
        };
    }
    if let Some((start, end)) = run {
        report(start, end, &mut found);
    }
}

fn report(start: usize, end: usize, found: &mut impl FnMut(u16, u16)) {
    if let (Ok(start), Ok(width)) = (u16::try_from(start), u16::try_from(end - start)) {
        found(start, width);
    }
}

/// Lets the rectangle above take the run in if their sides nearly agree and nothing else is in the way.
fn place(rects: &mut Vec<Rect>, start: usize, run: Rect) {
    let Some(own) = rects.get_mut(start..) else {
        return;
    };
    let above = own.iter().rposition(|rect| {
        rect.bottom() == run.y
            && rect.x.abs_diff(run.x) <= SLACK
            && rect.right().abs_diff(run.right()) <= SLACK
    });
    if let Some(above) = above.and_then(|at| own.get(at).copied().map(|rect| (at, rect))) {
        let (at, rect) = above;
        let grown = rect.union(run);
        let widened = grown.width != rect.width || grown.width != run.width;
        let clear = !widened
            || own
                .iter()
                .enumerate()
                .all(|(other, rect)| other == at || !overlap(*rect, grown));
        if let (true, Some(rect)) = (clear, own.get_mut(at)) {
            *rect = grown;
            return;
        }
    }
    rects.push(run);
}

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn bounding_box(before: &[u8], after: &[u8]) -> Option<Rect> {
    let mut bounds: Option<Rect> = None;
    let rows = before
        .chunks_exact(ROW_BYTES)
        .zip(after.chunks_exact(ROW_BYTES));
    for (y, (old, new)) in (0u16..).zip(rows) {
        for_each_run(old, new, |x, width| {
            let run = Rect {
                x,
                y,
                width,
                height: 1,
            };
            bounds = Some(bounds.map_or(run, |bounds| bounds.union(run)));
        });
    }
    bounds
}
