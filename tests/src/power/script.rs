//! Changes to a running device, and what is known of it before and after each.

use std::collections::BTreeMap;

use loop_proto::snapshot::HwSnapshot;

use super::follow::Event;

/// What is uploaded so that it can be resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cargo {
    /// A film and a frame for each shade, in a ZIP.
    Film(&'static [u8]),
    /// A picture that comes alone: the device converts it.
    Still(u8),
    /// The library as it was exported last.
    Library,
}

/// One request about an upload that can be resumed. A number is how many of its bytes have been sent afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tus {
    /// It is begun, with or without bytes.
    Create(Cargo, usize),
    /// More bytes come.
    Send(usize),
    /// More bytes come, and what they hash to.
    SendChecked(usize),
    /// Other bytes come than those that were hashed, so many; they are refused.
    SendDamaged(usize),
    /// More bytes come, and in the middle of them loop-web is killed and started again.
    CutOff(usize),
    /// It is given up.
    Terminate,
}

/// All bytes there are.
pub const ALL: usize = usize::MAX;

/// One thing that somebody does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Uploads an original and a frame for each shade, in a ZIP.
    Upload(&'static str, &'static [u8]),
    /// Uploads frames that cannot be compressed, so many, in a ZIP.
    UploadNoise(&'static str, u8),
    /// Uploads such frames as a finished clip.
    UploadClip(&'static str, u8),
    /// A request with a JSON body.
    Put(&'static str, &'static str),
    /// A request with a JSON body.
    Post(&'static str, &'static str),
    /// A request with a JSON body.
    Patch(&'static str, &'static str),
    /// A request.
    Delete(&'static str),
    /// loop-web is killed in the middle of an upload and started again: what a start does is cut off, too.
    CutOff,
    /// Uploads a picture alone: the device converts it.
    UploadStill(&'static str, u8),
    /// Has the clip of an item made anew, and waits for that: what promises it is not on the disk.
    Convert(&'static str, &'static str),
    /// Downloads the library and keeps it.
    Export,
    /// Uploads the library as it was exported last.
    Import,
    /// A request about the upload of this name.
    Tus(&'static str, Tus),
    /// Nobody does anything for so many milliseconds, in which each item of the loop is played.
    Play(u64),
}

/// What was done, when, and how the device was before and after it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was done.
    pub act: Act,
    /// Microseconds since 1970.
    pub began: u64,
    /// When the answer had come.
    pub answered: u64,
    /// Bytes of the files that were sent.
    pub sent: u64,
    /// How the device was when all had come to rest.
    pub after: Known,
}

impl Step {
    /// Whether it is a change that somebody is told of.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        !matches!(
            self.act,
            Act::CutOff
                | Act::Play(_)
                | Act::Convert(..)
                | Act::Tus(_, Tus::CutOff(_) | Tus::SendDamaged(_))
        )
    }
}

/// What must not get lost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The files of each item, by the hash of their content.
    pub items: BTreeMap<String, BTreeMap<String, u64>>,
    /// The loop.
    pub order: Vec<String>,
    /// What has arrived of uploads under way that can be resumed: by id the files, each with its length and hash.
    pub uploads: BTreeMap<String, BTreeMap<String, (usize, u64)>>,
    /// Of the display.
    pub display: Display,
}

/// What loop-hw must not forget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Display {
    /// The loop as it knows it.
    pub playlist: Vec<String>,
    /// In percent.
    pub brightness: u8,
    /// Repeat and playback.
    pub modes: String,
    /// What is on the glass.
    pub current: Option<String>,
}

impl From<HwSnapshot> for Display {
    fn from(state: HwSnapshot) -> Self {
        Self {
            playlist: state
                .playlist
                .iter()
                .map(|entry| entry.slug.to_string())
                .collect(),
            brightness: state.display.brightness.percent(),
            modes: format!("{:?} {:?}", state.player.repeat, state.player.playback),
            current: state.player.current.map(|current| current.slug.to_string()),
        }
    }
}

/// Everything that happened.
#[derive(Clone, Debug)]
pub struct Recording {
    /// In order.
    pub events: Vec<Event>,
    /// In order.
    pub steps: Vec<Step>,
    /// How the device was before the first.
    pub before: Known,
    /// What was sent to be resumed, by the name of the file.
    pub parcels: BTreeMap<String, Vec<u8>>,
}
