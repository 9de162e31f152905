//! A disk without room: a small file system of our own, filled for real.

use loop_tests::media::{film, frames_zip, noisy_zip};
use loop_tests::rig::Rig;

async fn refused_for_room(rig: &Rig, frames: u8) {
    let zip = noisy_zip("big", frames);
    let files = vec![
        ("files", "big.mp4", film("big")),
        ("files", "big_frames.zip", zip),
    ];
    let answer = rig.upload_files(files).await.unwrap();
    assert_eq!(
        (answer.status, answer.json["code"].as_str()),
        (507, Some("DISK_FULL")),
        "{}",
        answer.json
    );
    assert!(
        answer.json["message"]
            .as_str()
            .unwrap()
            .contains("delete some media")
    );
    assert_eq!(rig.leftovers(), Vec::<String>::new());
}

#[tokio::test]
async fn a_full_disk_is_said_so_and_nothing_is_lost_or_left() {
    let Some((rig, disk)) = Rig::start_on("size=8m").await else {
        return;
    };
    let kept = rig.upload("kept", &[1, 2]).await;
    // Too much to begin with; then little enough to be received, but its clip is larger.
    refused_for_room(&rig, 60).await;
    refused_for_room(&rig, 54).await;
    assert_eq!(rig.items_on_disk(), [kept]);
    let zip = frames_zip("small", &[5]);
    rig.upload_files(vec![
        ("files", "s.mp4", film("s")),
        ("files", "s_frames.zip", zip),
    ])
    .await
    .unwrap()
    .ok();
    rig.finish().await;
    drop(disk);
}

#[tokio::test]
async fn from_a_disk_without_room_for_one_more_name_media_can_be_deleted() {
    let Some((rig, disk)) = Rig::start_on("size=8m,nr_inodes=60").await else {
        return;
    };
    let (kept, unwanted) = (rig.upload("kept", &[1]).await, rig.upload("x", &[2]).await);
    let mut fillers = (0..).map(|number| rig.data.join(format!("filler{number}")));
    while std::fs::write(fillers.next().unwrap(), "").is_ok() {}
    rig.delete(&format!("/api/media/{unwanted}"))
        .await
        .unwrap()
        .ok();
    assert_eq!(rig.items_on_disk(), [kept]);
    rig.finish().await;
    drop(disk);
}
