//! The page writes clips of its own (`spa/src/clip/encode`): they must be to this crate what its own are, and leave out the
//! same changes.
//!
//! `LOOP_GOLDEN=write cargo test -p loop-proto --test page` writes anew what the page is compared with;
//! `LOOP_GOLDEN=write npm test` in `spa` the page's own clip.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::fmt::Write as _;
use std::fs;
use std::io::Cursor;
use std::path::PathBuf;
use std::time::Duration;

use loop_proto::clip::{Clip, ClipWriter, Position, Quality, Record};
use loop_proto::geometry::Rect;
use loop_proto::pixel::Frame;
use sha2::{Digest, Sha256};

/// Where something moves; small, so that the files are.
const FILM: Rect = Rect {
    x: 101,
    y: 33,
    width: 24,
    height: 20,
};

const FRAMES: u16 = 44;

/// From this frame on half of the film stands still, and from this one all of it is noise again.
const REST: std::ops::Range<u16> = 8..34;

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name)
}

fn hash(frame: &Frame) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(frame.as_bytes()) {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// Every frame of a clip, one after the other as a player shows them, and then the first one again.
fn shown(clip: &Clip<Vec<u8>>) -> Vec<Frame> {
    let (mut record, mut frame) = (Record::default(), Frame::black());
    let mut positions: Vec<_> = (0..clip.frame_count()).map(Position::Frame).collect();
    positions.push(Position::Wrap);
    let frames = positions.into_iter().map(|position| {
        clip.load(position, &mut record).unwrap();
        record.apply(&mut frame, &mut Vec::new());
        frame.clone()
    });
    frames.collect()
}

/// A film as noisy as films are, on a slope of all colours; half of it comes to rest for a while.
fn film() -> Vec<(Frame, Duration)> {
    let mut state = 77u32;
    let mut below = |limit: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u32::try_from((u64::from(state) * u64::from(limit)) >> 32).unwrap()
    };
    let mut frame = Frame::black();
    let mut frames = Vec::new();
    for number in 0..FRAMES {
        for (y, row) in (0..).zip(frame.rows_mut(FILM)) {
            for (x, pixel) in (0..).zip(row.as_chunks_mut::<2>().0) {
                let noise = [5, 7, 5].map(|range| below(range) + u32::from(number) / 3);
                if !(REST.contains(&number) && x < FILM.width / 2) {
                    let slope = u32::from(x) + y;
                    let [red, green, blue] = noise.map(|noise| noise + slope);
                    let packed = ((red % 32) << 11) | ((green * 2 % 64) << 5) | (blue % 32);
                    *pixel = u16::try_from(packed).unwrap().to_be_bytes();
                }
            }
        }
        let micros = 20_000 + u64::from(number % 7) * 3_333;
        frames.push((frame.clone(), Duration::from_micros(micros)));
    }
    frames
}

fn write(quality: Quality) -> Vec<u8> {
    let mut writer = ClipWriter::with_quality(Cursor::new(Vec::new()), quality).unwrap();
    for (frame, duration) in film() {
        writer.push(&frame, duration).unwrap();
    }
    writer.finish().unwrap().0.into_inner()
}

/// A line for each frame: how long it is shown, then its hash in each quality.
fn held() -> String {
    let clips = Quality::ALL.map(|quality| shown(&Clip::open(write(quality)).unwrap()));
    let [off, balanced, small] = &clips;
    let mut text = String::new();
    let frames = film().into_iter().zip(off).zip(balanced).zip(small);
    for ((((exact, duration), off), balanced), small) in frames {
        assert_eq!(hash(&exact), hash(off));
        let hashes = [off, balanced, small].map(hash).join(" ");
        writeln!(text, "{} {hashes}", duration.as_micros()).unwrap();
    }
    text
}

#[test]
fn what_is_held_is_what_the_page_is_told_to_hold() {
    let (clip, text) = (write(Quality::Off), held());
    if std::env::var_os("LOOP_GOLDEN").is_some_and(|value| value == "write") {
        fs::write(golden("film.clip"), &clip).unwrap();
        fs::write(golden("film.held"), &text).unwrap();
    }
    assert_eq!(fs::read_to_string(golden("film.held")).unwrap(), text);
    let stored = Clip::open(fs::read(golden("film.clip")).unwrap()).unwrap();
    assert!(shown(&stored) == shown(&Clip::open(clip).unwrap()));
}

#[test]
fn a_clip_that_the_page_has_made_shows_what_it_was_made_of() {
    let clip = Clip::open(fs::read(golden("page.clip")).unwrap()).unwrap();
    clip.verify().unwrap();
    let mut made = String::new();
    let frames = shown(&clip);
    for (number, frame) in (0..clip.frame_count()).zip(&frames) {
        let micros = clip.duration(number).unwrap().as_micros();
        writeln!(made, "{micros} {}", hash(frame)).unwrap();
        assert!(clip.render(number).unwrap() == *frame);
    }
    assert_eq!(
        made,
        fs::read_to_string(golden("forms.frames")).unwrap(),
        "the frames of forms.clip, of which spa/src/clip/encode/encode.test.ts makes page.clip"
    );
    assert!(frames.first() == frames.last());
}
