//! Messages for the glass, by HTTP.

use loop_tests::rig::Rig;
use serde_json::json;

#[tokio::test]
async fn a_message_by_http_is_shown_as_pixels_and_bad_ones_are_refused() {
    let rig = Rig::start().await;
    rig.upload("a", &[1, 2, 3]).await;
    let mut socket = rig.websocket().await;
    socket.subscribe("live").await;
    socket
        .find("glass", |event| event["data"]["mode"] == "clip")
        .await;
    let path = "/api/display/message";
    for (request, field) in [
        (json!({"text": ""}), "text"),
        (json!({"text": "x".repeat(201)}), "text"),
        (json!({"text": "a\u{1b}[2J"}), "text"),
        (json!({"text": "a", "seconds": 0}), "seconds"),
        (json!({"text": "a", "seconds": -1}), "seconds"),
        (json!({"text": "a", "seconds": 3601}), "seconds"),
        (json!({"text": "a", "color": "red"}), "color"),
    ] {
        let answer = rig.post(path, &request).await.unwrap();
        assert_eq!(answer.status, 422, "{request}: {}", answer.json);
        assert!(answer.json.to_string().contains(field), "{}", answer.json);
    }
    let message = json!({"text": "Dinner", "seconds": 3600.0, "color": "#00ff00"});
    rig.post(path, &message).await.unwrap().ok();
    socket
        .find("glass", |event| event["data"]["mode"] == "live")
        .await;
    rig.delete(path).await.unwrap().ok();
    socket
        .find("glass", |event| event["data"]["mode"] == "clip")
        .await;
    rig.finish().await;
}
