//! WebP, still and animated.

use std::io::{Read, Seek, Write};

use image_webp::{DecodingError, WebPDecoder};
use loop_proto::clip::Summary;

use super::bounds::buffer;
use super::decode::Stage;
use super::orientation::Orientation;
use super::paint::Channels;
use super::place::Dimensions;
use super::refusal::Refusal;
use super::source::Source;

/// For chunks that are not the picture; a picture's own is bounded by its size.
const CHUNK_BYTES: usize = 16 * 1024 * 1024;

const US_PER_MS: u64 = 1_000;

pub(super) fn decode<R: Read + Seek, W: Write + Seek>(
    source: Source<R>,
    mut stage: Stage<'_, W>,
) -> Result<Summary, Refusal> {
    let mut file = WebPDecoder::new(source).map_err(refused)?;
    file.set_memory_limit(CHUNK_BYTES);
    let (width, height) = file.dimensions();
    let (size, bounds) = (Dimensions { width, height }, stage.bounds);
    let animated = file.is_animated();
    bounds.check(
        size,
        if animated {
            bounds.animation
        } else {
            bounds.heavy
        },
    )?;
    let channels = if file.has_alpha() {
        Channels::Rgba
    } else {
        Channels::Rgb
    };
    let mut pixels = buffer(size.pixels() * channels.count() as u64)?;
    if !animated {
        file.read_image(&mut pixels).map_err(refused)?;
        let mut painter = stage.painter(size, Orientation::UPRIGHT);
        return stage.still(painter.paint(size, &pixels, channels));
    }
    // Without one the decoder leaves what a frame says is to be cleared. Browsers ignore the file's own.
    file.set_background_color([0; 4]).map_err(refused)?;
    for _ in 0..file.num_frames() {
        stage.spend(size.pixels())?;
        let delay_ms = file.read_frame(&mut pixels).map_err(refused)?;
        stage.frame(size, &pixels, channels, u64::from(delay_ms) * US_PER_MS)?;
    }
    stage.end()
}

fn refused(error: DecodingError) -> Refusal {
    match error {
        DecodingError::IoError(error) => error.into(),
        DecodingError::MemoryLimitExceeded => Refusal::Memory,
        DecodingError::ImageTooLarge => Refusal::Work,
        error => Refusal::Damaged(error.to_string()),
    }
}
