//! The clip that is being made: chooses frames and gives each the time until the next.

use std::io::{Seek, Write};
use std::time::Duration;

use loop_proto::clip::{ClipWriter, MIN_DURATION, Quality, Summary};
use loop_proto::pixel::Frame;

use super::pacer::Pacer;
use super::refusal::Refusal;

/// Frames come in the order of their start, in microseconds.
#[derive(Debug)]
pub(super) struct Film<W> {
    writer: ClipWriter<W>,
    pacer: Pacer,
    /// Begun, and shown until the next one begins.
    open: Option<(u64, Frame)>,
}

impl<W: Write + Seek> Film<W> {
    pub(super) fn new(out: W, quality: Quality) -> Result<Self, Refusal> {
        Ok(Self {
            writer: ClipWriter::with_quality(out, quality)?,
            pacer: Pacer::default(),
            open: None,
        })
    }

    /// Whether the frame that starts here is to be painted and added.
    pub(super) fn accepts(&mut self, start_us: u64) -> bool {
        self.pacer.accepts(start_us)
    }

    pub(super) fn add(&mut self, start_us: u64, frame: &Frame) -> Result<(), Refusal> {
        let mut room = match self.open.take() {
            Some((began, before)) => {
                let duration = Duration::from_micros(start_us.saturating_sub(began));
                self.writer.push(&before, duration)?;
                before
            }
            None => Frame::black(),
        };
        room.copy_from(frame);
        self.open = Some((start_us, room));
        Ok(())
    }

    /// The last frame is over at this time.
    pub(super) fn finish(mut self, end_us: u64) -> Result<(W, Summary), Refusal> {
        if let Some((began, last)) = self.open.take() {
            let duration = Duration::from_micros(end_us.saturating_sub(began));
            self.writer.push(&last, duration.max(MIN_DURATION))?;
        }
        Ok(self.writer.finish()?)
    }
}
