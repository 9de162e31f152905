//! Why the worker gives a file back.

use std::io::ErrorKind;

use loop_proto::clip::{self, MAX_FRAMES};
use serde::{Deserialize, Serialize};

use super::place::Dimensions;

/// What sort of refusal it is; the parent makes its own error of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// Broken, or nothing we know.
    NotDecodable,
    /// More pixels or frames than are taken.
    TooLarge,
    /// Within the rules, but the device cannot do it.
    Limit,
    /// The disk is full.
    Full,
    /// The clip cannot be written.
    Disk,
}

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Told by its header, before anything is unpacked.
    #[error(
        "it has {width} x {height} pixels, at most {most} million of them can be converted here, and at most {side} on a side; make it smaller and try again"
    )]
    Pixels {
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
        /// In millions.
        most: u64,
        /// In pixels.
        side: u32,
    },
    /// A clip would be longer than clips are.
    #[error("it has more than {MAX_FRAMES} frames; shorten it and try again")]
    Frames,
    /// Few bytes can ask for any number of pixels.
    #[error("its frames have too many pixels together; make it smaller or shorter and try again")]
    Work,
    /// It is not what its first bytes promise.
    #[error("{0}")]
    Damaged(String),
    /// The limit, or what is free.
    #[error("converting it takes more memory than there is; make it smaller and try again")]
    Memory,
    /// Of the processor.
    #[error(
        "converting it takes too much of the processor's time; make it shorter or smaller and try again"
    )]
    Time,
    /// Of the clip's file.
    #[error(
        "its clip is larger than there is room for; make it shorter, choose a smaller quality or delete some media"
    )]
    Size,
    /// While the clip was written.
    #[error("the disk is full; delete some media")]
    Full,
    /// The disk.
    #[error("the clip cannot be written: {0}")]
    Write(String),
}

impl Refusal {
    pub(super) fn damaged(reason: impl Into<String>) -> Self {
        Self::Damaged(reason.into())
    }

    pub(super) fn pixels(size: Dimensions, most: u64, side: u32) -> Self {
        let Dimensions { width, height } = size;
        let most = most / 1_000_000;
        Self::Pixels {
            width,
            height,
            most,
            side,
        }
    }

    /// What sort it is.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Pixels { .. } | Self::Frames => Code::TooLarge,
            Self::Damaged(_) => Code::NotDecodable,
            Self::Work | Self::Memory | Self::Time | Self::Size => Code::Limit,
            Self::Full => Code::Full,
            Self::Write(_) => Code::Disk,
        }
    }
}

impl From<clip::Error> for Refusal {
    fn from(error: clip::Error) -> Self {
        match error {
            clip::Error::TooManyFrames => Self::Frames,
            clip::Error::Empty => Self::damaged("there is no picture in it"),
            clip::Error::Io(error) => match error.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
                ErrorKind::FileTooLarge => Self::Size,
                _ => Self::Write(error.to_string()),
            },
            error => Self::Write(error.to_string()),
        }
    }
}

/// A file that ends before its content does, or that cannot be read.
impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::UnexpectedEof => Self::damaged("the file ends too early"),
            ErrorKind::OutOfMemory => Self::Memory,
            _ => Self::Damaged(error.to_string()),
        }
    }
}
