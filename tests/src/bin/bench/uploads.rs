//! Large uploads, by form and by tus, against copying and hashing the same bytes.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use loop_tests::media::{FRAME_BYTES, Parcel, film, metadata};
use loop_tests::rig::{Daemon, Rig};
use loop_tests::tus;

use crate::{memory_of, number_in, original, row};

const FRAMES: usize = 500;

/// Sent at a time by tus.
const CHUNK: usize = 1024 * 1024;

/// All kinds.
pub(crate) async fn all(rig: &Rig) {
    for content in [Content::Film, Content::Gradient, Content::Noise] {
        by_form(rig, content).await;
        by_tus(rig, content).await;
    }
}

/// What the frames of the large upload show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    /// A picture with the noise of a camera that pans over it.
    Film,
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
            Content::Film => {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let (x, y) = (at % 640 / 2 + number, at / 640);
                let noise = usize::from(at % 2 == 1 && seed >> 62 == 0) * 32;
                u8::try_from(((x / 5 * y / 7) % 13 * 8 + noise) % 256).unwrap()
            }
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

/// What loop-web took for something.
struct Taken {
    seconds: f64,
    /// Written to the disk.
    written: f64,
    peak_mb: f64,
}

/// Watches loop-web until what it does for this is in the library.
async fn watch(rig: &Rig, work: impl Future<Output = ()>) -> Taken {
    let pid = rig.pid(Daemon::Web);
    let io = format!("/proc/{pid}/io");
    let idle = memory_of(rig, Daemon::Web, "VmRSS:");
    std::fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    let before = number_in(&io, "wchar:");
    let started = Instant::now();
    work.await;
    Taken {
        seconds: started.elapsed().as_secs_f64(),
        written: number_in(&io, "wchar:") - before,
        peak_mb: memory_of(rig, Daemon::Web, "VmHWM:") - idle,
    }
}

/// Seconds that `cp` and `sha256sum` take for these bytes, on the disk of the library.
fn floor(rig: &Rig, bytes: &[u8]) -> f64 {
    let (from, to) = (rig.data.join("bench.from"), rig.data.join("bench.to"));
    std::fs::write(&from, bytes).unwrap();
    let started = Instant::now();
    let run = |program: &str, files: &[&Path]| {
        let output = Command::new(program).args(files).output().unwrap();
        assert!(output.status.success(), "{program}");
    };
    run("cp", &[&from, &to]);
    run("sha256sum", &[&to]);
    let seconds = started.elapsed().as_secs_f64();
    std::fs::remove_file(from).unwrap();
    std::fs::remove_file(to).unwrap();
    seconds
}

#[expect(
    clippy::cast_precision_loss,
    reason = "megabytes of a benchmark, for people"
)]
fn tell(what: &str, bytes: usize, floor: f64, taken: &Taken, before: bool) {
    let original = |value| before.then_some(value);
    row(
        &format!("{what}, {:.1} MB", bytes as f64 / 1e6),
        taken.seconds,
        original(original::UPLOAD_S),
        "s",
        true,
    );
    row(
        &format!("{what}: of the time of cp + sha256sum"),
        taken.seconds / floor,
        None,
        "times",
        true,
    );
    row(
        &format!("{what}: written for each byte received"),
        taken.written / bytes as f64,
        original(original::UPLOAD_WRITTEN_MB * 1e6 / bytes as f64),
        "bytes",
        true,
    );
    row(
        &format!("{what}: peak memory of loop-web above idle"),
        taken.peak_mb,
        original(original::UPLOAD_PEAK_MB),
        "MB",
        true,
    );
}

async fn by_form(rig: &Rig, content: Content) {
    let zip = film_zip(content);
    let name = format!("{content:?}").to_lowercase();
    let (sent, floor) = (zip.len(), floor(rig, &zip));
    let (file_name, zip_name) = (format!("{name}.mp4"), format!("{name}_frames.zip"));
    let files = vec![
        ("files", file_name.as_str(), film(&name)),
        ("files", zip_name.as_str(), zip),
    ];
    let taken = watch(rig, async {
        rig.upload_files(files).await.unwrap().ok();
    });
    let what = format!("form with 500 frames, {name}");
    tell(&what, sent, floor, &taken.await, content != Content::Film);
}

/// The same frames as the page sends them: as a finished clip, and as large an original as makes up the bytes.
async fn by_tus(rig: &Rig, content: Content) {
    let name = format!("{content:?}").to_lowercase();
    let slug = format!("{name}_0123456789abcdef");
    let clip = rig.get(&format!("/api/media/{slug}/clip")).await.unwrap();
    let size = (77_000_000_usize).saturating_sub(clip.body.len());
    let original = film(&name.repeat(size / name.len() + 1));
    let parcel = tus::Parcel::new(&format!("{name} by tus.mp4"), &original, &clip.body);
    let (sent, floor) = (parcel.bytes.len(), floor(rig, &parcel.bytes));
    let taken = watch(rig, async {
        let upload = rig.tus_upload(&parcel, CHUNK).await;
        rig.tus_item(&upload).await;
    });
    let what = format!("tus in pieces of 1 MiB, a film and its clip of {name}");
    tell(&what, sent, floor, &taken.await, false);
}
