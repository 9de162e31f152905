//! PNG and APNG.

use std::io::{Read, Seek, Write};

use loop_proto::clip::Summary;
use png::{BlendOp, ColorType, Decoder, DecodingError, DisposeOp, Limits, Reader, Transformations};

use super::bounds::buffer;
use super::canvas::{Area, Canvas, Disposal};
use super::decode::Stage;
use super::orientation::Orientation;
use super::paint::Channels;
use super::place::Dimensions;
use super::refusal::Refusal;
use super::source::Source;

/// The decoder adds up a row for each frame; what it holds at a time is bounded by the picture's size.
const LIMITS: Limits = Limits { bytes: 1 << 30 };

/// A delay's parts are hundredths of a second where the file gives no other.
const PER_SECOND: u64 = 100;

pub(super) fn decode<R: Read + Seek, W: Write + Seek>(
    source: Source<R>,
    stage: Stage<'_, W>,
) -> Result<Summary, Refusal> {
    let mut decoder = Decoder::new_with_limits(source, LIMITS);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(true);
    let header = decoder.read_header_info().map_err(refused)?;
    let size = Dimensions {
        width: header.width,
        height: header.height,
    };
    let (interlaced, bounds) = (header.interlaced, stage.bounds);
    let most = if interlaced {
        bounds.heavy
    } else {
        bounds.still
    };
    bounds.check(size, most)?;
    let file = decoder.read_info().map_err(refused)?;
    let frames = file
        .info()
        .animation_control()
        .map_or(0, |control| control.num_frames);
    if frames > 1 {
        bounds.check(size, bounds.animation)?;
        animation(file, size, frames, stage)
    } else {
        still(file, size, interlaced, stage)
    }
}

fn still<R: Read + Seek, W: Write + Seek>(
    mut file: Reader<Source<R>>,
    size: Dimensions,
    interlaced: bool,
    mut stage: Stage<'_, W>,
) -> Result<Summary, Refusal> {
    let channels = channels(&file)?;
    let mut painter = stage.painter(size, Orientation::UPRIGHT);
    if interlaced {
        let mut pixels = buffer(size.pixels() * channels.count() as u64)?;
        file.next_frame(&mut pixels).map_err(refused)?;
        return stage.still(painter.paint(size, &pixels, channels));
    }
    while let Some(row) = file.next_row().map_err(refused)? {
        painter.row(row.data(), channels);
        stage.tell();
    }
    stage.still(painter.finish())
}

fn animation<R: Read + Seek, W: Write + Seek>(
    mut file: Reader<Source<R>>,
    size: Dimensions,
    frames: u32,
    mut stage: Stage<'_, W>,
) -> Result<Summary, Refusal> {
    let channels = channels(&file)?;
    let mut pixels = buffer(size.pixels() * channels.count() as u64)?;
    let mut canvas = Canvas::new(size)?;
    let mut rgba = Vec::new();
    if file.info().frame_control().is_none() {
        // Only for programs that know no animation.
        file.next_frame(&mut pixels).map_err(refused)?;
    }
    for number in 0..frames {
        if number > 0 {
            file.next_frame_info().map_err(refused)?;
        }
        let Some(control) = file.info().frame_control().copied() else {
            return Err(Refusal::damaged("a frame has no control block"));
        };
        stage.spend(size.pixels())?;
        let area = Area {
            left: control.x_offset,
            top: control.y_offset,
            size: Dimensions {
                width: control.width,
                height: control.height,
            },
        };
        let disposal = match control.dispose_op {
            DisposeOp::None => Disposal::Keep,
            DisposeOp::Previous if number > 0 => Disposal::Restore,
            DisposeOp::Background | DisposeOp::Previous => Disposal::Clear,
        };
        if disposal == Disposal::Restore {
            canvas.keep(area)?;
        }
        let read = file.next_frame(&mut pixels).map_err(refused)?;
        for (y, row) in (0..read.height).zip(pixels.chunks_exact(read.line_size.max(1))) {
            to_rgba(row, channels, &mut rgba);
            match control.blend_op {
                BlendOp::Source => canvas.put(area, y, &rgba),
                BlendOp::Over => canvas.lay_over(area, y, &rgba),
            }
        }
        let per_second = match control.delay_den {
            0 => PER_SECOND,
            parts => parts.into(),
        };
        let delay_us = u64::from(control.delay_num) * 1_000_000 / per_second;
        stage.frame(size, canvas.rgba(), Channels::Rgba, delay_us)?;
        canvas.dispose(area, disposal);
    }
    stage.end()
}

fn channels<R: Read + Seek>(file: &Reader<Source<R>>) -> Result<Channels, Refusal> {
    match file.output_color_type().0 {
        ColorType::Grayscale => Ok(Channels::Grey),
        ColorType::GrayscaleAlpha => Ok(Channels::GreyAlpha),
        ColorType::Rgb => Ok(Channels::Rgb),
        ColorType::Rgba => Ok(Channels::Rgba),
        ColorType::Indexed => Err(Refusal::damaged("it has no palette")),
    }
}

fn to_rgba(row: &[u8], channels: Channels, rgba: &mut Vec<u8>) {
    rgba.clear();
    match channels {
        Channels::Rgba => rgba.extend_from_slice(row),
        Channels::Grey => rgba.extend(row.iter().flat_map(|&grey| [grey, grey, grey, 255])),
        Channels::GreyAlpha => {
            let pixels = row.as_chunks::<2>().0.iter();
            rgba.extend(pixels.flat_map(|&[grey, alpha]| [grey, grey, grey, alpha]));
        }
        Channels::Rgb => {
            let pixels = row.as_chunks::<3>().0.iter();
            rgba.extend(pixels.flat_map(|&[red, green, blue]| [red, green, blue, 255]));
        }
    }
}

fn refused(error: DecodingError) -> Refusal {
    match error {
        DecodingError::IoError(error) => error.into(),
        DecodingError::LimitsExceeded => Refusal::Memory,
        error => Refusal::Damaged(error.to_string()),
    }
}
