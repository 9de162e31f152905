use std::io::Cursor;
use std::time::Duration;

use proptest::prelude::*;

use super::header::IndexEntry;
use super::{
    Clip, ClipWriter, Error, Kind, MAX_RECTS, MIN_DURATION, Mode, Packing, Position, Record,
    Serials, changed_rects, delta_message, id_of, key_message, read_message,
};
use crate::geometry::{PANEL, Rect};
use crate::pixel::{FRAME_BYTES, Frame};

type Box = (u16, u16, u16, u16, [u8; 2]);

/// Frames of a few coloured boxes, so that neighbours share most pixels.
fn frames() -> impl Strategy<Value = Vec<(Frame, Duration)>> {
    let boxes = (0u16..240, 0u16..320, 1u16..120, 1u16..120, any::<[u8; 2]>());
    let change = prop::collection::vec(boxes, 0..4);
    prop::collection::vec((change, 1u64..4_000), 1..8).prop_map(|steps| {
        let mut frame = Frame::black();
        let draw = |(boxes, millis): (Vec<Box>, u64)| {
            for (x, y, width, height, colour) in boxes {
                let rect = Rect {
                    x,
                    y,
                    width: width.min(PANEL.width - x),
                    height: height.min(PANEL.height - y),
                };
                for row in frame.rows_mut(rect) {
                    row.chunks_exact_mut(2)
                        .for_each(|pixel| pixel.copy_from_slice(&colour));
                }
            }
            (frame.clone(), Duration::from_millis(millis))
        };
        steps.into_iter().map(draw).collect()
    })
}

fn write(frames: &[(Frame, Duration)]) -> Vec<u8> {
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    for (frame, duration) in frames {
        writer.push(frame, *duration).unwrap();
    }
    let (file, summary) = writer.finish().unwrap();
    let bytes = file.into_inner();
    assert_eq!(summary.bytes, bytes.len() as u64);
    bytes
}

/// Reads everything a player would; must never panic.
fn read_all(bytes: Vec<u8>) -> Result<(), Error> {
    let clip = Clip::open(bytes)?;
    clip.verify()?;
    let (mut record, mut picture, mut damage) = (Record::default(), Frame::black(), Vec::new());
    for frame in 0..clip.frame_count() {
        clip.load(Position::Frame(frame), &mut record)?;
        record.apply(&mut picture, &mut damage);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn frames_come_back_as_they_were_written_also_round_the_loop(frames in frames()) {
        let clip = Clip::open(write(&frames)).unwrap();
        clip.verify().unwrap();
        let (mut record, mut shown, mut damage) = (Record::default(), Frame::black(), Vec::new());
        for pass in 0..2 {
            for (number, (frame, duration)) in (0u32..).zip(&frames) {
                let wraps = pass == 1 && number == 0 && frames.len() > 1;
                let position = if wraps { Position::Wrap } else { Position::Frame(number) };
                let before = shown.clone();
                clip.load(position, &mut record).unwrap();
                damage.clear();
                record.apply(&mut shown, &mut damage);
                prop_assert!(shown == *frame, "pass {} frame {}", pass, number);
                prop_assert_eq!(clip.duration(number), Some(*duration));
                prop_assert!(outside_is_equal(&before, &shown, &damage));
            }
        }
        let last = clip.frame_count() - 1;
        prop_assert!(clip.render(last).unwrap() == shown);
    }

    #[test]
    fn messages_lead_from_picture_to_picture(frames in frames()) {
        let (mut record, mut shown) = (Record::default(), Frame::black());
        let mut base: Option<(u32, &Frame)> = None;
        for (serial, (frame, _)) in (1u32..).zip(&frames) {
            let message = match base {
                Some((base, before)) => delta_message(serial, base, before, frame),
                None => key_message(serial, frame),
            };
            let serials = read_message(&message, &mut record).unwrap();
            prop_assert_eq!(serials, Serials { serial, base: base.map(|(base, _)| base) });
            record.apply(&mut shown, &mut Vec::new());
            prop_assert!(shown == *frame, "picture {}", serial);
            base = Some((serial, frame));
        }
    }

    #[test]
    fn a_damaged_message_is_an_error_not_a_panic(
        frames in frames(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let (mut record, mut shown) = (Record::default(), Frame::black());
        let mut message = delta_message(2, 1, &Frame::black(), &frames[0].0);
        prop_assert!(read_message(&message[..cut.index(message.len())], &mut record).is_err());
        for (at, value) in damage {
            let at = at.index(message.len());
            message[at] = value;
        }
        if read_message(&message, &mut record).is_ok() {
            record.apply(&mut shown, &mut Vec::new());
        }
    }

    #[test]
    fn rectangles_cover_every_change_once(frames in frames()) {
        for pair in frames.windows(2) {
            let mut rects = Vec::new();
            changed_rects(&pair[0].0, &pair[1].0, &mut rects);
            prop_assert!(outside_is_equal(&pair[0].0, &pair[1].0, &rects));
            let mut seen = Frame::black();
            for rect in rects {
                prop_assert!(rect.fits(PANEL));
                for row in seen.rows_mut(rect) {
                    prop_assert!(row.iter().all(|byte| *byte == 0), "overlap at {:?}", rect);
                    row.fill(1);
                }
            }
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_not_a_panic(
        frames in frames(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = write(&frames);
        let intact = bytes.clone();
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        prop_assert_eq!(read_all(bytes.clone()).is_ok(), bytes == intact);
    }
}

fn outside_is_equal(before: &Frame, after: &Frame, rects: &[Rect]) -> bool {
    let mut patched = before.clone();
    for rect in rects {
        for (to, from) in patched.rows_mut(*rect).zip(after.rows(*rect)) {
            to.copy_from_slice(from);
        }
    }
    patched == *after
}

#[test]
fn a_picture_of_noise_still_makes_a_valid_clip() {
    let mut state = 1u32;
    let mut noise = || {
        let mut frame = Frame::black();
        for byte in frame.as_bytes_mut() {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = state.to_be_bytes()[0];
        }
        (frame, Duration::from_millis(40))
    };
    read_all(write(&[noise(), noise(), noise()])).unwrap();
}

#[test]
fn scattered_changes_are_stored_behind_a_mask_and_reported_tightly() {
    let mut state = 5u32;
    let mut below = |bound: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) % bound
    };
    for one_in in [2, 5, 40, 400] {
        let mut after = Frame::black();
        let mut changed = 0;
        for pixel in after.as_bytes_mut().as_chunks_mut::<2>().0 {
            if below(one_in) == 0 {
                let value = u16::try_from(1 + below(65_535)).unwrap();
                *pixel = value.to_be_bytes();
                changed += 1;
            }
        }
        let frames = [Frame::black(), after.clone()];
        let bytes = write(&frames.map(|frame| (frame, Duration::from_millis(40))));
        // The values once, and a bit for each pixel there and back.
        let most = 2 * changed + 2 * FRAME_BYTES / 16 + 2_000;
        assert!(
            bytes.len() < most,
            "{} bytes, {changed} pixels",
            bytes.len()
        );
        let clip = Clip::open(bytes).unwrap();
        let (mut record, mut shown, mut damage) = (Record::default(), Frame::black(), Vec::new());
        clip.load(Position::Frame(1), &mut record).unwrap();
        record.apply(&mut shown, &mut damage);
        assert!(shown == after);
        assert!(damage.len() <= MAX_RECTS, "{} rectangles", damage.len());
        assert!(outside_is_equal(&Frame::black(), &after, &damage));
        let area: usize = damage.iter().map(|rect| rect.pixels()).sum();
        assert!(
            one_in < 40 || area < 8 * changed,
            "{area} pixels for {changed}"
        );
    }
}

#[test]
fn a_mask_that_does_not_fit_its_pixels_is_refused() {
    // One rectangle of 10 x 1 pixels, two of them set.
    let rect = [1, 0, 3, 0, 4, 0, 10, 0, 1, 0];
    let cases: [(&[u8], &str); 5] = [
        (&[0b101, 0, 1, 2, 3, 4], ""),
        (&[0b101, 0, 1, 2], "more or fewer pixels"),
        (&[0b111, 0, 1, 2, 3, 4], "more or fewer pixels"),
        (&[0b101, 0, 1, 2, 3], "more or fewer pixels"),
        (&[0b101], "ends in its mask"),
    ];
    for (rest, expected) in cases {
        let mut record = Record::default();
        record.packed.extend([&rect, rest].concat());
        let length = u32::try_from(record.packed.len()).unwrap();
        let entry = IndexEntry {
            offset: 0,
            stored: length,
            raw: length,
            duration: MIN_DURATION,
            kind: Kind::Delta,
            mode: Mode::MaskedLiteral,
            packing: Packing::Stored,
        };
        match record.unpack(&entry) {
            Ok(()) => assert_eq!(expected, ""),
            Err(error) => assert!(!expected.is_empty() && error.to_string().contains(expected)),
        }
    }
}

#[test]
fn a_file_is_known_by_its_header() {
    let bytes = write(&[(Frame::black(), Duration::from_millis(40))]);
    assert_eq!(id_of(&bytes).unwrap(), Clip::open(bytes).unwrap().id());
    assert!(id_of(&b"LOOPCLIP".to_vec()).is_err());
}

#[test]
fn a_clip_without_frames_cannot_be_finished() {
    let writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    assert!(matches!(writer.finish(), Err(Error::Empty)));
}

#[test]
fn an_unfinished_file_is_refused() {
    let mut file = Cursor::new(Vec::new());
    let mut writer = ClipWriter::new(&mut file).unwrap();
    writer
        .push(&Frame::black(), Duration::from_millis(40))
        .unwrap();
    drop(writer);
    assert!(matches!(
        Clip::open(file.into_inner()),
        Err(Error::Corrupt(_))
    ));
}

#[test]
fn a_still_picture_costs_next_to_nothing() {
    let second = (Frame::black(), Duration::from_millis(500));
    let bytes = write(&[second.clone(), second.clone(), second]);
    assert!(bytes.len() < 1_500, "{} bytes", bytes.len());
}

#[test]
fn durations_can_be_set_at_the_end_and_tell_how_far_apart_the_keys_are() {
    let step = Duration::from_millis(40);
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    for _ in 0..120 {
        writer.push(&Frame::black(), step).unwrap();
    }
    // Keys are frames 0, 50 and 100: the last one before a key begins 49 frames after one.
    assert_eq!(writer.set_durations(|_| step), 49 * step);
    let durations = |frame: u32| Duration::from_millis(10) * (frame + 1);
    let latest: Duration = (50..99).map(durations).sum();
    assert_eq!(writer.set_durations(durations), latest);
    let (file, summary) = writer.finish().unwrap();
    let clip = Clip::open(file.into_inner()).unwrap();
    clip.verify().unwrap();
    assert_eq!(summary.total, (0..120).map(durations).sum());
    assert_eq!((clip.total(), clip.key_before(119)), (summary.total, 100));
    assert_eq!(clip.duration(7), Some(Duration::from_millis(80)));
}
