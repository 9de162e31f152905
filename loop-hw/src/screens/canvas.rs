//! Drawing into a picture with embedded-graphics.

use std::convert::Infallible;

use embedded_graphics::Drawable;
use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::mono_font::{MonoFont, MonoTextStyle};
use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::pixelcolor::raw::ToBytes;
use embedded_graphics::primitives::Rectangle;
use embedded_graphics::text::{Baseline, Text};
use loop_proto::geometry::{PICTURE, Rect};
use loop_proto::pixel::Picture;

/// A picture to draw on.
pub(super) struct Canvas<'a> {
    picture: &'a mut Picture,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(picture: &'a mut Picture) -> Self {
        Self { picture }
    }

    pub(super) fn fill(&mut self, top_left: Point, size: Size, colour: Rgb565) {
        let Ok(()) = self.fill_solid(&Rectangle::new(top_left, size), colour);
    }

    /// Writes one line; `scale` repeats each pixel of the font.
    pub(super) fn text(
        &mut self,
        at: Point,
        scale: u32,
        font: &MonoFont<'_>,
        colour: Rgb565,
        text: &str,
    ) {
        let style = MonoTextStyle::new(font, colour);
        let text = Text::with_baseline(text, Point::zero(), style, Baseline::Top);
        let Ok(_) = text.draw(&mut Enlarged {
            canvas: self,
            at,
            scale,
        });
    }
}

impl OriginDimensions for Canvas<'_> {
    fn size(&self) -> Size {
        Size::new(PICTURE.width.into(), PICTURE.height.into())
    }
}

impl DrawTarget for Canvas<'_> {
    type Color = Rgb565;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb565>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Infallible> {
        for Pixel(at, colour) in pixels {
            self.fill(at, Size::new(1, 1), colour);
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb565) -> Result<(), Infallible> {
        let inside = area.intersection(&Rectangle::new(Point::zero(), self.size()));
        let number = |value: u32| u16::try_from(value).unwrap_or(0);
        let rect = Rect {
            x: u16::try_from(inside.top_left.x).unwrap_or(0),
            y: u16::try_from(inside.top_left.y).unwrap_or(0),
            width: number(inside.size.width),
            height: number(inside.size.height),
        };
        for row in self.picture.rows_mut(rect) {
            for pixel in row.chunks_exact_mut(2) {
                pixel.copy_from_slice(&colour.to_be_bytes());
            }
        }
        Ok(())
    }
}

/// Draws each pixel as a square.
struct Enlarged<'a, 'b> {
    canvas: &'a mut Canvas<'b>,
    at: Point,
    scale: u32,
}

impl OriginDimensions for Enlarged<'_, '_> {
    fn size(&self) -> Size {
        self.canvas.size() / self.scale
    }
}

impl DrawTarget for Enlarged<'_, '_> {
    type Color = Rgb565;
    type Error = Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb565>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Infallible> {
        let scale = i32::try_from(self.scale).unwrap_or(1);
        for Pixel(point, colour) in pixels {
            self.canvas.fill(
                self.at + point * scale,
                Size::new(self.scale, self.scale),
                colour,
            );
        }
        Ok(())
    }
}
