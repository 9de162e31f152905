//! Words from a person, as large as they fit.

use embedded_graphics::geometry::Point;
use embedded_graphics::mono_font::iso_8859_15::FONT_10X20;
use embedded_graphics::pixelcolor::{Rgb565, Rgb888};
use embedded_graphics::prelude::RgbColor;
use loop_proto::geometry::{PANEL, PICTURE};
use loop_proto::message::{Colour, Message};
use loop_proto::pixel::{Frame, Picture};

use super::canvas::Canvas;
use super::cover::Cover;
use super::{GROUND, INK, centred, size, wrapped};

/// Left and right, above and below.
const EDGE: i32 = 10;

/// How much the letters are enlarged, the best first. Of the first, words of ten letters can be read across a room.
const SCALES: [u32; 3] = [3, 2, 1];

/// Below this, of 255, letters are dark and want a light ground.
const DARK: u32 = 70;

/// What is to lie over the whole picture. Characters the font lacks, which has those of ISO 8859-15, become a `?`.
pub(crate) fn message(message: &Message) -> Cover {
    let (ink, ground) = colours(message.colour);
    let (width, height) = (i32::from(PICTURE.width), i32::from(PICTURE.height));
    let mut picture = Picture::black();
    let mut canvas = Canvas::new(&mut picture);
    canvas.fill(Point::zero(), size(width, height), ground);
    let (scale, lines) = laid_out(message.text.as_str());
    let count = i32::try_from(lines.len()).unwrap_or(0);
    let mut top = (height - count * line_height(scale)) / 2;
    for line in lines {
        centred(&mut canvas, top, scale, &FONT_10X20, ink, &line);
        top += line_height(scale);
    }
    let mut frame = Frame::black();
    picture.transpose_into(&mut frame);
    Cover::bottom_of(&frame, PANEL.width)
}

/// The largest letters with which all of it fits and no word is torn; else the smallest, and what fits of it.
fn laid_out(text: &str) -> (u32, Vec<String>) {
    let mut small = (1, Vec::new());
    for scale in SCALES {
        let columns = (i32::from(PICTURE.width) - 2 * EDGE) / number(10 * scale);
        let room = (i32::from(PICTURE.height) - 2 * EDGE) / line_height(scale);
        let (columns, room) = (columns.max(1), usize::try_from(room).unwrap_or(0));
        let longest = text.split_whitespace().map(|word| word.chars().count());
        let is_whole = longest.max() <= usize::try_from(columns).ok();
        let mut lines: Vec<_> = text
            .trim()
            .split('\n')
            .flat_map(|line| paragraph(line, columns))
            .collect();
        if is_whole && lines.len() <= room {
            return (scale, lines);
        }
        lines.truncate(room);
        small = (scale, lines);
    }
    small
}

/// Its lines; an empty one is one, too.
fn paragraph(text: &str, columns: i32) -> Vec<String> {
    let lines: Vec<_> = wrapped(text, columns).collect();
    if lines.is_empty() {
        vec![String::new()]
    } else {
        lines
    }
}

fn line_height(scale: u32) -> i32 {
    number(20 * scale + 2 * scale)
}

fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// Of the letters and of what is behind them.
fn colours(colour: Option<Colour>) -> (Rgb565, Rgb565) {
    let Some(Colour([red, green, blue])) = colour else {
        return (INK, GROUND);
    };
    let ink = Rgb565::from(Rgb888::new(red, green, blue));
    // How bright a colour looks (ITU-R BT.601), in thousandths.
    let light = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    let ground = if light < 1000 * DARK {
        Rgb565::WHITE
    } else {
        GROUND
    };
    (ink, ground)
}

#[cfg(test)]
mod tests {
    use embedded_graphics::pixelcolor::raw::ToBytes;

    use super::*;

    fn shown(text: &str, colour: Option<Colour>) -> Picture {
        let mut frame = Frame::black();
        let text = text.parse().unwrap();
        message(&Message {
            text,
            time: None,
            colour,
        })
        .exchange(&mut frame);
        frame.transposed()
    }

    #[test]
    fn a_short_message_is_large_and_a_long_one_is_whole() {
        assert_eq!(laid_out("Dinner!"), (3, vec!["Dinner!".to_owned()]));
        let (scale, lines) = laid_out("Dinner is ready\n\ncome down");
        assert_eq!(
            (scale, lines.join("|")),
            (2, "Dinner is ready||come down".to_owned())
        );
        let long = "many words ".repeat(18);
        let (scale, lines) = laid_out(&long);
        assert_eq!((scale, lines.join(" ")), (1, long.trim().to_owned()));
        assert!(lines.iter().all(|line| line.len() <= 30));
        let (scale, lines) = laid_out(&format!("a{}b", "\n".repeat(190)));
        assert_eq!((scale, lines.len()), (1, 10));
    }

    #[test]
    fn it_stands_in_the_middle_and_covers_all_of_the_picture() {
        let picture = shown("Hello", None);
        let rows: Vec<_> = picture.as_bytes().chunks_exact(640).collect();
        let is_ground = |row: &&[u8]| {
            row.as_chunks::<2>()
                .0
                .iter()
                .all(|pixel| *pixel == GROUND.to_be_bytes())
        };
        let above = rows.iter().take_while(|row| is_ground(row)).count();
        let below = rows.iter().rev().take_while(|row| is_ground(row)).count();
        assert!(above > 85 && below > 85, "{above} and {below}");
        assert!(above + below < 240);
    }

    #[test]
    fn letters_have_their_colour_and_can_be_told_from_the_ground() {
        for (colour, ground) in [([255, 0, 0], GROUND), ([0, 0, 0], Rgb565::WHITE)] {
            let picture = shown("x", Some(Colour(colour)));
            let pixels = picture.as_bytes().as_chunks::<2>().0;
            let [red, green, blue] = colour;
            let ink = Rgb565::from(Rgb888::new(red, green, blue));
            assert_eq!(pixels[0], ground.to_be_bytes());
            assert!(pixels.contains(&ink.to_be_bytes()));
        }
    }

    #[test]
    fn what_the_font_lacks_is_a_question_mark() {
        assert!(shown("\u{1f600}", None).as_bytes() == shown("?", None).as_bytes());
        assert!(shown("ü", None).as_bytes() != shown("?", None).as_bytes());
    }
}
