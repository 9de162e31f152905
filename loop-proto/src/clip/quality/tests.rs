use std::io::Cursor;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::clip::{Clip, ClipWriter, Position, Record};
use crate::geometry::Rect;

type Frames = Vec<(Frame, Duration)>;

/// Numbers that look random and are the same each time.
struct Noise(u32);

impl Noise {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) % bound
    }

    /// A level of so many, up to `by` steps away.
    fn near(&mut self, level: u32, top: u32, by: u32) -> u32 {
        (level + self.below(2 * by + 1)).saturating_sub(by).min(top)
    }

    fn pixel_near(&mut self, pixel: [u8; 2], by: u32) -> [u8; 2] {
        let pixel = u32::from(u16::from_be_bytes(pixel));
        let red = self.near(pixel >> 11, 31, by);
        let green = self.near((pixel >> 5) & 63, 63, 2 * by);
        let blue = self.near(pixel & 31, 31, by);
        let [.., high, low] = ((red << 11) | (green << 5) | blue).to_be_bytes();
        [high, low]
    }
}

/// A scene with noise of a few steps over a part of it, which rests now and then, and jumps to another scene.
fn film() -> impl Strategy<Value = Frames> {
    let steps = prop::collection::vec((0u32..5, 0u16..240, 1u64..900, 0u8..4), 2..12);
    (any::<u32>(), steps).prop_map(|(seed, steps)| {
        let mut noise = Noise(seed);
        let mut scene = Frame::black();
        let frame = |(by, x, millis, what): (u32, u16, u64, u8)| {
            if what == 0 {
                let colour = u16::try_from(noise.below(65_536)).unwrap().to_be_bytes();
                let all = scene.as_bytes_mut().as_chunks_mut().0;
                all.iter_mut().for_each(|pixel| *pixel = colour);
            }
            let mut frame = scene.clone();
            let (width, height) = (40.min(240 - x), 60);
            let rect = Rect {
                x,
                y: 100,
                width,
                height,
            };
            if what > 1 {
                for pixel in frame.rows_mut(rect).flat_map(|row| row.as_chunks_mut().0) {
                    *pixel = noise.pixel_near(*pixel, by);
                }
            }
            (frame, Duration::from_millis(millis))
        };
        steps.into_iter().map(frame).collect()
    })
}

fn held(frames: &Frames, quality: Quality) -> Vec<Frame> {
    let mut zone = DeadZone::of(quality).unwrap();
    let hold = |(frame, duration): &(Frame, Duration)| zone.hold(frame, *duration).clone();
    frames.iter().map(hold).collect()
}

fn largest_error(a: &Frame, b: &Frame) -> u8 {
    let wide = |frame: &Frame| -> Vec<u8> {
        let pixels = frame.as_bytes().as_chunks().0.iter();
        pixels.flat_map(|pixel| rgb888(*pixel)).collect()
    };
    let pairs = wide(a).into_iter().zip(wide(b));
    pairs.map(|(a, b)| a.abs_diff(b)).max().unwrap()
}

fn write(frames: &Frames, quality: Quality) -> Vec<u8> {
    let mut writer = ClipWriter::with_quality(Cursor::new(Vec::new()), quality).unwrap();
    for (frame, duration) in frames {
        writer.push(frame, *duration).unwrap();
    }
    writer.finish().unwrap().0.into_inner()
}

/// What a player shows in two passes.
fn played_twice(clip: &Clip<Vec<u8>>) -> [Vec<Frame>; 2] {
    let (mut record, mut shown, mut damage) = (Record::default(), Frame::black(), Vec::new());
    [0, 1].map(|pass| {
        let mut show = |number: u32| {
            let wraps = pass == 1 && number == 0 && clip.frame_count() > 1;
            let at = if wraps {
                Position::Wrap
            } else {
                Position::Frame(number)
            };
            clip.load(at, &mut record).unwrap();
            record.apply(&mut shown, &mut damage);
            shown.clone()
        };
        (0..clip.frame_count()).map(&mut show).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_clip_shows_what_the_dead_zone_lets_through_in_every_pass(frames in film()) {
        for quality in [Quality::Balanced, Quality::Small] {
            let expected = held(&frames, quality);
            let clip = Clip::open(write(&frames, quality)).unwrap();
            let [first, second] = played_twice(&clip);
            prop_assert!(first == expected, "first pass, {quality:?}");
            prop_assert!(second == expected, "second pass, {quality:?}");
            for (shown, (exact, _)) in first.iter().zip(&frames) {
                let error = largest_error(shown, exact);
                prop_assert!(error <= quality.tolerance(), "off by {error}, {quality:?}");
            }
        }
    }

    #[test]
    fn a_clip_without_a_dead_zone_shows_every_pixel(frames in film()) {
        let clip = Clip::open(write(&frames, Quality::Off)).unwrap();
        let exact: Vec<_> = frames.iter().map(|(frame, _)| frame.clone()).collect();
        let [first, second] = played_twice(&clip);
        prop_assert!(first == exact && second == exact);
    }

    #[test]
    fn what_rests_is_exact_after_600_ms(frames in film()) {
        let limit = Duration::from_millis(600);
        let shown = held(&frames, Quality::Small);
        let mut rested = vec![Duration::ZERO; Frame::SIZE.pixels()];
        for (at, ((exact, duration), shown)) in frames.iter().zip(&shown).enumerate() {
            let before = at.checked_sub(1).map_or(exact, |before| &frames[before].0);
            let pixel = |frame: &Frame, at: usize| frame.as_bytes().as_chunks::<2>().0[at];
            for (place, rested) in rested.iter_mut().enumerate() {
                let new = pixel(exact, place);
                let age = if new == pixel(before, place) { *rested } else { Duration::ZERO };
                *rested = age + *duration;
                // Whatever is shown to the end of this frame is shown at this age.
                let inexact = pixel(shown, place) != new;
                prop_assert!(!inexact || *rested <= limit, "inexact after {:?}", rested);
            }
        }
    }
}

#[test]
fn ten_thousand_frames_of_noise_add_up_to_nothing() {
    for tolerance in [Quality::Balanced, Quality::Small].map(Quality::tolerance) {
        let step = Step {
            tolerance,
            since: 40,
            lasts: 40,
        };
        let mut noise = Noise(7);
        let (mut held, mut exact, mut rested, mut shown) = (0, [0; 2], 0, [0; 2]);
        for number in 0..10_000u16 {
            // The scene drifts too: an error that adds up would be seen at the latest now.
            let level = number / 320;
            let scene = (level << 11) | (level << 6) | (31 - level);
            let new = noise.pixel_near(scene.to_be_bytes(), 1);
            step.take(new, &mut exact, &mut rested, &mut shown);
            let errors = rgb888(shown).into_iter().zip(rgb888(new));
            let largest = errors.map(|(a, b)| a.abs_diff(b)).max().unwrap();
            assert!(largest <= tolerance, "off by {largest} in frame {number}");
            held += u32::from(shown != new);
        }
        assert!(held > 1_000, "only {held} times it was held");
    }
}
