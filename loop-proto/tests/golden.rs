//! Files that every reader of clips must read alike: this crate, and the page (`spa/src/clip`).
//!
//! `LOOP_GOLDEN=write cargo test -p loop-proto --test golden` writes them anew, after the writer has learned something.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use loop_proto::clip::{
    Clip, ClipWriter, Position, Record, delta_message, key_message, read_message,
};
use loop_proto::geometry::{PANEL, Rect};
use loop_proto::pixel::Frame;
use sha2::{Digest, Sha256};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Numbers that look random and are the same everywhere.
struct Numbers(u32);

impl Numbers {
    fn below(&mut self, limit: u16) -> u16 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u16::try_from((u64::from(self.0) * u64::from(limit)) >> 32).unwrap()
    }
}

fn fill(frame: &mut Frame, rect: Rect, mut colour: impl FnMut() -> u16) {
    for row in frame.rows_mut(rect) {
        for pixel in row.chunks_exact_mut(2) {
            pixel.copy_from_slice(&colour().to_be_bytes());
        }
    }
}

/// Changes about every second pixel of an area.
fn change_half(frame: &mut Frame, numbers: &mut Numbers, change: impl Fn(u16, u16) -> u16) {
    let area = Rect {
        x: 90,
        y: 130,
        width: 48,
        height: 40,
    };
    for row in frame.rows_mut(area) {
        for pixel in row.as_chunks_mut::<2>().0 {
            if numbers.below(2) == 0 {
                let colour = u16::from_be_bytes(*pixel);
                *pixel = change(colour, numbers.below(u16::MAX)).to_be_bytes();
            }
        }
    }
}

/// Plain boxes, scattered dots, small shifts of colour and noise: every form a record can have is the best for some of them.
fn frames() -> Vec<(Frame, Duration)> {
    let mut numbers = Numbers(20);
    let mut frame = Frame::black();
    for y in 0..PANEL.height {
        let row = Rect {
            x: 0,
            y,
            width: PANEL.width,
            height: 1,
        };
        fill(&mut frame, row, || y * 97);
    }
    let mut frames = vec![(frame.clone(), Duration::from_millis(33))];
    for step in 0..20u16 {
        let rect = Rect {
            x: numbers.below(180),
            y: numbers.below(240),
            width: 8 + numbers.below(50),
            height: 8 + numbers.below(70),
        };
        match step % 7 {
            0 => fill(&mut frame, rect, || 0x1234 + step),
            1 => fill(
                &mut frame,
                Rect {
                    width: 16,
                    height: 12,
                    ..rect
                },
                || numbers.below(u16::MAX),
            ),
            2 => {
                for _ in 0..60 {
                    let (x, y) = (numbers.below(240), numbers.below(320));
                    let dot = Rect {
                        x,
                        y,
                        width: 1,
                        height: 1,
                    };
                    fill(&mut frame, dot, || 0xFFFF);
                }
            }
            3 => {
                // The whole picture one shade brighter: a XOR is nearly the same everywhere.
                for byte in frame.as_bytes_mut().iter_mut().skip(1).step_by(2) {
                    *byte ^= 1;
                }
            }
            // Half of the pixels of an area, other colours, and then the same ones with a bit turned: behind a mask.
            4 => change_half(&mut frame, &mut numbers, |_, random| random),
            5 => change_half(&mut frame, &mut numbers, |colour, _| colour ^ 0x0801),
            // A pause.
            _ => {}
        }
        frames.push((
            frame.clone(),
            Duration::from_micros(20_000 + u64::from(step) * 12_345),
        ));
    }
    frames
}

fn hash(frame: &Frame) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(frame.as_bytes()) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

fn write_all() {
    fs::create_dir_all(folder()).unwrap();
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    let (mut hashes, mut messages) = (String::new(), Vec::new());
    let mut before: Option<Frame> = None;
    for (serial, (frame, duration)) in (1u32..).zip(frames()) {
        writer.push(&frame, duration).unwrap();
        writeln!(hashes, "{} {}", duration.as_micros(), hash(&frame)).unwrap();
        let message = match &before {
            Some(before) => delta_message(serial, serial - 1, before, &frame),
            None => key_message(serial, &frame),
        };
        messages.extend(u32::try_from(message.len()).unwrap().to_le_bytes());
        messages.extend(message);
        before = Some(frame);
    }
    let (file, _) = writer.finish().unwrap();
    fs::write(folder().join("forms.clip"), file.into_inner()).unwrap();
    fs::write(folder().join("forms.messages"), messages).unwrap();
    fs::write(folder().join("forms.frames"), hashes).unwrap();
}

/// How long each frame is shown, and its hash.
fn expected() -> Vec<(Duration, String)> {
    static WRITTEN: Once = Once::new();
    WRITTEN.call_once(|| {
        if std::env::var_os("LOOP_GOLDEN").is_some_and(|value| value == "write") {
            write_all();
        }
    });
    let text = fs::read_to_string(folder().join("forms.frames")).unwrap();
    let lines = text.lines().map(|line| {
        let (micros, hash) = line.split_once(' ').unwrap();
        (
            Duration::from_micros(micros.parse().unwrap()),
            hash.to_owned(),
        )
    });
    lines.collect()
}

#[test]
fn golden_files_hold_what_they_should() {
    let expected = expected();
    let made: Vec<_> = frames()
        .iter()
        .map(|(frame, duration)| (*duration, hash(frame)))
        .collect();
    assert_eq!(expected, made);

    let clip = Clip::open(fs::read(folder().join("forms.clip")).unwrap()).unwrap();
    clip.verify().unwrap();
    assert_eq!(clip.frame_count(), u32::try_from(expected.len()).unwrap());
    let (mut record, mut shown) = (Record::default(), Frame::black());
    for (number, (duration, wanted)) in (0u32..).zip(&expected) {
        clip.load(Position::Frame(number), &mut record).unwrap();
        record.apply(&mut shown, &mut Vec::new());
        assert_eq!(
            (clip.duration(number), &hash(&shown)),
            (Some(*duration), wanted)
        );
    }
    clip.load(Position::Wrap, &mut record).unwrap();
    record.apply(&mut shown, &mut Vec::new());
    assert_eq!(hash(&shown), expected[0].1);
}

#[test]
fn golden_messages_lead_to_the_same_pictures() {
    let expected = expected();
    let bytes = fs::read(folder().join("forms.messages")).unwrap();
    let (mut rest, mut record, mut shown) = (bytes.as_slice(), Record::default(), Frame::black());
    for (_, wanted) in expected {
        let (length, tail) = rest.split_first_chunk().unwrap();
        let (message, tail) = tail.split_at(usize::try_from(u32::from_le_bytes(*length)).unwrap());
        read_message(message, &mut record).unwrap();
        record.apply(&mut shown, &mut Vec::new());
        assert_eq!(hash(&shown), wanted);
        rest = tail;
    }
    assert!(rest.is_empty(), "{rest:?}");
}
