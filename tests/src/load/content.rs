//! What is uploaded, made anew from a few words whenever it is needed, and how it is recognised afterwards.

use loop_proto::clip::{Clip, Position, Record};
use loop_proto::pixel::{Frame, Picture};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::dice::Dice;
use crate::media::{film, frame, frames_zip, metadata};

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
    /// The slug it asks for.
    #[must_use]
    pub fn slug(&self) -> String {
        let slug = &metadata(&self.name, 1)["slug"];
        slug.as_str().unwrap().to_owned()
    }

    /// Name of the original.
    #[must_use]
    pub fn filename(&self) -> String {
        format!("{}.mp4", self.name)
    }

    /// The original.
    #[must_use]
    pub fn original(&self) -> Vec<u8> {
        let mut dice = self.dice();
        let mut bytes = film(&format!("{} {} ", self.name, self.edition));
        bytes.extend((0..self.bytes).map(|_| dice.throw(256).to_le_bytes()[0]));
        bytes
    }

    /// The frames, as the page sends them.
    #[must_use]
    pub fn zip(&self) -> Vec<u8> {
        frames_zip(&self.name, &self.shades())
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
    fn shades(&self) -> Vec<u8> {
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
