//! A library of one item, as another device would have exported it.

use std::io::Cursor;
use std::time::Duration;

use loop_proto::ClipId;
use loop_proto::clip::ClipWriter;
use loop_proto::pixel::{Frame, Picture};
use serde_json::json;

use super::content::{Content, sha256};
use crate::media::frame;

/// Everything in a tar is in blocks of this size.
const BLOCK: usize = 512;

const SECONDS: u64 = 1_700_000_000;
const TIME: &str = "2023-11-14T22:13:20.000Z";

/// The archive.
#[must_use]
pub(super) fn pack(content: &Content) -> Vec<u8> {
    let original = content.original();
    let (id, clip) = clip_of(content);
    let slug = content.slug();
    let meta = json!({
        "version": 1, "slug": slug, "filename": content.filename(), "mime": content.filetype(), "size": original.len(),
        "uploaded_at": TIME, "original": "original.mp4", "original_sha256": sha256(&original), "kind": "video",
        "clip": id, "frame_count": content.frames, "duration_us": 40_000 * u64::from(content.frames),
    });
    let meta = meta.to_string().into_bytes();
    let files = [
        ("meta.json", Some(sha256(&meta)), meta),
        ("clip", None, clip),
        ("original.mp4", Some(sha256(&original)), original),
    ];
    let listed = files.iter().map(|(name, sha256, bytes)| match sha256 {
        Some(sha256) => json!({"name": name, "bytes": bytes.len(), "sha256": sha256}),
        None => json!({"name": name, "bytes": bytes.len()}),
    });
    let listed: Vec<_> = listed.collect();
    let item = json!({"slug": slug, "clip": id.to_string(), "files": listed});
    let list =
        json!({"version": 1, "created": TIME, "device": "LOOP", "items": [item], "loop": [slug]});
    let list = list.to_string().into_bytes();
    let check = format!("{}  loop-library.json\n", sha256(&list)).into_bytes();
    let mut tar = Vec::new();
    put(&mut tar, "loop-library.json", &list);
    put(&mut tar, "loop-library.sha256", &check);
    for (name, _, bytes) in &files {
        put(&mut tar, &format!("media/{slug}/{name}"), bytes);
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    tar
}

fn clip_of(content: &Content) -> (ClipId, Vec<u8>) {
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    for shade in content.shades() {
        let picture = Picture::from_bytes(frame(shade)).unwrap();
        let frame: Frame = picture.transposed();
        writer.push(&frame, Duration::from_millis(40)).unwrap();
    }
    let (file, summary) = writer.finish().unwrap();
    (summary.id, file.into_inner())
}

/// Adds a file, as POSIX has it.
fn put(tar: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let mut header = [0; BLOCK];
    let mut field = |at: usize, text: &str| {
        header[at..at + text.len()].copy_from_slice(text.as_bytes());
    };
    field(0, name);
    field(100, "0000644");
    field(108, "0000000");
    field(116, "0000000");
    field(124, &format!("{:011o}", bytes.len()));
    field(136, &format!("{SECONDS:011o}"));
    field(148, "        ");
    field(156, "0");
    field(257, "ustar");
    field(263, "00");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    tar.extend(header);
    tar.extend(bytes);
    tar.resize(tar.len().next_multiple_of(BLOCK), 0);
}
