//! What LOOP takes and gives, beside what the original LOOP took and gave: `make bench`.
//!
//! It measures the programs that lie beside it.

mod api;
mod library;
mod load;
mod original;
mod sockets;
mod uploads;

use std::time::{Duration, Instant};

use loop_tests::frames::{TEXT, last};
use loop_tests::media::{film, frames_zip};
use loop_tests::rig::{Daemon, Rig};

/// Items in the library while memory and requests are measured.
const ITEMS: usize = 200;
const CLIENTS: usize = 200;

#[tokio::main]
async fn main() {
    println!("| figure | LOOP | original | ratio |\n|---|---|---|---|");
    start_up().await;
    let mut rig = with_items().await;
    for daemon in [Daemon::Web, Daemon::Hw] {
        rig.kill(daemon).await;
        rig.launch(daemon).await;
    }
    rig.until(|dashboard| dashboard["active"].is_string()).await;
    report_memory(&rig, "idle, 200 media", Some(original::IDLE_MB));
    uploads::all(&rig).await;
    report_memory(&rig, "after both uploads", None);
    requests(&rig).await;
    crowd(&rig).await;
    sockets::all(&rig).await;
    api::all(&mut rig).await;
    rig.finish().await;
    library::large().await;
}

/// One line; a ratio above 1 is in LOOP's favour.
pub(crate) fn row(
    figure: &str,
    ours: f64,
    original: Option<f64>,
    unit: &str,
    less_is_better: bool,
) {
    let ratio = original.map(|original| {
        if less_is_better {
            original / ours
        } else {
            ours / original
        }
    });
    let original = original.map_or("-".to_owned(), |original| format!("{original} {unit}"));
    let ratio = ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.1}x"));
    println!("| {figure} | {ours:.2} {unit} | {original} | {ratio} |");
}

async fn start_up() {
    let mut rig = Rig::start().await;
    rig.upload("a", &[1, 2]).await;
    rig.until(|dashboard| dashboard["active"] == "a_0123456789abcdef")
        .await;
    let (mut first, mut answer) = (Vec::new(), Vec::new());
    for _ in 0..5 {
        rig.kill(Daemon::Hw).await;
        rig.launch(Daemon::Hw).await;
        let hardware = rig.hardware().await;
        drop(
            hardware
                .glass_after(Some(loop_proto::FrameSerial(0)))
                .await
                .unwrap(),
        );
        first.push(hardware.health().await.unwrap().first_frame_us);
        rig.kill(Daemon::Web).await;
        let started = Instant::now();
        rig.launch(Daemon::Web).await;
        answer.push(started.elapsed());
    }
    first.sort_unstable();
    answer.sort_unstable();
    let first = Duration::from_micros(first[2]).as_secs_f64();
    row(
        "loop-hw: start to first picture, of a remembered playlist (120 ms of it the controller takes to wake)",
        first,
        None,
        "s",
        true,
    );
    row(
        "loop-web: start to first answer that needs both daemons",
        answer[2].as_secs_f64(),
        Some(original::FIRST_ANSWER_S),
        "s",
        true,
    );
    rig.finish().await;
}

async fn with_items() -> Rig {
    let rig = Rig::start().await;
    let mut times = Vec::new();
    for number in 0..ITEMS {
        let name = format!("item{number}");
        let zip = frames_zip(&name, &[u8::try_from(number).unwrap()]);
        let files = [
            (format!("{name}.mp4"), film(&name)),
            (format!("{name}_frames.zip"), zip),
        ];
        let files = files
            .iter()
            .map(|(name, content)| ("files", name.as_str(), content.clone()));
        let files = files.collect();
        let started = Instant::now();
        rig.upload_files(files).await.unwrap().ok();
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    row(
        "upload of one frame, median of 200",
        times[ITEMS / 2],
        Some(original::ONE_FRAME_MS),
        "ms",
        true,
    );
    rig
}

async fn crowd(rig: &Rig) {
    let mut sockets = Vec::new();
    for number in 0..CLIENTS {
        let mut socket = sockets::guest(rig, number).await;
        for room in ["dashboard", "progress"] {
            let request = serde_json::json!({"type": "subscribe", "room": room});
            assert!(socket.send(&last(TEXT, request.to_string())).await);
            while socket.next_text().await["type"] != "subscribe_response" {}
        }
        sockets.push(socket);
    }
    report_memory(rig, "200 media, 200 WebSockets", Some(original::CROWD_MB));
    drop(sockets);
    rig.until_nobody_listens().await;
}

fn report_memory(rig: &Rig, when: &str, original: Option<f64>) {
    let (hw, web) = (
        memory_of(rig, Daemon::Hw, "VmRSS:"),
        memory_of(rig, Daemon::Web, "VmRSS:"),
    );
    row(&format!("memory of loop-hw, {when}"), hw, None, "MB", true);
    row(
        &format!("memory of loop-web, {when}"),
        web,
        None,
        "MB",
        true,
    );
    row(
        &format!("memory of both, {when}"),
        hw + web,
        original,
        "MB",
        true,
    );
}

/// In megabytes.
pub(crate) fn memory_of(rig: &Rig, daemon: Daemon, field: &str) -> f64 {
    number_in(&format!("/proc/{}/status", rig.pid(daemon)), field) * 1024.0 / 1e6
}

pub(crate) fn number_in(path: &str, field: &str) -> f64 {
    let text = std::fs::read_to_string(path).unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(field))
        .unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

async fn requests(rig: &Rig) {
    let size = rig.get("/api/dashboard").await.unwrap().body.len();
    let size = f64::from(u32::try_from(size).unwrap()) / 1e3;
    row(
        "dashboard, 200 media: its size",
        size,
        Some(original::DASHBOARD_KB),
        "KB",
        true,
    );
    for before in &original::DASHBOARD {
        let Some(now) = load::get(rig, "/api/dashboard", before.connections, before.gzip) else {
            println!("| dashboard: `wrk` is not installed | - | - | - |");
            return;
        };
        let gzip = if before.gzip { ", gzip" } else { "" };
        let how = format!("{} connections{gzip}", before.connections);
        row(
            &format!("dashboard, {how}"),
            now.rate,
            Some(before.rate),
            "req/s",
            false,
        );
        row(
            &format!("its median, {how}"),
            now.median_ms,
            Some(before.median_ms),
            "ms",
            true,
        );
        row(
            &format!("its 99th percentile, {how}"),
            now.slow_ms,
            before.slow_ms,
            "ms",
            true,
        );
    }
}
