//! The whole library as one file: out of one device and into another.

use std::process::Command;

use loop_tests::media::{film, frames_zip};
use loop_tests::rig::{Answer, Daemon, Rig};
use serde_json::{Value, json};
use tempfile::TempDir;

const EXPORT: &str = "/api/media/export";

/// Sends an archive, as `curl --data-binary` does.
async fn import(rig: &Rig, archive: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{}/api/media/import", rig.url()));
    let request = request.header("content-type", "application/x-tar");
    let answer = Answer::to(request.body(archive)).await.unwrap();
    (answer.status, answer.json)
}

async fn export(rig: &Rig, headers: &[(&str, &str)]) -> Answer {
    rig.get_with(EXPORT, headers).await.unwrap()
}

/// Uploads a film of about this many bytes that no one can pack.
async fn upload_large(rig: &Rig, name: &str, bytes: usize) {
    let mut noise = u64::from(name.as_bytes()[0]);
    let words = std::iter::repeat_with(|| {
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (noise >> 8).to_be_bytes()
    });
    let mut original = film(name);
    original.extend(words.take(bytes / 8).flatten());
    let (file, zip) = (format!("{name}.mp4"), format!("{name}_frames.zip"));
    let files = vec![
        ("files", file.as_str(), original),
        (
            "files",
            zip.as_str(),
            frames_zip(name, &[bytes.to_le_bytes()[1]]),
        ),
    ];
    rig.upload_files(files).await.unwrap().ok();
}

/// A device with a few items, some of which loop, in an order of their own.
async fn full() -> Rig {
    let rig = Rig::start().await;
    let (a, b, c) = (
        rig.upload("a", &[1, 2]).await,
        rig.upload("katze 🐈", &[3]).await,
        rig.upload("c", &[4, 5, 6]).await,
    );
    let long = "ü".repeat(120) + ".mp4";
    let files = vec![
        ("files", long.as_str(), film("d")),
        ("files", "d_frames.zip", frames_zip("d", &[7])),
    ];
    rig.upload_files(files).await.unwrap().ok();
    rig.put("/api/loop", &json!({"loop": [c, a, b]}))
        .await
        .unwrap()
        .ok();
    rig
}

#[tokio::test]
async fn a_device_is_cloned_and_a_second_time_nothing_is_new() {
    let (old, new) = (full().await, Rig::start().await);
    let archive = export(&old, &[]).await;
    let name = archive.header("content-disposition").to_owned();
    assert!(
        name.starts_with("attachment; filename=\"loop-library-2") && name.ends_with(".tar\""),
        "{name}"
    );
    assert_eq!(
        (archive.status, archive.header("content-type")),
        (200, "application/x-tar")
    );
    for expected in [(4, 0), (0, 4)] {
        let (status, answer) = import(&new, archive.body.clone()).await;
        assert_eq!(status, 200, "{answer}");
        let data = &answer["data"];
        assert_eq!(
            (data["imported"].as_u64(), data["skipped"].as_u64()),
            (Some(expected.0), Some(expected.1)),
            "{answer}"
        );
        assert_eq!(data["failed"], json!([]));
        for path in ["/api/media", "/api/loop"] {
            let ours = new.get(path).await.unwrap().ok();
            assert_eq!(
                ours["data"]["media"],
                old.get(path).await.unwrap().ok()["data"]["media"],
                "{path}"
            );
            assert_eq!(
                ours["data"]["loop"],
                old.get(path).await.unwrap().ok()["data"]["loop"],
                "{path}"
            );
        }
    }
    for item in old.items_on_disk() {
        let (theirs, ours) = (
            old.data.join("media").join(&item),
            new.data.join("media").join(&item),
        );
        for file in std::fs::read_dir(theirs).unwrap() {
            let file = file.unwrap();
            assert_eq!(
                std::fs::read(file.path()).unwrap(),
                std::fs::read(ours.join(file.file_name())).unwrap()
            );
        }
    }
    new.until(|dashboard| dashboard["status"]["player"]["total_media"] == 3)
        .await;
    assert_eq!(
        export(&new, &[]).await.body,
        archive.body,
        "the clone's archive is the same"
    );
    old.finish().await;
    new.finish().await;
}

#[tokio::test]
async fn gnu_tar_unpacks_it_and_its_list_is_whole() {
    let rig = full().await;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("library.tar");
    std::fs::write(&file, export(&rig, &[]).await.body).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.success() && told.is_empty(),
            "{program}: {told}"
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let names = run("tar", &["tf", "library.tar"]);
    assert!(
        names.starts_with("loop-library.json\nloop-library.sha256\nmedia/c_"),
        "{names}"
    );
    run("tar", &["xf", "library.tar"]);
    run("sha256sum", &["--check", "loop-library.sha256"]);
    for name in names.lines().filter(|name| name.starts_with("media/")) {
        let unpacked = std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(
            unpacked,
            std::fs::read(rig.data.join(name)).unwrap(),
            "{name}"
        );
    }
    // Packed anew by another program, it is still taken in.
    run(
        "tar",
        &[
            "cf",
            "again.tar",
            "loop-library.json",
            "loop-library.sha256",
            "media",
        ],
    );
    let new = Rig::start().await;
    let (status, answer) = import(
        &new,
        std::fs::read(folder.path().join("again.tar")).unwrap(),
    )
    .await;
    assert_eq!(
        (status, &answer["data"]["imported"]),
        (200, &json!(4)),
        "{answer}"
    );
    rig.finish().await;
    new.finish().await;
}

#[tokio::test]
async fn a_download_is_resumed_and_starts_over_when_the_library_has_changed() {
    let rig = full().await;
    let whole = export(&rig, &[]).await;
    let etag = whole.header("etag").to_owned();
    let head = reqwest::Client::new()
        .head(format!("{}{EXPORT}", rig.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(
        head.headers()["content-length"],
        whole.body.len().to_string()
    );
    assert_eq!(head.headers()["etag"], etag);
    let mut got = Vec::new();
    for length in [1, 511, 513, 70_000, usize::MAX] {
        let end = got
            .len()
            .saturating_add(length - 1)
            .min(whole.body.len() - 1);
        let range = format!("bytes={}-{end}", got.len());
        let part = export(&rig, &[("range", &range), ("if-range", &etag)]).await;
        assert_eq!(part.status, 206);
        assert_eq!(
            part.header("content-range"),
            format!("bytes {}-{end}/{}", got.len(), whole.body.len())
        );
        got.extend(part.body);
        if got.len() == whole.body.len() {
            break;
        }
    }
    assert!(got == whole.body);
    assert_eq!(export(&rig, &[("if-none-match", &etag)]).await.status, 304);
    assert_eq!(
        export(&rig, &[("range", "bytes=99999999-")]).await.status,
        416
    );
    rig.upload("new", &[8]).await;
    let over = export(&rig, &[("range", "bytes=100-"), ("if-range", &etag)]).await;
    assert_eq!(over.status, 200);
    assert!(over.header("etag") != etag && over.body.len() > whole.body.len());
    rig.finish().await;
}

#[tokio::test]
async fn what_is_no_archive_is_refused_and_a_damaged_one_gives_what_it_has() {
    let (old, new) = (full().await, Rig::start().await);
    for wrong in [Vec::new(), film("x"), vec![0; 100_000]] {
        let (status, answer) = import(&new, wrong).await;
        assert_eq!(
            (status, &answer["code"]),
            (422, &json!("NOT_A_LIBRARY")),
            "{answer}"
        );
    }
    let mut archive = export(&old, &[]).await.body;
    let whole = archive.clone();
    archive.truncate(archive.len() - 2048);
    let (status, answer) = import(&new, archive).await;
    assert_eq!(
        (status, &answer["code"]),
        (422, &json!("DAMAGED_ARCHIVE")),
        "{answer}"
    );
    let message = answer["message"].as_str().unwrap();
    assert!(
        message.contains("ends early") && message.contains("3 items"),
        "{message}"
    );
    assert_eq!(new.items_on_disk().len(), 3);
    let (status, answer) = import(&new, whole).await;
    assert_eq!((status, &answer["data"]["imported"]), (200, &json!(1)));
    assert_eq!(new.items_on_disk(), old.items_on_disk());
    old.finish().await;
    new.finish().await;
}

#[tokio::test]
async fn a_device_needs_the_room_of_the_archive_and_of_one_item_more() {
    let Some((new, disk)) = Rig::start_on("size=12m").await else {
        return;
    };
    let old = Rig::start().await;
    for name in ["a", "b", "c"] {
        upload_large(&old, name, 2_500_000).await;
    }
    let (status, answer) = import(&new, export(&old, &[]).await.body).await;
    assert_eq!(
        (status, &answer["data"]["imported"]),
        (200, &json!(3)),
        "{answer}"
    );
    assert_eq!(new.items_on_disk(), old.items_on_disk());
    old.finish().await;
    new.finish().await;
    drop(disk);
}

#[tokio::test]
async fn a_full_disk_keeps_what_was_taken_in_and_says_how_to_go_on() {
    let Some((new, disk)) = Rig::start_on("size=11m").await else {
        return;
    };
    let old = Rig::start().await;
    for (name, bytes) in [("a", 1_000_000), ("b", 2_000_000), ("c", 5_000_000)] {
        upload_large(&old, name, bytes).await;
    }
    let archive = export(&old, &[]).await.body;
    for _ in 0..2 {
        let (status, answer) = import(&new, archive.clone()).await;
        let message = answer["message"].as_str().unwrap();
        assert_eq!(
            (status, &answer["code"]),
            (507, &json!("DISK_FULL")),
            "{answer}"
        );
        assert!(
            message.contains("2 of 3 items") || message.contains("delete some media"),
            "{message}"
        );
        assert_eq!(new.items_on_disk().len(), 2);
        assert_eq!(new.leftovers(), Vec::<String>::new());
    }
    old.finish().await;
    new.finish().await;
    drop(disk);
}

/// Bytes a process has had in memory at the most since this was last asked.
fn peak(rig: &Rig) -> u64 {
    let folder = format!("/proc/{}", rig.pid(Daemon::Web));
    let status = std::fs::read_to_string(format!("{folder}/status")).unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    std::fs::write(format!("{folder}/clear_refs"), "5").unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn neither_way_takes_memory_by_the_size_of_the_library() {
    let (old, new) = (Rig::start().await, Rig::start().await);
    for name in ["a", "b", "c", "d"] {
        upload_large(&old, name, 50_000_000).await;
    }
    let rest = |rig: &Rig| {
        peak(rig);
        peak(rig)
    };
    let before = (rest(&old), rest(&new));
    let begun = std::time::Instant::now();
    let archive = export(&old, &[]).await.body;
    let exported = begun.elapsed();
    assert!(archive.len() > 200_000_000);
    let (status, answer) = import(&new, archive).await;
    let imported = begun.elapsed() - exported;
    assert_eq!(
        (status, &answer["data"]["imported"]),
        (200, &json!(4)),
        "{answer}"
    );
    let grown = (peak(&old) - before.0, peak(&new) - before.1);
    eprintln!(
        "200 MB: exported in {exported:?}, imported in {imported:?}, memory grown by {grown:?} bytes"
    );
    assert!(grown.0 < 16_000_000 && grown.1 < 16_000_000, "{grown:?}");
    old.finish().await;
    new.finish().await;
}
