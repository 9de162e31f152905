//! Where two frames differ, one bit a pixel: what a planner cuts into windows. Ten kilobytes, whatever the damage is.

use loop_proto::geometry::{PANEL, Rect};
use loop_proto::marks::RowMarks;
use loop_proto::pixel::{Frame, ROW_BYTES};

/// The pixels of a frame that must be sent.
#[derive(Clone, Debug)]
pub struct Marks(Box<[RowMarks]>);

impl Default for Marks {
    fn default() -> Self {
        Self(vec![RowMarks::NONE; usize::from(PANEL.height)].into_boxed_slice())
    }
}

impl Marks {
    /// Forgets all.
    pub fn clear(&mut self) {
        self.0.fill(RowMarks::NONE);
    }

    /// Replaces the marks by the pixels in which the frames differ.
    pub fn compare(&mut self, before: &Frame, after: &Frame) {
        let rows = before.as_bytes().chunks_exact(ROW_BYTES);
        let rows = rows.zip(after.as_bytes().chunks_exact(ROW_BYTES));
        for (marks, (old, new)) in self.0.iter_mut().zip(rows) {
            *marks = RowMarks::between(old, new);
        }
    }

    /// Adds a rectangle; what of it lies outside of the frame is ignored.
    pub fn add(&mut self, rect: Rect) {
        let mut row = RowMarks::NONE;
        row.mark(rect.x, rect.right());
        self.rows_mut(rect).for_each(|marks| marks.unite(&row));
    }

    /// All rows from the top.
    pub fn rows(&self) -> impl Iterator<Item = (u16, &RowMarks)> {
        (0..).zip(&self.0)
    }

    /// The smallest rectangle around all marks.
    #[must_use]
    pub fn bounds(&self) -> Option<Rect> {
        self.tighten(PANEL.rect())
    }

    /// The smallest rectangle around the marks in this one.
    #[must_use]
    pub fn tighten(&self, rect: Rect) -> Option<Rect> {
        let mut within = RowMarks::NONE;
        within.mark(rect.x, rect.right());
        let mut union = RowMarks::NONE;
        let mut rows: Option<(u16, u16)> = None;
        let marks = self.0.iter().skip(rect.y.into()).take(rect.height.into());
        for (y, marks) in (rect.y..).zip(marks) {
            let marks = marks.within(&within);
            if !marks.is_empty() {
                union.unite(&marks);
                rows = Some((rows.map_or(y, |(top, _)| top), y + 1));
            }
        }
        let ((left, right), (top, bottom)) = union.bounds().zip(rows)?;
        Some(Rect {
            x: left,
            y: top,
            width: right - left,
            height: bottom - top,
        })
    }

    fn rows_mut(&mut self, rect: Rect) -> impl Iterator<Item = &mut RowMarks> {
        self.0
            .iter_mut()
            .skip(rect.y.into())
            .take(rect.height.into())
    }
}
