//! Many bad guests at a time: those who send nothing, those who send slowly, and those who stop in the middle.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use loop_tests::rig::{Daemon, Rig};
use serde_json::Value;

/// Empty uploads, and the connections that share them.
const EMPTY: usize = 10_000;
const SENDERS: usize = 4;

/// Slow uploads of either kind.
const SLOW: usize = 20;

/// Longest that anybody may be kept waiting; the machine that runs the tests may be busy.
const GENEROUS: Duration = Duration::from_secs(30);

/// In kilobytes.
fn resident(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mut lines = text.lines();
    let line = lines.find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// Bodies with nothing in them, and what each is answered with.
fn empties() -> [(&'static str, u16); 4] {
    [
        (
            "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"x.mp4\"\r\n\r\n\r\n--B--\r\n",
            422,
        ),
        (
            "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"x_frames.zip\"\r\n\r\n\r\n--B--\r\n",
            422,
        ),
        ("--B--\r\n", 422),
        ("", 400),
    ]
}

/// A connection that is kept as long as the server keeps it.
struct Sender {
    address: String,
    stream: Option<BufReader<TcpStream>>,
    connections: usize,
}

impl Sender {
    fn post(&mut self, body: &str) -> u16 {
        if self.stream.is_none() {
            self.connections += 1;
            self.stream = Some(BufReader::new(TcpStream::connect(&self.address).unwrap()));
        }
        let stream = self.stream.as_mut().unwrap();
        let request = format!(
            "POST /api/media HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {}\r\n\
            Content-Type: multipart/form-data; boundary=B\r\n\r\n{body}",
            body.len()
        );
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        let (status, stays) = answer(stream);
        if !stays {
            self.stream = None;
        }
        status
    }
}

/// Reads an answer; gives its status, and whether another may follow.
fn answer(stream: &mut impl BufRead) -> (u16, bool) {
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    let status = line.get(9..12).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{line:?} is no status"));
    let (mut length, mut stays) = (0, true);
    loop {
        line.clear();
        stream.read_line(&mut line).unwrap();
        let head = line.trim_end().to_lowercase();
        match head.split_once(": ") {
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(("connection", "close")) => stays = false,
            None => break,
            _ => {}
        }
    }
    stream.read_exact(&mut vec![0; length]).unwrap();
    (status, stays)
}

/// A share of the empty uploads; gives how many connections it took.
fn send_empties(address: String) -> usize {
    let mut sender = Sender {
        address,
        stream: None,
        connections: 0,
    };
    for (body, status) in empties().into_iter().cycle().take(EMPTY / SENDERS) {
        assert_eq!(sender.post(body), status, "{body:?}");
    }
    sender.connections
}

#[tokio::test]
async fn ten_thousand_empty_uploads_are_refused_and_leave_nothing_not_even_memory() {
    let rig = Rig::start().await;
    rig.upload("before", &[1]).await;
    let pid = rig.pid(Daemon::Web);
    let (before, start) = (resident(pid), Instant::now());
    let senders = (0..SENDERS).map(|_| {
        let address = rig.address();
        tokio::task::spawn_blocking(move || send_empties(address))
    });
    let mut connections = 0;
    for sender in senders.collect::<Vec<_>>() {
        connections += sender.await.unwrap();
    }
    let (after, took) = (resident(pid), start.elapsed());
    eprintln!("{EMPTY} in {took:?} over {connections} connections; {before} kB, then {after} kB");
    assert!(after < before + 8_000, "{before} kB, then {after} kB");
    assert!(took < Duration::from_secs(60));
    assert_eq!(rig.leftovers(), Vec::<String>::new());
    rig.upload("after", &[2]).await;
    assert_eq!(rig.items_on_disk().len(), 2);
    rig.finish().await;
}

/// Begins an upload, sends a byte a second of it or nothing more, and gives the status with which that ends.
fn send_slowly(address: &str, number: usize, drips: bool) -> u16 {
    let stream = TcpStream::connect(address).unwrap();
    let request = format!(
        "POST /api/media HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000000\r\n\
        Content-Type: multipart/form-data; boundary=B\r\n\r\n--B\r\nContent-Disposition: form-data; \
        name=\"files\"; filename=\"slow{number}.mp4\"\r\n\r\n\0\0\0\x18ftypmp42"
    );
    let mut sending = stream.try_clone().unwrap();
    sending.write_all(request.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(1)))
        .unwrap();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(200) {
        if drips && sending.write_all(b"x").is_err() {
            break;
        }
        let mut first = [0];
        match stream.peek(&mut first) {
            Ok(0) => return 0,
            Ok(_) => break,
            Err(_) => {}
        }
    }
    answer(&mut BufReader::new(stream)).0
}

async fn normal_upload(rig: &Rig, name: &str) -> Duration {
    let start = Instant::now();
    rig.upload(name, &[1, 2, 3]).await;
    start.elapsed()
}

#[tokio::test]
async fn slow_and_stalled_uploads_hold_nobody_up_and_are_got_rid_of() {
    let rig = Rig::start().await;
    rig.upload("before", &[1]).await;
    let slow: Vec<_> = (0..2 * SLOW)
        .map(|number| {
            let address = rig.address();
            tokio::task::spawn_blocking(move || send_slowly(&address, number, number % 2 == 0))
        })
        .collect();
    // All of them hang on by now: there are as many connections, and some have a place.
    rig.until(|dashboard| dashboard["processing"].is_object())
        .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let hanging = slow.iter().filter(|task| !task.is_finished()).count();
    let mut took = Vec::new();
    for name in ["one", "two", "three"] {
        took.push(normal_upload(&rig, name).await);
        let asked = Instant::now();
        rig.get("/api/dashboard").await.unwrap().ok();
        took.push(asked.elapsed());
    }
    eprintln!("{hanging} hang on; uploads and dashboards took {took:?}");
    assert!(took.iter().all(|took| *took < GENEROUS), "{took:?}");
    let start = Instant::now();
    let mut ends = std::collections::BTreeMap::<u16, usize>::new();
    for task in slow {
        *ends.entry(task.await.unwrap()).or_default() += 1;
    }
    eprintln!(
        "the slow ones ended after {:?} more with {ends:?}",
        start.elapsed()
    );
    assert!(
        ends.keys().all(|status| [408, 503].contains(status)),
        "{ends:?}"
    );
    assert!(ends.get(&408).is_some_and(|count| *count >= 4), "{ends:?}");
    rig.until(|dashboard| dashboard["processing"] == Value::Null)
        .await;
    assert_eq!(rig.items_on_disk().len(), 4);
    rig.finish().await;
}
