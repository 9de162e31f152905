//! Frames that come as a finished clip. It is from outside: nothing of it is believed that has not been tried.

use std::fs::File;
use std::path::Path;

use loop_proto::clip::Quality;

use super::frames_zip::Converted;
use super::part::Part;
use super::stage::link_synced;
use super::{Error, tried};
use crate::clip_check::{Unfit, check};
use crate::store::Kind;

/// Checks every byte of a clip and makes it the item's. `progress` is told how many of how many frames are checked, and
/// says whether to go on.
pub(super) fn take(
    frames: &Part,
    clip: &Path,
    quality: Quality,
    mut progress: impl FnMut(u32, u32) -> bool,
) -> Result<Converted, Error> {
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
    Ok(Converted {
        slug: None,
        original_filename: None,
        kind: Kind::of_frames(summary.frame_count),
        quality,
        summary,
        first,
    })
}
