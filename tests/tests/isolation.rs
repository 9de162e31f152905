//! One program away, hostile names, strange requests: each has its answer.

use std::io::{Read, Write};
use std::net::TcpStream;

use loop_tests::rig::{Daemon, Rig};
use serde_json::{Value, json};

const A: &str = "a_0123456789abcdef";

/// Sends a request just as it is written; gives status and the whole answer.
fn raw(rig: &Rig, request: &str, more: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(rig.address()).unwrap();
    let host = if more.contains("Host:") {
        ""
    } else {
        "Host: 127.0.0.1\r\n"
    };
    let text =
        format!("{request} HTTP/1.1\r\n{host}Connection: close\r\nContent-Length: 0\r\n{more}\r\n");
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (
        answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0),
        answer,
    )
}

#[tokio::test]
async fn without_the_display_what_needs_it_says_so_and_the_rest_goes_on() {
    let mut rig = Rig::start().await;
    rig.upload("a", &[1]).await;
    rig.upload("b", &[2]).await;
    rig.kill(Daemon::Hw).await;
    let dashboard = rig
        .until(|dashboard| dashboard["status"]["hardware"]["connected"] == false)
        .await;
    assert_eq!(
        (&dashboard["status"]["player"], &dashboard["display"]),
        (&Value::Null, &Value::Null)
    );
    for path in [
        "/api/playback/toggle",
        "/api/playback/next",
        "/api/playback/loop-mode",
        &format!("/api/media/{A}/activate"),
    ] {
        let (status, answer) = raw(&rig, &format!("POST {path}"), "");
        assert_eq!(status, 503, "{path}");
        assert!(
            answer.contains("retry-after: 2") && answer.contains("HARDWARE_AWAY"),
            "{answer}"
        );
    }
    for path in [
        "/api/display/brightness",
        "/api/display/snapshot.png",
        "/health/ready",
    ] {
        assert_eq!(rig.get(path).await.unwrap().status, 503, "{path}");
    }
    let order = json!(["b_0123456789abcdef", A]);
    assert_eq!(
        rig.put("/api/loop", &json!({"loop": order}))
            .await
            .unwrap()
            .ok()["data"]["loop"],
        order
    );
    rig.upload("c", &[3]).await;
    rig.launch(Daemon::Hw).await;
    rig.until(|dashboard| dashboard["status"]["player"]["total_media"] == 3)
        .await;
    rig.finish().await;
}

#[tokio::test]
async fn no_name_in_a_path_leads_anywhere_else() {
    let rig = Rig::start().await;
    rig.upload("a", &[1]).await;
    let long = "x".repeat(5000);
    let names = [
        "..",
        "%2e%2e",
        "%2E%2E%2F",
        "..%2f..%2fetc",
        "%00",
        ".",
        ".hidden",
        "a%2Fb",
        "%5c..",
        "%ff",
        &long,
    ];
    let routes = [
        "DELETE /api/media/@",
        "POST /api/media/@/activate",
        "GET /api/media/@/thumbnail",
        "DELETE /api/loop/@",
        "GET /media/raw/@",
        "GET /media/raw/@/a.mp4",
        "GET /media/raw/a_0123456789abcdef/@",
        "GET /assets/@",
        "GET /@",
    ];
    for route in routes {
        for name in names {
            let (status, answer) = raw(&rig, &route.replace('@', name), "");
            assert!(
                (400..=404).contains(&status) || status == 414,
                "{route} {name:.20}: {answer}"
            );
            assert!(
                !answer.contains("/media/a_0") && !answer.contains("root:"),
                "{answer}"
            );
        }
    }
    assert_eq!(rig.items_on_disk(), [A]);
    assert_eq!(
        rig.get("/api/loop").await.unwrap().ok()["data"]["loop"],
        json!([A])
    );
    rig.finish().await;
}

#[tokio::test]
async fn the_head_of_a_request_has_an_end() {
    let rig = Rig::start().await;
    let note = |length: usize| format!("X-Note: {}\r\n", "x".repeat(length));
    assert_eq!(raw(&rig, "GET /health", &note(20_000)).0, 200);
    assert_eq!(raw(&rig, "GET /health", &note(100_000)).0, 431);
    rig.finish().await;
}

#[tokio::test]
async fn other_names_and_other_pages_may_not_use_the_device() {
    let rig = Rig::start().await;
    assert_eq!(
        raw(&rig, "GET /api/dashboard", "Host: evil.example\r\n").0,
        403
    );
    assert_eq!(
        raw(
            &rig,
            "POST /api/playback/toggle",
            "Origin: http://evil.example\r\n"
        )
        .0,
        403
    );
    let upgrade = "Origin: http://evil.example\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    assert_eq!(raw(&rig, "GET /ws", upgrade).0, 403);
    assert_eq!(raw(&rig, "GET /ws", "").0, 400);
    let (status, answer) = raw(
        &rig,
        "GET /api/dashboard",
        "Origin: http://evil.example\r\n",
    );
    assert_eq!(status, 200);
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
    rig.finish().await;
}

#[tokio::test]
async fn files_can_be_had_in_parts_and_are_not_sent_twice() {
    let rig = Rig::start().await;
    rig.upload("a", &[1]).await;
    rig.until(|dashboard| dashboard["active"] == A).await;
    let original = format!("GET /media/raw/{A}/a.mp4");
    let (status, whole) = raw(&rig, &original, "");
    assert!(
        status == 200 && whole.contains("nosniff") && whole.contains("sandbox"),
        "{whole}"
    );
    assert_eq!(raw(&rig, "GET /media/raw/a.mp4", "").0, 200);
    let (status, part) = raw(&rig, &original, "Range: bytes=4-7\r\n");
    assert!(status == 206 && part.ends_with("\r\n\r\nftyp"), "{part}");
    assert_eq!(raw(&rig, &original, "Range: bytes=9999-\r\n").0, 416);
    assert_eq!(raw(&rig, &original.replace("GET", "HEAD"), "").0, 200);
    for path in [
        format!("/media/raw/{A}/a.mp4"),
        format!("/api/media/{A}/thumbnail?v=1"),
        "/api/dashboard".to_owned(),
        "/api/display/snapshot.png".to_owned(),
    ] {
        let (_, first) = raw(&rig, &format!("GET {path}"), "");
        let etag = first
            .lines()
            .find_map(|line| line.strip_prefix("etag: "))
            .unwrap_or_else(|| panic!("{path}: {first}"));
        let (status, again) = raw(
            &rig,
            &format!("GET {path}"),
            &format!("If-None-Match: {etag}\r\n"),
        );
        assert!(
            status == 304 && again.ends_with("\r\n\r\n"),
            "{path}: {again}"
        );
    }
    rig.finish().await;
}

#[tokio::test]
async fn another_version_of_a_file_is_sent_whole_and_a_lost_one_is_not_found() {
    let rig = Rig::start().await;
    rig.upload("a", &[1]).await;
    let original = format!("GET /media/raw/{A}/a.mp4");
    let later = "Fri, 01 Jan 2100 00:00:00 GMT";
    let (_, whole) = raw(&rig, &original, "");
    let field = |name: &str| {
        let line = whole.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no {name} in {whole}"))
    };
    let (etag, written) = (field("etag: "), field("last-modified: "));
    for other in [
        format!("If-None-Match: \"other\"\r\nIf-Modified-Since: {written}\r\n"),
        "Range: bytes=4-7\r\nIf-Range: \"other\"\r\n".to_owned(),
        format!("Range: bytes=4-7\r\nIf-Range: {later}\r\n"),
    ] {
        assert_eq!(raw(&rig, &original, &other).0, 200, "{other}");
    }
    let same = format!("Range: bytes=4-7\r\nIf-Range: {etag}\r\n");
    assert_eq!(raw(&rig, &original, &same).0, 206);
    std::fs::remove_file(rig.data.join("media").join(A).join("thumb.png")).unwrap();
    let (status, answer) = raw(&rig, &format!("GET /api/media/{A}/thumbnail?v=1"), "");
    assert!(
        status == 404 && answer.contains("NOT_FOUND") && !answer.contains("immutable"),
        "{answer}"
    );
    rig.finish().await;
}

#[tokio::test]
async fn a_device_with_more_requests_than_it_takes_says_so() {
    let rig = Rig::start_with(&[("LOOP_WEB_MAX_WEBSOCKETS", "2")]).await;
    let _open = (rig.websocket().await, rig.websocket().await);
    let upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let mut stream = TcpStream::connect(rig.address()).unwrap();
    stream
        .write_all(format!("GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}\r\n").as_bytes())
        .unwrap();
    let mut answer = [0; 1000];
    let length = stream.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(
        answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after"),
        "{answer}"
    );
    assert_eq!(rig.get("/api/dashboard").await.unwrap().status, 200);
    rig.finish().await;
}
