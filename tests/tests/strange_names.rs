//! Names nobody would give a file, and somebody does: each is kept readable and harmless, or refused with a reason.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use loop_tests::media::{FRAME_BYTES, Parcel, film, frame};
use loop_tests::rig::Rig;
use serde_json::{Value, json};

/// What is sent as the name of a file, and the name it is known by afterwards.
fn names() -> Vec<(Vec<u8>, String)> {
    let plain = [
        ("🐞 Käfer 🎉.mp4", "🐞 Käfer 🎉.mp4"),
        ("👨‍👩‍👧‍👦🏳️‍🌈.mp4", "👨‍👩‍👧‍👦🏳️‍🌈.mp4"),
        ("שלום עולם.mp4", "שלום עולם.mp4"),
        ("مرحبا.mp4", "مرحبا.mp4"),
        ("e\u{301}.mp4", "e\u{301}.mp4"),
        ("tab\there.mp4", "tabhere.mp4"),
        ("../../../etc/passwd.mp4", "passwd.mp4"),
        ("/etc/shadow.mp4", "shadow.mp4"),
        (r"C:\Users\me\Videos\cat.mp4", "cat.mp4"),
        (r"\\server\share\dog.mp4", "dog.mp4"),
        ("CON.mp4", "CON.mp4"),
        ("con:stream.mp4", "con:stream.mp4"),
        ("-rf.mp4", "-rf.mp4"),
        ("100%2e%2e%2f.mp4", "100%2e%2e%2f.mp4"),
        ("a?b#c&d=e+f.mp4", "a?b#c&d=e+f.mp4"),
        ("<script>alert(1)</script>.mp4", "script>.mp4"),
        ("  spaces  .mp4  ", "spaces  .mp4"),
        ("no end", "no end"),
        (".", "upload"),
        ("..", "upload"),
        ("...", "..."),
        ("....mp4", "....mp4"),
        ("   ", "upload"),
        ("../", "upload"),
        ("original.mp4", "original.mp4"),
        ("meta.json", "meta.json"),
    ];
    let owned = |(sent, kept): &(&str, &str)| (sent.as_bytes().to_vec(), (*kept).to_owned());
    let mut names: Vec<_> = plain.iter().map(owned).collect();
    for length in [255, 256, 1000, 4000] {
        let sent = "a".repeat(length - 4) + ".mp4";
        names.push((sent.into_bytes(), "a".repeat(200)));
    }
    // 255 bytes that cannot be cut everywhere.
    let sent = "é".repeat(125) + "1.mp4";
    names.push((sent.into_bytes(), "é".repeat(100)));
    names
}

fn zip() -> Vec<u8> {
    let about = json!({"width": 320, "height": 240, "frame_count": 1, "format": "rgb565"});
    Parcel::default().frames(&[1]).metadata(&about).bytes()
}

/// Sends a form with an original of this name, byte for byte, as no library would; gives status and body.
fn send(rig: &Rig, name: &[u8], original: &[u8]) -> (u16, Value) {
    let head = |name: &[u8]| {
        [
            b"--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"",
            name,
            b"\"\r\n\r\n",
        ]
        .concat()
    };
    let body = [
        head(name).as_slice(),
        original,
        b"\r\n",
        &head(b"x_frames.zip"),
        &zip(),
        b"\r\n--B--\r\n",
    ]
    .concat();
    let mut stream = TcpStream::connect(rig.address()).unwrap();
    let request = format!(
        "POST /api/media HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {}\r\n\
        Content-Type: multipart/form-data; boundary=B\r\n\r\n",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream.write_all(&body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer[9..12].parse().unwrap();
    let json = answer.find("\r\n\r\n").map_or("", |at| &answer[at + 4..]);
    (status, serde_json::from_str(json).unwrap_or_default())
}

fn is_harmless(slug: &str) -> bool {
    let first = slug.as_bytes()[0];
    slug.len() <= 96
        && (first.is_ascii_lowercase() || first.is_ascii_digit() || first == b'_')
        && slug.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
        })
}

#[tokio::test]
async fn any_name_is_kept_readable_under_a_harmless_slug_and_gives_its_bytes_back() {
    let rig = Rig::start().await;
    let mut slugs = BTreeSet::new();
    for (number, (sent, kept)) in names().iter().enumerate() {
        let original = film(&format!("film {number}"));
        let (status, json) = send(&rig, sent, &original);
        let sent = String::from_utf8_lossy(sent);
        assert_eq!(status, 200, "{sent:?}: {json}");
        let slug = json["data"]["slug"].as_str().unwrap().to_owned();
        assert!(is_harmless(&slug), "{sent:?} became {slug:?}");
        assert!(slugs.insert(slug.clone()), "{sent:?} is {slug:?}, too");
        let media = rig.get("/api/media").await.unwrap().ok();
        let item = media["data"]["media"].as_array().unwrap().iter();
        let item = item.clone().find(|item| item["slug"] == *slug).unwrap();
        assert_eq!(item["filename"], **kept, "{sent:?}");
        let url = item["url"].as_str().unwrap();
        let answer = rig.get(url).await.unwrap();
        assert!(
            answer.status == 200 && answer.body == original,
            "{sent:?}: {url}"
        );
    }
    let on_disk: BTreeSet<_> = rig.items_on_disk().into_iter().collect();
    assert_eq!(on_disk, slugs);
    rig.finish().await;
}

#[tokio::test]
async fn a_name_that_breaks_the_form_is_refused_and_leaves_nothing() {
    let rig = Rig::start().await;
    let long = vec![b'a'; 2_000_000];
    for name in [
        &b"bell\x07.mp4"[..],
        b"\x1B[31m.mp4",
        b"nul\0.mp4",
        b"\xFF\xFE\0a.mp4",
        &long,
    ] {
        let (status, json) = send(&rig, name, &film("x"));
        let told = (status, json["code"].as_str());
        assert_eq!(told, (400, Some("MALFORMED_MULTIPART")), "{json}");
        assert!(json["message"].as_str().unwrap().contains("head"), "{json}");
        let left = (rig.leftovers(), rig.items_on_disk());
        assert_eq!(left, (Vec::new(), Vec::new()));
    }
    rig.upload("x", &[1]).await;
    rig.finish().await;
}

#[tokio::test]
async fn a_file_without_a_name_or_with_one_that_is_no_text_gets_one() {
    let rig = Rig::start().await;
    let (status, json) = send(&rig, b"caf\xE9.mp4", &film("latin"));
    let slug = json["data"]["slug"].as_str().unwrap();
    assert!(status == 200 && slug.starts_with("upload_"), "{slug}");
    let files = vec![("files", "", film("x")), ("files", "x_frames.zip", zip())];
    let answer = rig.upload_files(files).await.unwrap().ok();
    let slug = answer["data"]["slug"].as_str().unwrap();
    assert!(slug.starts_with("upload_"), "{slug}");
    rig.finish().await;
}

#[tokio::test]
async fn names_in_the_metadata_cannot_point_away_and_are_mended_otherwise() {
    let rig = Rig::start().await;
    for (slug, becomes) in [
        ("../evil", None),
        ("a/b", None),
        (r"a\b", None),
        ("nul\0", None),
        ("..", None),
        ("🐞", Some("__8399c7ee")),
        ("Ünïcode", Some("_n_code_00b24be8")),
        (".hidden", Some("_.hidden")),
    ] {
        let about = json!({"slug": slug, "width": 320, "height": 240, "frame_count": 1, "format": "rgb565"});
        let pixels = frame(u8::try_from(slug.len()).unwrap());
        assert_eq!(pixels.len(), FRAME_BYTES);
        let zip = Parcel::default()
            .entry("frame_000001.rgb", &pixels)
            .metadata(&about);
        let files = vec![
            ("files", "x.mp4", film(slug)),
            ("files", "x_frames.zip", zip.bytes()),
        ];
        let answer = rig.upload_files(files).await.unwrap();
        match becomes {
            Some(becomes) => assert_eq!(answer.ok()["data"]["slug"], becomes, "{slug:?}"),
            None => {
                let message = answer.json["message"].to_string();
                assert!(
                    answer.status == 422 && message.contains("slug"),
                    "{slug:?}: {message}"
                );
            }
        }
    }
    rig.finish().await;
}
