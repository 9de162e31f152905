//! A short animation that asks for everything a panel's driver does: far and near changes, single pixels, whole pictures,
//! and nothing at all.

use loop_proto::geometry::PICTURE;
use loop_proto::pixel::{PIXEL_BYTES, Picture, rgb565};

use crate::media::{Parcel, metadata};

/// Frames of the scene.
pub const FRAMES: usize = 24;

/// How many of them are shown in a second. Slow, because the device that is to show them is emulated.
pub const FRAMES_PER_SECOND: u32 = 5;

/// One frame of the scene, as the viewer sees it.
#[must_use]
pub fn picture(frame: usize) -> Picture {
    let mut picture = Picture::black();
    let row = usize::from(PICTURE.width) * PIXEL_BYTES;
    for (y, row) in picture.as_bytes_mut().chunks_exact_mut(row).enumerate() {
        for (x, pixel) in row.as_chunks_mut::<PIXEL_BYTES>().0.iter_mut().enumerate() {
            *pixel = colour(frame, x, y);
        }
    }
    picture
}

fn colour(frame: usize, x: usize, y: usize) -> [u8; PIXEL_BYTES] {
    let byte = |value: usize| u8::try_from(value % 256).unwrap();
    // Frames 16 to 19 have another background, all of it.
    let night = (16..20).contains(&frame);
    // Frame 9 shows what frame 8 shows.
    let step = if frame == 9 { 8 } else { frame };
    // Two boxes on ways of their own, a column that sweeps, and a dot.
    let near = x.abs_diff(20 + step * 11) < 12 && y.abs_diff(60 + step * 3) < 9;
    let far = x.abs_diff(300 - step * 7) < 6 && y.abs_diff(200 - step * 5) < 17;
    let sweep = step < 8 && x == step * 40 + 3;
    let dot = (x, y) == (319, 239 - step);
    if near {
        rgb565(255, byte(y * 3), 0)
    } else if far {
        rgb565(0, byte(x * 5), 255)
    } else if sweep || dot {
        rgb565(255, 255, 255)
    } else if night {
        rgb565(byte(x / 4), byte(y / 8), byte(frame * 40))
    } else {
        rgb565(byte(y), byte(x / 2), byte(x ^ y))
    }
}

/// The upload a page would make of it.
#[must_use]
pub fn upload(name: &str) -> Vec<u8> {
    let mut fields = metadata(name, FRAMES);
    fields["fps"] = FRAMES_PER_SECOND.into();
    let parcel = (0..FRAMES).fold(Parcel::default().deflated(), |parcel, frame| {
        parcel.entry(
            &format!("frame_{:06}.rgb", frame + 1),
            picture(frame).as_bytes(),
        )
    });
    parcel.metadata(&fields).bytes()
}
