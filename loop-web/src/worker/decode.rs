//! The formats that are decoded here, one frame in memory at a time.

use std::io::{Read, Seek, Write};

use loop_proto::clip::Summary;
use loop_proto::pixel::Frame;

use super::bounds::{Bounds, Budget};
use super::film::Film;
use super::orientation::Orientation;
use super::paint::{Channels, Painter};
use super::place::Dimensions;
use super::refusal::Refusal;
use super::source::{Meter, Source};
use super::{gif, jpeg, pacer, png, webp};
use crate::look::Look;

/// The longest magic number of them.
const HEAD_BYTES: usize = 12;

/// Makes a clip of a picture or an animation. `progress` is told the percents that are done, each once.
///
/// # Errors
/// [`Refusal`], with what is wrong. What has been written is of no use then.
pub fn decode<R: Read + Seek, W: Write + Seek>(
    source: R,
    look: Look,
    bounds: Bounds,
    out: W,
    progress: &mut dyn FnMut(u8),
) -> Result<Summary, Refusal> {
    let (mut source, meter) = Source::new(source)?;
    let head = source.head(HEAD_BYTES)?;
    let stage = Stage {
        look,
        bounds,
        budget: Budget(bounds.work),
        film: Film::new(out, look.quality)?,
        painter: None,
        start_us: 0,
        meter,
        told: 0,
        progress,
    };
    if head.starts_with(b"GIF8") {
        gif::decode(source, stage)
    } else if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        png::decode(source, stage)
    } else if head.starts_with(b"\xFF\xD8\xFF") {
        jpeg::decode(source, stage)
    } else if head.starts_with(b"RIFF") && head.ends_with(b"WEBP") {
        webp::decode(source, stage)
    } else {
        Err(Refusal::damaged("it is no GIF, PNG, JPEG or WebP"))
    }
}

/// Where the decoders bring their pictures.
pub(super) struct Stage<'a, W> {
    look: Look,
    pub(super) bounds: Bounds,
    budget: Budget,
    film: Film<W>,
    painter: Option<Painter>,
    /// Of the frame that comes next.
    start_us: u64,
    pub(super) meter: Meter,
    told: u8,
    progress: &'a mut dyn FnMut(u8),
}

impl<W: Write + Seek> Stage<'_, W> {
    /// Must come before a frame is decoded: takes its pixels from what all frames may have.
    pub(super) fn spend(&mut self, pixels: u64) -> Result<(), Refusal> {
        self.budget.spend(pixels)
    }

    /// The painter of a still.
    pub(super) fn painter(&self, size: Dimensions, orientation: Orientation) -> Painter {
        Painter::new(size, orientation, self.look.fit)
    }

    /// The only frame; that is all.
    pub(super) fn still(mut self, frame: &Frame) -> Result<Summary, Refusal> {
        self.film.add(0, frame)?;
        Ok(self.film.finish(1)?.1)
    }

    /// The next frame of an animation.
    pub(super) fn frame(
        &mut self,
        size: Dimensions,
        pixels: &[u8],
        channels: Channels,
        delay_us: u64,
    ) -> Result<(), Refusal> {
        if self.film.accepts(self.start_us) {
            let fit = self.look.fit;
            let painter = self
                .painter
                .get_or_insert_with(|| Painter::new(size, Orientation::UPRIGHT, fit));
            let frame = painter.paint(size, pixels, channels);
            self.film.add(self.start_us, frame)?;
        }
        self.start_us += pacer::honoured(delay_us);
        self.tell();
        Ok(())
    }

    /// There are no more.
    pub(super) fn end(self) -> Result<Summary, Refusal> {
        Ok(self.film.finish(self.start_us)?.1)
    }

    pub(super) fn tell(&mut self) {
        let percent = self.meter.percent();
        if percent > self.told {
            self.told = percent;
            (self.progress)(percent);
        }
    }
}
