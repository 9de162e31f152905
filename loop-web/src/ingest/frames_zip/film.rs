//! The clip that is made of the frames of a ZIP, one after the other.

use std::io::{Seek, Write};
use std::time::Duration;

use loop_proto::clip::{
    Clip, ClipWriter, KEY_INTERVAL, Position, Quality, ReadAt, Record, Summary,
};
use loop_proto::pixel::{Frame, Picture};

use super::Fault;
use crate::ingest::metadata::{DEFAULT_DURATION, Metadata};

/// Frames this long after the last key are put up with where another clip would have to be written to have more keys.
const LATEST_KEY: Duration = KEY_INTERVAL.saturating_mul(2);

/// A clip on its way.
#[derive(Debug)]
pub(super) struct Film<W> {
    writer: ClipWriter<W>,
    frame: Frame,
    first: Frame,
    frames: u32,
    /// Whether all that is written was written as the metadata wants it.
    informed: bool,
}

impl<W: Write + Seek> Film<W> {
    /// Begins a clip; without metadata a lossless one.
    pub(super) fn begin(out: W, metadata: Option<&Metadata>) -> Result<Self, Fault> {
        let quality = metadata.map_or(Quality::Off, |metadata| metadata.quality);
        Ok(Self {
            writer: ClipWriter::with_quality(out, quality)?.in_a_hurry(),
            frame: Frame::black(),
            first: Frame::black(),
            frames: 0,
            informed: metadata.is_some(),
        })
    }

    /// Adds the next frame.
    pub(super) fn push(
        &mut self,
        picture: &Picture,
        metadata: Option<&Metadata>,
    ) -> Result<(), Fault> {
        picture.transpose_into(&mut self.frame);
        if self.frames == 0 {
            self.first.copy_from(&self.frame);
        }
        let duration = metadata.map_or(DEFAULT_DURATION, |metadata| metadata.duration(self.frames));
        self.writer.push(&self.frame, duration)?;
        self.frames += 1;
        Ok(())
    }

    /// How many frames there are.
    pub(super) fn frames(&self) -> u32 {
        self.frames
    }

    /// Mends what the metadata would have had otherwise, and says whether that was possible. If not, the clip is still what
    /// another one can be made from.
    pub(super) fn amend(&mut self, metadata: &Metadata) -> bool {
        if self.informed {
            return true;
        }
        let latest = self.writer.set_durations(|frame| metadata.duration(frame));
        metadata.quality == Quality::Off && latest < LATEST_KEY
    }

    /// There are no more frames; also gives the first one.
    pub(super) fn finish(self) -> Result<(W, Summary, Frame), Fault> {
        let (out, summary) = self.writer.finish()?;
        Ok((out, summary, self.first))
    }
}

/// Writes a clip of the frames of another one, as the metadata wants them.
pub(super) fn anew<W: Write + Seek>(
    lossless: impl ReadAt,
    out: W,
    metadata: &Metadata,
) -> Result<(W, Summary), Fault> {
    let clip = Clip::open(lossless)?;
    let mut writer = ClipWriter::with_quality(out, metadata.quality)?.in_a_hurry();
    let (mut record, mut frame, mut damage) = (Record::default(), Frame::black(), Vec::new());
    for number in 0..clip.frame_count() {
        clip.load(Position::Frame(number), &mut record)?;
        damage.clear();
        record.apply(&mut frame, &mut damage);
        writer.push(&frame, metadata.duration(number))?;
    }
    Ok(writer.finish()?)
}
