//! The command line, as people and scripts use it, over the real hardware daemon and without the web daemon.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use loop_proto::pixel::{Frame, PIXEL_BYTES, rgb888};
use loop_tests::rig::{Daemon, Rig, program};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;
use tokio::process::Command;

const A: &str = "a_0123456789abcdef";
const B: &str = "b_0123456789abcdef";

/// A device with two items, without its web daemon.
async fn device() -> Rig {
    let mut rig = Rig::start().await;
    rig.upload("a", &[1, 2, 3]).await;
    rig.upload("b", &[4, 5, 6]).await;
    rig.until(|dashboard| dashboard["loop"] == json!([A, B]))
        .await;
    // The order is on its way to the player until its last item can be chosen.
    let hardware = rig.hardware().await;
    while hardware.select(B.parse().unwrap()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    rig.stop(Daemon::Web).await;
    rig
}

async fn loopctl(socket: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(program("loopctl"));
    let command = command.arg("--socket").arg(socket).args(words);
    command.stdin(Stdio::null()).output().await.unwrap()
}

/// What it printed, which must have gone well.
async fn said(rig: &Rig, words: &[&str]) -> String {
    let output = loopctl(&rig.socket_path(), words).await;
    assert!(output.status.success(), "{words:?}: {output:?}");
    assert_eq!(output.stderr, b"", "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn status(rig: &Rig) -> Value {
    serde_json::from_str(&said(rig, &["status", "--json"]).await).unwrap()
}

/// Its exit code and what it complains about; it must print nothing else.
async fn refusal(socket: &Path, words: &[&str]) -> (i32, String) {
    let output = loopctl(socket, words).await;
    assert_eq!(output.stdout, b"", "{words:?}");
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(!complaint.contains("panicked"), "{complaint}");
    (output.status.code().unwrap(), complaint)
}

#[tokio::test]
async fn each_command_does_what_it_says_while_the_web_daemon_is_away() {
    let rig = device().await;
    let playing = |item: &str| format!("playing {item}, repeat all\n");
    assert_eq!(said(&rig, &["select", B]).await, playing(B));
    assert_eq!(said(&rig, &["next"]).await, playing(A));
    assert_eq!(said(&rig, &["previous"]).await, playing(B));
    let paused = format!("paused {B}, repeat all\n");
    assert_eq!(said(&rig, &["pause"]).await, paused);
    assert_eq!(said(&rig, &["pause"]).await, paused);
    assert_eq!(status(&rig).await["playback"], "paused");
    assert_eq!(said(&rig, &["toggle"]).await, playing(B));
    assert_eq!(said(&rig, &["toggle"]).await, paused);
    assert_eq!(said(&rig, &["play"]).await, playing(B));
    let one = format!("playing {B}, repeat one\n");
    assert_eq!(said(&rig, &["repeat", "one"]).await, one);
    assert_eq!(said(&rig, &["brightness", "37"]).await, "37\n");
    assert_eq!(said(&rig, &["brightness"]).await, "37\n");

    let state = status(&rig).await;
    assert_eq!(
        (&state["repeat"], &state["playlist"], &state["brightness"]),
        (&json!("one"), &json!([A, B]), &json!(37))
    );
    let current = &state["current"];
    assert_eq!(
        (&current["slug"], &current["index"], &current["frame_count"]),
        (&json!(B), &json!(1), &json!(3))
    );
    assert!(current["position_ms"].as_u64() <= current["duration_ms"].as_u64());
    assert_eq!(state["panel"]["kind"], "simulated");
    let text = said(&rig, &["status"]).await;
    assert!(text.contains("brightness 37 %\n"), "{text}");
    assert!(text.contains(&format!("{B}, 2 of 2, ")), "{text}");

    let health: Value = serde_json::from_str(&said(&rig, &["health", "--json"]).await).unwrap();
    assert!(health["frames_presented"].as_u64() > Some(0), "{health}");
    let health = said(&rig, &["health"]).await;
    assert!(health.contains("pictures shown"), "{health}");
    rig_over(rig).await;
}

#[tokio::test]
async fn a_snapshot_is_the_picture_on_the_glass() {
    let rig = device().await;
    said(&rig, &["pause"]).await;
    let glass = rig.hardware().await.glass_after(None).await.unwrap();
    let frame = Frame::from_bytes(glass.pixels.unwrap()).unwrap();
    let picture = frame.transposed();
    let pixels = picture.as_bytes().as_chunks::<PIXEL_BYTES>().0.iter();
    let expected: Vec<u8> = pixels.flat_map(|pixel| rgb888(*pixel)).collect();

    let folder = TempDir::new().unwrap();
    let file = folder.path().join("glass.png");
    said(&rig, &["snapshot", file.to_str().unwrap()]).await;
    let written = std::fs::read(&file).unwrap();
    assert_eq!(decoded(&written), (320, 240, expected));
    let piped = loopctl(&rig.socket_path(), &["snapshot", "-"]).await;
    assert!(piped.stdout == written);

    let nowhere = folder.path().join("no").join("glass.png");
    let words = ["snapshot", nowhere.to_str().unwrap()];
    let (code, complaint) = refusal(&rig.socket_path(), &words).await;
    assert_eq!(code, 1);
    assert!(complaint.contains("cannot write"), "{complaint}");
    rig_over(rig).await;
}

fn decoded(file: &[u8]) -> (u32, u32, Vec<u8>) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height, pixels)
}

#[tokio::test]
async fn a_message_is_on_the_glass_until_it_is_cleared_or_its_time_is_over() {
    let rig = device().await;
    said(&rig, &["select", A]).await;
    said(&rig, &["pause"]).await;
    let glass = async || loopctl(&rig.socket_path(), &["snapshot", "-"]).await.stdout;
    let before = glass().await;
    assert_eq!(said(&rig, &["message", "Dinner is ready"]).await, "");
    let during = glass().await;
    assert!(during != before);
    assert_eq!(status(&rig).await["showing_message"], true);

    // What plays below goes on, and is not seen.
    said(&rig, &["next"]).await;
    assert_eq!(status(&rig).await["current"]["slug"], B);
    assert!(glass().await == during);
    said(&rig, &["previous"]).await;
    let words = ["message", "Dinner is ready", "--color", "ff0000"];
    said(&rig, &words).await;
    assert!(glass().await != during);
    said(&rig, &["message", "--clear"]).await;
    assert!(glass().await == before);
    assert_eq!(status(&rig).await["showing_message"], false);

    said(&rig, &["message", "Bye", "--for", "1s"]).await;
    while status(&rig).await["showing_message"] == true {}
    assert!(glass().await == before);
    rig_over(rig).await;
}

#[tokio::test]
async fn watching_tells_each_change_and_ends_with_the_daemon() {
    let mut rig = device().await;
    let mut watch = Command::new(program("loopctl"))
        .args(["watch", "--socket"])
        .arg(rig.socket_path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut output = watch.stdout.take().unwrap();
    until(&mut output, "panel ").await;
    said(&rig, &["brightness", "12"]).await;
    until(&mut output, "brightness 12 %\n").await;
    said(&rig, &["pause"]).await;
    until(&mut output, "paused ").await;
    rig.stop(Daemon::Hw).await;
    assert_eq!(watch.wait().await.unwrap().code(), Some(3));
}

/// Reads until this has been printed.
async fn until(output: &mut (impl AsyncReadExt + Unpin), wanted: &str) {
    let mut text = Vec::new();
    while !String::from_utf8_lossy(&text).contains(wanted) {
        let byte = output.read_u8().await;
        text.push(byte.unwrap_or_else(|_| panic!("no {wanted:?}")));
    }
}

#[tokio::test]
async fn what_the_daemon_refuses_or_nobody_understands_is_said_and_has_its_code() {
    let rig = device().await;
    let socket = rig.socket_path();
    let (code, complaint) = refusal(&socket, &["select", "c"]).await;
    assert_eq!((code, &*complaint), (1, "loopctl: c is not in the loop\n"));
    for words in [
        &["brightness", "101"][..],
        &["select", "../b"],
        &["repeat", "never"],
        &["dance"],
        &[],
    ] {
        let (code, complaint) = refusal(&socket, words).await;
        assert_eq!(code, 2, "{words:?}: {complaint}");
        assert!(complaint.contains("--help"), "{complaint}");
    }
    rig_over(rig).await;
}

#[tokio::test]
async fn the_socket_is_found_as_the_daemons_find_it() {
    let rig = device().await;
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("loop.toml");
    let run = async |text: &str, variable: Option<PathBuf>| {
        std::fs::write(&config, text).unwrap();
        let mut command = Command::new(program("loopctl"));
        command.args(["--config", config.to_str().unwrap(), "brightness"]);
        command.envs(variable.map(|path| ("LOOP_PATHS_SOCKET", path)));
        command.output().await.unwrap().status.code()
    };
    let named = |path: &Path| format!("[paths]\nsocket = {:?}\n", path.to_str().unwrap());
    let (here, away) = (rig.socket_path(), folder.path().join("none.sock"));
    assert_eq!(run(&named(&here), None).await, Some(0));
    assert_eq!(run(&named(&away), None).await, Some(3));
    assert_eq!(run(&named(&away), Some(here)).await, Some(0));
    assert_eq!(run("[paths]\nsocked = 1\n", None).await, Some(2));
    rig_over(rig).await;
}

#[tokio::test]
async fn a_daemon_that_is_away_or_silent_or_strange_ends_the_command_with_three() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("hw.sock");
    let (code, complaint) = refusal(&socket, &["status"]).await;
    assert_eq!(code, 3);
    assert!(complaint.contains("is loop-hw running?"), "{complaint}");

    // Pretend daemons: one says nothing, one hangs up, one talks nonsense.
    let silent = UnixListener::bind(&socket).unwrap();
    let words = ["--timeout", "200ms", "status"];
    let (code, complaint) = refusal(&socket, &words).await;
    assert_eq!(code, 3);
    assert!(complaint.contains("did not answer in time"), "{complaint}");
    drop(silent.accept().await.unwrap());
    for nonsense in [
        &b""[..],
        b"\xff\xff\xff\xff",
        b"\0\0\0\x04abcd",
        b"HTTP/1.1 400",
    ] {
        let (code, complaint) = refused_by(&silent, &socket, nonsense).await;
        assert_eq!(code, 3, "{nonsense:?}: {complaint}");
        assert!(complaint.contains("hung up"), "{complaint}");
    }
}

/// How the command ends when its first call is answered like this by a pretend daemon.
async fn refused_by(daemon: &UnixListener, socket: &Path, answer: &[u8]) -> (i32, String) {
    let answered = async {
        let (mut stream, _) = daemon.accept().await.unwrap();
        stream.read_u8().await.unwrap();
        stream.write_all(answer).await.unwrap();
    };
    tokio::join!(refusal(socket, &["status"]), answered).0
}

#[tokio::test]
async fn a_daemon_of_another_version_ends_the_command_with_four() {
    let folder = TempDir::new().unwrap();
    let socket = folder.path().join("hw.sock");
    // Pretends to be of version 99, build 9.9; this answer keeps its layout for ever.
    let daemon = UnixListener::bind(&socket).unwrap();
    let answer = [&[0, 0, 0, 9][..], &[0, 0, 0, 0, 99, 3], b"9.9"].concat();
    let (code, complaint) = refused_by(&daemon, &socket, &answer).await;
    assert_eq!(code, 4, "{complaint}");
    assert!(
        complaint.contains("loop-hw 9.9 speaks protocol 99"),
        "{complaint}"
    );
}

#[tokio::test]
async fn somebody_else_is_told_who_is_served() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not tried: only root can become somebody else");
        return;
    }
    let rig = device().await;
    // A folder and a program that everybody may use.
    let folder = TempDir::new().unwrap();
    let mode = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(folder.path(), 0o755);
    let copy = folder.path().join("loopctl");
    std::fs::copy(program("loopctl"), &copy).unwrap();
    let ask = async || {
        let mut command = Command::new(&copy);
        command.arg("--socket").arg(rig.socket_path()).arg("status");
        let output = command.uid(65_534).gid(65_534).output().await.unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.contains("try again with sudo"), "{complaint}");
        (output.status.code(), complaint.contains("hung up"))
    };
    assert_eq!(ask().await, (Some(3), false), "the folder is closed");
    mode(rig.socket_path().parent().unwrap(), 0o755);
    mode(&rig.socket_path(), 0o666);
    assert_eq!(ask().await, (Some(3), true), "the daemon looks for itself");
    rig_over(rig).await;
}

#[tokio::test]
async fn an_output_nobody_reads_is_no_failure() {
    let rig = device().await;
    for words in [
        &["status"][..],
        &["snapshot", "-"],
        &["completions", "bash"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(program("loopctl"));
        let command = command.arg("--socket").arg(rig.socket_path()).args(words);
        let output = command
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .await
            .unwrap();
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
    }
    rig_over(rig).await;
}

#[tokio::test]
async fn completions_and_manual_name_every_command() {
    let nowhere = Path::new("none.sock");
    let help = loopctl(nowhere, &["--help"]).await;
    let help = String::from_utf8(help.stdout).unwrap();
    let list = help.split("Commands:").nth(1).unwrap();
    let list = list.split("Options:").next().unwrap();
    let lines = list
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let names: Vec<_> = lines.filter(|name| *name != "help").collect();
    assert!(names.len() >= 14, "{names:?}");
    for words in [
        &["completions", "bash"][..],
        &["completions", "zsh"],
        &["completions", "fish"],
        &["man"],
    ] {
        let output = loopctl(nowhere, words).await;
        assert!(output.status.success());
        let text = String::from_utf8(output.stdout).unwrap();
        for name in &names {
            assert!(text.contains(name), "{words:?} without {name}");
        }
    }
    let folder = TempDir::new().unwrap();
    let pages = folder.path().join("man");
    let words = ["man", "--dir", pages.to_str().unwrap()];
    assert!(loopctl(nowhere, &words).await.status.success());
    for name in names {
        assert!(pages.join(format!("loopctl-{name}.1")).exists(), "{name}");
    }
    assert!(pages.join("loopctl.1").exists());
}

/// What [`Rig::finish`] wants, of a device whose web daemon is stopped.
async fn rig_over(mut rig: Rig) {
    rig.launch(Daemon::Web).await;
    rig.finish().await;
}
