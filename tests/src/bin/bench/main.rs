//! What LOOP takes and gives, beside what the original LOOP took and gave: `make bench`.
//!
//! It measures the programs that lie beside it.

mod load;
mod original;

use std::time::{Duration, Instant};

use loop_tests::media::{FRAME_BYTES, Parcel, film, frames_zip, metadata};
use loop_tests::rig::{Daemon, Rig, Socket};

/// Items in the library while memory and requests are measured.
const ITEMS: usize = 200;
const CLIENTS: usize = 200;
const FRAMES: usize = 500;

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
    for content in [Content::Gradient, Content::Noise] {
        upload(&rig, content).await;
    }
    report_memory(&rig, "after both uploads", None);
    requests(&rig).await;
    crowd(&rig).await;
    rig.finish().await;
}

/// One line; a ratio above 1 is in LOOP's favour.
fn row(figure: &str, ours: f64, original: Option<f64>, unit: &str, less_is_better: bool) {
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
    let mut sockets: Vec<Socket> = Vec::new();
    for _ in 0..CLIENTS {
        let mut socket = rig.websocket().await;
        for room in ["dashboard", "progress"] {
            socket.subscribe(room).await;
        }
        sockets.push(socket);
    }
    report_memory(rig, "200 media, 200 WebSockets", Some(original::CROWD_MB));
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
fn memory_of(rig: &Rig, daemon: Daemon, field: &str) -> f64 {
    number_in(&format!("/proc/{}/status", rig.pid(daemon)), field) * 1024.0 / 1e6
}

fn number_in(path: &str, field: &str) -> f64 {
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
        let Some(now) = load::dashboard(rig, before.connections, before.gzip) else {
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

/// What the frames of the large upload show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// Everything moves, and it packs well.
    Gradient,
    /// Nothing packs: the worst there is.
    Noise,
}

fn film_zip(content: Content) -> Vec<u8> {
    let mut parcel = Parcel::default();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for number in 0..FRAMES {
        let mut pixel = |at: usize| match content {
            Content::Gradient => {
                u8::try_from((at % 640 / 2 * 3 + at / 640 * 5 + number * 7) % 256).unwrap()
            }
            Content::Noise => {
                // Xorshift, by Marsaglia.
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                seed.to_be_bytes()[0]
            }
        };
        let frame: Vec<u8> = (0..FRAME_BYTES).map(&mut pixel).collect();
        parcel = parcel.entry(&format!("frame_{:06}.rgb", number + 1), &frame);
    }
    let name = format!("{content:?}").to_lowercase();
    parcel.metadata(&metadata(&name, FRAMES)).bytes()
}

async fn upload(rig: &Rig, content: Content) {
    let pid = rig.pid(Daemon::Web);
    let zip = film_zip(content);
    let sent = f64::from(u32::try_from(zip.len()).unwrap()) / 1e6;
    let (idle, io) = (
        memory_of(rig, Daemon::Web, "VmRSS:"),
        format!("/proc/{pid}/io"),
    );
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    let (disk, calls) = (number_in(&io, "write_bytes:"), number_in(&io, "wchar:"));
    let name = format!("{content:?}").to_lowercase();
    let (film, zip_name) = (film(&name), format!("{name}_frames.zip"));
    let file_name = format!("{name}.mp4");
    let files = vec![
        ("files", file_name.as_str(), film),
        ("files", zip_name.as_str(), zip),
    ];
    let started = Instant::now();
    rig.upload_files(files).await.unwrap().ok();
    let took = started.elapsed().as_secs_f64();
    let peak = memory_of(rig, Daemon::Web, "VmHWM:") - idle;
    let megabytes = |field: &str, before: f64| (number_in(&io, field) - before) / 1e6;
    let (disk, calls) = (megabytes("write_bytes:", disk), megabytes("wchar:", calls));
    let written = Some(original::UPLOAD_WRITTEN_MB);
    row(
        &format!("upload of 500 frames ({sent:.1} MB), {name}"),
        took,
        Some(original::UPLOAD_S),
        "s",
        true,
    );
    row(
        &format!("written to the disk for it, {name}"),
        disk,
        written,
        "MB",
        true,
    );
    row(
        &format!("written by all calls, {name}"),
        calls,
        written,
        "MB",
        true,
    );
    row(
        &format!("peak memory of loop-web above idle, {name}"),
        peak,
        Some(original::UPLOAD_PEAK_MB),
        "MB",
        true,
    );
}
