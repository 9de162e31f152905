//! The WebSocket, message by message.

use loop_tests::rig::{Daemon, Rig};
use serde_json::json;

const A: &str = "a_0123456789abcdef";

#[tokio::test]
async fn requests_are_answered_and_nonsense_is_answered_too() {
    let rig = Rig::start().await;
    let mut socket = rig.websocket().await;
    let cases = [
        (r#"{"type":"ping"}"#, json!({"type": "pong"})),
        (
            r#"{"type":"subscribe","room":"progress"}"#,
            json!({"type": "subscribe_response", "room": "progress", "success": true}),
        ),
        (
            r#"{"type":"subscribe","room":"kitchen"}"#,
            json!({"type": "subscribe_response", "room": "kitchen", "success": false}),
        ),
        (
            r#"{"type":"unsubscribe","room":"progress"}"#,
            json!({"type": "unsubscribe_response", "room": "progress", "success": true}),
        ),
        (
            "{",
            json!({"type": "error", "message": "Invalid JSON format"}),
        ),
        (
            "[1]",
            json!({"type": "error", "message": "Message must be a JSON object"}),
        ),
        (
            "7",
            json!({"type": "error", "message": "Message must be a JSON object"}),
        ),
        (r#"{"type":"ping"}"#, json!({"type": "pong"})),
    ];
    for (request, wanted) in cases {
        socket.send_text(request).await;
        let answer = socket.next(wanted["type"].as_str().unwrap()).await;
        assert!(answer["timestamp"].is_f64());
        for (key, value) in wanted.as_object().unwrap() {
            assert_eq!(answer[key], *value, "{request}");
        }
    }
    socket.send_binary(vec![1, 2, 3]).await;
    assert!(
        socket.next("error").await["message"]
            .as_str()
            .unwrap()
            .contains("Binary")
    );
    rig.finish().await;
}

#[tokio::test]
async fn an_upload_is_followed_from_its_first_byte_to_its_place_in_the_loop() {
    let rig = Rig::start().await;
    let mut socket = rig.websocket().await;
    socket.subscribe("progress").await;
    rig.upload("a", &[1, 2]).await;
    for stage in ["receiving", "converting", "finalizing", "complete"] {
        let event = socket
            .find("upload_progress", |event| event["data"]["stage"] == stage)
            .await;
        assert_eq!(event["data"]["filename"], "a.mp4");
    }
    let mut later = rig.websocket().await;
    rig.upload("b", &[3]).await;
    assert_eq!(
        later.next("media_uploaded").await["data"]["slug"],
        "b_0123456789abcdef"
    );
    rig.finish().await;
}

#[tokio::test]
async fn a_long_upload_is_counted_in_bytes_too_as_the_original_does() {
    let rig = Rig::start().await;
    let mut socket = rig.websocket().await;
    socket.subscribe("progress").await;
    rig.upload("a", &[1; 30]).await;
    let (mut before, mut percent) = (0, 0);
    while percent < 100 {
        let event = socket
            .find("upload_progress", |event| {
                !event["data"]["bytes_received"].is_null()
            })
            .await;
        let number = |name: &str| event["data"][name].as_u64().unwrap();
        let (received, total) = (number("bytes_received"), number("total_bytes"));
        assert!(received >= before + 1024 * 1024 || received == total);
        assert!(total > 30 * 153_600 && received <= total);
        percent = number("percent");
        assert_eq!(percent, received * 100 / total);
        before = received;
    }
    rig.finish().await;
}

#[tokio::test]
async fn everybody_hears_that_the_display_is_away_and_that_it_is_back() {
    let mut rig = Rig::start().await;
    rig.upload("a", &[1]).await;
    rig.until(|dashboard| dashboard["active"] == A).await;
    let mut socket = rig.websocket().await;
    rig.kill(Daemon::Hw).await;
    socket
        .find("system_status_changed", |event| {
            event["data"]["hardware"]["connected"] == false
        })
        .await;
    rig.launch(Daemon::Hw).await;
    socket
        .find("system_status_changed", |event| {
            event["data"]["hardware"]["connected"] == true
        })
        .await;
    socket
        .find("playback_changed", |event| {
            event["data"]["player"]["current_media"] == A
        })
        .await;
    rig.finish().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_dropped_and_nobody_waits_for_it() {
    let rig = Rig::start().await;
    let lazy = rig.websocket().await;
    let mut reader = rig.websocket().await;
    // More than the queue and the kernel's buffers of the lazy one hold.
    let mut items = Vec::new();
    for number in 0..20u8 {
        items.push(rig.upload(&format!("item{number}"), &[number]).await);
    }
    loop {
        for _ in 0..200 {
            items.rotate_left(1);
            rig.put("/api/loop", &json!({"loop": items}))
                .await
                .unwrap()
                .ok();
            reader
                .find("loop_updated", |event| {
                    event["data"]["loop"] == json!(items)
                })
                .await;
        }
        let status = rig.get("/api/websocket/status").await.unwrap().ok();
        if status["data"]["connections"]["total_connections"] == 1 {
            break;
        }
    }
    drop(lazy);
    rig.finish().await;
}
