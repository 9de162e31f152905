//! Uploads that can be resumed: the whole protocol, and what may happen in the middle.

mod cuts;
mod protocol;
mod restarts;
mod room;

use std::time::Duration;

use loop_tests::rig::Rig;
use loop_tests::tus::Parcel;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// What the library has of an item, file by file.
fn files_of(rig: &Rig, slug: &str) -> Vec<(String, Vec<u8>)> {
    let folder = rig.data.join("media").join(slug);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .filter(|(name, _)| name != "meta.json")
        .collect();
    files.sort();
    files
}

/// The items of the device as clients see them, but for the moment they were added.
async fn items(rig: &Rig) -> Vec<Value> {
    let answer = rig.get("/api/media").await.unwrap().ok();
    let mut items = answer["data"]["media"].as_array().unwrap().clone();
    for item in &mut items {
        item.as_object_mut().unwrap().remove("uploadedAt");
    }
    items
}

/// A `PATCH` as it goes over the wire, with the first bytes of its body.
async fn begin_patch(
    rig: &Rig,
    upload: &str,
    (offset, promised): (usize, usize),
    bytes: &[u8],
    more: &str,
) -> TcpStream {
    let address = rig.address();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "PATCH {upload} HTTP/1.1\r\nHost: {address}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\n\
         Content-Type: application/offset+octet-stream\r\nContent-Length: {promised}\r\n{more}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream.flush().await.unwrap();
    stream
}

/// Waits until so many bytes of an upload have come, without a word to who sends them.
async fn until_seen(rig: &Rig, upload: &str, bytes: usize) {
    for _ in 0..1000 {
        let state = rig.get(upload).await.unwrap().ok();
        if state["data"]["offset"] == bytes {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{bytes} bytes never came");
}

#[test]
fn an_upload_by_any_pieces_is_the_item_that_one_by_form_is() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (form, rig) = runtime.block_on(async { (Rig::start().await, Rig::start().await) });
    let slug = runtime.block_on(form.upload("cat", &[1, 2, 3]));
    let parcel = Parcel::film("cat", &[1, 2, 3]);
    let expected = (files_of(&form, &slug), runtime.block_on(items(&form)));
    let pieces = proptest::collection::vec(1..200_000usize, 1..12);
    let mut runner = TestRunner::new(Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&pieces, |pieces| {
        runtime.block_on(async {
            let upload = rig.tus_create(&parcel).await;
            let (mut offset, mut rest) = (0, parcel.bytes.as_slice());
            // What the pieces do not cover comes at last; a whole upload is not touched any more.
            for piece in pieces.into_iter().chain([usize::MAX]) {
                if rest.is_empty() {
                    break;
                }
                let (now, later) = rest.split_at(piece.min(rest.len()));
                let answer = rig.tus_patch(&upload, offset, now).await;
                prop_assert_eq!(answer.status, 204);
                offset += now.len();
                rest = later;
            }
            prop_assert_eq!(&rig.tus_item(&upload).await, &slug);
            prop_assert_eq!(&(files_of(&rig, &slug), items(&rig).await), &expected);
            // Late clients learn that there is nothing to do any more.
            prop_assert_eq!(rig.tus_offset(&upload).await, parcel.bytes.len());
            let deleted = rig.delete(&format!("/api/media/{slug}")).await;
            deleted.unwrap().ok();
            Ok(())
        })
    });
    outcome.unwrap();
    runtime.block_on(async {
        rig.upload("last", &[1]).await;
        form.finish().await;
        rig.finish().await;
    });
}
