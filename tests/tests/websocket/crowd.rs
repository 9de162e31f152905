//! One who listens, among many who do not.

use loop_tests::follower::Follower;
use loop_tests::frames::{TEXT, Wire, last};
use loop_tests::rig::Rig;
use serde_json::json;

/// Clients that stop reading.
const STALLED: usize = 8;

/// More than the buffers of the system and the daemon hold for one of them.
const EVENTS: usize = 600;

/// Messages are long: so many names are in the order.
const ITEMS: u8 = 20;

/// A client that has heard how things are, and wants to hear everything else too.
async fn listener(rig: &Rig) -> (Wire, Follower) {
    let mut wire = Wire::open(rig).await;
    assert_eq!(wire.next_text().await["type"], "connection");
    let mut follower = Follower::new(&wire.next_text().await);
    wire.send(&last(TEXT, r#"{"type":"subscribe","room":"progress"}"#))
        .await;
    loop {
        let message = wire.next_text().await;
        if message["type"] == "subscribe_response" {
            return (wire, follower);
        }
        follower.hear(&message);
    }
}

#[tokio::test]
async fn a_client_that_reads_loses_nothing_to_eight_that_do_not_and_they_catch_up() {
    let rig = Rig::start().await;
    let mut order = Vec::new();
    for number in 0..ITEMS {
        order.push(
            rig.upload(&format!("an item with a long name {number}"), &[number])
                .await,
        );
    }
    rig.post("/api/playback/pause", &json!({}))
        .await
        .unwrap()
        .ok();
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        stalled.push(listener(&rig).await);
    }
    let (mut wire, mut follower) = listener(&rig).await;
    for _ in 0..EVENTS {
        order.rotate_left(1);
        rig.put("/api/loop", &json!({"loop": order}))
            .await
            .unwrap()
            .ok();
        loop {
            // Panics at a gap.
            let message = wire.next_text().await;
            follower.hear(&message);
            if message["type"] == "loop_updated" {
                assert_eq!(message["data"]["loop"], json!(order));
                break;
            }
        }
    }
    assert_eq!(follower.wholes, 1);
    for (mut wire, mut slow) in stalled {
        while slow.revision < follower.revision {
            match wire.next().await {
                Some(frame) if frame.opcode == TEXT => {
                    slow.hear(&serde_json::from_slice(&frame.payload).unwrap());
                }
                Some(_) => {}
                // On a busy machine it was away for so long that it was given up.
                None => break,
            }
        }
        if slow.revision == follower.revision {
            assert_eq!(slow.gist(), follower.gist());
        }
    }
    rig.finish().await;
}
