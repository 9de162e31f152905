//! How the programs end: gracefully, within five seconds, whatever is under way.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use loop_proto::Revision;
use loop_tests::media::film;
use loop_tests::rig::{Daemon, Rig, free_port, program};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What the outside may rely on.
const LIMIT: Duration = Duration::from_secs(5);

/// An upload whose beginning is there and whose rest does not come.
async fn stalled_upload(rig: &Rig) -> TcpStream {
    let mut stream = TcpStream::connect(rig.address()).unwrap();
    let head = "POST /api/media HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000000\r\n\
        Content-Type: multipart/form-data; boundary=B\r\n\r\n\
        --B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"x.mp4\"\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&film(&"x".repeat(600_000))).unwrap();
    while rig.leftovers().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stream
}

#[tokio::test]
async fn both_stop_within_five_seconds_whatever_is_under_way() {
    let mut rig = Rig::start().await;
    rig.upload("a", &[1, 2, 3]).await;
    let upload = stalled_upload(&rig).await;
    let mut socket = rig.websocket().await;
    socket.subscribe("live").await;
    let hardware = rig.hardware().await;
    let poll = tokio::spawn(async move {
        let mut seen = Revision::NONE;
        while let Ok(news) = hardware.changes_since(seen).await {
            seen = news.revision;
        }
    });
    for daemon in [Daemon::Hw, Daemon::Web] {
        // Each asserts exit code 0 and that nothing has panicked.
        let took = rig.stop(daemon).await;
        assert!(took < LIMIT, "{daemon:?} took {took:?}");
    }
    poll.await.unwrap();
    assert_eq!(rig.leftovers(), Vec::<String>::new());
    drop((upload, socket));
}

/// `make run` without its building: the script, beside links to the programs under test.
fn starter(root: &Path, listen: &str) -> Command {
    let script = root.join("tests/tools/run.sh");
    std::fs::create_dir_all(script.parent().unwrap()).unwrap();
    std::fs::create_dir_all(root.join("target/release")).unwrap();
    let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools/run.sh");
    std::fs::copy(original, &script).unwrap();
    for name in ["loop-hw", "loop-web"] {
        symlink(program(name), root.join("target/release").join(name)).unwrap();
    }
    let mut command = Command::new(script);
    command.env("LOOP_WEB_LISTEN", listen).stdin(Stdio::null());
    command
}

#[test]
fn the_starter_listens_on_several_addresses_and_stops_both_programs() {
    let root = tempfile::TempDir::new().unwrap();
    let (first, second) = (free_port(), free_port());
    let listen = format!("127.0.0.1:{first},127.0.0.1:{second}");
    let mut running = starter(root.path(), &listen)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let address = lines
        .map(Result::unwrap)
        .find(|line| line.contains("LOOP is at"));
    let pid = Pid::from_raw(running.id().try_into().unwrap());
    let stopped = kill(pid, Signal::SIGTERM);
    let ended = running.wait().unwrap();
    stopped.unwrap();
    assert_eq!(
        address.as_deref().map(str::trim),
        Some(format!("LOOP is at http://127.0.0.1:{first}").as_str())
    );
    assert!(ended.success(), "{ended}");
    for port in [first, second] {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{port}");
    }
}
