use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tower::ServiceExt;

use super::*;
use crate::jobs::JobList;
use crate::store::Disk;

/// A web daemon without a display, and what it keeps on disk.
async fn device(set: impl FnOnce(&mut Config)) -> (TempDir, Router) {
    let data = TempDir::new().unwrap();
    let mut config = Config::default();
    config.paths.data = data.path().to_owned();
    set(&mut config);
    let disk = Disk::new(data.path(), 0);
    let store = Store::open(data.path(), disk).await.unwrap();
    let app = app(config, store, Link::default()).await;
    (data, router(app))
}

/// What the handlers work with, over this library and this link; nobody converts or follows anything.
pub(crate) async fn app(config: Config, store: Store, link: Link) -> App {
    let ingest = Ingest::idle(&store);
    let board = Board::new(
        "LOOP",
        store.clone(),
        link.clone(),
        JobList::default(),
        ingest.clone(),
    );
    let glass = GlassView::new(link.clone());
    let kept = (store.clone(), ingest.clone(), board.clone());
    let uploads = Uploads::open(kept.0, kept.1, kept.2, &config.media);
    let uploads = uploads.await.unwrap();
    App::new(Arc::new(config), store, link, board, glass, ingest, uploads)
}

fn request(method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Request<Body> {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", "127.0.0.1");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// A body whose beginning comes and whose rest never does.
fn stalled(beginning: &'static str) -> (mpsc::Sender<()>, Body) {
    let (sender, mut rest) = mpsc::channel::<()>(1);
    let mut beginning = Some(beginning);
    let frames = futures_util::stream::poll_fn(move |context| match beginning.take() {
        Some(text) => std::task::Poll::Ready(Some(Ok::<_, std::io::Error>(text))),
        None => rest.poll_recv(context).map(|_| None),
    });
    (sender, Body::from_stream(frames))
}

async fn code(response: Response<Body>) -> (StatusCode, String) {
    let status = response.status();
    let body = to_bytes(response.into_body(), 10_000).await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_sender_that_stops_in_the_middle_of_a_request_loses_its_place() {
    let (_data, router) = device(|_| {}).await;
    let json = [("content-type", "application/json")];
    let form = [("content-type", "multipart/form-data; boundary=B")];
    let part =
        "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"x.mp4\"\r\n\r\nabc";
    for (path, headers, beginning) in [
        ("/api/loop", json, "{\"sl"),
        ("/api/media", form, part),
        ("/api/media", form, "--B\r\n"),
    ] {
        let (_sender, body) = stalled(beginning);
        let answer = router
            .clone()
            .oneshot(request(Method::POST, path, &headers, body));
        let started = tokio::time::Instant::now();
        assert_eq!(
            code(answer.await.unwrap()).await,
            (StatusCode::REQUEST_TIMEOUT, "STALLED".to_owned()),
            "{path}"
        );
        assert!(started.elapsed().as_secs() <= 30, "{path}");
    }
}

#[tokio::test]
async fn a_page_that_is_allowed_may_ask_and_read_and_no_other_may() {
    let (_data, router) = device(|config| {
        config.web.allowed_origins = vec!["http://home.example".to_owned()];
    })
    .await;
    let allow = |response: &Response<Body>| {
        let allowed = response.headers().get("access-control-allow-origin");
        allowed.map(|value| value.to_str().unwrap().to_owned())
    };
    for (origin, wanted) in [
        (
            "http://home.example",
            Some("http://home.example".to_owned()),
        ),
        ("http://evil.example", None),
    ] {
        let asks = [("origin", origin), ("access-control-request-method", "PUT")];
        let ask = request(Method::OPTIONS, "/api/loop", &asks, Body::empty());
        let answer = router.clone().oneshot(ask).await.unwrap();
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        assert_eq!(allow(&answer), wanted);
        let methods = answer.headers().get("access-control-allow-methods");
        let may_put = methods.is_some_and(|methods| methods.to_str().unwrap().contains("PUT"));
        assert_eq!(may_put, wanted.is_some());
        let read = request(Method::GET, "/api/loop", &asks[..1], Body::empty());
        let answer = router.clone().oneshot(read).await.unwrap();
        assert_eq!((answer.status(), allow(&answer)), (StatusCode::OK, wanted));
        let varies = answer.headers().get_all("vary");
        assert!(varies.iter().any(|value| value == "origin"));
    }
}

#[tokio::test]
async fn only_what_may_be_there_in_a_moment_is_to_be_asked_again() {
    let (_data, router) = device(|_| {}).await;
    for (method, path, status, retry) in [
        (Method::POST, "/api/wifi/hotspot", 501, false),
        (Method::GET, "/api/wifi/scan", 503, true),
        (Method::POST, "/api/updates/install", 501, false),
        (Method::GET, "/health/ready", 503, true),
        (Method::POST, "/api/playback/toggle", 503, true),
    ] {
        let asked = request(method, path, &[], Body::empty());
        let answer = router.clone().oneshot(asked).await.unwrap();
        let repeats = answer.headers().contains_key("retry-after");
        assert_eq!(
            (answer.status().as_u16(), repeats),
            (status, retry),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_state_that_was_not_saved_is_a_full_disk_only_when_the_disk_is_full() {
    use loop_proto::{Fault, FaultCode};
    for (code_of_fault, status, name) in [
        (FaultCode::DiskFull, 507, "DISK_FULL"),
        (FaultCode::Storage, 500, "NOT_SAVED"),
    ] {
        let fault = Fault::new(code_of_fault, "not saved");
        let answer = error::ApiError::from(fault).into_response();
        let (got, code) = code(answer).await;
        assert_eq!((got.as_u16(), code.as_str()), (status, name));
    }
}

/// An upload by tus that has begun, of this many bytes.
async fn begun(router: &Router, length: &str) -> String {
    let begin = [
        ("tus-resumable", "1.0.0"),
        ("upload-length", length),
        ("upload-metadata", "filename Y2F0LmdpZg=="),
    ];
    let begin = request(Method::POST, "/api/uploads", &begin, Body::empty());
    let answer = router.clone().oneshot(begin).await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED);
    let location = answer.headers().get("location").unwrap();
    location.to_str().unwrap().to_owned()
}

const ADDS: [(&str, &str); 3] = [
    ("tus-resumable", "1.0.0"),
    ("upload-offset", "0"),
    ("content-type", "application/offset+octet-stream"),
];

#[tokio::test(start_paused = true)]
async fn a_sender_that_stops_leaves_what_has_come_to_who_goes_on() {
    let (_data, router) = device(|_| {}).await;
    let upload = begun(&router, "10").await;
    let (_sender, body) = stalled("abc");
    let adds = request(Method::PATCH, &upload, &ADDS, body);
    let answer = router.clone().oneshot(adds).await.unwrap();
    assert_eq!(answer.headers().get("tus-resumable").unwrap(), "1.0.0");
    assert_eq!(
        code(answer).await,
        (StatusCode::REQUEST_TIMEOUT, "STALLED".to_owned())
    );
    let asks = request(Method::HEAD, &upload, &ADDS[..1], Body::empty());
    let answer = router.clone().oneshot(asks).await.unwrap();
    assert_eq!(answer.headers().get("upload-offset").unwrap(), "3");
}

#[tokio::test(start_paused = true)]
async fn bytes_that_come_slowly_have_all_the_time_they_need() {
    let (_data, router) = device(|_| {}).await;
    let upload = begun(&router, "40").await;
    let slowly = futures_util::stream::unfold(0, |count| async move {
        tokio::time::sleep(std::time::Duration::from_secs(20)).await;
        (count < 39).then(|| (Ok::<_, std::io::Error>("x"), count + 1))
    });
    let adds = request(Method::PATCH, &upload, &ADDS, Body::from_stream(slowly));
    let began = tokio::time::Instant::now();
    let answer = router.clone().oneshot(adds).await.unwrap();
    assert!(began.elapsed().as_secs() > 700);
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    assert_eq!(answer.headers().get("upload-offset").unwrap(), "39");
}

#[tokio::test]
async fn what_is_ready_is_read_while_a_writer_holds_the_board() {
    let data = TempDir::new().unwrap();
    let store = Store::open(data.path(), Disk::new(data.path(), 0)).await;
    let app = app(Config::default(), store.unwrap(), Link::default()).await;
    let (board, router) = (app.board.clone(), router(app));
    let (answered, answers) = std::sync::mpsc::channel();
    let reads = async move {
        for path in [
            "/api/dashboard",
            "/api/media",
            "/api/loop",
            "/api/poll/status",
            "/api/poll/progress",
            "/health",
            "/",
        ] {
            let read = request(Method::GET, path, &[], Body::empty());
            let answer = router.clone().oneshot(read).await.unwrap();
            answered.send((path, answer.status())).unwrap();
        }
    };
    board.with_hub(|_, _| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let reader = std::thread::spawn(move || runtime.block_on(reads));
        // One that waits for the writer would wait for ever.
        for _ in 0..7 {
            let answer = answers.recv_timeout(std::time::Duration::from_secs(60));
            let (path, status) = answer.expect("all seven are answered");
            assert_eq!(status, StatusCode::OK, "{path}");
        }
        reader.join().unwrap();
    });
}
