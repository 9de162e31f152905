//! Clients that mean it ill, or know no better.

use std::net::Ipv4Addr;
use std::time::Duration;

use futures_util::future::join_all;
use loop_tests::frames::{BINARY, CLOSE, CONTINUATION, Frame, PING, TEXT, Wire, last, part};
use loop_tests::rig::{Daemon, Rig};
use serde_json::json;

/// Clients that come and go, and those that do so at a time.
const VISITS: usize = 10_000;
const VISITORS: usize = 8;

/// In kilobytes.
fn resident(rig: &Rig) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", rig.pid(Daemon::Web))).unwrap();
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn nonsense_is_answered_or_passed_over_and_the_connection_stays() {
    let rig = Rig::start().await;
    let mut wire = Wire::quiet(&rig).await;
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let (no_json, no_object, no_type) = (
        Some("Invalid JSON format"),
        Some("Message must be a JSON object"),
        Some("Message must have a type"),
    );
    let cases = [
        ("\u{feff}{}".to_owned(), no_json),
        ("{\"type\":\"ping\"".to_owned(), no_json),
        ("{\"type\":\"ping\"}x".to_owned(), no_json),
        ("\0".repeat(1000), no_json),
        (nested(100), no_object),
        (nested(30_000), no_json),
        (
            format!("{{\"type\":\"ping\",\"x\":{}}}", nested(1000)),
            no_json,
        ),
        (format!("[{}1]", "1,".repeat(30_000)), no_object),
        ("null".to_owned(), no_object),
        ("\"type\"".to_owned(), no_object),
        ("1e999".to_owned(), no_json),
        ("{}".to_owned(), no_type),
        (json!({"type": ["ping"]}).to_string(), no_type),
        (json!({"type": "self-destruct"}).to_string(), None),
        (json!({"type": ""}).to_string(), None),
        (json!({"type": "ping".repeat(10_000)}).to_string(), None),
    ];
    for (text, complaint) in cases {
        assert!(wire.send(&last(TEXT, &text)).await);
        if let Some(complaint) = complaint {
            let answer = wire.next_text().await;
            assert_eq!(
                (&answer["type"], &answer["message"]),
                (&json!("error"), &json!(complaint))
            );
        }
        wire.send(&last(TEXT, r#"{"type":"ping"}"#)).await;
        assert_eq!(wire.next_text().await["type"], "pong");
    }
    for room in [
        json!("kitchen"),
        json!(7),
        json!(null),
        json!(["dashboard"]),
        json!("x".repeat(50_000)),
    ] {
        for kind in ["subscribe", "unsubscribe"] {
            let request = json!({"type": kind, "room": room}).to_string();
            wire.send(&last(TEXT, request)).await;
            let answer = wire.next_text().await;
            assert_eq!(answer["type"], format!("{kind}_response"));
            assert_eq!(answer["success"], false);
        }
    }
    drop(wire);
    rig.until_nobody_listens().await;
    rig.finish().await;
}

fn code(frame: &Frame) -> Option<u16> {
    let code = frame.payload.get(..2).filter(|_| frame.opcode == CLOSE)?;
    Some(u16::from_be_bytes([code[0], code[1]]))
}

#[tokio::test]
async fn who_sends_too_much_at_once_learns_why_it_is_over_though_it_has_not_read_until_then() {
    let rig = Rig::start().await;
    let megabyte = vec![b' '; 1024 * 1024];
    let mut fragments = part(TEXT, "");
    for piece in megabyte.chunks(1000) {
        fragments.extend(part(CONTINUATION, piece));
    }
    for flood in [last(TEXT, &megabyte), last(BINARY, &megabyte), fragments] {
        let mut wire = Wire::quiet(&rig).await;
        wire.send(&flood).await;
        let farewell = wire.next().await.expect("no word of farewell");
        assert_eq!(code(&farewell), Some(1009));
        assert_eq!(wire.next().await, None);
    }
    rig.until_nobody_listens().await;
    rig.finish().await;
}

/// Sends this again and again, reading nothing, until it has been so much or nobody takes it any more.
async fn flood(mut wire: Wire, frame: Vec<u8>, bytes: usize) -> usize {
    let many = frame.repeat(64 * 1024 / frame.len());
    let mut sent = 0;
    while sent < bytes {
        let sending = tokio::time::timeout(Duration::from_secs(3), wire.send(&many));
        if sending.await != Ok(true) {
            break;
        }
        sent += many.len();
    }
    sent
}

#[tokio::test]
async fn floods_cost_neither_memory_nor_the_time_of_others() {
    let rig = Rig::start().await;
    let mut honest = rig.websocket().await;
    let before = resident(&rig);
    let frames = [
        last(PING, [7; 125]),
        last(PING, ""),
        last(TEXT, r#"{"type":"ping"}"#),
        last(TEXT, "{"),
        last(BINARY, ""),
        last(10, ""),
    ];
    let mut floods = Vec::new();
    for frame in frames {
        let wire = Wire::quiet(&rig).await;
        floods.push(tokio::spawn(flood(wire, frame, 32 << 20)));
    }
    let mut endless = Wire::quiet(&rig).await;
    assert!(endless.send(&part(TEXT, "")).await);
    floods.push(tokio::spawn(flood(
        endless,
        part(CONTINUATION, ""),
        32 << 20,
    )));
    for _ in 0..100 {
        honest.send_text(r#"{"type":"ping"}"#).await;
        honest.next("pong").await;
        rig.get("/api/dashboard").await.unwrap().ok();
    }
    for flood in floods {
        // The rest is in the system's buffers.
        let sent = flood.await.unwrap();
        assert!(sent < 32 << 20, "{sent} bytes were taken");
    }
    let after = resident(&rig);
    assert!(after < before + 8_000, "{before} kB, then {after} kB");
    drop(honest);
    rig.until_nobody_listens().await;
    rig.finish().await;
}

async fn visit(rig: &Rig, times: usize) {
    for number in 0..times {
        // Some listen, most do not even do that.
        drop(match number % 10 {
            0 => Wire::quiet(rig).await,
            _ => Wire::open(rig).await,
        });
    }
}

#[tokio::test]
async fn ten_thousand_who_come_and_go_leave_nothing() {
    let rig = Rig::start().await;
    rig.upload("a", &[1, 2]).await;
    // What a crowd of this size takes in any case.
    join_all((0..VISITORS).map(|_| visit(&rig, VISITS / VISITORS / 10))).await;
    let before = resident(&rig);
    join_all((0..VISITORS).map(|_| visit(&rig, VISITS / VISITORS))).await;
    rig.until_nobody_listens().await;
    let after = resident(&rig);
    eprintln!("{VISITS} connections; {before} kB, then {after} kB");
    assert!(after < before + 8_000, "{before} kB, then {after} kB");
    rig.upload("b", &[3]).await;
    rig.finish().await;
}

#[tokio::test]
async fn there_are_as_many_places_as_configured_none_gets_all_and_each_comes_free_again() {
    let rig = Rig::start().await;
    let [greedy, other, late] = [1, 2, 3].map(|host| Ipv4Addr::new(127, 0, 0, host));
    for _ in 0..2 {
        let mut open = Vec::new();
        for _ in 0..192 {
            open.push(Wire::greeted_from(greedy, &rig).await);
        }
        expect_no_place(greedy, &rig).await;
        for _ in 192..256 {
            open.push(Wire::greeted_from(other, &rig).await);
        }
        expect_no_place(late, &rig).await;
        let status = rig.get("/api/websocket/status").await.unwrap().ok();
        assert_eq!(status["data"]["connections"]["healthy_connections"], 256);
        drop(open);
        rig.until_nobody_listens().await;
    }
    rig.finish().await;
}

async fn expect_no_place(host: Ipv4Addr, rig: &Rig) {
    let (_, answer) = Wire::knock_from(host, rig, "").await;
    assert!(
        answer.starts_with("HTTP/1.1 503 ") && answer.contains("retry-after"),
        "{answer}"
    );
}
