//! An upload while it goes on, as the dashboard and the line that polls show it.

use loop_tests::media::{film, frames_zip};
use loop_tests::rig::Rig;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::shape::check;
use crate::types::{A, dashboard, envelope, job};

/// The body of a form as browsers make it.
fn form() -> Vec<u8> {
    let files = [
        ("a.mp4", film("a")),
        ("a_frames.zip", frames_zip("a", &[1, 2])),
    ];
    let mut body = Vec::new();
    for (name, content) in files {
        let head = format!(
            "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend([head.as_bytes(), &content, b"\r\n"].concat());
    }
    body.extend(b"--B--\r\n");
    body
}

#[tokio::test]
async fn an_upload_under_way_is_seen_by_those_who_poll_until_it_is_over() {
    let rig = Rig::start().await;
    let body = form();
    let (first, rest) = body.split_at(body.len() / 2);
    let address = rig.address();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "POST /api/media HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n\
        Content-Type: multipart/form-data; boundary=B\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(first).await.unwrap();

    let under_way = rig
        .until(|dashboard| {
            let jobs = dashboard["processing"].as_object();
            jobs.is_some_and(|jobs| jobs.values().any(|job| job["filename"] == "a.mp4"))
        })
        .await;
    assert_eq!(check(&under_way, &dashboard()), Ok(()));
    let (id, seen) = under_way["processing"]
        .as_object()
        .unwrap()
        .iter()
        .next()
        .unwrap();
    assert_eq!(check(seen, &job()), Ok(()));
    assert_eq!(
        (&seen["job_id"], &seen["status"]),
        (&json!(id), &json!("processing"))
    );
    let progress = rig.get("/api/poll/progress").await.unwrap().ok();
    let jobs = json!({(id): job()});
    let wanted = envelope(
        json!(null),
        json!({"active_jobs": jobs, "timestamp": "int"}),
    );
    assert_eq!(check(&progress, &wanted), Ok(()));
    let status = rig.get("/api/poll/status").await.unwrap().ok();
    let processing = json!({"active_jobs": 1, "jobs": {(id): job()}});
    assert_eq!(check(&status["data"]["processing"], &processing), Ok(()));

    stream.write_all(rest).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    rig.until(|dashboard| dashboard["processing"].is_null() && dashboard["active"] == A)
        .await;
    let progress = rig.get("/api/poll/progress").await.unwrap().ok();
    assert_eq!(progress["data"]["active_jobs"], json!({}));
    rig.finish().await;
}
