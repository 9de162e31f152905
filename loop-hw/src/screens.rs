//! Text the device shows by itself.

mod bar;
mod canvas;
mod cover;
mod message;
#[cfg(test)]
mod tests;

use embedded_graphics::geometry::{Point, Size};
use embedded_graphics::mono_font::MonoFont;
use embedded_graphics::mono_font::ascii::{FONT_8X13, FONT_9X18_BOLD, FONT_10X20};
use embedded_graphics::pixelcolor::Rgb565;
use embedded_graphics::prelude::{RgbColor, WebColors};
use loop_proto::geometry::PICTURE;
use loop_proto::pixel::{Frame, Picture};
use qrcodegen::{QrCode, QrCodeEcc};

pub(crate) use self::bar::bar;
use self::canvas::Canvas;
pub(crate) use self::cover::Cover;
pub(crate) use self::message::message;

const GROUND: Rgb565 = Rgb565::new(1, 3, 3);
const INK: Rgb565 = Rgb565::WHITE;
const QUIET: Rgb565 = Rgb565::new(18, 39, 20);
const ACCENT: Rgb565 = Rgb565::CSS_CORAL;
const MARGIN: i32 = 16;

/// Light modules around a QR code that a reader needs (ISO/IEC 18004).
const QUIET_ZONE: i32 = 4;

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// While nothing else can be shown yet.
    Boot {
        /// Of the device.
        name: String,
        /// Of this program.
        version: String,
    },
    /// The playlist is empty.
    NoMedia {
        /// Of the page; `None` without a network.
        address: Option<String>,
    },
    /// Something needs a person.
    Error {
        /// In a few words.
        title: String,
        /// What to do about it.
        detail: String,
    },
}

/// Draws a screen over everything that was in the frame.
pub fn draw(screen: &Screen, frame: &mut Frame) {
    let mut picture = Picture::black();
    let mut canvas = Canvas::new(&mut picture);
    canvas.fill(
        Point::zero(),
        size(PICTURE.width.into(), PICTURE.height.into()),
        GROUND,
    );
    match screen {
        Screen::Boot { name, version } => boot(&mut canvas, name, version),
        Screen::NoMedia { address } => no_media(&mut canvas, address.as_deref()),
        Screen::Error { title, detail } => error(&mut canvas, title, detail),
    }
    picture.transpose_into(frame);
}

fn boot(canvas: &mut Canvas<'_>, name: &str, version: &str) {
    centred(canvas, 78, 3, &FONT_10X20, INK, name);
    canvas.fill(Point::new(136, 146), size(48, 4), ACCENT);
    centred(canvas, 164, 1, &FONT_9X18_BOLD, QUIET, version);
}

fn no_media(canvas: &mut Canvas<'_>, address: Option<&str>) {
    canvas.text(
        Point::new(MARGIN, 14),
        1,
        &FONT_10X20,
        INK,
        "Nothing to play yet",
    );
    canvas.fill(Point::new(MARGIN, 40), size(48, 3), ACCENT);
    let Some(address) = address else {
        paragraph(
            canvas,
            62,
            "No network. Connect a cable, or set up WiFi, and the address of this LOOP appears here.",
        );
        return;
    };
    let code = QrCode::encode_text(address, QrCodeEcc::Medium).ok();
    let right = code.map_or(MARGIN, |code| qr(canvas, &code));
    let columns = (i32::from(PICTURE.width) - right - MARGIN) / 9;
    canvas.text(Point::new(right, 66), 1, &FONT_8X13, QUIET, "Scan, or open");
    for (line, y) in wrapped(address, columns).zip((90..).step_by(20)) {
        canvas.text(Point::new(right, y), 1, &FONT_9X18_BOLD, INK, &line);
    }
    canvas.text(
        Point::new(right, 178),
        1,
        &FONT_8X13,
        QUIET,
        "and drop a GIF,",
    );
    canvas.text(
        Point::new(right, 194),
        1,
        &FONT_8X13,
        QUIET,
        "video or image.",
    );
}

/// Draws a code as large as fits and gives the column right of it.
fn qr(canvas: &mut Canvas<'_>, code: &QrCode) -> i32 {
    const TOP: i32 = 56;
    let modules = code.size() + 2 * QUIET_ZONE;
    let room = (i32::from(PICTURE.height) - TOP - MARGIN).min(i32::from(PICTURE.width) * 11 / 20);
    let scale = (room / modules).max(1);
    let side = modules * scale;
    canvas.fill(Point::new(MARGIN, TOP), size(side, side), Rgb565::WHITE);
    for (row, column) in
        (0..code.size()).flat_map(|row| (0..code.size()).map(move |column| (row, column)))
    {
        if code.get_module(column, row) {
            let place = Point::new(column + QUIET_ZONE, row + QUIET_ZONE) * scale;
            canvas.fill(
                place + Point::new(MARGIN, TOP),
                size(scale, scale),
                Rgb565::BLACK,
            );
        }
    }
    MARGIN + side + 12
}

fn error(canvas: &mut Canvas<'_>, title: &str, detail: &str) {
    canvas.fill(Point::zero(), size(6, PICTURE.height.into()), ACCENT);
    let columns = (i32::from(PICTURE.width) - 2 * MARGIN) / 10;
    let mut top = 24;
    for line in wrapped(title, columns).take(2) {
        canvas.text(Point::new(MARGIN + 4, top), 1, &FONT_10X20, INK, &line);
        top += 24;
    }
    paragraph(canvas, top + 16, detail);
}

fn paragraph(canvas: &mut Canvas<'_>, top: i32, text: &str) {
    let columns = (i32::from(PICTURE.width) - 2 * MARGIN - 4) / 9;
    let lines = (i32::from(PICTURE.height) - top - MARGIN) / 22;
    let lines = usize::try_from(lines).unwrap_or(0);
    for (line, y) in wrapped(text, columns).take(lines).zip((top..).step_by(22)) {
        canvas.text(Point::new(MARGIN + 4, y), 1, &FONT_9X18_BOLD, QUIET, &line);
    }
}

fn centred(
    canvas: &mut Canvas<'_>,
    top: i32,
    scale: u32,
    font: &MonoFont<'_>,
    colour: Rgb565,
    text: &str,
) {
    let advance = font.character_size.width * scale;
    let fits = usize::from(PICTURE.width) / usize::try_from(advance).unwrap_or(1).max(1);
    let shown: String = text.chars().take(fits).collect();
    let width =
        i32::try_from(shown.chars().count()).unwrap_or(0) * i32::try_from(advance).unwrap_or(0);
    let left = (i32::from(PICTURE.width) - width) / 2;
    canvas.text(Point::new(left, top), scale, font, colour, &shown);
}

/// Lines of at most `columns` characters, broken between words where there are any.
fn wrapped(text: &str, columns: i32) -> impl Iterator<Item = String> {
    let columns = usize::try_from(columns).unwrap_or(1).max(1);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let fits = |line: &String| line.chars().count() + 1 + word.chars().count() <= columns;
        if let Some(line) = lines.last_mut().filter(|line| fits(line)) {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        let letters: Vec<char> = word.chars().collect();
        lines.extend(
            letters
                .chunks(columns)
                .map(|part| part.iter().collect::<String>()),
        );
    }
    lines.into_iter()
}

fn size(width: i32, height: i32) -> Size {
    Size::new(
        u32::try_from(width).unwrap_or(0),
        u32::try_from(height).unwrap_or(0),
    )
}
