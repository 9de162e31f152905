//! What the programs log: to whom a line belongs, in which form, and what never.

use loop_tests::rig::{Daemon, Rig};
use serde_json::{Value, json};

/// Nobody's but the sender's.
const SECRET: &str = "Xyzzy-Plugh-4711";

#[tokio::test]
async fn every_answer_has_an_id_by_which_its_line_is_found() {
    let rig = Rig::start_with(&[("LOOP_LOG", "debug"), ("LOOP_LOG_FORMAT", "json")]).await;
    let id = |answer: loop_tests::rig::Answer| answer.header("x-request-id").to_owned();
    let own = rig
        .get_with("/health", &[("x-request-id", "a.B-c_9")])
        .await
        .unwrap();
    assert_eq!(id(own), "a.B-c_9");
    let mut seen = std::collections::BTreeSet::new();
    for path in ["/health", "/", "/nowhere", "/api/loop", "/metrics"] {
        let answer = rig
            .get_with(path, &[("x-request-id", "not plain")])
            .await
            .unwrap();
        seen.insert(id(answer));
    }
    let foreign = rig
        .get_with("/health", &[("host", "evil.example")])
        .await
        .unwrap();
    assert!(foreign.status >= 400);
    seen.insert(id(foreign));
    assert_eq!(seen.len(), 6, "{seen:?}");
    let log = rig.log(Daemon::Web);
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for id in seen {
        assert!(!id.is_empty() && id != "not plain");
        let line = lines.iter().find(|line| line["span"]["id"] == id.as_str());
        let line = line.unwrap_or_else(|| panic!("{id}: {log}"));
        assert!(
            line["status"].is_u64() && line["span"]["route"].is_string(),
            "{line}"
        );
    }
    rig.finish().await;
}

#[tokio::test]
async fn journald_gets_each_line_with_its_priority_and_requests_are_not_told_at_info() {
    let rig = Rig::start_with(&[("JOURNAL_STREAM", "1:1")]).await;
    for _ in 0..3 {
        rig.get("/api/dashboard").await.unwrap();
    }
    for daemon in [Daemon::Web, Daemon::Hw] {
        let log = rig.log(daemon);
        let has_priority = |line: &str| line.starts_with('<') && line.get(2..3) == Some(">");
        assert!(
            log.lines().count() > 0 && log.lines().all(has_priority),
            "{log}"
        );
        assert!(!log.contains("answered"), "{log}");
    }
    rig.finish().await;
}

#[tokio::test]
async fn a_secret_is_in_no_line_no_answer_and_no_metric() {
    let rig = Rig::start_with(&[("LOOP_LOG", "trace")]).await;
    let mut told = String::new();
    let bearer = format!("Bearer {SECRET}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("cookie", SECRET),
        ("x-api-key", SECRET),
    ];
    for path in [
        "/api/dashboard",
        "/api/media",
        "/health",
        "/nowhere",
        "/api/websocket/status",
    ] {
        let answer = rig.get_with(path, &headers).await.unwrap();
        told += &String::from_utf8_lossy(&answer.body);
    }
    let network = json!({"ssid": "home", "password": SECRET});
    for path in [
        "/api/wifi/connect",
        "/api/loop",
        "/api/playback/select",
        "/api/wifi/hotspot",
    ] {
        let answer = rig.post(path, &network).await.unwrap();
        assert!(answer.status >= 400, "{path}");
        told += &String::from_utf8_lossy(&answer.body);
    }
    let query = format!("/api/dashboard?token={SECRET}");
    told += &String::from_utf8_lossy(&rig.get(&query).await.unwrap().body);
    let mut socket = rig.websocket().await;
    socket
        .send_text(&json!({"type": "login", "password": SECRET}).to_string())
        .await;
    socket.send_text(r#"{"type":"ping"}"#).await;
    socket.next("pong").await;
    told += &String::from_utf8(rig.get("/metrics").await.unwrap().body).unwrap();
    for daemon in [Daemon::Web, Daemon::Hw] {
        let log = rig.log(daemon);
        assert!(!log.is_empty());
        told += &log;
    }
    assert!(
        rig.log(Daemon::Web).contains("answered"),
        "the log tells of requests"
    );
    assert!(!told.contains(SECRET), "{told}");
    rig.finish().await;
}
