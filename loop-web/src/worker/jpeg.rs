//! JPEG, turned upright as its EXIF says.

use std::io::{Read, Seek, SeekFrom, Write};

use loop_proto::clip::Summary;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;

use super::bounds::buffer;
use super::decode::Stage;
use super::orientation::Orientation;
use super::paint::Channels;
use super::place::Dimensions;
use super::refusal::Refusal;
use super::source::Source;

/// The longest side a JPEG can have; ours is checked with a better message.
const LONGEST: usize = 65_535;

/// How a JPEG ends.
const END: &[u8] = &[0xFF, 0xD9];

pub(super) fn decode<R: Read + Seek, W: Write + Seek>(
    mut source: Source<R>,
    stage: Stage<'_, W>,
) -> Result<Summary, Refusal> {
    let ends = ends_like_a_jpeg(&mut source)?;
    let options = DecoderOptions::default()
        .set_max_width(LONGEST)
        .set_max_height(LONGEST)
        .jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut file = JpegDecoder::new_with_options(source, options);
    file.decode_headers().map_err(refused)?;
    let Some(info) = file.info() else {
        return Err(Refusal::damaged("it has no header"));
    };
    let size = Dimensions {
        width: info.width.into(),
        height: info.height.into(),
    };
    // All coefficients of a progressive picture are kept until the last is there.
    let bounds = stage.bounds;
    let most = if info.sof.is_progressive() {
        bounds.heavy
    } else {
        bounds.still
    };
    bounds.check(size, most)?;
    if file.output_colorspace() != Some(ColorSpace::RGB) {
        return Err(Refusal::damaged("its colours are of an unknown kind"));
    }
    let exif = file.exif().map_or(&[][..], Vec::as_slice);
    let orientation = Orientation::of_exif(exif);
    let mut pixels = buffer(size.pixels() * Channels::Rgb.count() as u64)?;
    file.decode_into(&mut pixels).map_err(refused)?;
    // The decoder fills up what is not there.
    if stage.meter.is_at_end() && !ends {
        return Err(Refusal::damaged("the file ends too early"));
    }
    let mut painter = stage.painter(size, orientation);
    stage.still(painter.paint(size, &pixels, Channels::Rgb))
}

/// Some programs fill the file up with zeros.
fn ends_like_a_jpeg<R: Read + Seek>(source: &mut Source<R>) -> Result<bool, Refusal> {
    let end = source.seek(SeekFrom::End(0))?;
    source.seek(SeekFrom::Start(end.saturating_sub(4096)))?;
    let mut tail = Vec::new();
    source.read_to_end(&mut tail)?;
    source.rewind()?;
    let zeros = tail.iter().rev().take_while(|&&byte| byte == 0).count();
    tail.truncate(tail.len() - zeros);
    Ok(tail.ends_with(END))
}

fn refused(error: DecodeErrors) -> Refusal {
    match error {
        DecodeErrors::ExhaustedData => Refusal::damaged("the file ends too early"),
        error => Refusal::Damaged(error.to_string()),
    }
}
