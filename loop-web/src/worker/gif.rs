//! GIF, as browsers and the page play it.

use std::io::{Read, Seek, Write};

use gif::{ColorOutput, DecodeOptions, Decoder, DecodingError, DisposalMethod};
use loop_proto::clip::Summary;

use super::canvas::{Area, Canvas, Disposal};
use super::decode::Stage;
use super::paint::Channels;
use super::place::Dimensions;
use super::refusal::Refusal;
use super::source::Source;

/// GIF counts in hundredths of a second.
const US_PER_TICK: u64 = 10_000;

/// What is needed of a frame before its pixels are read.
struct Header {
    area: Area,
    disposal: Disposal,
    interlaced: bool,
    delay_us: u64,
}

pub(super) fn decode<R: Read + Seek, W: Write + Seek>(
    source: Source<R>,
    mut stage: Stage<'_, W>,
) -> Result<Summary, Refusal> {
    let mut options = DecodeOptions::new();
    options.set_color_output(ColorOutput::RGBA);
    let mut file = options.read_info(source).map_err(refused)?;
    let mut canvas: Option<Canvas> = None;
    let mut row = Vec::new();
    while let Some(frame) = next(&mut file, canvas.is_some())? {
        let bounds = stage.bounds;
        bounds.check(frame.area.size, bounds.animation)?;
        stage.spend(frame.area.size.pixels())?;
        let canvas = match &mut canvas {
            Some(canvas) => canvas,
            none => {
                let size = screen(&file, frame.area);
                bounds.check(size, bounds.animation)?;
                none.insert(Canvas::new(size)?)
            }
        };
        stage.spend(canvas.size().pixels())?;
        if frame.disposal == Disposal::Restore {
            canvas.keep(frame.area)?;
        }
        draw(&mut file, canvas, &frame, &mut row)?;
        stage.frame(canvas.size(), canvas.rgba(), Channels::Rgba, frame.delay_us)?;
        canvas.dispose(frame.area, frame.disposal);
    }
    stage.end()
}

/// A missing end after whole frames is common and harmless.
fn next<R: Read>(file: &mut Decoder<R>, any: bool) -> Result<Option<Header>, Refusal> {
    let frame = match file.next_frame_info() {
        Ok(Some(frame)) => frame,
        Ok(None) => return Ok(None),
        Err(DecodingError::UnexpectedEof) if any => return Ok(None),
        Err(error) => return Err(refused(error)),
    };
    Ok(Some(Header {
        area: Area {
            left: frame.left.into(),
            top: frame.top.into(),
            size: Dimensions {
                width: frame.width.into(),
                height: frame.height.into(),
            },
        },
        disposal: match frame.dispose {
            DisposalMethod::Background => Disposal::Clear,
            DisposalMethod::Previous => Disposal::Restore,
            DisposalMethod::Any | DisposalMethod::Keep => Disposal::Keep,
        },
        interlaced: frame.interlaced,
        delay_us: u64::from(frame.delay) * US_PER_TICK,
    }))
}

/// A side of 0 means the first frame's.
fn screen<R: Read>(file: &Decoder<R>, first: Area) -> Dimensions {
    let side = |screen: u16, from: u32, length: u32| match screen {
        0 => from + length,
        screen => screen.into(),
    };
    Dimensions {
        width: side(file.width(), first.left, first.size.width),
        height: side(file.height(), first.top, first.size.height),
    }
}

/// A frame may end early: the rest of it then stays as it was.
fn draw<R: Read>(
    file: &mut Decoder<R>,
    canvas: &mut Canvas,
    frame: &Header,
    row: &mut Vec<u8>,
) -> Result<(), Refusal> {
    let height = frame.area.size.height;
    // The order in which the rows of an interlaced picture come: every eighth, then those between.
    let passes = match frame.interlaced {
        false => &[(0, 1)][..],
        true => &[(0, 8), (4, 8), (2, 4), (1, 2)],
    };
    for &(first, step) in passes {
        for y in (first..height).step_by(step) {
            row.clear();
            row.resize(file.line_length(), 0);
            let complete = file.fill_buffer(row).map_err(refused)?;
            canvas.lay_over(frame.area, y, row);
            if !complete {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn refused(error: DecodingError) -> Refusal {
    match error {
        DecodingError::Io(error) => error.into(),
        DecodingError::UnexpectedEof => Refusal::damaged("the file ends too early"),
        DecodingError::MemoryLimit | DecodingError::OutOfMemory => Refusal::Memory,
        error => Refusal::Damaged(error.to_string()),
    }
}
