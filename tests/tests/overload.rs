//! Too much at a time: connections, half-open ones, and changes.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use loop_tests::rig::Rig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde_json::json;
use tokio::net::TcpSocket;

/// More than one client's share of the connections there are.
const GREEDY: usize = 1700;

/// The head of a request, but for its end.
const HALF: &[u8] = b"GET /api/dashboard HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";

/// Asks from another address of this machine, as another client.
async fn ask_from_elsewhere(rig: &Rig, request: &str) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let stream = socket
        .connect(rig.address().parse().unwrap())
        .await
        .unwrap();
    let stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    talk(stream, request)
}

/// The answer to a request, up to where the server ends the connection.
fn talk(mut stream: TcpStream, request: &str) -> String {
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A server that ends the connection without having read all may be seen as an error.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

const DASHBOARD: &str =
    "GET /api/dashboard HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[tokio::test]
async fn one_client_with_a_thousand_half_open_connections_keeps_nobody_out() {
    let (_, files) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, files, files).unwrap();
    assert!(files > 4096, "the system gives {files} files at the most");
    let rig = Rig::start().await;
    let (mut held, mut refused) = (Vec::new(), 0);
    for _ in 0..GREEDY {
        let mut stream = TcpStream::connect(rig.address()).unwrap();
        // What is refused may be closed by now.
        drop(stream.write_all(HALF));
        held.push(stream);
    }
    for stream in &mut held {
        stream.set_nonblocking(true).unwrap();
    }
    // Those that have no place are told so; the others are waited for, as their heads are not over.
    assert!(
        ask_from_elsewhere(&rig, DASHBOARD)
            .await
            .starts_with("HTTP/1.1 200")
    );
    for stream in &mut held {
        let mut answer = [0; 64];
        match stream.read(&mut answer) {
            Ok(read) => {
                let answer = String::from_utf8_lossy(&answer[..read]);
                assert!(read == 0 || answer.starts_with("HTTP/1.1 503"), "{answer}");
                refused += 1;
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => {
                assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
                refused += 1;
            }
        }
    }
    // 1536 are its share; the test itself has a connection or two.
    assert!((160..=170).contains(&refused), "{refused}");
    drop(held);
    rig.until(|_| true).await;
    rig.finish().await;
}

#[tokio::test]
async fn changes_are_limited_for_each_client_and_reads_are_not() {
    let settings = [
        ("LOOP_WEB_WRITES_PER_SECOND", "1"),
        ("LOOP_WEB_WRITE_BURST", "5"),
    ];
    let rig = Rig::start_with(&settings).await;
    let mut refused = None;
    // More than come by themselves in the time this takes, however long that is.
    for _ in 0..200 {
        let answer = rig.put("/api/loop", &json!({"loop": []})).await.unwrap();
        if answer.status != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.expect("there is a limit");
    assert_eq!(
        (refused.status, refused.json["code"].as_str()),
        (429, Some("RATE_LIMITED"))
    );
    assert_eq!(refused.header("retry-after"), "1");
    for _ in 0..20 {
        rig.get("/api/loop").await.unwrap().ok();
    }
    let elsewhere = "POST /api/playback/toggle HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\
        Connection: close\r\n\r\n";
    let answer = ask_from_elsewhere(&rig, elsewhere).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    rig.finish().await;
}

/// A device that may open so few files that there are 28 places for connections; 21 of them are one client's share.
async fn small() -> Rig {
    let few = |_| {
        let words = ["sh", "-c", "ulimit -n 540 && exec \"$0\""];
        words.map(OsString::from).to_vec()
    };
    Rig::start_behind(Box::new(few), &[]).await
}

const SHARE: usize = 21;

/// Begins a write whose body is asked for, which shows that it is worked on, and does not come; gives what came.
fn begin_write(rig: &Rig) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(rig.address()).unwrap();
    let head = "PUT /api/loop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Expect: 100-continue\r\nContent-Length: 11\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).unwrap();
    (stream, String::from_utf8_lossy(&begin).into_owned())
}

#[tokio::test]
async fn half_a_head_has_a_place_only_until_its_client_needs_it() {
    let rig = small().await;
    let mut held = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(rig.address()).unwrap();
        stream.write_all(HALF).unwrap();
        held.push(stream);
    }
    let own = TcpStream::connect(rig.address()).unwrap();
    assert!(talk(own, DASHBOARD).starts_with("HTTP/1.1 200"));
    // The first ones had to go, without a word.
    for stream in held.drain(..100 - SHARE) {
        assert_eq!(talk(stream, ""), "");
    }
    rig.finish().await;
}

#[tokio::test]
async fn who_works_on_as_much_as_it_may_is_told_to_come_back() {
    let rig = small().await;
    let busy: Vec<_> = (0..SHARE).map(|_| begin_write(&rig)).collect();
    assert!(busy.iter().all(|(_, begin)| begin == "HTTP/1.1 100"));
    let (stream, begin) = begin_write(&rig);
    assert_eq!(begin, "HTTP/1.1 503");
    let answer = talk(stream, "");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("retry-after: 2") && head.contains("nosniff"),
        "{head}"
    );
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["code"], "CONCURRENCY_LIMIT_EXCEEDED");
    assert!(
        ask_from_elsewhere(&rig, DASHBOARD)
            .await
            .starts_with("HTTP/1.1 200")
    );
    drop(busy);
    rig.wait_for("/health").await;
    rig.finish().await;
}

#[tokio::test]
async fn writes_whose_bodies_do_not_come_keep_no_read_waiting() {
    let rig = Rig::start_with(&[("LOOP_WEB_MAX_CONCURRENT_REQUESTS", "2")]).await;
    // One is worked on and four wait for it.
    let stalled: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(rig.address()).unwrap();
            let head = "PUT /api/loop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                Connection: close\r\nContent-Length: 11\r\n\r\n{";
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    for _ in 0..100 {
        rig.get("/api/dashboard").await.unwrap().ok();
    }
    for stream in stalled {
        let answer = talk(stream, "");
        let again = answer.contains(" 503 ") && answer.contains("retry-after: 2");
        assert!(again || answer.contains(" 408 "), "{answer}");
    }
    rig.finish().await;
}
