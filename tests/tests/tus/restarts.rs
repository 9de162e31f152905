//! Uploads across the ends of both programs.

use std::fs::OpenOptions;
use std::io::Write;

use loop_tests::rig::{Daemon, Rig};
use loop_tests::tus::{Parcel, metadata, sha1};

use super::{begin_patch, until_seen};

#[tokio::test]
async fn an_upload_goes_on_after_either_program_was_killed_or_stopped() {
    let mut rig = Rig::start().await;
    let parcel = Parcel::film("a", &[1, 2, 3]);
    let upload = rig.tus_create(&parcel).await;
    let piece = parcel.bytes.len() / 5;
    let mut offset = 0;
    for (number, victim) in [Daemon::Web, Daemon::Hw, Daemon::Web]
        .into_iter()
        .enumerate()
    {
        let now = &parcel.bytes[offset..][..piece];
        assert_eq!(rig.tus_patch(&upload, offset, now).await.status, 204);
        offset += piece;
        let begun = &parcel.bytes[offset..][..1000];
        let stream = begin_patch(&rig, &upload, (offset, piece), begun, "").await;
        until_seen(&rig, &upload, offset + 1000).await;
        if number == 2 {
            rig.stop(victim).await;
        } else {
            rig.kill(victim).await;
        }
        rig.launch(victim).await;
        drop(stream);
        let kept = rig.tus_offset(&upload).await;
        assert!(
            (offset..=offset + 1000).contains(&kept),
            "{kept} of {offset}"
        );
        offset = kept;
    }
    assert_eq!(
        rig.tus_patch(&upload, offset, &parcel.bytes[offset..])
            .await
            .status,
        204
    );
    rig.tus_item(&upload).await;
    rig.finish().await;
}

#[tokio::test]
async fn what_was_whole_when_the_power_went_becomes_an_item_afterwards() {
    let mut rig = Rig::start().await;
    let parcels = ["a", "b"].map(|name| Parcel::film(name, &[1, 2]));
    let mut uploads = Vec::new();
    for parcel in &parcels {
        let upload = rig.tus_create(parcel).await;
        let begun = &parcel.bytes[..parcel.bytes.len() - 10];
        assert_eq!(rig.tus_patch(&upload, 0, begun).await.status, 204);
        uploads.push(upload);
    }
    rig.kill(Daemon::Web).await;
    for (upload, parcel) in uploads.iter().zip(&parcels) {
        let id = upload.rsplit('/').next().unwrap();
        let path = rig.data.join("incoming").join(id).join("frames");
        let mut file = OpenOptions::new().append(true).open(path).unwrap();
        file.write_all(&parcel.bytes[parcel.bytes.len() - 10..])
            .unwrap();
    }
    rig.launch(Daemon::Web).await;
    for upload in &uploads {
        rig.tus_item(upload).await;
    }
    let order = rig.get("/api/loop").await.unwrap().ok();
    let named = ["a", "b"].map(|name| format!("{name}_0123456789abcdef"));
    let mut order: Vec<String> = serde_json::from_value(order["data"]["loop"].clone()).unwrap();
    order.sort();
    assert_eq!(order, named);
    rig.finish().await;
}

#[tokio::test]
async fn a_start_keeps_what_can_be_resumed_and_removes_what_cannot() {
    let mut rig = Rig::start().await;
    let parcel = Parcel::film("a", &[1]);
    let upload = rig.tus_create(&parcel).await;
    assert_eq!(
        rig.tus_patch(&upload, 0, &parcel.bytes[..500]).await.status,
        204
    );
    let damaged = rig.tus_create(&parcel).await;
    rig.kill(Daemon::Web).await;
    let incoming = rig.data.join("incoming");
    let id = damaged.rsplit('/').next().unwrap();
    std::fs::write(incoming.join(id).join("upload.json"), "{\"version\":").unwrap();
    for (name, text) in [
        ("half", None),
        ("../x", Some("{}")),
        ("0".repeat(32).as_str(), Some("{}")),
    ] {
        let name = name.trim_start_matches("../");
        std::fs::create_dir(incoming.join(name)).unwrap();
        std::fs::write(incoming.join(name).join("original"), "abc").unwrap();
        if let Some(text) = text {
            std::fs::write(incoming.join(name).join("upload.json"), text).unwrap();
        }
    }
    rig.launch(Daemon::Web).await;
    assert_eq!(rig.leftovers(), [upload.rsplit('/').next().unwrap()]);
    assert_eq!(rig.tus_offset(&upload).await, 500);
    assert_eq!(rig.tus("HEAD", &damaged, &[], b"").await.status, 404);
    assert_eq!(rig.tus("DELETE", &upload, &[], b"").await.status, 204);
    rig.finish().await;
}

#[tokio::test]
async fn what_nobody_has_checked_before_a_kill_is_sent_again() {
    let mut rig = Rig::start().await;
    let parcel = Parcel::film("a", &[1, 2, 3]);
    let upload = rig.tus_create(&parcel).await;
    assert_eq!(
        rig.tus_patch(&upload, 0, &parcel.bytes[..500]).await.status,
        204
    );
    let rest = &parcel.bytes[500..];
    let sum = format!("Upload-Checksum: {}\r\n", sha1(rest));
    // Enough that some of it is in the file already.
    let begun = &rest[..rest.len() - 10];
    let stream = begin_patch(&rig, &upload, (500, rest.len()), begun, &sum).await;
    until_seen(&rig, &upload, 500 + begun.len()).await;
    rig.kill(Daemon::Web).await;
    let id = upload.rsplit('/').next().unwrap();
    let folder = rig.data.join("incoming").join(id);
    let arrived = ["original", "frames"].map(|name| std::fs::metadata(folder.join(name)).unwrap());
    assert!(arrived.iter().map(std::fs::Metadata::len).sum::<u64>() > 500);
    rig.launch(Daemon::Web).await;
    drop(stream);
    assert_eq!(rig.tus_offset(&upload).await, 500);
    assert_eq!(rig.tus_patch(&upload, 500, rest).await.status, 204);
    rig.tus_item(&upload).await;
    rig.finish().await;
}

/// An exported library of so many items, as an upload.
async fn library_of(items: u8) -> Parcel {
    let old = Rig::start().await;
    for number in 0..items {
        old.upload(&format!("i{number}"), &[number, 2]).await;
    }
    let archive = old.get("/api/media/export").await.unwrap();
    assert_eq!(archive.status, 200);
    old.finish().await;
    let mut library = Parcel::new("l.tar", &archive.body, b"");
    library.metadata = metadata(&[("filename", "l.tar"), ("kind", "library")]);
    library
}

#[tokio::test]
async fn a_library_is_imported_as_it_was_exported() {
    let rig = Rig::start().await;
    let upload = rig.tus_upload(&library_of(3).await, 100_000).await;
    let ended = rig.tus_until(&upload, "complete").await;
    assert_eq!(
        (&ended["imported"]["imported"], rig.items_on_disk().len()),
        (&3.into(), 3)
    );
    assert_eq!(rig.leftovers(), Vec::<String>::new());
    rig.finish().await;
}

#[tokio::test]
async fn a_library_is_imported_to_its_end_after_a_kill_in_the_middle() {
    const ITEMS: u8 = 12;
    let mut rig = Rig::start().await;
    let upload = rig.tus_upload(&library_of(ITEMS).await, 1_000_000).await;
    while rig.items_on_disk().is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    rig.kill(Daemon::Web).await;
    let before = rig.items_on_disk().len();
    assert!(before < ITEMS.into(), "the kill came too late");
    rig.launch(Daemon::Web).await;
    rig.tus_until(&upload, "complete").await;
    assert_eq!(rig.items_on_disk().len(), usize::from(ITEMS));
    rig.finish().await;
}
