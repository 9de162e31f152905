//! What lies over the picture for a while, and how the picture comes back.

use loop_proto::geometry::{PANEL, Rect};
use loop_proto::pixel::{Frame, PIXEL_BYTES};

/// A strip along the viewer's bottom edge: the right end of each row of a frame.
///
/// It is laid over a picture by changing places with what is there, and taken away by doing so again: one of the two is
/// always in the picture, the other is here, and nothing is lost or copied twice.
#[derive(Debug, Default)]
pub(crate) struct Cover {
    /// In the viewer's pixels; 0 covers nothing.
    height: u16,
    pixels: Box<[u8]>,
}

impl Cover {
    /// The lowest rows of this picture, as the viewer sees it.
    pub(crate) fn bottom_of(picture: &Frame, height: u16) -> Self {
        let height = height.min(PANEL.width);
        let rows = picture.rows(strip(height));
        Self {
            height,
            pixels: rows.flatten().copied().collect(),
        }
    }

    /// What it covers.
    pub(crate) fn rect(&self) -> Rect {
        strip(self.height)
    }

    /// Changes places with what is in the picture there.
    pub(crate) fn exchange(&mut self, picture: &mut Frame) {
        if self.height == 0 {
            return;
        }
        let rows = self.pixels.chunks_exact_mut(self.row_bytes());
        for (own, row) in rows.zip(picture.rows_mut(strip(self.height))) {
            own.swap_with_slice(row);
        }
    }

    /// The part of a rectangle that is not covered.
    pub(crate) fn beside(&self, rect: Rect) -> Rect {
        let edge = self.rect().x;
        Rect {
            width: rect.right().min(edge).saturating_sub(rect.x),
            ..rect
        }
    }

    /// Where a picture looks different under the other one; `None` for nowhere. Both are to lie here, not in a picture.
    pub(crate) fn difference(&self, other: &Self) -> Option<Rect> {
        let whole = self.rect().union(other.rect());
        if self.height != other.height {
            return Some(whole);
        }
        let own = self.pixels.chunks_exact(self.row_bytes().max(1));
        let rows = own.zip(other.pixels.chunks_exact(self.row_bytes().max(1)));
        let mut differing = (0u16..).zip(rows).filter(|(_, (own, other))| own != other);
        let (first, _) = differing.next()?;
        let last = differing.last().map_or(first, |(last, _)| last);
        Some(Rect {
            y: first,
            height: last + 1 - first,
            ..whole
        })
    }

    fn row_bytes(&self) -> usize {
        usize::from(self.height) * PIXEL_BYTES
    }
}

fn strip(height: u16) -> Rect {
    Rect {
        x: PANEL.width.saturating_sub(height),
        y: 0,
        width: height,
        height: if height == 0 { 0 } else { PANEL.height },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn picture(seed: u16) -> Frame {
        let mut frame = Frame::black();
        let pixels = frame.as_bytes_mut().as_chunks_mut::<2>().0;
        for (pixel, at) in pixels.iter_mut().zip(0u32..) {
            let value = at.wrapping_mul(40_503).wrapping_add(u32::from(seed) * 7919);
            let [_, high, low, _] = value.to_be_bytes();
            *pixel = [high, low];
        }
        frame
    }

    proptest! {
        #[test]
        fn laid_over_a_picture_it_is_there_and_taken_away_the_picture_is(height in 0u16..40, seed: u16) {
            let before = picture(seed);
            let other = picture(!seed);
            let mut cover = Cover::bottom_of(&other, height);
            let mut frame = before.clone();
            cover.exchange(&mut frame);
            let at = cover.rect();
            prop_assert!(frame.rows(at).eq(other.rows(at)));
            let rest = Rect { x: 0, y: 0, width: 240 - height, height: 320 };
            prop_assert!(frame.rows(rest).eq(before.rows(rest)));
            cover.exchange(&mut frame);
            prop_assert!(frame == before);
        }

        #[test]
        fn a_rectangle_and_what_of_it_is_covered_make_up_the_whole(
            height in 0u16..40, x in 0u16..240, y in 0u16..320, width in 1u16..240, rows in 1u16..320,
        ) {
            let rect = Rect { x, y, width: width.min(240 - x), height: rows.min(320 - y) };
            let cover = Cover::bottom_of(&Frame::black(), height);
            let free = cover.beside(rect);
            let columns = rect.x..rect.right();
            let expected = columns.filter(|column| *column < 240 - height).count();
            prop_assert_eq!((usize::from(free.width), free.height), (expected, rect.height));
            prop_assert!(free.is_empty() || free.right() <= 240 - height);
        }
    }

    #[test]
    fn only_what_differs_is_said_to() {
        let (none, mut frame) = (Cover::default(), Frame::black());
        assert_eq!(none.difference(&none), None);
        let one = Cover::bottom_of(&frame, 6);
        assert_eq!(one.difference(&none), Some(strip(6)));
        assert_eq!(
            one.difference(&Cover::bottom_of(&frame, 20)),
            Some(strip(20))
        );
        assert_eq!(one.difference(&Cover::bottom_of(&frame, 6)), None);
        let changed = Rect {
            x: 237,
            y: 100,
            width: 2,
            height: 5,
        };
        frame.rows_mut(changed).for_each(|row| row.fill(9));
        let columns = Rect {
            y: 100,
            height: 5,
            ..strip(6)
        };
        let other = Cover::bottom_of(&frame, 6);
        assert_eq!(one.difference(&other), Some(columns));
    }
}
