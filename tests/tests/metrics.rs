//! `/metrics`: that it can be read, that it counts what happened, and that nothing keeps it from being answered.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use loop_tests::rig::{Daemon, Rig};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

async fn metrics(rig: &Rig) -> String {
    let answer = rig.get("/metrics").await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text")
    );
    String::from_utf8(answer.body).unwrap()
}

/// The value of a series; 0 if there is none.
fn value(text: &str, series: &str) -> f64 {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

/// What Prometheus' own parser finds in it.
fn samples(text: &str) -> BTreeSet<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/read_metrics.py");
    let mut reader = Command::new("/usr/bin/python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    reader
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let read = reader.wait_with_output().unwrap();
    assert!(read.status.success(), "{text}");
    let names = String::from_utf8(read.stdout).unwrap();
    names.lines().map(str::to_owned).collect()
}

/// The metrics the dashboard asks for.
fn asked_for(dashboard: &Value) -> BTreeSet<String> {
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    let expressions: String = targets
        .map(|target| target["expr"].as_str().unwrap().to_owned() + " ")
        .collect();
    let words = expressions.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words
        .filter(|word| word.starts_with("loop_"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_metric_of_the_dashboard_is_there_and_prometheus_reads_all_of_them() {
    let rig = Rig::start().await;
    let _socket = rig.websocket().await;
    rig.upload("a", &[1, 2]).await;
    rig.get("/nowhere/at/all").await.unwrap();
    let found = samples(&metrics(&rig).await);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../systemd/grafana/loop.json");
    let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut asked = asked_for(&dashboard);
    assert!(asked.len() > 40, "{asked:?}");
    // Only where there is a sensor.
    asked.remove("loop_temperature_celsius");
    let missing: Vec<_> = asked.difference(&found).collect();
    assert_eq!(missing, Vec::<&String>::new());
    rig.finish().await;
}

#[tokio::test]
async fn what_has_happened_is_counted_and_no_path_is_a_label() {
    let rig = Rig::start().await;
    let _socket = rig.websocket().await;
    let slug = rig.upload("a", &[1, 2]).await;
    rig.until(|dashboard| dashboard["active"] == *slug).await;
    let etag = rig
        .get("/api/dashboard")
        .await
        .unwrap()
        .header("etag")
        .to_owned();
    for _ in 0..2 {
        rig.get_with("/api/loop", &[]).await.unwrap();
        rig.delete("/api/loop/nothing_0123456789abcdef")
            .await
            .unwrap();
        rig.get("/api/secret/place").await.unwrap();
        rig.send("BREW", "/api/loop", &[], Vec::new())
            .await
            .unwrap();
    }
    let before = metrics(&rig).await;
    let known = rig
        .get_with("/api/dashboard", &[("if-none-match", &etag)])
        .await
        .unwrap();
    let text = metrics(&rig).await;
    println!("{text}");
    let requests = |labels: &str| value(&text, &format!("loop_http_requests_total{{{labels}}}"));
    assert_eq!(
        requests(r#"method="GET",route="/api/loop",status="200""#),
        2.0
    );
    assert_eq!(
        requests(r#"method="DELETE",route="/api/loop/{slug}",status="200""#),
        2.0
    );
    assert_eq!(
        requests(r#"method="GET",route="unmatched",status="404""#),
        2.0
    );
    assert_eq!(
        requests(r#"method="other",route="/api/loop",status="405""#),
        2.0
    );
    let duration = r#"loop_http_request_duration_seconds_count{route="/api/loop"}"#;
    assert_eq!(value(&text, duration), 4.0);
    let hit = r#"loop_http_cache_answers_total{result="hit"}"#;
    let hits = f64::from(u8::from(known.status == 304));
    assert_eq!(value(&text, hit) - value(&before, hit), hits);
    assert_eq!(
        value(
            &text,
            r#"loop_uploads_total{kind="form",outcome="complete"}"#
        ),
        1.0
    );
    assert!(value(&text, r#"loop_upload_bytes_total{kind="form"}"#) > 1000.0);
    assert_eq!(value(&text, "loop_websocket_clients"), 1.0);
    assert_eq!(
        value(&text, r#"loop_websocket_room_clients{room="dashboard"}"#),
        1.0
    );
    assert!(value(&text, "loop_websocket_messages_total") >= 2.0);
    assert_eq!(value(&text, "loop_library_items"), 1.0);
    assert_eq!(value(&text, "loop_hardware_up"), 1.0);
    assert_eq!(
        value(&text, r#"loop_ipc_breaker_state{state="closed"}"#),
        1.0
    );
    assert!(
        value(
            &text,
            r#"loop_ipc_calls_total{method="set_playlist",outcome="answered"}"#
        ) >= 1.0
    );
    for told in [slug.as_str(), "secret", "127.0.0.1", "BREW", "a.mp4"] {
        assert!(!text.contains(told), "{told}");
    }
    rig.finish().await;
}

#[tokio::test]
async fn without_loop_hw_its_metrics_are_absent_and_the_breaker_says_so() {
    let mut rig = Rig::start().await;
    let hw = Pid::from_raw(rig.pid(Daemon::Hw).try_into().unwrap());
    // It does not answer, and nobody knows yet.
    kill(hw, Signal::SIGSTOP).unwrap();
    let text = metrics(&rig).await;
    kill(hw, Signal::SIGCONT).unwrap();
    assert_eq!(value(&text, "loop_hardware_up"), 0.0);
    assert!(!text.contains("loop_player_"), "{text}");
    rig.kill(Daemon::Hw).await;
    let shown = rig
        .until(|dashboard| dashboard["status"]["hardware"]["connected"] == false)
        .await;
    assert_eq!(shown["status"]["hardware"]["breaker"], "open");
    let text = metrics(&rig).await;
    samples(&text);
    assert_eq!(value(&text, "loop_hardware_up"), 0.0);
    assert_eq!(
        value(&text, r#"loop_ipc_breaker_state{state="closed"}"#),
        0.0
    );
    let ready = rig.get("/health/ready").await.unwrap();
    assert_eq!((ready.status, &ready.json["ready"]), (503, &json!(false)));
    assert!(
        ready.json["reasons"][0]
            .as_str()
            .unwrap()
            .starts_with("loop-hw is away")
    );
    assert_ne!(ready.json["breaker"], "closed");
    let refused = rig.post("/api/playback/next", &json!({})).await.unwrap();
    assert_eq!(refused.status, 503);
    rig.launch(Daemon::Hw).await;
    let ready = rig.get("/health/ready").await.unwrap().json;
    let told = (&ready["ready"], &ready["reasons"], &ready["breaker"]);
    assert_eq!(told, (&json!(true), &json!([]), &json!("closed")));
    let text = metrics(&rig).await;
    assert_eq!(value(&text, "loop_hardware_up"), 1.0);
    assert_eq!(value(&text, "loop_ipc_connections_total"), 2.0);
    rig.finish().await;
}

#[tokio::test]
async fn metrics_are_told_while_requests_are_turned_away() {
    let rig = Rig::start_with(&[("LOOP_WEB_MAX_CONCURRENT_REQUESTS", "1")]).await;
    let address = rig.address();
    let mut senders = Vec::new();
    let refused = r#"loop_http_refusals_total{reason="queue"}"#;
    // More than are worked on and may wait: each says that more is to come.
    while value(&metrics(&rig).await, refused) == 0.0 {
        assert!(senders.len() < 100);
        let mut sender = TcpStream::connect(&address).await.unwrap();
        let head = format!(
            "POST /api/loop HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: 100\r\n\r\n{{"
        );
        sender.write_all(head.as_bytes()).await.unwrap();
        senders.push(sender);
    }
    let text = metrics(&rig).await;
    assert!(value(&text, "loop_http_connections") >= 1.0, "{text}");
    drop(senders);
    rig.finish().await;
}
