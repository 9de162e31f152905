//! Makes files byte by byte, so that the tests know what is in them.

use std::io::{Cursor, Write};

use gif::{DisposalMethod, Encoder, Frame};
use image_webp::{ColorType, WebPEncoder};

/// A frame of a GIF: where it lies, its pixels as indices, its delay in hundredths of a second, what becomes of it.
pub(crate) struct GifFrame {
    pub(crate) area: (u16, u16, u16, u16),
    pub(crate) pixels: Vec<u8>,
    pub(crate) delay: u16,
    pub(crate) dispose: DisposalMethod,
}

/// Red, green, blue, white; the fifth index is see-through.
pub(crate) const PALETTE: [u8; 15] = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 1, 2, 3];
pub(crate) const SEE_THROUGH: u8 = 4;

pub(crate) fn gif(width: u16, height: u16, frames: &[GifFrame], interlaced: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height, &PALETTE).unwrap();
    for frame in frames {
        let (left, top, width, height) = frame.area;
        let buffer = match interlaced {
            false => frame.pixels.clone(),
            true => interlaced_rows(&frame.pixels, usize::from(width)),
        };
        let frame = Frame {
            left,
            top,
            width,
            height,
            delay: frame.delay,
            dispose: frame.dispose,
            transparent: Some(SEE_THROUGH),
            interlaced,
            buffer: buffer.into(),
            ..Frame::default()
        };
        encoder.write_frame(&frame).unwrap();
    }
    drop(encoder);
    bytes
}

fn interlaced_rows(pixels: &[u8], width: usize) -> Vec<u8> {
    let rows: Vec<_> = pixels.chunks(width).collect();
    let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
    let order = passes.map(|(first, step)| (first..rows.len()).step_by(step));
    order
        .into_iter()
        .flatten()
        .flat_map(|row| rows[row].to_vec())
        .collect()
}

/// A PNG of one colour.
pub(crate) fn plain_png(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    let row = colour.repeat(width as usize);
    png(
        width,
        height,
        png::ColorType::Rgb,
        png::BitDepth::Eight,
        &row,
    )
}

/// A PNG all of whose rows are the same.
pub(crate) fn png(
    width: u32,
    height: u32,
    colour: png::ColorType,
    depth: png::BitDepth,
    row: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(colour);
    encoder.set_depth(depth);
    if colour == png::ColorType::Indexed {
        encoder.set_palette(&PALETTE[..]);
        encoder.set_trns(&[255, 255, 255, 0][..]);
    }
    let mut writer = encoder.write_header().unwrap();
    let mut stream = writer.stream_writer().unwrap();
    for _ in 0..height {
        stream.write_all(row).unwrap();
    }
    stream.finish().unwrap();
    writer.finish().unwrap();
    bytes
}

/// A PNG that says it has this size, and ends there.
pub(crate) fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut chunk = b"IHDR".to_vec();
    chunk.extend(width.to_be_bytes());
    chunk.extend(height.to_be_bytes());
    chunk.extend([8, 6, 0, 0, 0]);
    let mut crc = flate2::Crc::new();
    crc.update(&chunk);
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0d".to_vec();
    bytes.extend(chunk);
    bytes.extend(crc.sum().to_be_bytes());
    bytes
}

/// The lossless WebP of some RGBA pixels, as a file and as the chunk in it.
pub(crate) fn webp(width: u32, height: u32, rgba: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let encoder = WebPEncoder::new(&mut bytes);
    encoder
        .encode(rgba, width, height, ColorType::Rgba8)
        .unwrap();
    bytes
}

/// A frame of an animated WebP: left and top (even), width, height, RGBA, milliseconds, blended, cleared afterwards.
pub(crate) type WebpFrame = (u32, u32, u32, u32, Vec<u8>, u32, bool, bool);

pub(crate) fn animated_webp(width: u32, height: u32, frames: &[WebpFrame]) -> Vec<u8> {
    let mut body = b"WEBP".to_vec();
    let mut header = vec![0b0001_0010, 0, 0, 0];
    header.extend(three(width - 1));
    header.extend(three(height - 1));
    chunk(&mut body, b"VP8X", &header);
    chunk(&mut body, b"ANIM", &[0; 6]);
    for (left, top, width, height, rgba, delay_ms, blend, clear) in frames {
        let mut frame = Vec::new();
        for number in [left / 2, top / 2, width - 1, height - 1, *delay_ms] {
            frame.extend(three(number));
        }
        frame.push(u8::from(!blend) << 1 | u8::from(*clear));
        let file = webp(*width, *height, rgba);
        // Behind "RIFF", the length and "WEBP".
        frame.extend(&file[12..]);
        chunk(&mut body, b"ANMF", &frame);
    }
    let mut bytes = Vec::new();
    chunk(&mut bytes, b"RIFF", &body);
    bytes
}

fn three(number: u32) -> [u8; 3] {
    let [low, middle, high, _] = number.to_le_bytes();
    [low, middle, high]
}

fn chunk(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) {
    out.extend(name);
    out.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    out.extend(body);
    out.extend(vec![0; body.len() % 2]);
}

/// A JPEG, with an EXIF block that says how the camera was held.
pub(crate) fn with_orientation(jpeg: &[u8], number: u8) -> Vec<u8> {
    let mut exif = Cursor::new(Vec::new());
    exif.write_all(b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0")
        .unwrap();
    exif.write_all(&[number, 0, 0, 0, 0, 0, 0]).unwrap();
    let exif = exif.into_inner();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xFF\xE1", &length, &exif, &jpeg[2..]].concat()
}

/// Gives a JPEG's header another size.
pub(crate) fn with_size(mut jpeg: Vec<u8>, width: u16, height: u16) -> Vec<u8> {
    let frame = jpeg
        .windows(2)
        .position(|pair| pair == b"\xFF\xC0")
        .unwrap();
    jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}
