//! Frames that come as a finished clip. It is from outside: nothing of it is believed that has not been tried.

use std::fs::File;
use std::path::Path;

use loop_proto::clip::{Clip, Position, Record, Summary};
use loop_proto::pixel::Frame;

use super::part::Part;
use super::stage::{Made, link_synced};
use super::{Error, tried};
use crate::look::Look;
use crate::store::Kind;

/// Checks every byte of a clip and makes it the item's. `progress` is told how many of how many frames are checked, and
/// says whether to go on.
pub(super) fn take(
    frames: &Part,
    clip: &Path,
    look: Look,
    mut progress: impl FnMut(u32, u32) -> bool,
) -> Result<Made, Error> {
    let failed = tried("read the clip");
    let file = File::open(&frames.path).map_err(&failed)?;
    let (summary, first) =
        check(file, frames.size, &mut progress).map_err(|fault| match fault {
            Unfit::Cancelled => Error::Cancelled,
            Unfit::Clip(loop_proto::clip::Error::Io(source)) => failed(source).into(),
            Unfit::Clip(fault) => Error::Clip {
                name: frames.name.clone(),
                fault,
            },
        })?;
    link_synced(&frames.path, clip).map_err(tried("store the clip"))?;
    Ok(Made {
        slug: None,
        original_filename: None,
        kind: if summary.frame_count > 1 {
            Kind::Video
        } else {
            Kind::Image
        },
        look,
        summary,
        first,
    })
}

/// Why a clip is not taken.
#[derive(Debug)]
pub(crate) enum Unfit {
    Clip(loop_proto::clip::Error),
    Cancelled,
}

impl From<loop_proto::clip::Error> for Unfit {
    fn from(fault: loop_proto::clip::Error) -> Self {
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
