//! What holds for every route: who may ask, what every answer carries, where no name leads, and that reads touch no file.

use std::io::{Read, Write};
use std::net::TcpStream;

use loop_tests::media::frames_zip;
use loop_tests::power::trace::{Call, read_to_end, under_strace};
use loop_tests::rig::{Answer, Daemon, Rig};
use serde_json::Value;

/// Names that are none, for parameters of paths.
const NAMES: [&str; 9] = [
    "%2e%2e",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2forder.json",
    "a%00b",
    "a%2Fb",
    "%5c..%5c",
    "%ff",
    ".hidden",
    "%20",
];

/// Beside those that describe themselves.
const OTHERS: [(&str, &str); 8] = [
    ("get", "/"),
    ("get", "/view"),
    ("get", "/health"),
    ("get", "/favicon.ico"),
    ("get", "/assets/{path}"),
    ("get", "/media/raw/{name}"),
    ("get", "/media/raw/{slug}/{name}"),
    ("get", "/nowhere"),
];

/// An item that is not there: to know that takes no file.
const NOTHING: &str = "/api/media/nothing_0123456789abcdef/thumbnail";

/// Parts of the names of system calls that find, open, change or read files. A plain `read` needs an open file, and wakes
/// threads, too.
const FILE_CALLS: [&str; 11] = [
    "open",
    "stat",
    "access",
    "readlink",
    "pread",
    "sync",
    "getdents",
    "lseek",
    "rename",
    "unlink",
    "fallocate",
];

/// Every method of every path.
fn routes() -> Vec<(String, String)> {
    let document = loop_web::http::openapi::document();
    let document = serde_json::to_value(document).unwrap();
    let mut routes: Vec<_> = OTHERS
        .map(|(method, path)| (method.to_owned(), path.to_owned()))
        .into();
    for (path, operations) in document["paths"].as_object().unwrap() {
        let methods = operations.as_object().unwrap().iter();
        let methods = methods.filter(|(_, operation)| operation["responses"].is_object());
        routes.extend(methods.map(|(method, _)| (method.clone(), path.clone())));
    }
    assert!(routes.len() > 40, "{routes:?}");
    routes
}

/// The path, with this in place of each parameter.
fn with(path: &str, value: &str) -> String {
    let parts = path.split('/').map(|part| match part.starts_with('{') {
        true => value,
        false => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

async fn ask(rig: &Rig, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let method = method.to_uppercase();
    let answer = rig.send(&method, path, headers, Vec::new()).await;
    answer.unwrap()
}

#[tokio::test]
async fn no_route_answers_to_another_name_or_lets_another_page_change_something() {
    let rig = Rig::start().await;
    for (method, path) in routes() {
        let path = with(&path, "a");
        let strange = ask(&rig, &method, &path, &[("host", "evil.example")]).await;
        assert_eq!(strange.status, 403, "{method} {path}");
        for origin in ["http://evil.example", "null", "http://127.0.0.1"] {
            let answer = ask(&rig, &method, &path, &[("origin", origin)]).await;
            assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
            if !["get", "head", "options"].contains(&method.as_str()) {
                assert_eq!(answer.status, 403, "{method} {path} from {origin}");
                assert!(method == "head" || answer.json["code"] == "ORIGIN_NOT_ALLOWED");
            }
        }
    }
    rig.finish().await;
}

#[tokio::test]
async fn every_answer_tells_browsers_not_to_guess_and_what_may_run() {
    let rig = Rig::start().await;
    for (method, path) in routes() {
        let path = with(&path, "a");
        // Of what it was asked for only the head is of interest: an export has no end of its own.
        let answer = ask(&rig, &method, &path, &[]).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.contains("default-src") && !policy.contains("unsafe-inline"),
            "{method} {path}: {policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let text = String::from_utf8_lossy(&answer.body);
        let data = rig.data.display().to_string();
        assert!(
            !text.contains(&data),
            "{method} {path} tells where things lie"
        );
    }
    rig.finish().await;
}

/// Sends a request just as it is written, which a client with manners would not; gives status and answer.
fn raw(rig: &Rig, method: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(rig.address()).unwrap();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nTus-Resumable: 1.0.0\r\n\
        Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer[9..12].parse().unwrap(), answer)
}

#[tokio::test]
async fn no_parameter_of_any_route_leads_anywhere_else() {
    let rig = Rig::start().await;
    rig.upload("a", &[1]).await;
    let long = "x".repeat(5000);
    let before = (rig.items_on_disk(), order(&rig).await);
    for (method, path) in routes() {
        if !path.contains('{') {
            continue;
        }
        for name in NAMES.iter().copied().chain([long.as_str()]) {
            let (status, answer) = raw(&rig, &method.to_uppercase(), &with(&path, name));
            // What an address takes can be asked of any.
            let told = method == "options" && status == 204;
            assert!(
                told || (400..500).contains(&status),
                "{method} {path} with {name:.20}: {answer}"
            );
            assert!(!answer.contains("root:"), "{answer}");
        }
    }
    assert_eq!((rig.items_on_disk(), order(&rig).await), before);
    rig.finish().await;
}

/// Whoever can upload must not be able to run anything in the page's name.
#[tokio::test]
async fn an_upload_is_never_served_as_something_a_browser_runs() {
    let rig = Rig::start().await;
    let script = "<script>alert(1)</script>";
    let drawing = format!("<svg xmlns=\"http://www.w3.org/2000/svg\">{script}</svg>");
    let mut served = 0;
    for (name, content) in [
        ("page.html", format!("<!doctype html><html>{script}</html>")),
        ("page.xhtml", format!("<?xml version=\"1.0\"?>{script}")),
        ("drawing.svg", drawing.clone()),
        ("script.js", "alert(1)".to_owned()),
        ("film.mp4", format!("<!doctype html>{script}")),
        ("picture.png", drawing),
        ("picture.gif", format!("GIF89a/*{script}*/=1;alert(1)")),
    ] {
        let (stem, _) = name.split_once('.').unwrap();
        let zip = format!("{stem}_frames.zip");
        let files = vec![
            ("files", name, content.into_bytes()),
            ("files", zip.as_str(), frames_zip(stem, &[1])),
        ];
        let answer = rig.upload_files(files).await.unwrap();
        if answer.status != 200 {
            assert!([415, 422].contains(&answer.status), "{name}: {answer:?}");
            assert_eq!(answer.json["success"], false);
            continue;
        }
        served += 1;
        let slug = answer.json["data"]["slug"].as_str().unwrap().to_owned();
        for path in [
            format!("/media/raw/{slug}/{name}"),
            format!("/media/raw/{name}"),
        ] {
            let answer = rig.get(&path).await.unwrap();
            assert_eq!(answer.status, 200, "{path}");
            let kind = answer.header("content-type");
            let runs = ["html", "xml", "svg", "script", "text/"];
            let is_inert = !runs.iter().any(|part| kind.contains(part));
            let is_download = answer
                .header("content-disposition")
                .starts_with("attachment");
            assert!(is_inert || is_download, "{path} is served as {kind}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            let policy = answer.header("content-security-policy");
            assert!(
                policy.contains("default-src 'none'") && policy.contains("sandbox"),
                "{policy}"
            );
        }
        rig.delete(&format!("/api/media/{slug}"))
            .await
            .unwrap()
            .ok();
    }
    assert!(served > 0);
    rig.finish().await;
}

async fn order(rig: &Rig) -> Value {
    rig.get("/api/loop").await.unwrap().ok()["data"]["loop"].take()
}

#[tokio::test]
async fn a_thousand_hot_reads_touch_no_file() {
    let logs = tempfile::TempDir::new().unwrap();
    let log = logs.path().join("web");
    let path = log.clone();
    let before = Box::new(move |daemon| match daemon {
        Daemon::Web => under_strace(&path),
        Daemon::Hw => Vec::new(),
    });
    let rig = Rig::start_behind(before, &[("LOOP_PLAYBACK_AUTO_ADVANCE", "false")]).await;
    rig.upload("a", &[1]).await;
    rig.until(|dashboard| dashboard["active"].is_string()).await;
    // The page is not among them: only a build for release has it in the program.
    let paths = [
        "/api/dashboard",
        "/api/media",
        "/api/loop",
        "/api/poll/status",
        "/api/poll/progress",
        "/health",
    ];
    let mut etags = Vec::new();
    for path in paths {
        let answer = rig.get(path).await.unwrap();
        etags.push((path, answer.header("etag").to_owned()));
        assert_eq!(answer.status, 200, "{path}");
    }
    // What is not there marks beginning and end in the log.
    assert_eq!(rig.get(NOTHING).await.unwrap().status, 404);
    for (path, etag) in etags.iter().cycle().take(1000) {
        let headers = [
            ("if-none-match", etag.as_str()),
            ("accept-encoding", "gzip"),
        ];
        let status = rig.get_with(path, &headers).await.unwrap().status;
        // What the others tell may change by itself.
        let wanted = if *path == "/api/loop" { 304 } else { status };
        assert!(
            status == wanted && [200, 304].contains(&status),
            "{path} {status}"
        );
        assert_eq!(rig.get(path).await.unwrap().status, 200);
    }
    assert_eq!(rig.get(NOTHING).await.unwrap().status, 404);
    rig.finish().await;
    let calls = read_to_end(&log).await.calls;
    // The log has all text in hexadecimal digits.
    let mark: String = b"404 Not Found"
        .iter()
        .map(|byte| format!("\\x{byte:02x}"))
        .collect();
    let is_mark = |call: &Call| call.args.iter().any(|text| text.contains(&mark));
    let begin = calls.iter().position(is_mark).unwrap();
    let end = calls.iter().rposition(is_mark).unwrap();
    let calls = &calls[begin..end];
    let answers = calls
        .iter()
        .filter(|call| ["sendto", "write", "writev"].contains(&call.name.as_str()));
    assert!(answers.count() >= 2000, "{} calls", calls.len());
    let touches_file = |call: &&Call| FILE_CALLS.iter().any(|part| call.name.contains(part));
    let files: Vec<_> = calls.iter().filter(touches_file).collect();
    assert!(files.is_empty(), "{files:?}");
}
