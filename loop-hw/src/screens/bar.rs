//! The bar that says how far something is, and the line above it that says what.

use embedded_graphics::geometry::Point;
use embedded_graphics::mono_font::ascii::FONT_8X13;
use loop_proto::geometry::PICTURE;
use loop_proto::pixel::{Frame, Picture};
use loop_proto::progress::Progress;

use super::canvas::Canvas;
use super::cover::Cover;
use super::{ACCENT, GROUND, INK, size};

/// Rows of the bar.
const BAR: u16 = 6;

/// Rows of the line above it.
const LINE: u16 = 17;

/// Left and right of the text.
const INDENT: i32 = 4;

/// What is to lie over the picture.
pub(crate) fn bar(progress: &Progress) -> Cover {
    let height = BAR + progress.label.as_ref().map_or(0, |_| LINE);
    let (width, bottom) = (i32::from(PICTURE.width), i32::from(PICTURE.height));
    let mut picture = Picture::black();
    let mut canvas = Canvas::new(&mut picture);
    let top = bottom - i32::from(height);
    canvas.fill(Point::new(0, top), size(width, height.into()), GROUND);
    // The beginning too is to be seen.
    let done = (width * i32::from(progress.percent.get()) / 100).max(INDENT);
    let at = Point::new(0, bottom - i32::from(BAR));
    canvas.fill(at, size(done, BAR.into()), ACCENT);
    if let Some(label) = &progress.label {
        let line = fitted(label.as_str());
        canvas.text(Point::new(INDENT, top + 2), 1, &FONT_8X13, INK, &line);
    }
    let mut frame = Frame::black();
    picture.transpose_into(&mut frame);
    Cover::bottom_of(&frame, height)
}

/// As much of a text as fits; of a longer one the end is left, which is where files of a series differ.
fn fitted(text: &str) -> String {
    const GAP: &str = "...";
    let columns = (i32::from(PICTURE.width) - 2 * INDENT) / 8;
    let columns = usize::try_from(columns).unwrap_or(0);
    let count = text.chars().count();
    if count <= columns {
        return text.to_owned();
    }
    let kept = columns.saturating_sub(GAP.len());
    let (start, end) = (kept - kept / 2, kept / 2);
    let chars = text.chars().take(start).chain(GAP.chars());
    chars.chain(text.chars().skip(count - end)).collect()
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::raw::ToBytes;
    use loop_proto::progress::Label;

    use super::*;

    fn shown(percent: u8, label: Option<&str>) -> Picture {
        let mut frame = Frame::black();
        bar(&Progress {
            percent: percent.try_into().unwrap(),
            label: label.and_then(Label::nearest),
        })
        .exchange(&mut frame);
        frame.transposed()
    }

    /// Pixels of the accent in a row of the viewer.
    fn accents(picture: &Picture, row: usize) -> usize {
        let row = &picture.as_bytes()[row * 640..][..640];
        let pixels = row.as_chunks::<2>().0.iter();
        pixels
            .filter(|pixel| **pixel == ACCENT.to_be_bytes())
            .count()
    }

    #[test]
    fn the_bar_is_as_long_as_it_should_be_and_above_it_nothing_is_touched() {
        for (percent, length) in [(0, 4), (1, 4), (50, 160), (99, 316), (100, 320)] {
            let picture = shown(percent, None);
            assert_eq!(accents(&picture, 239), length);
            assert_eq!(accents(&picture, 234), length);
            assert_eq!(picture.as_bytes()[..234 * 640], [0; 234 * 640]);
        }
    }

    #[test]
    fn the_label_stands_above_the_bar_in_its_own_rows() {
        let picture = shown(50, Some("cat.mp4"));
        assert_eq!(accents(&picture, 239), 160);
        assert_eq!(picture.as_bytes()[..217 * 640], [0; 217 * 640]);
        let line = &picture.as_bytes()[217 * 640..234 * 640];
        assert!(line.as_chunks::<2>().0.contains(&INK.to_be_bytes()));
    }

    #[test]
    fn of_a_long_name_beginning_and_end_are_left() {
        assert_eq!(fitted("cat.mp4"), "cat.mp4");
        let long = fitted("a holiday that took a very long time, part 7.mp4");
        assert_eq!(long, "a holiday that too...g time, part 7.mp4");
        assert_eq!(long.chars().count(), 39);
    }
}
