//! Messages of the WebSocket, row by row, in the order in which they are caused. Each must reach two clients in the room,
//! and none that is not in it.

mod events;

use std::collections::BTreeSet;

use loop_tests::rig::{Rig, Socket};
use serde_json::{Value, json};

use crate::original::MESSAGES;
use crate::shape::{MORE, check};
use crate::types::{A, dashboard};

use self::events::{Cause, events};

async fn bring_about(rig: &mut Rig, cause: &Cause) {
    match cause {
        Cause::Post(path, body) => drop(rig.post(path, body).await.unwrap().ok()),
        Cause::Put(path, body) => drop(rig.put(path, body).await.unwrap().ok()),
        Cause::Delete(path) => drop(rig.delete(path).await.unwrap().ok()),
        Cause::Upload(name, shades) => drop(rig.upload(name, shades).await),
        Cause::Stop(daemon) => rig.kill(*daemon).await,
        Cause::Start(daemon) => rig.launch(*daemon).await,
        Cause::ItGoesOn => {}
    }
}

#[tokio::test]
async fn every_event_reaches_everybody_who_is_in_its_room() {
    let mut rig = Rig::start().await;
    rig.upload("a", &[1, 2]).await;
    rig.upload("b", &[3, 4]).await;
    let mut guest = rig.websocket().await;
    let mut clients = [rig.websocket().await, rig.websocket().await];
    for client in &mut clients {
        for room in ["dashboard", "progress", "wifi", "system"] {
            client.subscribe(room).await;
        }
    }
    for row in events() {
        bring_about(&mut rig, &row.cause).await;
        for client in &mut clients {
            println!("row {}: waits for {}", row.id, row.kind);
            let message = client
                .find(row.kind, |message| (row.pick)(&message["data"]))
                .await;
            let shape = json!({"type": row.kind, "data": row.data, "timestamp": "number", MORE: ["revision"]});
            if let Err(fault) = check(&message, &shape) {
                panic!(
                    "row {}: {fault}\n  original: {}\n  message: {message:#}",
                    row.id, row.original
                );
            }
        }
    }
    // Everybody is in the room of the dashboard, and a guest is in no other.
    let heard = heard_until_pong(&mut guest).await;
    for row in events() {
        let is_for_guests = !row.kind.ends_with("_progress");
        assert_eq!(heard.contains(row.kind), is_for_guests, "row {}", row.id);
    }
    rig.finish().await;
}

async fn heard_until_pong(socket: &mut Socket) -> BTreeSet<String> {
    socket.send_text(r#"{"type":"ping"}"#).await;
    let mut heard = BTreeSet::new();
    loop {
        let message = socket.next_text().await;
        let kind = message["type"].as_str().unwrap();
        if kind == "pong" {
            return heard;
        }
        heard.insert(kind.to_owned());
    }
}

/// What a client may send, and the whole answer but its time.
fn requests() -> Vec<(&'static str, Value)> {
    let entered = |room: &str, success: bool| json!({"type": "subscribe_response", "room": room, "success": success});
    let fault = |text: &str| json!({"type": "error", "message": text, MORE: ["data"]});
    let mut left = entered("wifi", true);
    left["type"] = json!("unsubscribe_response");
    vec![
        (
            r#"{"type":"subscribe","room":"dashboard"}"#,
            entered("dashboard", true),
        ),
        (
            r#"{"type":"subscribe","room":"progress"}"#,
            entered("progress", true),
        ),
        (
            r#"{"type":"subscribe","room":"wifi"}"#,
            entered("wifi", true),
        ),
        (
            r#"{"type":"subscribe","room":"system"}"#,
            entered("system", true),
        ),
        (
            r#"{"type":"subscribe","room":"attic"}"#,
            entered("attic", false),
        ),
        (r#"{"type":"unsubscribe","room":"wifi"}"#, left),
        (r#"{"type":"ping"}"#, json!({"type": "pong"})),
        ("{", fault("Invalid JSON format")),
        // The original says nothing more to who has sent this, nor hears him.
        ("[1]", fault("Message must be a JSON object")),
        // Passed over: what comes next is answered.
        (r#"{"type":"dance"}"#, Value::Null),
        (r#"{"type":"ping","more":1}"#, json!({"type": "pong"})),
    ]
}

#[tokio::test]
async fn a_client_is_greeted_and_each_of_its_requests_is_answered() {
    let rig = Rig::start().await;
    rig.upload("a", &[1, 2]).await;
    rig.until(|dashboard| dashboard["active"] == A).await;
    let mut socket = rig.websocket_ungreeted().await;
    let greeting = json!({"type": "connection", "status": "connected", "connection_id": "text",
        "timestamp": "number", MORE: ["data"]});
    assert_eq!(check(&socket.next_text().await, &greeting), Ok(()));
    let state = json!({"type": "initial_dashboard", "data": dashboard(), "timestamp": "number",
        MORE: ["revision"]});
    assert_eq!(check(&socket.next_text().await, &state), Ok(()));
    rig.post("/api/playback/pause", &json!({}))
        .await
        .unwrap()
        .ok();
    socket.next("playback_changed").await;
    for (request, mut wanted) in requests() {
        socket.send_text(request).await;
        if !wanted.is_null() {
            wanted["timestamp"] = json!("number");
            let answer = socket.next_text().await;
            assert_eq!(check(&answer, &wanted), Ok(()), "{request}: {answer}");
        }
    }
    let status = rig.get("/api/websocket/status").await.unwrap().ok();
    let rooms = json!({"dashboard": 1, "progress": 1, "system": 1});
    assert_eq!(
        status["data"]["connections"],
        json!({"total_connections": 1, "rooms": rooms, "healthy_connections": 1})
    );
    rig.finish().await;
}

#[test]
fn every_message_the_original_has_or_promised_has_a_row() {
    let sent = events().into_iter().map(|row| row.kind.to_owned());
    let answers = requests().into_iter();
    let answers = answers.filter_map(|(_, answer)| answer["type"].as_str().map(str::to_owned));
    let mut kinds: BTreeSet<_> = sent.chain(answers).collect();
    // The greeting has its own test, and what is told of networks has its own file, with networks.
    kinds.extend(["connection", "initial_dashboard", "wifi_status_changed"].map(str::to_owned));
    assert_eq!(kinds, MESSAGES.map(str::to_owned).into());
}
