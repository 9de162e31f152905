use std::io::{Cursor, Write};

use loop_proto::clip::Clip;
use loop_proto::pixel::{FRAME_BYTES, Frame};
use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::store::{Disk, Store};

/// Builds a ZIP entry by entry; good until a test spoils it.
struct Parcel(ZipWriter<Cursor<Vec<u8>>>, SimpleFileOptions);

impl Parcel {
    fn new() -> Self {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
        Self(ZipWriter::new(Cursor::new(Vec::new())), options)
    }

    fn deflated(mut self) -> Self {
        self.1 = self.1.compression_method(CompressionMethod::Deflated);
        self
    }

    fn entry(mut self, name: &str, content: &[u8]) -> Self {
        self.0.start_file(name, self.1).unwrap();
        self.0.write_all(content).unwrap();
        self
    }

    fn metadata(self, fields: &serde_json::Value) -> Self {
        self.entry("metadata.json", fields.to_string().as_bytes())
    }

    fn frames(mut self, shades: &[u8]) -> Self {
        for (number, shade) in shades.iter().enumerate() {
            self = self.entry(
                &format!("frame_{:06}.rgb", number + 1),
                &[*shade; FRAME_BYTES],
            );
        }
        self
    }

    fn bytes(self) -> Vec<u8> {
        self.0.finish().unwrap().into_inner()
    }
}

fn fields(count: impl Into<serde_json::Value>) -> serde_json::Value {
    json!({"slug": "cat_0123456789abcdef", "original_filename": "cat.mp4", "type": "video", "width": 320,
        "height": 240, "frame_count": count.into(), "format": "rgb565", "fps": 25})
}

fn unpack(zip: Vec<u8>) -> Result<(Converted, Clip<Vec<u8>>), String> {
    let mut clip = Cursor::new(Vec::new());
    let converted =
        convert(Cursor::new(zip), &mut clip, |_, _| true).map_err(|fault| fault.to_string())?;
    Ok((converted, Clip::open(clip.into_inner()).unwrap()))
}

fn shade(clip: &Clip<Vec<u8>>, frame: u32) -> u8 {
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

#[test]
fn every_fault_of_a_zip_is_named() {
    let good = || Parcel::new().frames(&[1, 2]);
    let with = |name: &str, value: serde_json::Value| {
        let mut fields = fields(2);
        fields[name] = value;
        good().metadata(&fields).bytes()
    };
    let truncated = good().metadata(&fields(2)).bytes();
    let mut link = Parcel::new();
    link.0
        .add_symlink("frame_000001.rgb", "/etc/passwd", link.1)
        .unwrap();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (
            truncated[..truncated.len() / 2].to_vec(),
            "not a complete ZIP",
        ),
        (Vec::new(), "not a complete ZIP"),
        (b"<html>".repeat(100), "not a complete ZIP"),
        (good().bytes(), "metadata.json is missing"),
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
        (with("fps", json!("fast")), "field fps"),
        (with("fps", json!(1e9)), "field fps"),
        (with("slug", json!("../../etc")), "field slug"),
        (with("slug", json!(7)), "field slug"),
        (with("durations_us", json!([1])), "1 durations for 2 frames"),
        (
            with("durations_us", json!([40_000, 0])),
            "durations_us: 0 is not between",
        ),
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
    ];
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
    assert_eq!(
        unpack(parcel.bytes()).err().unwrap(),
        "it has too many entries"
    );
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
        if let Ok((_, clip)) = unpack(zip) {
            clip.verify().unwrap();
        }
    }
}

async fn store() -> (TempDir, Store) {
    let data = TempDir::new().unwrap();
    let store = Store::open(data.path(), Disk::new(data.path(), 0))
        .await
        .unwrap();
    (data, store)
}

async fn stage(store: &Store, files: &[(&str, &[u8])]) -> Result<crate::store::Staged, Error> {
    let mut upload = Upload::begin(
        store,
        Limits {
            max_file_bytes: 1_000_000,
        },
        0,
    )?;
    for (name, content) in files {
        let mut part = upload.part(name)?;
        part.write(content).await?;
        part.finish().await?;
    }
    upload.finish(|_, _| ()).await
}

fn incoming(data: &TempDir) -> usize {
    std::fs::read_dir(data.path().join("incoming"))
        .unwrap()
        .count()
}

#[tokio::test]
async fn an_original_and_its_frames_become_an_item() {
    let (data, store) = store().await;
    let zip = Parcel::new().frames(&[1, 2]).metadata(&fields(2)).bytes();
    let staged = stage(
        &store,
        &[
            ("C:\\pics\\cat.gif", b"GIF89a..."),
            ("cat_frames.zip", &zip),
        ],
    )
    .await
    .unwrap();
    let item = store.add(staged).await.unwrap().item().clone();
    assert_eq!(
        (item.filename.as_str(), item.mime.as_str(), item.size),
        ("cat.gif", "image/gif", 9)
    );
    assert_eq!(item.slug.as_str(), "cat_0123456789abcdef");
    let folder = data.path().join("media/cat_0123456789abcdef");
    assert_eq!(
        std::fs::read(folder.join("original.gif")).unwrap(),
        b"GIF89a..."
    );
    let clip = Clip::open(std::fs::File::open(folder.join("clip")).unwrap()).unwrap();
    assert_eq!(clip.id(), item.clip);
    assert_eq!(incoming(&data), 0);
}

#[tokio::test]
async fn every_upload_that_is_refused_says_why_and_leaves_nothing() {
    let (data, store) = store().await;
    let zip = Parcel::new().frames(&[1]).metadata(&fields(1)).bytes();
    let large = vec![b'G'; 1_000_001];
    let cases: [(&[(&str, &[u8])], &str); 8] = [
        (&[], "no file was sent"),
        (&[("a.gif", b"")], "a.gif is empty"),
        (
            &[("a.gif", b"<!DOCTYPE html><html>"), ("a_frames.zip", &zip)],
            "a.gif is not an image",
        ),
        (&[("a.gif", b"GIF89a")], "a.gif came without its frames"),
        (
            &[("a.gif", b"GIF89a"), ("b.gif", b"GIF89a")],
            "b.gif: an upload has one original",
        ),
        (
            &[("a_frames.zip", &zip), ("b_frames.zip", &zip)],
            "second ZIP with frames",
        ),
        (&[("a.gif", &large)], "a.gif is larger than 1 MB"),
        (
            &[("a.gif", b"GIF89a"), ("a_frames.zip", b"PK")],
            "a_frames.zip: it is not a complete ZIP",
        ),
    ];
    for (files, expected) in cases {
        let message = stage(&store, files).await.unwrap_err().to_string();
        assert!(
            message.contains(expected),
            "{message:?} does not say {expected:?}"
        );
        assert_eq!(incoming(&data), 0);
    }
    assert!(store.library().is_empty());
}

#[tokio::test]
async fn a_full_disk_is_said_so_with_figures() {
    let data = TempDir::new().unwrap();
    let store = Store::open(data.path(), Disk::new(data.path(), 100))
        .await
        .unwrap();
    let error = stage(&store, &[("a.gif", b"GIF89a")]).await.unwrap_err();
    assert!(
        matches!(error, Error::Store(crate::store::Error::Full { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("delete some media"));
    assert_eq!(incoming(&data), 0);
}

#[test]
fn a_thumbnail_is_a_png_of_half_the_size() {
    let png = pixels::thumbnail(&Frame::black()).unwrap();
    let reader = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
    assert_eq!((reader.info().width, reader.info().height), (160, 120));
}
