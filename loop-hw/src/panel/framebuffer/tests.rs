use std::cell::Cell;

use loop_proto::geometry::{Rect, Rotation};
use loop_proto::pixel::{Picture, rgb565};
use nix::errno::Errno;
use proptest::prelude::*;

use super::*;
use crate::panel::letterbox::Letterbox;
use crate::panel::mounting::tests::ALL;
use crate::sys::Bitfield;

const USUAL: Mounting = Mounting::new(Rotation::Deg270, false);

/// Offsets of red, green and blue.
type Fields = [u32; 3];

const RGB: Fields = [11, 5, 0];
const BGR: Fields = [0, 5, 11];

fn info(width: u32, height: u32, bits: u32, fields: Fields) -> ScreenInfo {
    let lengths = if bits == 32 { [8, 8, 8] } else { [5, 6, 5] };
    let [red, green, blue] = std::array::from_fn(|at| Bitfield::new(fields[at], lengths[at]));
    let stride = usize::try_from(width * bits / 8).unwrap() + 8;
    ScreenInfo {
        width,
        height,
        bits_per_pixel: bits,
        red,
        green,
        blue,
        stride,
        bytes: stride * usize::try_from(height).unwrap(),
        ..ScreenInfo::default()
    }
}

/// Rows of pixels, as RGB565.
type Image = Vec<Vec<u16>>;

/// The middle of a screen as one sees it who looks at it straight.
fn photograph(info: &ScreenInfo, memory: &[u8], width: usize, height: usize) -> Image {
    let size = |number: u32| usize::try_from(number).unwrap();
    let bytes = size(info.bits_per_pixel / 8);
    let left = (size(info.width) - width) / 2 + size(info.left);
    let top = (size(info.height) - height) / 2 + size(info.top);
    let pixel = |x: usize, y: usize| {
        let at = (top + y) * info.stride + (left + x) * bytes;
        let mut bits = [0; 4];
        bits[..bytes].copy_from_slice(&memory[at..at + bytes]);
        let bits = u32::from_le_bytes(bits);
        let channel = |field: Bitfield, wanted: u32| {
            let value = (bits >> field.offset) & ((1 << field.length) - 1);
            u16::try_from(value >> (field.length - wanted)).unwrap()
        };
        (channel(info.red, 5) << 11) | (channel(info.green, 6) << 5) | channel(info.blue, 5)
    };
    (0..height)
        .map(|y| (0..width).map(|x| pixel(x, y)).collect())
        .collect()
}

/// The image turned clockwise by quarters, then seen in a mirror if there is one.
fn seen(mut image: Image, quarters: u16, mirrored: bool) -> Image {
    for _ in 0..quarters {
        let columns = 0..image[0].len();
        image = columns
            .map(|x| image.iter().rev().map(|row| row[x]).collect())
            .collect();
    }
    if mirrored {
        image.iter_mut().for_each(|row| row.reverse());
    }
    image
}

fn image(bytes: &[u8], width: usize) -> Image {
    let pixels: Vec<u16> = bytes
        .as_chunks()
        .0
        .iter()
        .map(|pixel| u16::from_be_bytes(*pixel))
        .collect();
    pixels.chunks(width).map(<[u16]>::to_vec).collect()
}

/// What the viewer should see.
fn wanted(frame: &Frame, mounting: Mounting) -> Image {
    if mounting.is_upright() {
        let mut letterbox = Letterbox::new();
        letterbox.draw(frame, PANEL.rect());
        return image(letterbox.glass().as_bytes(), 240);
    }
    image(frame.transposed().as_bytes(), 320)
}

/// What the viewer does see.
fn viewed(info: &ScreenInfo, memory: &[u8], mounting: Mounting) -> Image {
    let quarters = u16::from(mounting.rotation()) / 90;
    let (width, height, quarters) = if info.width >= info.height {
        (320, 240, (quarters + 1) % 4)
    } else {
        (240, 320, quarters)
    };
    let photograph = photograph(info, memory, width, height);
    seen(photograph, quarters, mounting.is_mirrored())
}

fn colourful(seed: u16) -> Frame {
    let mut frame = Frame::black();
    let pixels = frame.as_bytes_mut().as_chunks_mut().0;
    for (at, pixel) in (0u32..).zip(pixels) {
        let value = at.wrapping_mul(2_654_435_761) >> 16;
        *pixel = (u16::try_from(value).unwrap() ^ seed).to_be_bytes();
    }
    frame
}

#[test]
fn on_every_screen_in_every_mounting_the_viewer_sees_the_picture() {
    let offset = ScreenInfo {
        left: 3,
        top: 5,
        stride: 700,
        bytes: 700 * 250,
        ..info(320, 240, 16, RGB)
    };
    let screens = [
        info(320, 240, 16, RGB),
        info(320, 240, 16, BGR),
        info(240, 320, 16, RGB),
        info(240, 400, 16, BGR),
        info(640, 480, 32, [16, 8, 0]),
        info(320, 320, 32, [0, 8, 16]),
        info(241, 321, 32, [24, 16, 8]),
        offset,
    ];
    let frame = colourful(0);
    for (info, mounting) in screens
        .iter()
        .flat_map(|info| ALL.map(|mounting| (info, mounting)))
    {
        let mut memory = vec![0x5A; info.bytes];
        let mut surface = Surface::new(Layout::new(*info, mounting).unwrap());
        surface.present(&mut memory, &frame, Damage::Unknown);
        let same = viewed(info, &memory, mounting) == wanted(&frame, mounting);
        assert!(same, "{mounting:?} {info:?}");
    }
}

fn rects() -> impl Strategy<Value = Vec<Rect>> {
    let one =
        (0u16..240, 0u16..320, 1u16..=240, 1u16..=320).prop_map(|(x, y, width, height)| Rect {
            x,
            y,
            width: width.min(PANEL.width - x),
            height: height.min(PANEL.height - y),
        });
    prop::collection::vec(one, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn damage_known_or_unknown_keeps_the_screen_up_to_date(
        mounting in prop::sample::select(&ALL),
        wide in any::<bool>(),
        steps in prop::collection::vec((rects(), any::<bool>(), any::<u8>()), 1..4),
    ) {
        let info = if wide { info(322, 240, 16, BGR) } else { info(240, 320, 32, [16, 8, 0]) };
        let mut memory = vec![0; info.bytes];
        let mut surface = Surface::new(Layout::new(info, mounting).unwrap());
        let mut frame = colourful(1);
        surface.present(&mut memory, &frame, Damage::Unknown);
        for (rects, known, value) in steps {
            for rect in &rects {
                frame.rows_mut(*rect).for_each(|row| row.fill(value));
            }
            let damage = if known { Damage::Rects(&rects) } else { Damage::Unknown };
            surface.present(&mut memory, &frame, damage);
            prop_assert!(surface.shown() == &frame);
            prop_assert!(viewed(&info, &memory, mounting) == wanted(&frame, mounting));
        }
    }
}

#[test]
fn what_has_not_changed_is_not_written() {
    let info = info(320, 240, 16, RGB);
    let mut memory = vec![0; info.bytes];
    let mut surface = Surface::new(Layout::new(info, USUAL).unwrap());
    let mut frame = colourful(2);
    let whole = surface.present(&mut memory, &frame, Damage::Rects(&[]));
    assert_eq!(whole, PANEL.bytes());
    assert_eq!(surface.present(&mut memory, &frame, Damage::Unknown), 0);
    let spot = Rect {
        x: 10,
        y: 20,
        width: 3,
        height: 2,
    };
    frame.rows_mut(spot).for_each(|row| {
        row.iter_mut().for_each(|byte| *byte ^= 0xFF);
    });
    assert_eq!(surface.present(&mut memory, &frame, Damage::Unknown), 12);
    let rects = [spot];
    let known = surface.present(&mut memory, &frame, Damage::Rects(&rects));
    assert_eq!(known, 12);
}

#[test]
fn a_mirrored_screen_that_stands_gets_a_frame_without_turning_it() {
    // 90 degrees in a mirror is the glass's own order: rows are the viewer's columns, from the top.
    let info = ScreenInfo {
        stride: 480,
        bytes: PANEL.bytes(),
        ..info(240, 320, 16, RGB)
    };
    let mounting = Mounting::new(Rotation::Deg90, true);
    let mut memory = vec![0; info.bytes];
    let frame = colourful(3);
    Surface::new(Layout::new(info, mounting).unwrap()).present(
        &mut memory,
        &frame,
        Damage::Unknown,
    );
    let words = |bytes: &[u8]| bytes.as_chunks::<2>().0.to_vec();
    for (memory, frame) in words(&memory).into_iter().zip(words(frame.as_bytes())) {
        assert_eq!(u16::from_ne_bytes(memory), u16::from_be_bytes(frame));
    }
}

#[test]
fn colours_are_where_the_device_says() {
    let mut picture = Picture::black();
    picture.as_bytes_mut()[..2].copy_from_slice(&rgb565(255, 0, 0));
    let opaque = ScreenInfo {
        alpha: Bitfield::new(24, 8),
        ..info(320, 240, 32, [0, 8, 16])
    };
    for (info, first) in [
        (info(320, 240, 16, RGB), 0xF800),
        (info(320, 240, 16, BGR), 0x001F),
        (info(320, 240, 32, [16, 8, 0]), 0x00FF_0000),
        (opaque, 0xFF00_00FF),
    ] {
        let mut memory = vec![0; info.bytes];
        Surface::new(Layout::new(info, USUAL).unwrap()).present(
            &mut memory,
            &picture.transposed(),
            Damage::Unknown,
        );
        let bytes = usize::try_from(info.bits_per_pixel / 8).unwrap();
        let mut word = [0; 4];
        word[..bytes].copy_from_slice(&memory[..bytes]);
        assert_eq!(u32::from_le_bytes(word), first);
    }
}

#[test]
fn too_small_or_of_another_depth_is_refused_with_its_figures() {
    let short = ScreenInfo {
        stride: 8,
        ..info(320, 240, 16, RGB)
    };
    let cut = ScreenInfo {
        bytes: 1000,
        ..info(320, 240, 16, RGB)
    };
    for info in [
        info(240, 319, 16, RGB),
        info(319, 240, 16, RGB),
        info(640, 480, 24, RGB),
        info(640, 480, 8, [0, 0, 0]),
        info(320, 240, 16, [10, 5, 0]),
        info(320, 240, 32, [4, 8, 16]),
        info(320, 240, 32, [16, 8, u32::MAX]),
        short,
        cut,
    ] {
        let refused = Layout::new(info, USUAL).unwrap_err().to_string();
        assert!(refused.contains(&format!("{}x{}", info.width, info.height)));
    }
}

#[test]
fn a_device_of_another_depth_is_asked_for_ours_in_its_own_direction_first() {
    for (found, asked) in [((640, 480), (320, 240)), ((480, 640), (240, 320))] {
        let now = Cell::new(info(found.0, found.1, 8, [0, 0, 0]));
        let ask = |size: Size| {
            now.set(info(size.width.into(), size.height.into(), 16, BGR));
            Ok(())
        };
        let (bytes, _) = negotiate(|| Ok(now.get()), ask, USUAL).unwrap();
        assert_eq!((now.get().width, now.get().height), asked);
        assert_eq!(bytes, now.get().bytes);
    }
}

#[test]
fn a_device_that_takes_one_direction_only_gets_that() {
    let now = Cell::new(info(640, 480, 8, [0, 0, 0]));
    let ask = |size: Size| {
        if size == PICTURE {
            return Err(Errno::EINVAL);
        }
        now.set(info(240, 320, 16, RGB));
        Ok(())
    };
    assert!(negotiate(|| Ok(now.get()), ask, USUAL).is_ok());
    let stubborn = info(640, 480, 8, [0, 0, 0]);
    let refused = negotiate(|| Ok(stubborn), |_| Err(Errno::EINVAL), USUAL).unwrap_err();
    assert!(refused.to_string().contains("640x480 pixels of 8 bits"));
}
