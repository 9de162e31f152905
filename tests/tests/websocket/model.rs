//! Whoever comes at whatever moment knows in the end what the device knows.

use std::time::Duration;

use loop_tests::follower::{Follower, gist};
use loop_tests::frames::{TEXT, Wire};
use loop_tests::load::dice::Dice;
use loop_tests::rig::{Daemon, Rig};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

/// Follows until it knows all messages up to the number it is given; gives what it knows.
async fn follow(wire: Wire, mut until: watch::Receiver<Option<u64>>) -> Follower {
    let mut messages = messages(wire);
    assert_eq!(messages.recv().await.unwrap()["type"], "connection");
    let mut follower = Follower::new(&messages.recv().await.unwrap());
    loop {
        if until.borrow().is_some_and(|last| follower.revision >= last) {
            return follower;
        }
        tokio::select! {
            message = messages.recv() => follower.hear(&message.unwrap()),
            _ = until.changed() => {}
        }
    }
}

/// What is said, read by somebody who is never interrupted.
fn messages(mut wire: Wire) -> mpsc::UnboundedReceiver<Value> {
    let (read, messages) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(frame) = wire.next().await {
            let told = frame.opcode != TEXT
                || read
                    .send(serde_json::from_slice(&frame.payload).unwrap())
                    .is_ok();
            if !told {
                return;
            }
        }
    });
    messages
}

/// Changes of all kinds, in an order of its own.
async fn write(rig: &Rig, seed: u64) {
    let mut dice = Dice::new(seed);
    for _ in 0..15 {
        let name = format!("item{seed}{}", dice.throw(3));
        let slug = format!("{name}_0123456789abcdef");
        let done = match dice.throw(8) {
            0 | 1 => {
                let shade = u8::try_from(dice.throw(200)).unwrap();
                rig.upload(&name, &[shade]).await;
                continue;
            }
            2 => rig.delete(&format!("/api/media/{slug}")).await,
            3 => {
                rig.put(
                    "/api/loop",
                    &json!({"loop": [slug, "item00_0123456789abcdef"]}),
                )
                .await
            }
            4 => rig.delete(&format!("/api/loop/{slug}")).await,
            5 => rig.post("/api/playback/toggle", &json!({})).await,
            6 => rig.post("/api/playback/next", &json!({})).await,
            _ => {
                rig.post(
                    "/api/display/brightness",
                    &json!({"brightness": dice.throw(100)}),
                )
                .await
            }
        };
        let status = done.unwrap().status;
        assert!([200, 404, 409].contains(&status), "{status}");
    }
}

#[tokio::test]
async fn whoever_comes_while_others_change_everything_ends_up_with_the_dashboard() {
    let rig = Rig::start().await;
    rig.upload("item00", &[1]).await;
    let (tell, until) = watch::channel(None);
    let mut followers = Vec::new();
    let writing = futures_util::future::join_all((0..3).map(|seed| write(&rig, seed)));
    let coming = async {
        for _ in 0..40 {
            let wire = Wire::open(&rig).await;
            followers.push(tokio::spawn(follow(wire, until.clone())));
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    };
    tokio::join!(writing, coming);
    // Nothing moves by itself any more.
    rig.post("/api/playback/pause", &json!({}))
        .await
        .unwrap()
        .ok();
    let (last, known) = settled(&rig).await;
    tell.send_replace(Some(last));
    for follower in followers {
        let follower = follower.await.unwrap();
        assert_eq!((follower.revision, follower.gist()), (last, known.clone()));
    }
    rig.finish().await;
}

/// The number of the last message and the dashboard, when both stay as they are.
async fn settled(rig: &Rig) -> (u64, Value) {
    let mut before = (u64::MAX, Value::Null);
    loop {
        let mut wire = Wire::open(rig).await;
        wire.next_text().await;
        let late = Follower::new(&wire.next_text().await);
        let dashboard = rig.get("/api/dashboard").await.unwrap().ok();
        let now = (late.revision, gist(&dashboard));
        if now == before && late.gist() == now.1 {
            return now;
        }
        before = now;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test]
async fn a_display_that_goes_and_comes_back_is_followed_too() {
    let mut rig = Rig::start().await;
    rig.upload("item00", &[1]).await;
    let (tell, until) = watch::channel(None);
    let follower = tokio::spawn(follow(Wire::open(&rig).await, until));
    rig.kill(Daemon::Hw).await;
    rig.until(|dashboard| dashboard["status"]["hardware"]["connected"] == false)
        .await;
    rig.launch(Daemon::Hw).await;
    rig.until(|dashboard| dashboard["active"].is_string()).await;
    let (last, known) = settled(&rig).await;
    tell.send_replace(Some(last));
    assert_eq!(follower.await.unwrap().gist(), known);
    rig.finish().await;
}
