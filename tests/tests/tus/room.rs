//! Bounds: how many, how large, and a disk that is full.

use loop_tests::media::{film, noisy_zip};
use loop_tests::rig::Rig;
use loop_tests::tus::{Parcel, metadata};
use serde_json::json;

#[tokio::test]
async fn there_are_so_many_uploads_at_a_time_and_so_many_bytes() {
    let bounds = [
        ("LOOP_MEDIA_MAX_PENDING_UPLOADS", "3"),
        ("LOOP_MEDIA_MAX_PENDING_MB", "2"),
    ];
    let rig = Rig::start_with(&bounds).await;
    let name = ("upload-metadata", metadata(&[("filename", "a.gif")]));
    let library = metadata(&[("filename", "l.tar"), ("kind", "library")]);
    let begin = async |length: &str, metadata: &str| {
        let headers = [("upload-length", length), (name.0, metadata)];
        rig.tus("POST", "/api/uploads", &headers, b"").await
    };
    let never = begin("2000001", &name.1).await;
    assert_eq!(
        (never.status, &never.json["code"]),
        (413, &json!("FILE_TOO_LARGE"))
    );
    let first = begin("1500000", &name.1).await;
    assert_eq!(first.status, 201);
    let too_large = begin("500001", &name.1).await;
    assert_eq!(
        (too_large.status, &too_large.json["code"]),
        (429, &json!("TOO_MANY_UPLOADS"))
    );
    assert_eq!(too_large.header("retry-after"), "30");
    let others = [
        begin("9000000", &library).await,
        begin("500000", &name.1).await,
    ];
    assert!(others.iter().all(|answer| answer.status == 201));
    let storage = rig.get("/api/dashboard/storage").await.unwrap().ok();
    let bytes = |part: &str| storage[part].as_u64().unwrap();
    // Either the file system has set them aside, or we have.
    assert_eq!(bytes("uploads") + bytes("reserved"), 11_000_000);
    let too_many = begin("1", &name.1).await;
    assert_eq!(
        (too_many.status, &too_many.json["code"]),
        (429, &json!("TOO_MANY_UPLOADS"))
    );
    for answer in [first].iter().chain(&others) {
        let gone = rig.tus("DELETE", answer.header("location"), &[], b"").await;
        assert_eq!(gone.status, 204);
    }
    let again = begin("2000000", &name.1).await;
    assert_eq!(again.status, 201);
    rig.tus("DELETE", again.header("location"), &[], b"").await;
    rig.finish().await;
}

/// An upload of frames of noise, which no clip makes small.
fn noise(frames: u8) -> Parcel {
    Parcel::new("big.mp4", &film("big"), &noisy_zip("big", frames))
}

#[tokio::test]
async fn without_room_nothing_is_begun_and_what_is_whole_waits_for_room() {
    let Some((rig, disk)) = Rig::start_on("size=12m").await else {
        return;
    };
    let kept = rig.tus_upload(&noise(20), 1_000_000).await;
    let kept = rig.tus_item(&kept).await;
    let mut parcel = noise(60);
    let begin = [
        ("upload-metadata", parcel.metadata.as_str()),
        ("upload-length", "9999999"),
    ];
    let answer = rig.tus("POST", "/api/uploads", &begin, b"").await;
    assert_eq!(
        (answer.status, &answer.json["code"]),
        (507, &json!("DISK_FULL")),
        "{}",
        answer.json
    );
    assert!(
        answer.json["message"]
            .as_str()
            .unwrap()
            .contains("the largest: "),
        "{}",
        answer.json
    );
    // Little enough to be received, but not beside the clip made from it.
    parcel = noise(32);
    parcel.bytes[20] ^= 1;
    let upload = rig.tus_upload(&parcel, 1_000_000).await;
    let id = upload.rsplit('/').next().unwrap();
    rig.until(|dashboard| {
        let message = dashboard["processing"][id]["message"].as_str();
        message.is_some_and(|message| message.contains("the disk is full"))
    })
    .await;
    assert_eq!(rig.tus_until(&upload, "waiting").await["code"], json!(null));
    rig.delete(&format!("/api/media/{kept}"))
        .await
        .unwrap()
        .ok();
    rig.post("/api/media/cleanup", &json!({}))
        .await
        .unwrap()
        .ok();
    rig.tus_item(&upload).await;
    rig.finish().await;
    drop(disk);
}
