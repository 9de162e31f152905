//! Uploads that can be resumed: the whole protocol, and what may happen in the middle.

use std::time::Duration;

use loop_tests::media::{film, frames_zip};
use loop_tests::rig::{Daemon, Rig};
use loop_tests::tus::{BYTES, Parcel, VERSION, metadata, sha1, sha256};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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

/// A request as it goes over the wire, of whose body so much comes.
async fn begin_patch(
    rig: &Rig,
    upload: &str,
    offset: usize,
    promised: usize,
    bytes: &[u8],
    more: &str,
) -> TcpStream {
    let address = rig.url().replace("http://", "");
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
    for _ in 0..500 {
        let state = rig.get(upload).await.unwrap().ok();
        if state["data"]["offset"] == bytes {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{bytes} bytes never came");
}

#[tokio::test]
async fn an_upload_by_pieces_is_the_item_that_one_by_form_is() {
    let form = Rig::start().await;
    let slug = form.upload("cat", &[1, 2, 3]).await;
    let rig = Rig::start().await;
    let parcel = Parcel::film("cat", &[1, 2, 3]);
    let upload = rig.tus_upload(&parcel, 100_000).await;
    assert_eq!(rig.tus_item(&upload).await, slug);
    assert_eq!(files_of(&rig, &slug), files_of(&form, &slug));
    assert_eq!(items(&rig).await, items(&form).await);
    // Late clients learn that there is nothing to do any more.
    assert_eq!(rig.tus_offset(&upload).await, parcel.bytes.len());
    form.finish().await;
    rig.finish().await;
}
