//! What is changed sticks, and everybody hears of it.

use loop_proto::Revision;
use loop_proto::snapshot::Update;
use loop_tests::rig::{Daemon, Rig, Socket};
use serde_json::{Value, json};

const A: &str = "a_0123456789abcdef";
const B: &str = "b_0123456789abcdef";
const C: &str = "c_0123456789abcdef";

async fn with_three() -> Rig {
    let rig = Rig::start().await;
    for (name, shade) in [("a", 1), ("b", 2), ("c", 3)] {
        rig.upload(name, &[shade]).await;
    }
    rig
}

/// The order; loop-hw must come to have it, too.
async fn order(rig: &Rig) -> Value {
    let order = rig.get("/api/loop").await.unwrap().ok()["data"]["loop"].clone();
    let hardware = rig.hardware().await;
    let mut revision = Revision::NONE;
    loop {
        // Answered at once the first time, and then when something has changed.
        revision = hardware.changes_since(revision).await.unwrap().revision;
        let whole = hardware.changes_since(Revision::NONE).await.unwrap();
        let Update::Whole(state) = whole.update else {
            panic!("not whole")
        };
        let listed: Vec<_> = state
            .playlist
            .iter()
            .map(|entry| entry.slug.to_string())
            .collect();
        if json!(listed) == order {
            return order;
        }
    }
}

/// Restarts both programs, as a pulled plug would.
async fn pull_the_plug(rig: &mut Rig) {
    rig.kill(Daemon::Web).await;
    rig.kill(Daemon::Hw).await;
    rig.launch(Daemon::Hw).await;
    rig.launch(Daemon::Web).await;
}

#[tokio::test]
async fn reordering_adding_and_removing_stick_across_a_restart() {
    let mut rig = with_three().await;
    assert_eq!(
        rig.put("/api/loop", &json!({"loop": [C, A, B]}))
            .await
            .unwrap()
            .ok()["data"]["loop"],
        json!([C, A, B])
    );
    pull_the_plug(&mut rig).await;
    assert_eq!(order(&rig).await, json!([C, A, B]));
    rig.delete(&format!("/api/loop/{A}")).await.unwrap().ok();
    pull_the_plug(&mut rig).await;
    assert_eq!(order(&rig).await, json!([C, B]));
    rig.post("/api/loop", &json!({"slug": A}))
        .await
        .unwrap()
        .ok();
    pull_the_plug(&mut rig).await;
    assert_eq!(order(&rig).await, json!([C, B, A]));
    rig.finish().await;
}

#[tokio::test]
async fn what_was_activated_is_active_after_a_restart() {
    let mut rig = with_three().await;
    rig.delete(&format!("/api/loop/{B}")).await.unwrap().ok();
    rig.post(&format!("/api/media/{B}/activate"), &json!({}))
        .await
        .unwrap()
        .ok();
    assert_eq!(order(&rig).await, json!([A, C, B]));
    pull_the_plug(&mut rig).await;
    rig.until(|dashboard| dashboard["active"] == B).await;
    rig.finish().await;
}

#[tokio::test]
async fn what_was_deleted_stays_deleted_and_can_be_uploaded_again() {
    let mut rig = with_three().await;
    rig.delete(&format!("/api/media/{A}")).await.unwrap().ok();
    pull_the_plug(&mut rig).await;
    assert_eq!(order(&rig).await, json!([B, C]));
    assert_eq!(rig.items_on_disk(), [B, C]);
    assert_eq!(rig.upload("a", &[1]).await, A);
    assert_eq!(order(&rig).await, json!([B, C, A]));
    pull_the_plug(&mut rig).await;
    assert_eq!(order(&rig).await, json!([B, C, A]));
    rig.finish().await;
}

#[tokio::test]
async fn the_same_file_twice_is_one_item() {
    let rig = with_three().await;
    assert_eq!(rig.upload("a", &[1]).await, A);
    assert_eq!(rig.items_on_disk(), [A, B, C]);
    let twice = tokio::join!(rig.upload("d", &[9]), rig.upload("d", &[9]));
    assert_eq!(twice.0, twice.1);
    assert_eq!(rig.items_on_disk().len(), 4);
    rig.finish().await;
}

async fn both(sockets: &mut [Socket; 2], kind: &str, wanted: impl Fn(&Value) -> bool + Copy) {
    for socket in sockets {
        socket.find(kind, wanted).await;
    }
}

#[tokio::test]
async fn every_client_hears_of_every_change() {
    let rig = with_three().await;
    let mut sockets = [rig.websocket().await, rig.websocket().await];
    rig.upload("d", &[4]).await;
    both(&mut sockets, "media_uploaded", |event| {
        event["data"]["filename"] == "d.mp4"
    })
    .await;
    rig.put("/api/loop", &json!({"loop": [C, B, A]}))
        .await
        .unwrap()
        .ok();
    both(&mut sockets, "loop_updated", |event| {
        event["data"]["loop"] == json!([C, B, A])
    })
    .await;
    rig.post(&format!("/api/media/{B}/activate"), &json!({}))
        .await
        .unwrap()
        .ok();
    both(&mut sockets, "playback_changed", |event| {
        event["data"]["player"]["current_media"] == B
    })
    .await;
    rig.post("/api/playback/toggle", &json!({}))
        .await
        .unwrap()
        .ok();
    both(&mut sockets, "playback_changed", |event| {
        event["data"]["player"]["paused"] == true
    })
    .await;
    rig.post("/api/playback/loop-mode", &json!({}))
        .await
        .unwrap()
        .ok();
    both(&mut sockets, "playback_changed", |event| {
        event["data"]["player"]["loop_mode"] == "one"
    })
    .await;
    rig.post("/api/display/brightness", &json!({"brightness": 30}))
        .await
        .unwrap()
        .ok();
    both(&mut sockets, "brightness_changed", |event| {
        event["data"]["brightness"] == 30
    })
    .await;
    rig.delete(&format!("/api/media/{A}")).await.unwrap().ok();
    both(&mut sockets, "media_deleted", |event| {
        event["data"]["slug"] == A
    })
    .await;
    rig.finish().await;
}
