//! Everything wrong that can be uploaded: the right status, a message that names the fault, and nothing left behind.

use std::io::{Read, Write};
use std::net::TcpStream;

use loop_tests::media::{
    FRAME_BYTES, Parcel, film, frame, frames_zip, metadata, noisy_zip, overlapping_zip,
};
use loop_tests::rig::{Daemon, Rig};
use serde_json::{Value, json};

/// An upload, and what must come of it.
struct Case {
    files: Vec<(&'static str, &'static str, Vec<u8>)>,
    status: u16,
    says: &'static str,
}

/// A good film with this ZIP.
fn zip(zip: Vec<u8>, status: u16, says: &'static str) -> Case {
    Case {
        files: vec![
            ("files", "x.mp4", film("x")),
            ("files", "x_frames.zip", zip),
        ],
        status,
        says,
    }
}

fn counted(count: impl Into<Value>) -> Vec<u8> {
    let mut fields = metadata("x", 2);
    fields["frame_count"] = count.into();
    Parcel::default().frames(&[1, 2]).metadata(&fields).bytes()
}

fn with_entry(name: &str) -> Vec<u8> {
    Parcel::default()
        .frames(&[1, 2])
        .entry(name, b"x")
        .metadata(&metadata("x", 2))
        .bytes()
}

fn zips() -> Vec<Case> {
    let good = frames_zip("x", &[1, 2]);
    let short = Parcel::default()
        .frames(&[1])
        .entry("frame_000002.rgb", &frame(2)[1..]);
    let link = Parcel::default()
        .link("frame_000001.rgb", "/etc/passwd")
        .metadata(&metadata("x", 1));
    vec![
        zip(good[..good.len() / 2].to_vec(), 422, "not a complete ZIP"),
        zip(
            Parcel::default().frames(&[1, 2]).bytes(),
            422,
            "metadata.json is missing",
        ),
        zip(
            short.metadata(&metadata("x", 2)).bytes(),
            422,
            "frame_000002.rgb has 153599 bytes, expected 153600",
        ),
        zip(counted(3), 422, "says 3 frames, there are 2"),
        zip(counted(9999), 422, "says 9999 frames, there are 2"),
        zip(counted("many"), 422, "\"many\" is not a number"),
        zip(
            with_entry("../../../etc/evil"),
            422,
            "does not belong there",
        ),
        zip(with_entry("/etc/evil"), 422, "does not belong there"),
        zip(link.bytes(), 422, "not a plain stored or deflated file"),
        zip(b"PK\x03\x04".to_vec(), 422, "not a complete ZIP"),
    ]
}

fn files() -> Vec<Case> {
    let good = || frames_zip("x", &[1, 2]);
    let case = |files, status, says| Case {
        files,
        status,
        says,
    };
    vec![
        case(vec![("files", "x.mp4", Vec::new())], 422, "x.mp4 is empty"),
        case(
            vec![
                ("files", "x.mp4", film("x")),
                ("files", "x_frames.zip", Vec::new()),
            ],
            422,
            "x_frames.zip is empty",
        ),
        case(
            vec![
                ("files", "x.html", b"<!doctype html><html></html>".to_vec()),
                ("files", "x_frames.zip", good()),
            ],
            415,
            "x.html is not an image",
        ),
        case(
            vec![("files", "x.mp4", film("x"))],
            422,
            "x.mp4: a video cannot be decoded",
        ),
        case(
            vec![("file", "x.mp4", film("x"))],
            400,
            "unknown form field \"file\"",
        ),
        case(Vec::new(), 400, "incomplete multipart stream"),
    ]
}

#[tokio::test]
async fn every_bad_upload_is_refused_by_name_and_leaves_nothing() {
    let rig = Rig::start().await;
    for Case {
        files,
        status,
        says,
    } in zips().into_iter().chain(files())
    {
        let answer = rig.upload_files(files).await.unwrap();
        let message = answer.json["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert_eq!(answer.status, status, "{message}");
        assert!(message.contains(says), "{message:?} does not say {says:?}");
        assert_eq!(answer.json["success"], false);
        assert_eq!(
            (rig.leftovers(), rig.items_on_disk()),
            (Vec::new(), Vec::new()),
            "after {says:?}"
        );
    }
    assert_eq!(
        rig.get("/api/dashboard").await.unwrap().ok()["media"],
        json!([])
    );
    rig.finish().await;
}

/// In kilobytes.
fn memory(pid: u32, field: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_small_zip_that_inflates_to_600_megabytes_costs_neither_disk_nor_memory() {
    let rig = Rig::start().await;
    let zeros = vec![0u8; 600_000_000];
    let bombs = [
        Parcel::default()
            .deflated()
            .entry("metadata.json", &zeros)
            .bytes(),
        Parcel::default()
            .deflated()
            .metadata(&metadata("x", 1))
            .entry("frames.bin", &zeros)
            .bytes(),
    ];
    drop(zeros);
    let overlapping = overlapping_zip("x", 4000);
    assert!(overlapping.len() < 280_000, "{}", overlapping.len());
    let [metadata, all_in_one] = bombs;
    let pid = rig.pid(Daemon::Web);
    let idle = memory(pid, "VmRSS:");
    // From here on the peak counts anew.
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    for (bomb, says) in [
        (metadata, "has 600000000 bytes"),
        (all_in_one, "has 600000000 bytes"),
        (overlapping, "lie on top of each other"),
    ] {
        assert!(bomb.len() < 700_000);
        let files = vec![
            ("files", "x.mp4", film("x")),
            ("files", "x_frames.zip", bomb),
        ];
        let answer = rig.upload_files(files).await.unwrap();
        assert_eq!(answer.status, 422);
        assert!(answer.json["message"].as_str().unwrap().contains(says));
    }
    let peak = memory(pid, "VmHWM:");
    assert!(
        peak < idle + 16_000,
        "{peak} kB at the most, {idle} kB before"
    );
    assert_eq!(
        (rig.leftovers(), rig.items_on_disk()),
        (Vec::new(), Vec::new())
    );
    rig.finish().await;
}

/// Sends a form and then 40 MB of one letter; gives the status.
fn flood(rig: &Rig, form: &str) -> String {
    let mut stream = TcpStream::connect(rig.address()).unwrap();
    let head = "POST /api/media HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 40000000\r\n\
        Content-Type: multipart/form-data; boundary=B\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let body = [form.as_bytes(), &vec![b'a'; 40_000_000 - form.len()]].concat();
    stream.write_all(&body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn a_form_without_an_end_to_its_head_costs_no_memory() {
    let rig = Rig::start().await;
    let pid = rig.pid(Daemon::Web);
    let idle = memory(pid, "VmRSS:");
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    for (form, says) in [
        ("", "the head of a part is too long"),
        (
            "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"",
            "the head of a part is too long",
        ),
        (
            "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\r\n--B\r\nx",
            "unknown form field",
        ),
    ] {
        let answer = flood(&rig, form);
        assert!(
            answer.starts_with("HTTP/1.1 400") && answer.contains(says),
            "{answer}"
        );
    }
    let peak = memory(pid, "VmHWM:");
    assert!(
        peak < idle + 16_000,
        "{peak} kB at the most, {idle} kB before"
    );
    rig.finish().await;
}

#[tokio::test]
async fn an_original_above_the_limit_is_refused_while_it_comes() {
    let rig = Rig::start_with(&[("LOOP_MEDIA_MAX_FILE_SIZE_MB", "1")]).await;
    let large = film(&"x".repeat(1_100_000));
    let answer = rig
        .upload_files(vec![("files", "x.mp4", large)])
        .await
        .unwrap();
    assert_eq!(
        (answer.status, answer.json["message"].as_str().unwrap()),
        (413, "x.mp4 is larger than 1 MB")
    );
    rig.finish().await;
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_leaves_nothing() {
    let rig = Rig::start().await;
    let address = rig.address();
    for (name, content) in [
        ("x.mp4", film(&"x".repeat(FRAME_BYTES * 4))),
        ("x_frames.zip", noisy_zip("x", 4)),
    ] {
        let mut stream = TcpStream::connect(&address).unwrap();
        let head = format!(
            "POST /api/media HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=B\r\n\
             Content-Length: 5000000\r\n\r\n--B\r\n\
             Content-Disposition: form-data; name=\"files\"; filename=\"{name}\"\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&content).unwrap();
        while rig.leftovers().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        drop(stream);
        while !rig.leftovers().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    assert_eq!(
        rig.get("/api/dashboard").await.unwrap().ok()["processing"],
        Value::Null
    );
    rig.upload("x", &[1]).await;
    rig.finish().await;
}

#[tokio::test]
async fn a_body_that_is_no_form_is_malformed() {
    let rig = Rig::start().await;
    let answer = rig.post("/api/media", &json!({})).await.unwrap();
    assert_eq!(
        (answer.status, answer.json["code"].as_str()),
        (400, Some("MALFORMED_MULTIPART"))
    );
    rig.upload("x", &[1]).await;
    rig.finish().await;
}
