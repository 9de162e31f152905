//! From an upload in the original's format to the glass, byte for byte.

use std::time::Duration;

use loop_proto::FrameSerial;
use loop_proto::pixel::{Frame, rgb888};
use loop_tests::media::{Parcel, film, frame, frames_zip, metadata};
use loop_tests::rig::Rig;
use serde_json::json;
use tokio::process::Command;

/// What a browser sees of a frame.
fn colours(frame: &[u8]) -> Vec<u8> {
    frame
        .as_chunks::<2>()
        .0
        .iter()
        .flat_map(|pixel| rgb888(*pixel))
        .collect()
}

/// The next pictures on the glass, without the device's own screens.
async fn pictures(rig: &Rig, count: usize, known: &[Vec<u8>]) -> Vec<usize> {
    let client = rig.hardware().await;
    let (mut seen, mut serial): (Vec<usize>, Option<FrameSerial>) = (Vec::new(), None);
    while seen.len() < count {
        let glass = client.glass_after(serial).await.unwrap();
        serial = Some(glass.serial);
        if let Some(pixels) = glass.pixels {
            let pixels = Frame::from_bytes(pixels).unwrap().transposed();
            let found = known.iter().position(|frame| frame == pixels.as_bytes());
            seen.push(found.expect("a picture that was never sent is on the glass"));
        }
    }
    seen
}

#[tokio::test]
async fn an_upload_by_curl_in_the_originals_format_plays_byte_for_byte() {
    let rig = Rig::start().await;
    let folder = tempfile::TempDir::new().unwrap();
    let shades = [10, 60, 110, 160];
    std::fs::write(folder.path().join("a.mp4"), film("a")).unwrap();
    std::fs::write(folder.path().join("a_frames.zip"), frames_zip("a", &shades)).unwrap();
    let output = Command::new("curl")
        .args(["-sS", "-F", "files=@a.mp4", "-F", "files=@a_frames.zip"])
        .arg(format!("{}/api/media", rig.url()))
        .current_dir(folder.path())
        .output()
        .await
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        answer["data"],
        json!({"slug": "a_0123456789abcdef", "job_ids": [], "duplicate": false})
    );
    assert_eq!(answer["message"], "Processed 2 files");
    rig.until(|dashboard| dashboard["active"] == "a_0123456789abcdef")
        .await;
    let known: Vec<_> = shades.iter().map(|shade| frame(*shade)).collect();
    let seen = pictures(&rig, 13, &known).await;
    assert!(
        seen.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 4),
        "in order, round and round: {seen:?}"
    );
    rig.finish().await;
}

#[tokio::test]
async fn frames_in_one_file_deflated_and_with_durations_of_their_own_play_too() {
    let rig = Rig::start().await;
    let mut bin = [2u32.to_be_bytes(), 153_600u32.to_be_bytes()].concat();
    bin.extend(frame(1));
    bin.extend(frame(2));
    let mut fields = metadata("b", 2);
    fields["durations_us"] = json!([50_000, 250_000]);
    let zip = Parcel::default()
        .deflated()
        .metadata(&fields)
        .entry("frames.bin", &bin)
        .bytes();
    let files = vec![
        ("files", "b.mp4", film("b")),
        ("files", "b_frames.zip", zip),
    ];
    rig.upload_files(files).await.unwrap().ok();
    rig.until(|dashboard| dashboard["active"] == "b_0123456789abcdef")
        .await;
    let media = rig.get("/api/media").await.unwrap().ok();
    assert_eq!(media["data"]["media"][0]["duration"], 0.3);
    assert_eq!(media["data"]["media"][0]["frame_count"], 2);
    let seen = pictures(&rig, 5, &[frame(1), frame(2)]).await;
    assert!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{seen:?}");
    rig.finish().await;
}

#[tokio::test]
async fn the_snapshot_is_the_picture_on_the_glass() {
    let rig = Rig::start().await;
    rig.upload("a", &[77]).await;
    rig.until(|dashboard| dashboard["active"] == "a_0123456789abcdef")
        .await;
    assert!(rig.snapshot().await == colours(&frame(77)));
    rig.finish().await;
}

#[tokio::test]
async fn several_items_loop_in_order_each_with_its_passes() {
    let rig = Rig::start_with(&[("LOOP_PLAYBACK_STATIC_IMAGE_DURATION_SEC", "1")]).await;
    let mut socket = rig.websocket().await;
    for (name, shades) in [("a", &[1, 2][..]), ("b", &[3]), ("c", &[5, 6, 7])] {
        rig.upload(name, shades).await;
    }
    let start = rig
        .post("/api/media/a_0123456789abcdef/activate", &json!({}))
        .await
        .unwrap();
    assert_eq!(start.ok()["message"], "Activated media: a_0123456789abcdef");
    for name in ["b", "c", "a", "b"] {
        let slug = format!("{name}_0123456789abcdef");
        socket
            .find("playback_changed", |event| {
                event["data"]["player"]["current_media"] == *slug
            })
            .await;
    }
    rig.finish().await;
}

#[tokio::test]
async fn a_still_that_was_chosen_stays_until_its_time_is_over() {
    let rig = Rig::start().await;
    rig.upload("a", &[1, 2, 3]).await;
    rig.upload("b", &[200]).await;
    for pause in ["resume", "pause"] {
        let playback = format!("/api/playback/{pause}");
        rig.post(&playback, &json!({})).await.unwrap().ok();
        for slug in ["b_0123456789abcdef", "a_0123456789abcdef"] {
            let path = format!("/api/media/{slug}/activate");
            rig.post(&path, &json!({})).await.unwrap().ok();
            tokio::time::sleep(Duration::from_millis(100)).await;
            let dashboard = rig.until(|dashboard| dashboard["active"].is_string()).await;
            assert_eq!(dashboard["active"], slug, "{pause}");
            let is_still = slug.starts_with('b');
            assert_eq!(rig.snapshot().await == colours(&frame(200)), is_still);
        }
    }
    rig.finish().await;
}
