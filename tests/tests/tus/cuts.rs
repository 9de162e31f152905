//! Connections that break, and two that want the same.

use std::time::{Duration, Instant};

use loop_tests::rig::Rig;
use loop_tests::tus::{Parcel, sha1};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{begin_patch, until_seen};

/// A request of which half has come.
const HALF: usize = 60_000;

#[tokio::test]
async fn what_has_come_before_a_cut_is_kept_unless_nobody_knows_whether_it_is_right() {
    let rig = Rig::start().await;
    let parcel = Parcel::film("a", &[1, 2]);
    let upload = rig.tus_create(&parcel).await;
    let sum = format!("Upload-Checksum: {}\r\n", sha1(&parcel.bytes[..2 * HALF]));
    for (more, kept) in [(sum.as_str(), 0), ("", HALF)] {
        let half = &parcel.bytes[..HALF];
        let stream = begin_patch(&rig, &upload, (0, 2 * HALF), half, more).await;
        until_seen(&rig, &upload, HALF).await;
        drop(stream);
        assert_eq!(rig.tus_offset(&upload).await, kept);
    }
    let answer = rig.tus_patch(&upload, HALF, &parcel.bytes[HALF..]).await;
    assert_eq!(answer.status, 204, "{}", answer.json);
    rig.tus_item(&upload).await;
    rig.finish().await;
}

#[tokio::test]
async fn a_connection_that_is_dead_without_saying_so_does_not_hold_the_upload() {
    let rig = Rig::start().await;
    let parcel = Parcel::film("a", &[1, 2]);
    let upload = rig.tus_create(&parcel).await;
    let promised = parcel.bytes.len();
    let half = &parcel.bytes[..HALF];
    let mut dead = begin_patch(&rig, &upload, (0, promised), half, "").await;
    until_seen(&rig, &upload, HALF).await;
    let asked = Instant::now();
    assert_eq!(rig.tus_offset(&upload).await, HALF);
    let bytes = &parcel.bytes[HALF..2 * HALF];
    let mut second = begin_patch(&rig, &upload, (HALF, promised - HALF), bytes, "").await;
    until_seen(&rig, &upload, 2 * HALF).await;
    // Nobody asks first: the next writer takes over just as well.
    let answer = rig
        .tus_patch(&upload, 2 * HALF, &parcel.bytes[2 * HALF..])
        .await;
    assert_eq!(answer.status, 204, "{}", answer.json);
    assert!(asked.elapsed() < Duration::from_secs(10));
    for stream in [&mut dead, &mut second] {
        let mut answer = vec![0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 423");
    }
    rig.tus_item(&upload).await;
    rig.finish().await;
}

#[tokio::test]
async fn an_upload_whose_beginning_breaks_off_is_none() {
    let rig = Rig::start().await;
    let parcel = Parcel::film("a", &[1, 2]);
    let address = rig.address();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let (length, metadata) = (parcel.bytes.len(), &parcel.metadata);
    let head = format!(
        "POST /api/uploads HTTP/1.1\r\nHost: {address}\r\nTus-Resumable: 1.0.0\r\nUpload-Length: {length}\r\n\
         Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\nUpload-Metadata: {metadata}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&parcel.bytes[..HALF]).await.unwrap();
    let under_way = async || {
        let all = rig.get("/api/uploads").await.unwrap().ok();
        all["data"]["uploads"].as_array().unwrap().clone()
    };
    while under_way()
        .await
        .first()
        .is_none_or(|upload| upload["offset"] != HALF)
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(stream);
    while !under_way().await.is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(rig.leftovers(), Vec::<String>::new());
    rig.finish().await;
}

#[tokio::test]
async fn two_that_write_at_once_do_not_mix() {
    let rig = Rig::start().await;
    for round in 0..5 {
        let parcel = Parcel::film(&format!("r{round}"), &[1, 2, 3]);
        let upload = rig.tus_create(&parcel).await;
        let (first, second) = tokio::join!(
            rig.tus_patch(&upload, 0, &parcel.bytes),
            rig.tus_patch(&upload, 0, &parcel.bytes)
        );
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        // One may end the other in the middle, and then not go on from its own beginning.
        assert!(
            [[204, 409], [204, 423], [409, 423], [204, 204]].contains(&statuses),
            "{statuses:?}"
        );
        let offset = rig.tus_offset(&upload).await;
        let rest = &parcel.bytes[offset..];
        if !rest.is_empty() {
            assert_eq!(rig.tus_patch(&upload, offset, rest).await.status, 204);
        }
        assert_eq!(
            rig.tus_item(&upload).await,
            format!("r{round}_0123456789abcdef")
        );
    }
    rig.finish().await;
}

#[tokio::test]
async fn an_upload_can_be_removed_while_it_comes_and_while_it_is_worked_on() {
    let rig = Rig::start().await;
    let parcel = Parcel::film("a", &[7; 200]);
    let upload = rig.tus_create(&parcel).await;
    let half = &parcel.bytes[..HALF];
    let mut stream = begin_patch(&rig, &upload, (0, 2 * HALF), half, "").await;
    until_seen(&rig, &upload, HALF).await;
    assert_eq!(rig.tus("DELETE", &upload, &[], b"").await.status, 204);
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 410");
    assert_eq!(rig.leftovers(), Vec::<String>::new());

    let upload = rig.tus_create(&parcel).await;
    let answer = rig.tus_patch(&upload, 0, &parcel.bytes).await;
    assert_eq!(answer.status, 204);
    assert_eq!(rig.tus("DELETE", &upload, &[], b"").await.status, 204);
    assert_eq!(rig.tus_until(&upload, "failed").await["code"], "CANCELLED");
    for _ in 0..500 {
        if rig.leftovers().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(rig.items_on_disk(), Vec::<String>::new());
    rig.finish().await;
}
