//! How far an upload is, on the glass, over what plays.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use loop_proto::pixel::{Frame, rgb888};
use loop_tests::media::{film, frame, frames_zip};
use loop_tests::rig::{Daemon, Rig};
use serde_json::Value;

const A: &str = "a_0123456789abcdef";
const SHADES: [u8; 3] = [10, 60, 110];

/// Coral, as the panel has it.
const ACCENT: [u8; 3] = [255, 125, 82];

/// Bytes of a row of a snapshot.
const ROW: usize = 320 * 3;

/// Rows of a snapshot above the bar and its label.
const FREE: usize = 240 - 23;

fn colours(shade: u8) -> Vec<u8> {
    let frame = frame(shade);
    let pixels = frame.as_chunks::<2>().0.iter();
    pixels.flat_map(|pixel| rgb888(*pixel)).collect()
}

/// A snapshot, without its lowest rows one of the frames, and how much of its lowest row has the bar's colour, in percent.
async fn look(rig: &Rig) -> (Vec<u8>, usize) {
    let seen = rig.snapshot().await;
    let shows = |shade: u8| colours(shade)[..FREE * ROW] == seen[..FREE * ROW];
    assert!(SHADES.into_iter().any(shows), "what plays is disturbed");
    let lowest = seen[239 * ROW..].as_chunks::<3>().0.iter();
    let length = lowest.filter(|pixel| **pixel == ACCENT).count();
    (seen, length * 100 / 320)
}

async fn until_longer(rig: &Rig, percent: usize) -> usize {
    for _ in 0..200 {
        let (_, length) = look(rig).await;
        if length >= percent {
            return length;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the bar does not grow to {percent} percent")
}

fn is_whole(seen: &[u8]) -> bool {
    SHADES.into_iter().any(|shade| colours(shade) == seen)
}

/// An upload that is sent as slowly as one likes.
struct Slow {
    stream: TcpStream,
    body: Vec<u8>,
    sent: usize,
}

impl Slow {
    fn begin(rig: &Rig, name: &str) -> Self {
        let part = |file: &str, content: &[u8]| {
            let head = format!(
                "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"{file}\"\r\n\r\n"
            );
            [head.as_bytes(), content, b"\r\n"].concat()
        };
        let original = part(&format!("{name}.mp4"), &film(&"x".repeat(300_000)));
        let zip = part(&format!("{name}_frames.zip"), &frames_zip(name, &[1]));
        let body = [&original[..], &zip, b"--B--\r\n"].concat();
        let mut stream = TcpStream::connect(rig.address()).unwrap();
        let head = format!(
            "POST /api/media HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\
             Content-Type: multipart/form-data; boundary=B\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        Self {
            stream,
            body,
            sent: 0,
        }
    }

    /// Sends up to this share of it, a little at a time.
    async fn send(&mut self, percent: usize) {
        let end = self.body.len() * percent / 100;
        for part in self.body[self.sent..end].chunks(self.body.len() / 100) {
            self.stream.write_all(part).unwrap();
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
        self.sent = end;
    }

    fn finish(mut self) {
        self.stream.write_all(&self.body[self.sent..]).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

fn shows_progress(dashboard: &Value) -> bool {
    dashboard["status"]["player"]["showing_progress"] == true
}

/// Plays a clip over and over.
async fn playing(settings: &[(&str, &str)]) -> Rig {
    let rig = Rig::start_with(settings).await;
    rig.upload("a", &SHADES).await;
    rig.post("/api/playback/loop-mode", &serde_json::json!({}))
        .await
        .unwrap()
        .ok();
    rig.until(|dashboard| dashboard["active"] == A && !shows_progress(dashboard))
        .await;
    rig
}

#[tokio::test]
async fn an_upload_shows_as_a_bar_over_what_plays_until_it_is_over() {
    let mut rig = playing(&[("LOOP_PLAYBACK_SHOW_PROGRESS", "true")]).await;
    assert!(is_whole(&rig.snapshot().await));
    let mut upload = Slow::begin(&rig, "b");
    for share in [20, 40] {
        upload.send(share).await;
        rig.until(shows_progress).await;
        // To receive it is six tenths of the whole.
        let length = until_longer(&rig, share * 4 / 10).await;
        assert!(length <= share * 6 / 10, "{length} of {share}");
    }
    // The display comes back without knowing of it, and is told again.
    rig.kill(Daemon::Hw).await;
    rig.launch(Daemon::Hw).await;
    rig.until(shows_progress).await;
    upload.finish();
    rig.until(|dashboard| !shows_progress(dashboard)).await;
    let (seen, length) = look(&rig).await;
    assert!(is_whole(&seen) && length == 0);
    rig.finish().await;
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_takes_its_bar_along() {
    let rig = playing(&[("LOOP_PLAYBACK_SHOW_PROGRESS", "true")]).await;
    let mut upload = Slow::begin(&rig, "b");
    upload.send(50).await;
    rig.until(shows_progress).await;
    drop(upload);
    rig.until(|dashboard| !shows_progress(dashboard)).await;
    assert!(is_whole(&rig.snapshot().await));
    while !rig.leftovers().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    rig.finish().await;
}

#[tokio::test]
async fn where_no_bar_is_wanted_the_picture_stays_whole() {
    let rig = playing(&[("LOOP_PLAYBACK_SHOW_PROGRESS", "false")]).await;
    let mut upload = Slow::begin(&rig, "b");
    upload.send(50).await;
    rig.until(|dashboard| dashboard["processing"] != Value::Null)
        .await;
    let hardware = rig.hardware().await;
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        let glass = hardware.glass_after(None).await.unwrap();
        let picture = Frame::from_bytes(glass.pixels.unwrap()).unwrap();
        let picture = picture.transposed();
        assert!(
            SHADES
                .map(frame)
                .iter()
                .any(|frame| frame == picture.as_bytes())
        );
    }
    upload.finish();
    rig.finish().await;
}
