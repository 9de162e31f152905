//! A frame as a PNG.

use crate::geometry::PICTURE;
use crate::pixel::{Frame, PIXEL_BYTES, rgb888};

pub use png::EncodingError;

/// 320x240, RGB, as the viewer sees it.
///
/// # Errors
/// When the encoder fails, which it does not for a frame.
pub fn png_of(frame: &Frame) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, PICTURE.width.into(), PICTURE.height.into());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_compression(png::Compression::Fast);
    encoder
        .write_header()?
        .write_image_data(&rgb888_rows(frame))?;
    Ok(file)
}

/// All pixels, row after row as the viewer sees them.
fn rgb888_rows(frame: &Frame) -> Vec<u8> {
    frame
        .transposed()
        .as_bytes()
        .as_chunks::<PIXEL_BYTES>()
        .0
        .iter()
        .flat_map(|pixel| rgb888(*pixel))
        .collect()
}
