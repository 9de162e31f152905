//! What browsers get to show the glass: clips, the live room, and the page with the picture alone.

use std::time::Duration;

use loop_proto::clip::{Clip, Record, read_message};
use loop_proto::pixel::{Frame, PIXEL_BYTES, rgb888};
use loop_tests::rig::{Answer, Rig, Socket};
use serde_json::{Value, json};

const A: &str = "a_0123456789abcdef";

fn colours(frame: &Frame) -> Vec<u8> {
    let picture = frame.transposed();
    let pixels = picture.as_bytes().as_chunks::<PIXEL_BYTES>().0;
    pixels.iter().flat_map(|pixel| rgb888(*pixel)).collect()
}

#[tokio::test]
async fn a_clip_is_served_as_it_is_on_disk_whole_and_in_parts() {
    let rig = Rig::start().await;
    rig.upload("a", &[1, 2, 3]).await;
    let file = std::fs::read(rig.data.join("media").join(A).join("clip")).unwrap();
    let id = Clip::open(file.clone()).unwrap().id().to_string();
    let path = format!("/api/media/{A}/clip");

    let whole = rig.get(&path).await.unwrap();
    assert_eq!((whole.status, &whole.body), (200, &file));
    let etag = format!("\"{id}\"");
    assert_eq!(whole.header("etag"), etag);
    assert_eq!(whole.header("cache-control"), "no-cache");
    let named = rig.get(&format!("{path}?v={id}")).await.unwrap();
    assert!(named.header("cache-control").contains("immutable"));

    let ask = async |headers: &[(&str, &str)]| rig.get_with(&path, headers).await.unwrap();
    assert_eq!(ask(&[("if-none-match", &etag)]).await.status, 304);
    let part = ask(&[("range", "bytes=70-99"), ("if-range", &etag)]).await;
    assert_eq!((part.status, &part.body[..]), (206, &file[70..100]));
    let about = format!("bytes 70-99/{}", file.len());
    assert_eq!(part.header("content-range"), about);
    let end = ask(&[("range", "bytes=-5")]).await;
    assert_eq!(end.body, file[file.len() - 5..]);
    let other = ask(&[("range", "bytes=0-9"), ("if-range", "\"other\"")]).await;
    assert_eq!((other.status, other.body.len()), (200, file.len()));
    let beyond = format!("bytes={}-", file.len());
    let beyond = ask(&[("range", &beyond)]).await;
    assert_eq!(
        (beyond.status, &beyond.json["code"]),
        (416, &json!("NO_SUCH_RANGE"))
    );
    rig.finish().await;
}

#[tokio::test]
async fn a_clip_that_is_not_there_is_refused_and_another_is_not_given_for_it() {
    let rig = Rig::start().await;
    rig.upload("a", &[1]).await;
    for (path, status, code) in [
        ("/api/media/..%2f..%2fetc/clip", 400, "INVALID_SLUG"),
        ("/api/media/A/clip", 400, "INVALID_SLUG"),
        ("/api/media/b/clip", 404, "NOT_FOUND"),
        (
            &format!("/api/media/{A}/clip?v=zz"),
            400,
            "INVALID_PARAMETER",
        ),
        (
            &format!("/api/media/{A}/clip?v={}", "0".repeat(32)),
            404,
            "CLIP_REPLACED",
        ),
    ] {
        let answer = rig.get(path).await.unwrap();
        assert_eq!(
            (answer.status, &answer.json["code"]),
            (status, &json!(code)),
            "{path}"
        );
        assert!(!answer.header("cache-control").contains("immutable"));
    }
    rig.finish().await;
}

/// What has been told of the glass last, and the picture that pixels have made.
struct Viewer {
    socket: Socket,
    record: Record,
    shown: Frame,
}

impl Viewer {
    async fn new(rig: &Rig) -> Self {
        let mut socket = rig.websocket().await;
        socket.subscribe("live").await;
        Self {
            socket,
            record: Record::default(),
            shown: Frame::black(),
        }
    }

    async fn state(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        let is_wanted = |event: &Value| wanted(&event["data"]);
        self.socket.find("glass", is_wanted).await["data"].take()
    }

    /// Takes the next message with pixels; tells whether it was a whole picture.
    async fn take(&mut self) -> bool {
        let message = self.socket.next_binary().await;
        let serials = read_message(&message, &mut self.record).unwrap();
        self.record.apply(&mut self.shown, &mut Vec::new());
        serials.base.is_none()
    }
}

#[tokio::test]
async fn a_screen_comes_as_pixels_and_its_changes_as_deltas() {
    let rig = Rig::start().await;
    let mut viewer = Viewer::new(&rig).await;
    viewer.state(|glass| glass["mode"] == "live").await;
    assert!(viewer.take().await);
    // The name of the device gives way to where its page is.
    while colours(&viewer.shown) != rig.snapshot().await {
        assert!(!viewer.take().await);
    }
    rig.finish().await;
}

#[tokio::test]
async fn a_clip_is_told_by_its_position_and_no_pixels_come_until_a_screen_is_back() {
    let rig = Rig::start().await;
    rig.upload("a", &[1, 2, 3]).await;
    rig.until(|dashboard| dashboard["active"] == A).await;
    let mut viewer = Viewer::new(&rig).await;
    let told = viewer.state(|glass| glass["mode"] == "clip").await;
    let file = std::fs::read(rig.data.join("media").join(A).join("clip")).unwrap();
    let clip = Clip::open(file).unwrap();
    assert_eq!(told["clip"], clip.id().to_string());
    assert_eq!(
        (&told["slug"], &told["frame_count"]),
        (&json!(A), &json!(3))
    );
    assert_eq!(told["duration_ms"], clip.total().as_secs_f64() * 1000.0);

    rig.post("/api/playback/pause", &json!({}))
        .await
        .unwrap()
        .ok();
    let paused = viewer.state(|glass| glass["paused"] == true).await;
    let position = Duration::from_secs_f64(paused["position_ms"].as_f64().unwrap() / 1000.0);
    let mut end = Duration::ZERO;
    let frame = (0..3).find(|frame| {
        end += clip.duration(*frame).unwrap();
        position < end
    });
    let expected = clip.render(frame.unwrap_or(2)).unwrap();
    assert!(
        colours(&expected) == rig.snapshot().await,
        "at {position:?}"
    );

    let none = tokio::time::timeout(Duration::from_millis(700), viewer.take()).await;
    assert!(none.is_err(), "pixels came while a clip was on the glass");
    rig.delete(&format!("/api/media/{A}")).await.unwrap().ok();
    viewer.state(|glass| glass["mode"] == "live").await;
    assert!(viewer.take().await);
    rig.finish().await;
}

#[tokio::test]
async fn the_picture_alone_may_be_framed_and_the_page_may_not() {
    let rig = Rig::start().await;
    let policy = |answer: Answer| answer.header("content-security-policy").to_owned();
    let view = rig.get("/view").await.unwrap();
    assert_eq!(view.status, 200);
    assert!(policy(view).contains("frame-ancestors *"));
    let page = policy(rig.get("/").await.unwrap());
    assert!(page.contains("frame-ancestors 'none'"), "{page}");
    rig.finish().await;
}
