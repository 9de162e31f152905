//! The panel's thread of the whole daemon, run in this process with an allocator that counts for each thread.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends at the first surprise"
)]

#[path = "../src/sys/counting.rs"]
mod counting;

use std::path::Path;
use std::time::Duration;

use loop_proto::client::HwClient;
use loop_proto::clip::ClipWriter;
use loop_proto::config::{Config, PanelChoice};
use loop_proto::pixel::Frame;
use loop_proto::progress::{Label, Progress};
use loop_proto::service::{Step, Switch};
use loop_proto::snapshot::{Entry, Playback, Repeat};
use loop_proto::units::Brightness;
use loop_proto::{FrameSerial, Slug};
use nix::sys::signal::{Signal, raise};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const ROUNDS: u32 = 3;

/// The kernel's number of this process's thread with that name.
fn thread(name: &str) -> Option<usize> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let mut tasks = tasks.map(|task| task.unwrap().path());
    let task = tasks.find(|task| {
        std::fs::read_to_string(task.join("comm")).is_ok_and(|comm| comm.trim() == name)
    })?;
    task.file_name()?.to_str()?.parse().ok()
}

/// What the panel's thread has done so far: times it allocated, and freed.
fn used() -> (u64, u64) {
    counting::used_by(thread("presenter").unwrap()).unwrap_or_default()
}

/// Frames that differ in places that move, with a whole picture every two seconds.
fn clip(data: &Path, name: &str, frames: u8, duration: Duration) -> Entry {
    let folder = data.join("media").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    let mut writer = ClipWriter::new(std::fs::File::create(folder.join("clip")).unwrap()).unwrap();
    let mut frame = Frame::black();
    for number in 0..frames {
        let bytes = frame.as_bytes_mut();
        for spot in 0..40 {
            bytes[spot * 3700 + usize::from(number) * 90..][..60].fill(number + 1);
        }
        if number % 5 == 0 {
            bytes.fill(number ^ 0x55);
        }
        writer.push(&frame, duration).unwrap();
    }
    Entry::new(Slug::nearest(name), writer.finish().unwrap().1.id)
}

async fn connect(socket: &Path) -> HwClient {
    loop {
        match HwClient::connect(socket).await {
            Ok(client) => return client,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Stops this process for a moment, in which several frames become due.
fn stall() {
    let script = "kill -STOP $0; sleep 0.1; kill -CONT $0";
    let pid = std::process::id().to_string();
    let mut shell = std::process::Command::new("sh");
    assert!(shell.args(["-c", script, &pid]).status().unwrap().success());
}

/// A bar over some frames, with a label and without, that moves and goes.
async fn bar(client: &HwClient) {
    for percent in [1, 2, 50, 100] {
        let label = Label::nearest("cat.mp4").filter(|_| percent > 1);
        let percent = percent.try_into().unwrap();
        let progress = Progress { percent, label };
        client.show_progress(Some(progress)).await.unwrap();
        pictures(client, 3).await;
    }
    client.show_progress(None).await.unwrap();
    pictures(client, 3).await;
}

/// Everything a presenter is ever asked for, through the daemon's calls.
async fn everything(client: &HwClient, entries: &[Entry]) {
    client.set_playlist(entries.to_vec()).await.unwrap();
    client
        .set_playback(Switch::To(Playback::Playing))
        .await
        .unwrap();
    for repeat in [Repeat::One, Repeat::All] {
        client.set_repeat(Switch::To(repeat)).await.unwrap();
        for entry in entries {
            client.select(entry.slug.clone()).await.unwrap();
            pictures(client, 15).await;
            stall();
            bar(client).await;
        }
    }
    client.step(Step::Next).await.unwrap();
    client.set_playback(Switch::Over).await.unwrap();
    client.step(Step::Previous).await.unwrap();
    for percent in [0, 37, 100] {
        let brightness = Brightness::clamped(percent);
        client.set_brightness(brightness).await.unwrap();
    }
    client.set_playback(Switch::Over).await.unwrap();
    // The screen that says there is nothing to play.
    client.set_playlist(Vec::new()).await.unwrap();
    pictures(client, 1).await;
}

/// Looks at the glass until so many pictures have passed.
async fn pictures(client: &HwClient, count: u64) {
    let mut seen = None;
    let mut first: Option<FrameSerial> = None;
    while first.is_none_or(|first| seen.is_none_or(|FrameSerial(seen)| seen < first.0 + count)) {
        let glass = client.glass_after(seen).await.unwrap();
        if count == 1 {
            return;
        }
        first.get_or_insert(glass.serial);
        seen = Some(glass.serial);
    }
}

#[test]
fn after_the_first_round_the_presenter_allocates_nothing_and_frees_nothing() {
    let dir = tempfile::TempDir::new().unwrap();
    let mut config = Config::default();
    config.panel.kind = PanelChoice::Simulated;
    config.paths.data = dir.path().join("data");
    config.paths.socket = dir.path().join("hw.sock");
    let entries = [
        clip(&config.paths.data, "slow", 9, Duration::from_millis(15)),
        clip(&config.paths.data, "fast", 40, Duration::from_millis(1)),
        clip(&config.paths.data, "still", 1, Duration::from_secs(1)),
    ];
    let socket = config.paths.socket.clone();
    let daemon = std::thread::spawn(move || loop_hw::run(config));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (before, after, health) = runtime.block_on(async {
        let client = connect(&socket).await;
        everything(&client, &entries[..2]).await;
        client.set_playlist(entries.to_vec()).await.unwrap();
        let before = used();
        for _ in 0..ROUNDS {
            everything(&client, &entries[..2]).await;
            client.set_playlist(entries.to_vec()).await.unwrap();
            client.select(entries[2].slug.clone()).await.unwrap();
        }
        (before, used(), client.health().await.unwrap())
    });
    assert!(health.frames_dropped > u64::from(ROUNDS), "{health:?}");
    assert!(health.frames_presented > 50, "{health:?}");
    assert_eq!((health.mismatches, health.violations), (0, 0));
    // The thread exists and did not end meanwhile; else there would be nothing to compare.
    assert!(thread("presenter").is_some());
    assert_eq!(after, before, "times allocated, times freed");
    raise(Signal::SIGTERM).unwrap();
    daemon.join().unwrap().unwrap();
}
