use std::io::Cursor;

use loop_proto::clip::{Clip, Quality, Summary};
use proptest::prelude::*;
use serde_json::json;

use super::*;

pub(super) type Unpacked = Result<(Converted, Clip<Vec<u8>>), String>;

pub(super) fn at_rest(zip: &[u8]) -> Unpacked {
    let mut clip = Cursor::new(Vec::new());
    let converted =
        convert(Cursor::new(zip), &mut clip, |_, _| true).map_err(|fault| fault.to_string())?;
    Ok((converted, Clip::open(clip.into_inner()).unwrap()))
}

/// The bytes come in pieces of this length.
struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = self.1.min(buffer.len());
        self.0.read(&mut buffer[..most])
    }
}

pub(super) fn arriving(zip: &[u8]) -> Unpacked {
    let folder = TempDir::new().unwrap();
    let room = Disk::new(folder.path(), 0).reserve(0).unwrap();
    let desk = Desk::new(folder.path(), room);
    let (converted, clip) = convert_arriving(Pieces(zip, 40_009), &desk, |_, _| true)
        .map_err(|fault| fault.to_string())?;
    let clip = Clip::open(std::fs::read(clip).unwrap()).unwrap();
    clip.verify().unwrap();
    Ok((converted, clip))
}

/// Reads a ZIP both ways, and sees to it that they come to the same.
fn unpack(zip: Vec<u8>) -> Unpacked {
    let (at_rest, arriving) = (at_rest(&zip), arriving(&zip));
    match (&at_rest, &arriving) {
        (Ok(_), Ok(_)) => assert_eq!(told(&at_rest), told(&arriving)),
        (Err(at_rest), Err(arriving)) => assert_eq!(head(at_rest), head(arriving)),
        _ => panic!("{:?} and {:?}", told(&at_rest), told(&arriving)),
    }
    at_rest
}

/// What came of a ZIP, without all its bytes.
pub(super) fn told(unpacked: &Unpacked) -> Result<(Summary, Quality, Vec<u8>), &String> {
    let (converted, _) = unpacked.as_ref()?;
    let first = converted.first.as_bytes()[..8].to_vec();
    Ok((converted.summary, converted.quality, first))
}

/// A message but for what the reader of the ZIP says itself.
fn head(message: &str) -> &str {
    message.split(" file (").next().unwrap()
}

pub(super) fn shade(clip: &Clip<Vec<u8>>, frame: u32) -> u8 {
    clip.render(frame).unwrap().as_bytes()[0]
}

#[test]
fn frames_one_by_one_and_all_in_one_make_the_same_clip() {
    let one_by_one = Parcel::new()
        .frames(&[1, 2, 3])
        .metadata(&fields(3))
        .bytes();
    let mut bin = [3u32.to_be_bytes(), 153_600u32.to_be_bytes()].concat();
    [1, 2, 3]
        .iter()
        .for_each(|shade| bin.extend([*shade; FRAME_BYTES]));
    let in_one = Parcel::new()
        .deflated()
        .metadata(&fields(3))
        .entry("frames.bin", &bin)
        .bytes();
    let (converted, clip) = unpack(one_by_one).unwrap();
    assert_eq!(
        (shade(&clip, 0), shade(&clip, 1), shade(&clip, 2)),
        (1, 2, 3)
    );
    assert_eq!(clip.duration(1), Some(std::time::Duration::from_millis(40)));
    assert_eq!(unpack(in_one).unwrap().0.summary.id, converted.summary.id);
}

#[test]
fn each_frame_may_have_a_duration_of_its_own() {
    let mut fields = fields(2);
    fields["durations_us"] = json!([70_000, 1_500_000]);
    let (_, clip) = unpack(Parcel::new().frames(&[1, 2]).metadata(&fields).bytes()).unwrap();
    assert_eq!(clip.total(), std::time::Duration::from_millis(1_570));
}

/// Four frames of one colour that jumps by a step of red and back.
fn flickering() -> Parcel {
    let reds = [0x8000u16, 0x8800, 0x8000, 0x8800];
    let frames = reds.map(|red| red.to_be_bytes().repeat(FRAME_BYTES / 2));
    let number = |parcel: Parcel, (at, frame): (usize, &Vec<u8>)| {
        parcel.entry(&format!("frame_{:06}.rgb", at + 1), frame)
    };
    frames
        .iter()
        .enumerate()
        .fold(Parcel::new().deflated(), number)
}

#[test]
fn frames_are_kept_exactly_unless_a_quality_is_named() {
    for (quality, shown) in [
        (None, [0x80, 0x88, 0x80, 0x88]),
        (Some("off"), [0x80, 0x88, 0x80, 0x88]),
        (Some("balanced"), [0x80; 4]),
        (Some("small"), [0x80; 4]),
    ] {
        let mut fields = fields(4);
        if let Some(quality) = quality {
            fields["quality"] = json!(quality);
        }
        let (converted, clip) = unpack(flickering().metadata(&fields).bytes()).unwrap();
        assert_eq!(converted.quality.name(), quality.unwrap_or("off"));
        assert_eq!([0, 1, 2, 3].map(|frame| shade(&clip, frame)), shown);
    }
}

fn good() -> Parcel {
    Parcel::new().frames(&[1, 2])
}

/// A good parcel but for one field of its metadata.
fn with(name: &str, value: serde_json::Value) -> Vec<u8> {
    let mut fields = fields(2);
    fields[name] = value;
    good().metadata(&fields).bytes()
}

/// Each ZIP is refused with a message that says this.
fn refused(cases: Vec<(Vec<u8>, &str)>) {
    for (zip, expected) in cases {
        let message = unpack(zip)
            .err()
            .unwrap_or_else(|| panic!("accepted, expected: {expected}"));
        assert!(
            message.contains(expected),
            "{message:?} does not say {expected:?}"
        );
    }
}

#[test]
fn what_is_no_whole_zip_is_refused() {
    let truncated = good().metadata(&fields(2)).bytes();
    refused(vec![
        (
            truncated[..truncated.len() / 2].to_vec(),
            "not a complete ZIP",
        ),
        (Vec::new(), "not a complete ZIP"),
        (b"<html>".repeat(100), "not a complete ZIP"),
        (good().bytes(), "metadata.json is missing"),
    ]);
}

#[test]
fn every_fault_of_the_metadata_is_named() {
    refused(vec![
        (
            good().entry("metadata.json", b"{").bytes(),
            "metadata.json cannot be read",
        ),
        (
            good().entry("metadata.json", b"[]").bytes(),
            "not a JSON object",
        ),
        (
            good().metadata(&fields(3)).bytes(),
            "says 3 frames, there are 2",
        ),
        (
            good().metadata(&fields(9999)).bytes(),
            "says 9999 frames, there are 2",
        ),
        (
            good().metadata(&fields("many")).bytes(),
            "frame_count: \"many\" is not a number",
        ),
        (
            good().metadata(&fields(-1)).bytes(),
            "frame_count: -1 is not a number",
        ),
        (
            good().metadata(&fields(0)).bytes(),
            "frame_count: 0 is not a number",
        ),
        (good().metadata(&fields(1e9)).bytes(), "frame_count"),
        (
            good().metadata(&json!({})).bytes(),
            "frame_count: it is missing",
        ),
        (with("format", json!("rgb888")), "field format"),
        (with("width", json!(640)), "field width"),
        (with("type", json!("audio")), "field type"),
        (
            with("quality", json!("best")),
            "field quality: \"best\" is neither off nor balanced nor small",
        ),
        (with("quality", json!(1)), "field quality: 1 is neither"),
        (
            with("quality", json!(null)),
            "field quality: null is neither",
        ),
        (with("fps", json!("fast")), "field fps"),
        (with("fps", json!(1e9)), "field fps"),
        (with("slug", json!("../../etc")), "field slug"),
        (with("slug", json!(7)), "field slug"),
        (with("durations_us", json!([1])), "1 durations for 2 frames"),
        (
            with("durations_us", json!([40_000, 0])),
            "durations_us: 0 is not between",
        ),
    ]);
}

#[test]
fn every_entry_that_is_wrong_is_named() {
    let mut link = Parcel::new();
    link.0
        .add_symlink("frame_000001.rgb", "/etc/passwd", link.1)
        .unwrap();
    refused(vec![
        (
            Parcel::new()
                .frames(&[1])
                .entry("frame_000002.rgb", &[0; 7])
                .metadata(&fields(2))
                .bytes(),
            "frame_000002.rgb has 7 bytes, expected 153600",
        ),
        (
            good()
                .entry("../../evil", b"x")
                .metadata(&fields(2))
                .bytes(),
            "\"../../evil\" does not belong",
        ),
        (
            good()
                .entry("/etc/cron.d/evil", b"x")
                .metadata(&fields(2))
                .bytes(),
            "does not belong",
        ),
        (
            good().entry("a\\..\\b", b"x").metadata(&fields(2)).bytes(),
            "does not belong",
        ),
        (
            link.metadata(&fields(1)).bytes(),
            "not a plain stored or deflated file",
        ),
        (
            Parcel::new()
                .frames(&[1])
                .entry("frame_000003.rgb", &[0; FRAME_BYTES])
                .metadata(&fields(2))
                .bytes(),
            "frame_000002.rgb is missing",
        ),
        (
            Parcel::new()
                .metadata(&fields(2))
                .entry("frames.bin", &[0; 8])
                .bytes(),
            "frames.bin has 8 bytes, expected 307208",
        ),
        (
            Parcel::new()
                .metadata(&fields(1))
                .entry("frames.bin", &[9; 8 + FRAME_BYTES])
                .bytes(),
            "says 1 frames",
        ),
    ]);
}

#[test]
fn a_small_zip_that_unpacks_to_600_megabytes_is_refused_before_it_is_unpacked() {
    let zeros = vec![0u8; 600_000_000];
    let metadata = Parcel::new()
        .deflated()
        .entry("metadata.json", &zeros)
        .bytes();
    assert!(metadata.len() < 1_000_000);
    assert!(
        unpack(metadata)
            .err()
            .unwrap()
            .contains("metadata.json has 600000000 bytes")
    );
    let frames = Parcel::new()
        .deflated()
        .metadata(&fields(1))
        .entry("frames.bin", &zeros)
        .bytes();
    assert!(
        unpack(frames)
            .err()
            .unwrap()
            .contains("frames.bin has 600000000 bytes, expected 153608")
    );
}

#[test]
fn a_size_that_lies_is_noticed_while_unpacking() {
    let mut zip = Parcel::new()
        .deflated()
        .metadata(&fields(1))
        .entry("frame_000001.rgb", &[5; 2 * FRAME_BYTES])
        .bytes();
    let (lie, truth) = (153_600u32.to_le_bytes(), 307_200u32.to_le_bytes());
    let places: Vec<usize> = (0..zip.len() - 4)
        .filter(|at| zip[*at..*at + 4] == truth)
        .collect();
    for at in places {
        zip[at..at + 4].copy_from_slice(&lie);
    }
    assert!(unpack(zip).is_err());
}

#[test]
fn a_directory_without_end_is_refused_before_it_fills_the_memory() {
    let mut parcel = Parcel::new();
    for number in 0..60_000 {
        parcel = parcel.entry(&format!("{number:0100}"), b"");
    }
    let zip = parcel.bytes();
    assert_eq!(at_rest(&zip).err().unwrap(), "it has too many entries");
    // The first one is enough to refuse it.
    let refused = arriving(&zip).err().unwrap();
    assert!(refused.contains("does not belong there"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_damaged_zip_is_an_error_or_makes_a_valid_clip(
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut zip = Parcel::new().deflated().frames(&[1, 2]).metadata(&fields(2)).bytes();
        for (at, value) in damage {
            let at = at.index(zip.len());
            zip[at] = value;
        }
        if let Some(cut) = cut {
            zip.truncate(cut.index(zip.len()));
        }
        let unpacked = at_rest(&zip);
        if let Ok((_, clip)) = &unpacked {
            clip.verify().unwrap();
        }
        // What its directory does not say of an entry as the entry itself is refused while it arrives.
        if let Ok((arrived, _)) = arriving(&zip) {
            assert_eq!(unpacked.unwrap().0.summary, arrived.summary);
        }
    }
}

#[test]
fn a_long_clip_of_one_colour_is_no_bomb() {
    let black = vec![0; FRAME_BYTES];
    let parcel = (1..=100).fold(Parcel::new().deflated(), |parcel, number| {
        parcel.entry(&format!("frame_{number:06}.rgb"), &black)
    });
    let zip = parcel.metadata(&fields(100)).bytes();
    assert!(zip.len() * 500 < 100 * FRAME_BYTES, "{}", zip.len());
    assert_eq!(unpack(zip).unwrap().0.summary.frame_count, 100);
}
