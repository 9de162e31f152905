//! The small picture of an item.

use loop_proto::geometry::PICTURE;
use loop_proto::pixel::{Frame, PIXEL_BYTES, rgb888};

/// The thumbnail is half as wide and half as high as the picture.
const HALF: usize = 2;

/// A small PNG of a frame: each pixel the mean of four.
pub(crate) fn thumbnail(frame: &Frame) -> Result<Vec<u8>, png::EncodingError> {
    let (width, height) = (u32::from(PICTURE.width) / 2, u32::from(PICTURE.height) / 2);
    let mut small = Vec::new();
    let row_bytes = usize::from(PICTURE.width) * PIXEL_BYTES;
    for rows in frame.transposed().as_bytes().chunks_exact(HALF * row_bytes) {
        let (upper, lower) = rows.split_at(row_bytes);
        let pairs = upper
            .chunks_exact(HALF * PIXEL_BYTES)
            .zip(lower.chunks_exact(HALF * PIXEL_BYTES));
        for (above, below) in pairs {
            let mut sum = [0u16; 3];
            for pixel in above
                .as_chunks::<PIXEL_BYTES>()
                .0
                .iter()
                .chain(below.as_chunks::<PIXEL_BYTES>().0)
            {
                sum.iter_mut()
                    .zip(rgb888(*pixel))
                    .for_each(|(sum, channel)| *sum += u16::from(channel));
            }
            small.extend(sum.map(|sum| u8::try_from(sum / 4).unwrap_or(u8::MAX)));
        }
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.write_header()?.write_image_data(&small)?;
    Ok(file)
}
