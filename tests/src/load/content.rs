//! What is uploaded, made anew from a few words whenever it is needed, and how it is recognised afterwards.

use loop_proto::clip::{Clip, Position, Record};
use loop_proto::pixel::{Frame, Picture};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::dice::Dice;
use crate::media::{film, frame, frames_zip, metadata};

/// How an item comes.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A film with its frames.
    #[default]
    Film,
    /// A picture alone, which the device converts.
    Still,
    /// A film, in an exported library.
    Library,
}

/// Names an upload's bytes. Two with different words have different bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Content {
    /// Of the item.
    pub name: String,
    /// Counts what was uploaded under this name.
    pub edition: u32,
    /// About the size of the original.
    pub bytes: u32,
    /// Frames of the clip.
    pub frames: u8,
    /// How it comes.
    #[serde(default)]
    pub kind: Kind,
}

/// What an item is recognised by, whatever the device makes of its files.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Print {
    /// sha256 of the original, if there is one.
    pub original: Option<String>,
    /// sha256 of all pixels of the clip, in the order in which they are shown.
    pub pixels: String,
}

impl Content {
    /// One of this name, of any kind.
    #[must_use]
    pub fn any(name: String, dice: &mut Dice) -> Self {
        let kind = match dice.throw(10) {
            0 => Kind::Still,
            1 | 2 => Kind::Library,
            _ => Kind::Film,
        };
        let largest = if dice.chance(20) { 400_000 } else { 5_000 };
        let frames = if kind == Kind::Still { 1 } else { 6 };
        Self {
            name,
            edition: 0,
            bytes: u32::try_from(dice.throw(largest)).unwrap(),
            frames: u8::try_from(1 + dice.throw(frames)).unwrap(),
            kind,
        }
    }

    /// The slug it asks for, or gets.
    #[must_use]
    pub fn slug(&self) -> String {
        if self.kind == Kind::Still {
            return format!("{}_{}", self.name, &sha256(&self.original())[..16]);
        }
        let slug = &metadata(&self.name, 1)["slug"];
        slug.as_str().unwrap().to_owned()
    }

    /// Name of the original.
    #[must_use]
    pub fn filename(&self) -> String {
        let end = if self.kind == Kind::Still {
            "png"
        } else {
            "mp4"
        };
        format!("{}.{end}", self.name)
    }

    /// What the original is.
    #[must_use]
    pub fn filetype(&self) -> &'static str {
        match self.kind {
            Kind::Still => "image/png",
            Kind::Film | Kind::Library => "video/mp4",
        }
    }

    /// The original.
    #[must_use]
    pub fn original(&self) -> Vec<u8> {
        if self.kind == Kind::Still {
            let words = format!("{} {}", self.name, self.edition);
            return picture(&frame(self.shades()[0]), &words);
        }
        let mut dice = self.dice();
        let mut bytes = film(&format!("{} {} ", self.name, self.edition));
        bytes.extend((0..self.bytes).map(|_| dice.throw(256).to_le_bytes()[0]));
        bytes
    }

    /// The frames, as the page sends them; nothing if they do not come beside the original.
    #[must_use]
    pub fn zip(&self) -> Vec<u8> {
        match self.kind {
            Kind::Film => frames_zip(&self.name, &self.shades()),
            Kind::Still | Kind::Library => Vec::new(),
        }
    }

    /// What must be found of it.
    #[must_use]
    pub fn print(&self) -> Print {
        let mut pixels = Sha256::new();
        for shade in self.shades() {
            let picture = Picture::from_bytes(frame(shade)).unwrap();
            pixels.update(picture.transposed().as_bytes());
        }
        Print {
            original: Some(sha256(&self.original())),
            pixels: hex(&pixels.finalize()),
        }
    }

    /// Each frame differs from the one before.
    #[must_use]
    pub fn shades(&self) -> Vec<u8> {
        let first = self.dice().throw(250);
        (0..u64::from(self.frames))
            .map(|frame| u8::try_from((first + 7 * frame) % 251).unwrap())
            .collect()
    }

    fn dice(&self) -> Dice {
        let words = format!("{self:?}");
        let hash = Sha256::digest(words.as_bytes());
        Dice::new(u64::from_le_bytes(hash[..8].try_into().unwrap()))
    }
}

/// A picture as large as the panel, of colours that it can show as they are.
fn picture(frame: &[u8], words: &str) -> Vec<u8> {
    let spread = |bits: u16, width: u32| (bits << (8 - width) | bits >> (2 * width - 8)) as u8;
    let pixels = frame.chunks_exact(2).flat_map(|pixel| {
        let pixel = u16::from_be_bytes([pixel[0], pixel[1]]);
        let (red, green, blue) = (pixel >> 11, pixel >> 5 & 63, pixel & 31);
        [spread(red, 5), spread(green, 6), spread(blue, 5)]
    });
    let pixels: Vec<_> = pixels.collect();
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 320, 240);
    encoder.set_color(png::ColorType::Rgb);
    // Tells it from others that look the same.
    let words = words.to_owned();
    encoder.add_text_chunk("Title".to_owned(), words).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    file
}

/// What the names of our files begin with.
const NAME: &str = "load";

/// The name of the next item: no other has it.
#[must_use]
pub fn name(seed: u64, number: u64) -> String {
    format!("{NAME}{seed}x{number}")
}

/// Whether a file of this name is one of ours.
#[must_use]
pub fn is_ours(filename: &str) -> bool {
    filename.starts_with(NAME)
}

/// As hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a clip as it was downloaded, checks it whole, and gives the sha256 of its pixels.
///
/// # Errors
/// With what is wrong with it.
pub fn pixels_of(clip: Vec<u8>) -> Result<String, String> {
    let said = |error: loop_proto::clip::Error| error.to_string();
    let clip = Clip::open(clip).map_err(said)?;
    clip.verify().map_err(said)?;
    let mut pixels = Sha256::new();
    let mut picture = Frame::black();
    let (mut record, mut damage) = (Record::default(), Vec::new());
    for number in 0..clip.frame_count() {
        clip.load(Position::Frame(number), &mut record)
            .map_err(said)?;
        damage.clear();
        record.apply(&mut picture, &mut damage);
        pixels.update(picture.as_bytes());
    }
    Ok(hex(&pixels.finalize()))
}
