//! GIF, APNG and WebP that move, against what a browser shows.

use gif::DisposalMethod;
use png::{BlendOp, DisposeOp};

use crate::originals::{GifFrame, SEE_THROUGH, animated_webp, gif};
use crate::workshop::{Shown, Workshop};

const RED: Shown = [255, 0, 0];
const GREEN: Shown = [0, 255, 0];
const BLUE: Shown = [0, 0, 255];
const WHITE: Shown = [255; 3];
const BLACK: Shown = [0; 3];

/// Middles of the left, middle and right part of a picture of three pixels by one, which the glass shows cropped; the
/// pixels are 240 places wide there.
const PLACES: [(usize, usize); 3] = [(40, 120), (160, 120), (280, 120)];

/// The pictures below have four rows and twelve columns, of which these are the outer parts.
fn wide(colours: [u8; 3]) -> Vec<u8> {
    let row: Vec<u8> = colours.iter().flat_map(|&colour| [colour; 4]).collect();
    row.repeat(9)
}

fn frame(left: u16, width: u16, pixels: Vec<u8>, delay: u16, dispose: DisposalMethod) -> GifFrame {
    GifFrame {
        area: (left, 0, width, 9),
        pixels,
        delay,
        dispose,
    }
}

/// A picture, a green spot in the middle that goes in this way, and a spot at the right.
fn disposed(dispose: DisposalMethod) -> Vec<GifFrame> {
    vec![
        frame(0, 12, wide([0, 2, 3]), 4, DisposalMethod::Keep),
        frame(4, 4, vec![1; 36], 7, dispose),
        frame(8, 4, vec![1; 36], 0, DisposalMethod::Any),
    ]
}

#[tokio::test]
async fn a_gif_is_disposed_of_as_it_says_and_keeps_its_delays() {
    let workshop = Workshop::new();
    for (dispose, middle) in [
        (DisposalMethod::Any, GREEN),
        (DisposalMethod::Keep, GREEN),
        (DisposalMethod::Background, BLACK),
        (DisposalMethod::Previous, BLUE),
    ] {
        for interlaced in [false, true] {
            let file = gif(12, 9, &disposed(dispose), interlaced);
            workshop.convert(&file, "image/gif").await.unwrap();
            assert_eq!(workshop.durations(), [40, 70, 100]);
            assert_eq!(workshop.shown(0, PLACES), [RED, BLUE, WHITE]);
            assert_eq!(workshop.shown(1, PLACES), [RED, GREEN, WHITE]);
            assert_eq!(
                workshop.shown(2, PLACES),
                [RED, middle, GREEN],
                "{dispose:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_see_through_pixel_of_a_gif_shows_what_was_there() {
    let workshop = Workshop::new();
    let frames = [
        frame(0, 12, wide([0, SEE_THROUGH, 1]), 10, DisposalMethod::Keep),
        frame(
            0,
            12,
            wide([SEE_THROUGH, 2, SEE_THROUGH]),
            10,
            DisposalMethod::Keep,
        ),
    ];
    let made = workshop
        .convert(&gif(12, 9, &frames, false), "image/gif")
        .await
        .unwrap();
    assert_eq!(
        (made.summary.frame_count, made.summary.total.as_millis()),
        (2, 200)
    );
    assert_eq!(workshop.shown(0, PLACES), [RED, BLACK, GREEN]);
    assert_eq!(workshop.shown(1, PLACES), [RED, BLUE, GREEN]);
}

#[tokio::test]
async fn frames_closer_than_the_panel_can_show_are_thinned_and_the_length_stays() {
    let workshop = Workshop::new();
    let frames: Vec<_> = (0..50)
        .map(|number| frame(0, 12, wide([number % 4; 3]), 2, DisposalMethod::Keep))
        .collect();
    let made = workshop
        .convert(&gif(12, 9, &frames, false), "image/gif")
        .await
        .unwrap();
    assert_eq!(
        (made.summary.frame_count, made.summary.total.as_millis()),
        (25, 1000)
    );
}

#[tokio::test]
async fn a_gif_without_its_end_is_shown_and_one_cut_in_a_frame_is_not() {
    let workshop = Workshop::new();
    let file = gif(12, 9, &disposed(DisposalMethod::Keep), false);
    let made = workshop
        .convert(&file[..file.len() - 1], "image/gif")
        .await
        .unwrap();
    assert_eq!(made.summary.frame_count, 3);
    let error = workshop
        .convert(&file[..file.len() - 5], "image/gif")
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "a GIF cannot be decoded: the file ends too early"
    );
}

fn apng(dispose: DisposeOp, blend: BlendOp) -> Vec<u8> {
    let rgba = |colours: [Shown; 3]| -> Vec<u8> {
        let row: Vec<u8> = colours
            .iter()
            .flat_map(|&[r, g, b]| [r, g, b, 255].repeat(4))
            .collect();
        row.repeat(9)
    };
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 12, 9);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_animated(3, 0).unwrap();
    encoder.set_frame_delay(1, 20).unwrap();
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&rgba([RED, BLUE, WHITE])).unwrap();
    writer.set_frame_dimension(4, 9).unwrap();
    writer.set_frame_position(4, 0).unwrap();
    writer.set_dispose_op(dispose).unwrap();
    writer.set_blend_op(blend).unwrap();
    writer.set_frame_delay(1, 1).unwrap();
    writer
        .write_image_data(&[0, 255, 0, 128].repeat(36))
        .unwrap();
    writer.set_frame_position(8, 0).unwrap();
    writer.set_dispose_op(DisposeOp::None).unwrap();
    writer.set_frame_delay(1, 1000).unwrap();
    writer
        .write_image_data(&[0, 255, 0, 255].repeat(36))
        .unwrap();
    writer.finish().unwrap();
    bytes
}

#[tokio::test]
async fn an_apng_is_blended_and_disposed_of_as_it_says() {
    let workshop = Workshop::new();
    // Half of green and half of blue or black, as near as five and six bits come.
    let (over, source) = ([0, 130, 123], [0, 130, 0]);
    for (dispose, after) in [
        (DisposeOp::None, None),
        (DisposeOp::Background, Some(BLACK)),
        (DisposeOp::Previous, Some(BLUE)),
    ] {
        for (blend, during) in [(BlendOp::Over, over), (BlendOp::Source, source)] {
            let file = apng(dispose, blend);
            workshop.convert(&file, "image/png").await.unwrap();
            assert_eq!(workshop.durations(), [50, 1000, 100]);
            assert_eq!(workshop.shown(0, PLACES), [RED, BLUE, WHITE]);
            assert_eq!(workshop.shown(1, PLACES), [RED, during, WHITE]);
            assert_eq!(
                workshop.shown(2, PLACES),
                [RED, after.unwrap_or(during), GREEN]
            );
        }
    }
}

#[tokio::test]
async fn an_animated_webp_is_blended_and_disposed_of_as_it_says() {
    let workshop = Workshop::new();
    let plain = |[r, g, b]: Shown, alpha: u8, pixels: usize| [r, g, b, alpha].repeat(pixels);
    for (clear, after) in [(false, GREEN), (true, BLACK)] {
        let file = animated_webp(
            12,
            9,
            &[
                (0, 0, 12, 9, plain(RED, 255, 108), 60, false, false),
                (4, 0, 4, 9, plain(GREEN, 255, 36), 90, true, clear),
                (8, 0, 4, 9, plain(BLUE, 0, 36), 5, true, false),
            ],
        );
        workshop.convert(&file, "image/webp").await.unwrap();
        assert_eq!(workshop.durations(), [60, 90, 100]);
        assert_eq!(workshop.shown(1, PLACES), [RED, GREEN, RED]);
        assert_eq!(workshop.shown(2, PLACES), [RED, after, RED]);
    }
}
