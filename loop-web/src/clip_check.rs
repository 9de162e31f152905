//! Clips that somebody else has made: nothing of them is believed that has not been tried.

use std::fs::File;

use loop_proto::clip::{Clip, Error, Position, Record, Summary};
use loop_proto::pixel::Frame;

/// Why a clip is not taken.
#[derive(Debug)]
pub(crate) enum Unfit {
    Clip(Error),
    Cancelled,
}

impl From<Error> for Unfit {
    fn from(fault: Error) -> Self {
        Self::Clip(fault)
    }
}

/// Reads all of a clip, and gives what it is and its first frame.
pub(crate) fn check(
    file: File,
    bytes: u64,
    progress: &mut impl FnMut(u32, u32) -> bool,
) -> Result<(Summary, Frame), Unfit> {
    let clip = Clip::open(file)?;
    clip.verify()?;
    let first = clip.render(0)?;
    let mut record = Record::default();
    for number in 0..clip.frame_count() {
        clip.load(Position::Frame(number), &mut record)?;
        if !progress(number + 1, clip.frame_count()) {
            return Err(Unfit::Cancelled);
        }
    }
    if clip.frame_count() > 1 {
        clip.load(Position::Wrap, &mut record)?;
    }
    let summary = Summary {
        id: clip.id(),
        frame_count: clip.frame_count(),
        total: clip.total(),
        bytes,
    };
    Ok((summary, first))
}
