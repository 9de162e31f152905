//! What the tests of ZIPs and uploads share, and the uploads.

mod arriving;
mod zips;

use std::io::{Cursor, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use loop_proto::Slug;
use loop_proto::clip::{Clip, ClipWriter};
use loop_proto::pixel::{FRAME_BYTES, Frame};
use serde_json::json;
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::pixels;
use crate::store::{Added, Disk, Store};

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

async fn store() -> (TempDir, Store) {
    let data = TempDir::new().unwrap();
    let store = Store::open(data.path(), Disk::new(data.path(), 0))
        .await
        .unwrap();
    (data, store)
}

/// Uploads files and makes an item of them.
async fn take_in(store: &Store, files: &[(&str, &[u8])]) -> Result<Added, Error> {
    take_in_told(store, files, Arc::new(|_| true)).await
}

async fn take_in_told(store: &Store, files: &[(&str, &[u8])], tell: Tell) -> Result<Added, Error> {
    let limits = Limits {
        max_file_bytes: 1_000_000,
    };
    let ingest = Ingest::idle(store);
    let mut upload = ingest.begin(limits, 0).await?;
    for (name, content) in files {
        let mut part = upload.part(name)?;
        part.write(content).await?;
        part.finish().await?;
    }
    let (received, _folder) = upload.received();
    ingest.run(received, tell).await
}

fn incoming(data: &TempDir) -> usize {
    std::fs::read_dir(data.path().join("incoming"))
        .unwrap()
        .count()
}

#[tokio::test]
async fn an_original_and_its_frames_become_an_item() {
    let (data, store) = store().await;
    let mut fields = fields(2);
    fields["quality"] = json!("balanced");
    let zip = Parcel::new().frames(&[1, 2]).metadata(&fields).bytes();
    let files: [(&str, &[u8]); 2] = [
        ("C:\\pics\\cat.gif", b"GIF89a..."),
        ("cat_frames.zip", &zip),
    ];
    let added = take_in(&store, &files).await.unwrap();
    let item = added.item();
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
    let meta: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap()).unwrap();
    assert_eq!(meta["quality"], "balanced");
}

#[tokio::test]
async fn what_is_cancelled_before_it_is_stored_is_not_added() {
    let (data, store) = store().await;
    let zip = Parcel::new().frames(&[1]).metadata(&fields(1)).bytes();
    let files: [(&str, &[u8]); 2] = [("cat.gif", b"GIF89a..."), ("cat_frames.zip", &zip)];
    let unwanted: Tell = Arc::new(|progress| progress != Progress::Storing);
    let refused = take_in_told(&store, &files, Arc::clone(&unwanted)).await;
    assert!(matches!(refused, Err(Error::Cancelled)));
    assert!(store.library().is_empty());
    assert_eq!(incoming(&data), 0);
    take_in(&store, &files).await.unwrap();
    // Neither is what is there already put back into the loop.
    let known = Slug::nearest("cat_0123456789abcdef");
    store.remove_from_order(known).await.unwrap();
    let refused = take_in_told(&store, &files, unwanted).await;
    assert!(matches!(refused, Err(Error::Cancelled)));
    assert!(store.library().order().is_empty());
}

#[tokio::test]
async fn a_finished_clip_is_taken_as_it_is_and_a_spoilt_one_is_refused() {
    let (data, store) = store().await;
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    for _ in 0..3 {
        let frame = writer.push(&Frame::black(), Duration::from_millis(70));
        frame.unwrap();
    }
    let (file, summary) = writer.finish().unwrap();
    let clip = file.into_inner();
    let files: [(&str, &[u8]); 2] = [("cat.gif", b"GIF89a..."), ("cat.clip", &clip)];
    let added = take_in(&store, &files).await.unwrap();
    let item = added.item();
    assert_eq!((item.clip, item.frame_count), (summary.id, 3));
    let folder = data.path().join("media").join(item.slug.as_str());
    assert_eq!(std::fs::read(folder.join("clip")).unwrap(), clip);
    assert!(matches!(
        take_in(&store, &files).await.unwrap(),
        Added::Same(_)
    ));
    for at in (0..clip.len()).step_by(7) {
        let mut spoilt = clip.clone();
        spoilt[at] ^= 1;
        let refused = take_in(&store, &[("a.gif", b"GIF89a"), ("a.clip", &spoilt)]).await;
        assert!(refused.is_err(), "byte {at}");
    }
    assert_eq!((incoming(&data), store.library().len()), (0, 1));
}

#[tokio::test]
async fn every_upload_that_is_refused_says_why_and_leaves_nothing() {
    let (data, store) = store().await;
    let zip = Parcel::new().frames(&[1]).metadata(&fields(1)).bytes();
    let large = vec![b'G'; 1_000_001];
    type Files<'a> = &'a [(&'a str, &'a [u8])];
    let cases: [(Files<'_>, &str); 8] = [
        (&[], "no file was sent"),
        (&[("a.gif", b"")], "a.gif is empty"),
        (
            &[("a.gif", b"<!DOCTYPE html><html>"), ("a_frames.zip", &zip)],
            "a.gif is not an image",
        ),
        (
            &[("a.svg", b"<svg></svg>")],
            "a.svg: an SVG cannot be decoded",
        ),
        (
            &[("a.gif", b"GIF89a"), ("b.gif", b"GIF89a")],
            "b.gif: an upload has one original",
        ),
        (
            &[("a_frames.zip", &zip), ("b_frames.zip", &zip)],
            "second file with frames",
        ),
        (&[("a.gif", &large)], "a.gif is larger than 1 MB"),
        (
            &[("a.gif", b"GIF89a"), ("a_frames.zip", b"PK")],
            "a_frames.zip: it is not a complete ZIP",
        ),
    ];
    for (files, expected) in cases {
        let message = take_in(&store, files).await.unwrap_err().to_string();
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
    let error = take_in(&store, &[("a.gif", b"GIF89a")]).await.unwrap_err();
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
