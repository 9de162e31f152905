//! How uploads end, and how they do not.

use std::io::Cursor;

use loop_proto::clip::ClipWriter;
use loop_proto::pixel::Frame;
use tokio::sync::watch;

use super::*;

#[tokio::test]
async fn a_try_that_comes_to_an_end_is_not_counted() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(3, 0)).await.unwrap();
    add(&uploads, &upload, 0, b"abc", None).await.unwrap();
    for _ in 0..7 {
        assert_eq!(upload.folder.count_try().unwrap(), 1);
        upload.folder.forget_tries();
    }
    upload.folder.forget_tries();
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_could_not_be_removed_is_not_thrown_away_later() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(3, 0)).await.unwrap();
    // A disk so slow that the one who writes does not stop.
    let mut writing = uploads.write(Arc::clone(&upload), 0, None).await.unwrap();
    assert!(matches!(
        uploads.remove(&upload.id).await,
        Err(Error::Locked)
    ));
    assert!(matches!(writing.reason_to_stop(), Error::Locked));
    writing.write(b"abc").await.unwrap();
    writing.keep().await.unwrap();
    assert!(!upload.cancel.is_asked());
    assert_eq!(upload.phase(), Phase::Ready);
}

#[tokio::test]
async fn what_is_put_into_the_library_is_not_cancelled_any_more() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(3, 0)).await.unwrap();
    add(&uploads, &upload, 0, b"abc", None).await.unwrap();
    upload.enter(Phase::Working);
    assert!(upload.cancel.close());
    let removed = uploads.remove(&upload.id).await;
    assert!(matches!(removed, Err(Error::Stored)));
    assert!(!upload.cancel.is_asked());
}

#[tokio::test]
async fn an_upload_whose_worker_dies_ends() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let upload = uploads.create(announced(3, 0)).await.unwrap();
    add(&uploads, &upload, 0, b"abc", None).await.unwrap();
    upload.enter(Phase::Working);
    let died = tokio::spawn(async { panic!("a mistake") }).await;
    let died: tokio::task::JoinError = died.unwrap_err();
    uploads.clone().end_broken(Arc::clone(&upload), &died).await;
    let Some(Found::Ended(ended)) = uploads.find(&upload.id) else {
        panic!("its end is remembered");
    };
    assert!(matches!(ended.result, Err(Failure::Internal)));
}

#[tokio::test(start_paused = true)]
async fn who_has_begun_and_sends_nothing_makes_way() {
    let data = TempDir::new().unwrap();
    let media = config::Media {
        max_pending_uploads: config::Bounded::new::<3>(),
        ..config::Media::default()
    };
    let uploads = open(&data, &media).await;
    let sends = uploads.create(announced(10, 0)).await.unwrap();
    add(&uploads, &sends, 0, b"abc", None).await.unwrap();
    let oldest = uploads.create(announced(10, 0)).await.unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    let older = uploads.create(announced(10, 0)).await.unwrap();
    tokio::time::advance(Duration::from_secs(59)).await;
    let refused = uploads.create(announced(10, 0)).await;
    assert!(matches!(refused, Err(Error::TooMany(_))));
    tokio::time::advance(Duration::from_secs(2)).await;
    uploads.create(announced(10, 0)).await.unwrap();
    assert!(uploads.pending(&oldest.id).is_err());
    assert!(
        [&sends, &older]
            .map(|upload| &upload.id)
            .into_iter()
            .all(|id| uploads.pending(id).is_ok())
    );
}

#[tokio::test]
async fn what_is_too_much_by_itself_is_refused_for_good() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let mut bounds = *uploads.bounds();
    bounds.bytes = 9;
    let mut ten = announced(10, 0);
    let refused = ten.check(&bounds);
    assert!(matches!(
        refused,
        Err(Error::Ingest(ingest::Error::TooLarge { .. }))
    ));
    ten.purpose = Purpose::Library;
    ten.check(&bounds).unwrap();
}

#[tokio::test]
async fn who_sees_an_item_can_delete_it_and_no_start_makes_it_again() {
    let data = TempDir::new().unwrap();
    let uploads = open(&data, &config::Media::default()).await;
    let (original, clip) = (b"GIF89a of a cat", clip());
    let frames = clip.len() as u64;
    let length = original.len() as u64 + frames;
    let upload = uploads.create(announced(length, frames)).await.unwrap();
    let bytes = [original.as_slice(), &clip].concat();
    add(&uploads, &upload, 0, &bytes, None).await.unwrap();
    let mut library = uploads.0.store.watch();
    let (_running, stopped) = watch::channel(false);
    let work = tokio::spawn(uploads.clone().run(stopped));
    library.changed().await.unwrap();
    let folder = data.path().join("incoming").join(upload.id.as_str());
    let is_taken_up = folder.join("upload.json").exists();
    assert_eq!(library.borrow().items().len(), 1);
    assert!(!is_taken_up);
    work.abort();
}

fn clip() -> Vec<u8> {
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    let time = Duration::from_millis(40);
    writer.push(&Frame::black(), time).unwrap();
    writer.finish().unwrap().0.into_inner()
}
