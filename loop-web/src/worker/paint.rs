//! From rows of a picture of any size to a frame of the glass.

use loop_proto::geometry::PICTURE;
use loop_proto::pixel::{Frame, PIXEL_BYTES, Picture};

use super::orientation::Orientation;
use super::place::{Dimensions, Placement};
use super::rounding::{Colours, Rounding};
use super::scale::Scaler;
use crate::look::Fit;

/// Paints pictures that all have the same size.
#[derive(Debug)]
pub(super) struct Painter {
    orientation: Orientation,
    /// As the viewer sees it.
    placement: Placement,
    scaler: Scaler,
    /// The first picture that tells decides for all, so that nothing changes on the way.
    rounding: Option<Rounding>,
    colours: Colours,
    rgb: Vec<u8>,
    picture: Picture,
    frame: Frame,
}

/// How the bytes of a row are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Channels {
    Grey,
    GreyAlpha,
    Rgb,
    Rgba,
}

impl Channels {
    /// Bytes of a pixel.
    pub(super) const fn count(self) -> usize {
        match self {
            Self::Grey => 1,
            Self::GreyAlpha => 2,
            Self::Rgb => 3,
            Self::Rgba => 4,
        }
    }
}

impl Painter {
    /// For pictures of this size as they are stored.
    pub(super) fn new(size: Dimensions, orientation: Orientation, fit: Fit) -> Self {
        let turned = orientation.turns();
        let upright = if turned { size.turned() } else { size };
        let placement = Placement::new(upright, fit);
        let stored = if turned {
            placement.turned()
        } else {
            placement
        };
        Self {
            orientation,
            placement,
            scaler: Scaler::new(stored),
            rounding: None,
            colours: Colours::default(),
            rgb: Vec::new(),
            picture: Picture::black(),
            frame: Frame::black(),
        }
    }

    /// Takes the next row. What is see-through is seen on black.
    pub(super) fn row(&mut self, bytes: &[u8], channels: Channels) {
        on_black(bytes, channels, &mut self.rgb);
        let (undecided, colours) = (self.rounding.is_none(), &mut self.colours);
        self.scaler.push(&self.rgb, |pixel| {
            if undecided {
                colours.count(pixel);
            }
        });
    }

    /// A picture that is in memory as a whole.
    pub(super) fn paint(&mut self, size: Dimensions, pixels: &[u8], channels: Channels) -> &Frame {
        let width = usize::try_from(size.width).unwrap_or(usize::MAX);
        for row in pixels.chunks_exact(width.saturating_mul(channels.count()).max(1)) {
            self.row(row, channels);
        }
        self.finish()
    }

    /// The picture whose rows have come; the next row begins the next one.
    pub(super) fn finish(&mut self) -> &Frame {
        if self.rounding.is_none() {
            self.rounding = self.colours.rounding();
            self.colours = Colours::default();
        }
        let rounding = self.rounding.unwrap_or(Rounding::Nearest);
        let side = |shown: u64| u16::try_from(shown).unwrap_or(u16::MAX);
        let (width, height) = (
            side(self.placement.across.shown),
            side(self.placement.down.shown),
        );
        let (left, top) = ((PICTURE.width - width) / 2, (PICTURE.height - height) / 2);
        let pixels = self.picture.as_bytes_mut().as_chunks_mut::<PIXEL_BYTES>().0;
        let rows = pixels
            .chunks_exact_mut(usize::from(PICTURE.width))
            .skip(usize::from(top));
        for (y, row) in (0..height).zip(rows) {
            for (x, pixel) in (0..width).zip(row.iter_mut().skip(usize::from(left))) {
                let (across, down) = self.orientation.stored(x, y, width, height);
                let sums = self.scaler.pixel(usize::from(across), usize::from(down));
                *pixel = rounding.pixel(sums, left + x, top + y);
            }
        }
        self.picture.transpose_into(&mut self.frame);
        self.scaler.restart();
        &self.frame
    }
}

fn on_black(bytes: &[u8], channels: Channels, rgb: &mut Vec<u8>) {
    let shown = |value: u8, alpha: u8| {
        let light = u16::from(value) * u16::from(alpha);
        u8::try_from((light + 127) / 255).unwrap_or(u8::MAX)
    };
    rgb.clear();
    match channels {
        Channels::Rgb => rgb.extend_from_slice(bytes),
        Channels::Grey => rgb.extend(bytes.iter().flat_map(|&grey| [grey; 3])),
        Channels::GreyAlpha => {
            let pixels = bytes.as_chunks::<2>().0.iter();
            rgb.extend(pixels.flat_map(|&[grey, alpha]| [shown(grey, alpha); 3]));
        }
        Channels::Rgba => {
            let pixels = bytes.as_chunks::<4>().0.iter();
            rgb.extend(pixels.flat_map(|&[red, green, blue, alpha]| {
                [red, green, blue].map(|channel| shown(channel, alpha))
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use loop_proto::pixel::{rgb565, rgb888};

    use super::*;

    fn size(width: u32, height: u32) -> Dimensions {
        Dimensions { width, height }
    }

    fn shown(frame: &Frame, x: usize, y: usize) -> [u8; 3] {
        let picture = frame.transposed();
        let at = (y * usize::from(PICTURE.width) + x) * PIXEL_BYTES;
        rgb888([picture.as_bytes()[at], picture.as_bytes()[at + 1]])
    }

    #[test]
    fn what_is_see_through_is_seen_on_black() {
        let mut painter = Painter::new(size(2, 1), Orientation::UPRIGHT, Fit::Fit);
        painter.row(&[255, 255, 255, 0, 255, 0, 0, 255], Channels::Rgba);
        let frame = painter.finish();
        assert_eq!(shown(frame, 2, 100), [0; 3]);
        assert_eq!(shown(frame, 317, 100), rgb888(rgb565(255, 0, 0)));
    }

    #[test]
    fn one_pixel_fills_the_glass() {
        let mut painter = Painter::new(size(1, 1), Orientation::UPRIGHT, Fit::Fill);
        painter.row(&[255, 0, 255], Channels::Rgb);
        let frame = painter.finish();
        for (x, y) in [(0, 0), (319, 239), (160, 120)] {
            assert_eq!(shown(frame, x, y), [255, 0, 255]);
        }
    }

    #[test]
    fn a_second_picture_has_nothing_of_the_first() {
        let mut painter = Painter::new(size(2, 2), Orientation::UPRIGHT, Fit::Fill);
        for colour in [255, 0] {
            painter.row(&[colour; 6], Channels::Rgb);
            painter.row(&[colour; 6], Channels::Rgb);
            assert_eq!(shown(painter.finish(), 100, 100), [colour; 3]);
        }
    }
}
