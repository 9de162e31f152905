//! What frames of an animation are drawn on, one over the other.

use super::bounds::buffer;
use super::place::Dimensions;
use super::refusal::Refusal;

/// Bytes of a pixel: red, green, blue, alpha.
const RGBA: usize = 4;

/// See-through at first.
#[derive(Debug)]
pub(super) struct Canvas {
    size: Dimensions,
    rgba: Vec<u8>,
    /// What is put back when a frame is over, see [`Canvas::keep`].
    kept: Vec<u8>,
}

/// The part of a frame that lies on the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: u32,
    pub(super) top: u32,
    pub(super) size: Dimensions,
}

/// What becomes of a frame's area when its time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposal {
    /// It stays.
    Keep,
    /// It becomes see-through.
    Clear,
    /// It becomes what it was before the frame.
    Restore,
}

impl Canvas {
    pub(super) fn new(size: Dimensions) -> Result<Self, Refusal> {
        Ok(Self {
            size,
            rgba: buffer(size.pixels() * RGBA as u64)?,
            kept: Vec::new(),
        })
    }

    pub(super) fn size(&self) -> Dimensions {
        self.size
    }

    pub(super) fn rgba(&self) -> &[u8] {
        &self.rgba
    }

    /// Cuts off what lies outside.
    pub(super) fn visible(&self, area: Area) -> Area {
        let (left, top) = (
            area.left.min(self.size.width),
            area.top.min(self.size.height),
        );
        Area {
            left,
            top,
            size: Dimensions {
                width: area.size.width.min(self.size.width - left),
                height: area.size.height.min(self.size.height - top),
            },
        }
    }

    /// Remembers an area that is to be restored.
    pub(super) fn keep(&mut self, area: Area) -> Result<(), Refusal> {
        let area = self.visible(area);
        let mut kept = std::mem::take(&mut self.kept);
        kept.clear();
        let bytes = usize::try_from(area.size.pixels()).unwrap_or(usize::MAX) * RGBA;
        kept.try_reserve_exact(bytes).map_err(|_| Refusal::Memory)?;
        self.rows(area).for_each(|row| kept.extend_from_slice(row));
        self.kept = kept;
        Ok(())
    }

    /// Ends a frame's time.
    pub(super) fn dispose(&mut self, area: Area, disposal: Disposal) {
        match disposal {
            Disposal::Keep => {}
            Disposal::Clear => self.rows(area).for_each(|row| row.fill(0)),
            Disposal::Restore => {
                let kept = std::mem::take(&mut self.kept);
                let mut from = kept.as_slice();
                for row in self.rows(area) {
                    let (first, rest) = from.split_at(row.len().min(from.len()));
                    row.iter_mut().zip(first).for_each(|(to, from)| *to = *from);
                    from = rest;
                }
                self.kept = kept;
            }
        }
    }

    /// Lays a row over one of the area's; what is see-through shows what is below, what is half so lets half through.
    pub(super) fn lay_over(&mut self, area: Area, row: u32, rgba: &[u8]) {
        let target = self.row(area, row).as_chunks_mut::<RGBA>().0;
        for (to, from) in target.iter_mut().zip(rgba.as_chunks::<RGBA>().0) {
            *to = match from {
                [.., 255] => *from,
                [.., 0] => *to,
                _ => blended(*to, *from),
            };
        }
    }

    /// Puts a row in the place of one of the area's.
    pub(super) fn put(&mut self, area: Area, row: u32, rgba: &[u8]) {
        let target = self.row(area, row);
        target
            .iter_mut()
            .zip(rgba)
            .for_each(|(to, from)| *to = *from);
    }

    /// A row of the area, counted from its top; empty outside the canvas.
    fn row(&mut self, area: Area, row: u32) -> &mut [u8] {
        let lower = Area {
            top: area.top.saturating_add(row),
            size: Dimensions {
                width: area.size.width,
                height: 1,
            },
            ..area
        };
        self.rows(lower).next().unwrap_or_default()
    }

    fn rows(&mut self, area: Area) -> impl Iterator<Item = &mut [u8]> {
        let area = self.visible(area);
        let place = |pixels: u32| usize::try_from(pixels).unwrap_or(usize::MAX);
        let (left, width) = (place(area.left) * RGBA, place(area.size.width) * RGBA);
        self.rgba
            .chunks_exact_mut(place(self.size.width).max(1) * RGBA)
            .skip(place(area.top))
            .take(place(area.size.height))
            .filter_map(move |row| row.get_mut(left..left + width))
    }
}

/// One see-through pixel over another, not premultiplied.
fn blended(below: [u8; RGBA], above: [u8; RGBA]) -> [u8; RGBA] {
    let ([.., alpha_below], [.., alpha]) = (below, above);
    let (alpha, rest) = (u32::from(alpha), 255 - u32::from(alpha));
    // In 255ths of 255ths.
    let left = u32::from(alpha_below) * rest;
    let total = alpha * 255 + left;
    let mut out = [0; RGBA];
    for (out, (below, above)) in out.iter_mut().zip(below.into_iter().zip(above)).take(3) {
        let sum = u32::from(above) * alpha * 255 + u32::from(below) * left;
        *out = u8::try_from((sum + total / 2) / total.max(1)).unwrap_or(u8::MAX);
    }
    let [.., alpha] = &mut out;
    *alpha = u8::try_from((total + 127) / 255).unwrap_or(u8::MAX);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(left: u32, top: u32, width: u32, height: u32) -> Area {
        Area {
            left,
            top,
            size: Dimensions { width, height },
        }
    }

    fn canvas() -> Canvas {
        let mut canvas = Canvas::new(Dimensions {
            width: 3,
            height: 2,
        })
        .unwrap();
        for row in 0..2 {
            canvas.put(area(0, 0, 3, 2), row, &[[10, 20, 30, 255]; 3].concat());
        }
        canvas
    }

    fn pixel(canvas: &Canvas, at: usize) -> [u8; 4] {
        canvas.rgba().as_chunks::<4>().0[at]
    }

    #[test]
    fn what_lies_outside_is_cut_off() {
        let mut canvas = canvas();
        canvas.lay_over(area(2, 1, 5, 5), 0, &[9, 9, 9, 255].repeat(5));
        canvas.lay_over(area(2, 1, 5, 5), 1, &[9, 9, 9, 255].repeat(5));
        canvas.lay_over(area(7, 9, 1, 1), 0, &[9, 9, 9, 255]);
        let nines = canvas
            .rgba()
            .chunks(4)
            .filter(|pixel| pixel[0] == 9)
            .count();
        assert_eq!((nines, pixel(&canvas, 5)), (1, [9, 9, 9, 255]));
    }

    #[test]
    fn an_area_is_cleared_or_restored() {
        for (disposal, wanted) in [
            (Disposal::Keep, [1, 2, 3, 255]),
            (Disposal::Clear, [0; 4]),
            (Disposal::Restore, [10, 20, 30, 255]),
        ] {
            let mut canvas = canvas();
            let place = area(1, 0, 9, 1);
            canvas.keep(place).unwrap();
            canvas.lay_over(place, 0, &[1, 2, 3, 255].repeat(9));
            canvas.dispose(place, disposal);
            assert_eq!([1, 2].map(|at| pixel(&canvas, at)), [wanted; 2]);
            assert_eq!(pixel(&canvas, 0), [10, 20, 30, 255]);
        }
    }

    #[test]
    fn half_see_through_is_half_of_both() {
        assert_eq!(
            blended([0, 0, 0, 255], [255, 255, 255, 128]),
            [128, 128, 128, 255]
        );
        assert_eq!(
            blended([7, 7, 7, 0], [100, 50, 25, 128]),
            [100, 50, 25, 128]
        );
    }
}
