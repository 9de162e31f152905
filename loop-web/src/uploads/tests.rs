//! Uploads without a network: what is on the disk, and when it goes.

mod ends;

use std::fs::{File, OpenOptions};
use std::io::Write;

use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::*;
use crate::hw::Link;
use crate::jobs::JobList;
use crate::look::Look;
use crate::store::Disk;

const HOUR: Duration = Duration::from_secs(3600);

async fn open(data: &TempDir, media: &config::Media) -> Uploads {
    let store = Store::open(data.path(), Disk::new(data.path(), 0));
    let store = store.await.unwrap();
    let ingest = Ingest::idle(&store);
    let jobs = JobList::default();
    let board = Board::new("LOOP", store.clone(), Link::default(), jobs, ingest.clone());
    Uploads::open(store, ingest, board, media).await.unwrap()
}

fn announced(length: u64, frames: u64) -> Announced {
    Announced {
        length,
        frames,
        filename: "cat.gif".to_owned(),
        look: Look::default(),
        sha256: None,
        purpose: Purpose::Media,
        metadata: "filename Y2F0LmdpZg==".to_owned(),
    }
}

async fn add(
    uploads: &Uploads,
    upload: &Arc<Pending>,
    at: u64,
    bytes: &[u8],
    told: Option<Checksum>,
) -> Result<u64, Error> {
    let mut writing = uploads.write(Arc::clone(upload), at, told).await?;
    match writing.write(bytes).await {
        Ok(()) => writing.keep().await,
        Err(error) => {
            writing.undo().await?;
            Err(error)
        }
    }
}

fn size(data: &TempDir, upload: &Pending, name: &str) -> u64 {
    let folder = data.path().join("incoming").join(upload.id.as_str());
    std::fs::metadata(folder.join(name)).unwrap().len()
}

#[tokio::test]
async fn bytes_go_to_the_original_and_then_to_the_frames_and_the_hash_is_the_originals() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(10, 4)).await.unwrap();
    assert_eq!(add(&uploads, &upload, 0, b"abcd", None).await.unwrap(), 4);
    assert_eq!(add(&uploads, &upload, 4, b"ef12", None).await.unwrap(), 8);
    assert_eq!(
        (
            size(&data, &upload, "original"),
            size(&data, &upload, "frames")
        ),
        (6, 2)
    );
    assert!(matches!(
        add(&uploads, &upload, 6, b"x", None).await,
        Err(Error::WrongOffset(8))
    ));
    assert!(matches!(
        add(&uploads, &upload, 8, b"345", None).await,
        Err(Error::TooMuch(10))
    ));
    assert_eq!(add(&uploads, &upload, 8, b"34", None).await.unwrap(), 10);
    assert_eq!(upload.phase(), Phase::Ready);
    let hash = writing::sha256_of(&upload).await.unwrap();
    assert_eq!(hash, Some(ingest::hex(&Sha256::digest(b"abcdef"))));
    assert!(
        matches!(add(&uploads, &upload, 10, b"", None).await, Ok(10)),
        "said again"
    );
}

#[tokio::test]
async fn of_a_request_whose_bytes_are_wrong_nothing_is_left() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(10, 4)).await.unwrap();
    add(&uploads, &upload, 0, b"abc", None).await.unwrap();
    let wrong = Checksum::Sha256([0; 32]);
    let refused = add(&uploads, &upload, 3, b"def1234", Some(wrong)).await;
    assert!(matches!(refused, Err(Error::Checksum)));
    assert_eq!(
        (
            size(&data, &upload, "original"),
            size(&data, &upload, "frames")
        ),
        (3, 0)
    );
    let right = Checksum::Sha256(Sha256::digest(b"def1234").into());
    assert_eq!(
        add(&uploads, &upload, 3, b"def1234", Some(right))
            .await
            .unwrap(),
        10
    );
    let hash = writing::sha256_of(&upload).await.unwrap();
    assert_eq!(hash, Some(ingest::hex(&Sha256::digest(b"abcdef"))));
}

#[tokio::test]
async fn after_a_restart_it_goes_on_behind_what_reached_the_disk() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let piece = vec![7; 100_000];
    let length = 400_000;
    let whole = uploads.create(announced(length, 0)).await.unwrap();
    let torn = uploads.create(announced(length, 0)).await.unwrap();
    let early = uploads.create(announced(length, 100_000)).await.unwrap();
    for upload in [&whole, &torn, &early] {
        add(&uploads, upload, 0, &piece, None).await.unwrap();
    }
    let path = |upload: &Pending, name: &str| {
        data.path()
            .join("incoming")
            .join(upload.id.as_str())
            .join(name)
    };
    // A power cut: the file is as long as it was to be, but its end was never written.
    let file = OpenOptions::new().write(true).open(path(&torn, "original"));
    file.unwrap().set_len(300_000).unwrap();
    // Frames before the original is whole are nothing that can be gone on with.
    let mut frames = File::create(path(&early, "frames")).unwrap();
    frames.write_all(b"frames").unwrap();
    drop(uploads);
    let uploads = open(&data, &config::Media::default()).await;
    for upload in [whole, torn, early] {
        let upload = uploads.pending(&upload.id).unwrap();
        let offset = upload.offset().await.unwrap();
        // A hole begins with a block of the disk.
        assert!((100_000..104_096).contains(&offset), "{offset}");
        assert_eq!(size(&data, &upload, "original"), offset);
        let rest = vec![7; usize::try_from(length - offset).unwrap()];
        assert_eq!(
            add(&uploads, &upload, offset, &rest, None).await.unwrap(),
            length
        );
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_goes_when_nothing_is_added_for_too_long() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(10, 0)).await.unwrap();
    let whole = uploads.create(announced(3, 0)).await.unwrap();
    add(&uploads, &whole, 0, b"abc", None).await.unwrap();
    tokio::time::advance(23 * HOUR).await;
    assert_eq!(uploads.remove_stale().await, 0);
    add(&uploads, &upload, 0, b"abc", None).await.unwrap();
    let rest = uploads
        .expires_at(&upload)
        .duration_since(SystemTime::now());
    assert!(rest.unwrap().abs_diff(24 * HOUR) < Duration::from_secs(10));
    tokio::time::advance(23 * HOUR).await;
    assert_eq!(uploads.remove_stale().await, 0);
    tokio::time::advance(HOUR).await;
    assert_eq!(uploads.remove_stale().await, 1);
    assert!(matches!(upload.offset().await, Err(Error::Gone)));
    let Some(Found::Ended(ended)) = uploads.find(&upload.id) else {
        panic!("its end is remembered");
    };
    assert!(matches!(ended.result, Err(Failure::Expired)));
    assert!(
        uploads.pending(&whole.id).is_ok(),
        "what is whole does not expire"
    );
    let left = std::fs::read_dir(data.path().join("incoming")).unwrap();
    assert_eq!(left.count(), 1);
}

/// Sets when the last byte of an upload came, as the next start sees it.
fn set_last_byte(data: &TempDir, upload: &Pending, to: SystemTime) {
    let folder = data.path().join("incoming").join(upload.id.as_str());
    for name in ["original", "upload.json"] {
        let file = OpenOptions::new().write(true).open(folder.join(name));
        file.unwrap().set_modified(to).unwrap();
    }
}

#[tokio::test]
async fn a_byte_from_the_future_came_just_now() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(10, 0)).await.unwrap();
    // A clock without a battery, behind what it was before the power went.
    set_last_byte(&data, &upload, SystemTime::now() + 240 * HOUR);
    drop(uploads);
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.pending(&upload.id).unwrap();
    assert!(upload.age() < HOUR);
}

#[tokio::test]
async fn what_ends_the_daemon_each_time_is_given_up() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(3, 0)).await.unwrap();
    add(&uploads, &upload, 0, b"abc", None).await.unwrap();
    for _ in 0..5 {
        upload.folder.count_try().unwrap();
    }
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(uploads.clone().run(stopped));
    upload.ended.cancelled().await;
    running.abort();
    let Some(Found::Ended(ended)) = uploads.find(&upload.id) else {
        panic!("its end is remembered");
    };
    assert!(matches!(ended.result, Err(Failure::Fatal(5))));
}

#[tokio::test]
async fn one_that_has_expired_while_the_device_was_off_is_not_taken_up() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(10, 0)).await.unwrap();
    set_last_byte(&data, &upload, SystemTime::now() - 25 * HOUR);
    drop(uploads);
    let uploads = open(&data, &config::Media::default()).await;
    assert!(uploads.all().is_empty());
    let left = std::fs::read_dir(data.path().join("incoming")).unwrap();
    assert_eq!(left.count(), 0);
}

#[tokio::test]
async fn what_is_set_aside_is_given_back() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(1_000_000, 0)).await.unwrap();
    let figures = uploads.0.store.usage().unwrap();
    let on_disk = uploads.pending_bytes();
    // Either the file system has set it aside, or we have.
    assert_eq!(on_disk + figures.promised, 1_000_000);
    uploads.remove(&upload.id).await.unwrap();
    let figures = uploads.0.store.usage().unwrap();
    assert_eq!((uploads.pending_bytes(), figures.promised), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_a_job_while_bytes_come_and_not_while_nothing_happens() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(10, 0)).await.unwrap();
    let is_job = || uploads.0.board.jobs().contains_key(upload.id.as_str());
    assert!(!is_job());
    add(&uploads, &upload, 0, b"abc", None).await.unwrap();
    uploads.rest_idle();
    assert!(is_job());
    tokio::time::advance(Duration::from_secs(61)).await;
    uploads.rest_idle();
    assert!(!is_job());
    add(&uploads, &upload, 3, b"abc", None).await.unwrap();
    assert!(is_job());
}

#[tokio::test]
async fn only_the_last_ends_are_remembered() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let mut ids = Vec::new();
    for _ in 0..257 {
        let upload = uploads.create(announced(10, 0)).await.unwrap();
        uploads.remove(&upload.id).await.unwrap();
        ids.push(upload.id.clone());
    }
    assert!(uploads.find(&ids[0]).is_none() && uploads.find(&ids[1]).is_some());
}

#[tokio::test]
async fn holes_in_what_was_whole_take_nothing_from_it() {
    use nix::fcntl::{FallocateFlags, fallocate};
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(400_000, 0)).await.unwrap();
    let bytes = vec![7; 400_000];
    add(&uploads, &upload, 0, &bytes, None).await.unwrap();
    // As the import does behind each item of an archive.
    let path = upload.folder.original().unwrap();
    let file = OpenOptions::new().write(true).open(path).unwrap();
    let flags = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    fallocate(&file, flags, 8192, 100_000).unwrap();
    drop(uploads);
    for _ in 0..2 {
        let uploads = open(&data, &config::Media::default()).await;
        let upload = uploads.pending(&upload.id).unwrap();
        assert_eq!(upload.phase(), Phase::Ready);
        assert_eq!(upload.offset().await.unwrap(), 400_000);
        assert_eq!(size(&data, &upload, "original"), 400_000);
    }
}

#[tokio::test]
async fn what_nobody_has_checked_does_not_count_after_a_restart() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(10, 4)).await.unwrap();
    add(&uploads, &upload, 0, b"abc", None).await.unwrap();
    let told = Checksum::Sha256(Sha256::digest(b"def1234").into());
    let writing = uploads.write(Arc::clone(&upload), 3, Some(told.clone()));
    let mut writing = writing.await.unwrap();
    writing.write(b"def1234").await.unwrap();
    // Dropped as by a kill: it has met no end.
    drop(writing);
    drop(uploads);
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.pending(&upload.id).unwrap();
    assert_eq!(upload.offset().await.unwrap(), 3);
    let folder = data.path().join("incoming").join(upload.id.as_str());
    assert!(!folder.join("unchecked").exists());
    let whole = add(&uploads, &upload, 3, b"def1234", Some(told)).await;
    assert_eq!(whole.unwrap(), 10);
    assert!(folder.join("whole").exists() && !folder.join("unchecked").exists());
}

#[tokio::test]
async fn zeros_that_a_power_cut_leaves_in_a_block_with_others_do_not_count() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(10_000, 0)).await.unwrap();
    add(&uploads, &upload, 0, &[7; 1000], None).await.unwrap();
    let writing = uploads.write(Arc::clone(&upload), 1000, None);
    let mut writing = writing.await.unwrap();
    writing.write(&[7; 2000]).await.unwrap();
    drop((writing, uploads));
    // The file system has written down how long the file is, and not what is in it.
    let path = upload.folder.original().unwrap();
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(3000).unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.pending(&upload.id).unwrap();
    assert_eq!(upload.offset().await.unwrap(), 1000);
    assert_eq!(size(&data, &upload, "original"), 1000);
}

#[tokio::test]
async fn an_empty_request_does_not_make_count_what_one_before_it_left() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(10, 0)).await.unwrap();
    let told = Checksum::Sha256(Sha256::digest(b"abc").into());
    let writing = uploads.write(Arc::clone(&upload), 0, Some(told));
    let mut writing = writing.await.unwrap();
    writing.write(b"xyz").await.unwrap();
    drop(writing);
    assert_eq!(add(&uploads, &upload, 0, b"", None).await.unwrap(), 0);
    // What it left may have reached the disk.
    std::fs::write(upload.folder.original().unwrap(), b"xyz").unwrap();
    drop(uploads);
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.pending(&upload.id).unwrap();
    assert_eq!(upload.offset().await.unwrap(), 0);
}

#[tokio::test]
async fn a_request_longer_than_what_is_durable_at_a_time_comes_whole_checked_or_not() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let bytes = vec![7; 9_000_001];
    let told = Checksum::Sha256(Sha256::digest(&bytes).into());
    for told in [None, Some(told)] {
        let upload = uploads.create(announced(18_000_100, 100)).await.unwrap();
        // In the middle of a block.
        add(&uploads, &upload, 0, &[7; 99], None).await.unwrap();
        let arrived = add(&uploads, &upload, 99, &bytes, told).await.unwrap();
        assert_eq!(arrived, 9_000_100);
        let folder = data.path().join("incoming").join(upload.id.as_str());
        assert!(!folder.join("unchecked").exists());
    }
}
