mod hostile;
mod resuming;

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use loop_proto::clip::ClipWriter;
use loop_proto::pixel::Frame;
use loop_proto::units::{Repeats, StillTime};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::ingest::{Ingest, Limits, Tell, Upload};
use crate::store::{Disk, Item, Store};

/// A library in a folder of its own.
struct Device {
    data: TempDir,
    store: Store,
}

impl Device {
    async fn new() -> Self {
        let data = TempDir::new().unwrap();
        let store = open(data.path()).await;
        Self { data, store }
    }

    /// With a film, a still without an original that does not loop, an animation with another place in the loop, and a
    /// film that was never renamed.
    async fn full() -> Self {
        let device = Self::new().await;
        let film = device.add(Some("film 🎬.mp4"), &[1, 2, 3]).await;
        let still = device.add(None, &[9]).await;
        let animation = device.add(Some("an.gif"), &[4, 5]).await;
        device.add(Some("last.mp4"), &[6]).await;
        let title = "🐈".repeat(63) + "abc";
        assert_eq!(title.len(), 255);
        let renamed = device.store.edit(film.slug.clone(), |label| {
            label.title = Some(title);
            label.tags = vec!["pets".to_owned()];
            label.repeat = Repeats::try_from(3).ok();
            label.still = StillTime::try_from(Duration::from_millis(2500)).ok();
        });
        renamed.await.unwrap();
        let moved = device.store.remove_from_order(still.slug.clone());
        moved.await.unwrap();
        let order = device.store.library().order().to_vec();
        let first = std::iter::once(animation.slug.clone());
        let order = first.chain(order).collect();
        device.store.set_order(order).await.unwrap();
        device
    }

    /// Uploads an original of this name, and a clip with a frame for each shade.
    async fn add(&self, original: Option<&str>, shades: &[u8]) -> Arc<Item> {
        let limits = Limits {
            max_file_bytes: 1_000_000,
        };
        let mut upload = Upload::begin(&self.store, limits, 0).await.unwrap();
        if let Some(name) = original {
            let magic: &[u8] = match name.ends_with(".gif") {
                true => b"GIF89a",
                false => b"\0\0\0\x18ftypmp42",
            };
            let mut part = upload.part(name).unwrap();
            part.write(&[magic, shades, name.as_bytes()].concat())
                .await
                .unwrap();
            part.finish().await.unwrap();
        }
        let mut part = upload.part(&format!("clip{}.clip", shades[0])).unwrap();
        part.write(&clip(shades)).await.unwrap();
        part.finish().await.unwrap();
        let (received, folder) = upload.received();
        let added = Ingest::idle(&self.store).run(received, silent()).await;
        drop(folder);
        Arc::clone(added.unwrap().item())
    }

    async fn packed(&self) -> Arc<Packed> {
        Arc::new(Packed::of(&self.store, "LOOP").await.unwrap())
    }

    async fn archive(&self) -> Vec<u8> {
        let packed = self.packed().await;
        let bytes = packed.bytes();
        read(packed, 0, bytes).unwrap()
    }

    async fn import(&self, archive: &[u8]) -> Result<Imported, Error> {
        let file = self.spooled(archive);
        let done = import(&self.store, &file, silent()).await;
        std::fs::remove_file(file).unwrap();
        let left = std::fs::read_dir(self.store.incoming()).unwrap().count();
        assert_eq!(left, 0, "nothing is left over");
        done
    }

    fn spooled(&self, archive: &[u8]) -> PathBuf {
        let file = self.data.path().join("library.tar");
        std::fs::write(&file, archive).unwrap();
        file
    }

    fn file(&self, item: &Item, name: &str) -> Vec<u8> {
        let folder = self.data.path().join("media").join(item.slug.as_str());
        std::fs::read(folder.join(name)).unwrap()
    }

    /// Each item of it is in `other`, to the last byte.
    fn is_part_of(&self, other: &Self) {
        let theirs = other.store.library();
        for item in self.store.library().items() {
            assert_eq!(Some(&item), theirs.item(&item.slug).as_ref());
            let original = item.original.as_deref();
            for name in ["clip", "meta.json", "thumb.png"]
                .into_iter()
                .chain(original)
            {
                assert_eq!(self.file(&item, name), other.file(&item, name), "{name}");
            }
        }
    }
}

async fn open(data: &Path) -> Store {
    Store::open(data, Disk::new(data, 0)).await.unwrap()
}

fn silent() -> Tell {
    Arc::new(|_| true)
}

fn clip(shades: &[u8]) -> Vec<u8> {
    let mut writer = ClipWriter::new(Cursor::new(Vec::new())).unwrap();
    for shade in shades {
        let mut frame = Frame::black();
        frame.as_bytes_mut().fill(*shade);
        writer.push(&frame, Duration::from_millis(40)).unwrap();
    }
    writer.finish().unwrap().0.into_inner()
}

fn read(packed: Arc<Packed>, from: u64, to: u64) -> std::io::Result<Vec<u8>> {
    let mut reading = Reading::new(packed, from..to);
    let mut bytes = Vec::new();
    while reading.left() > 0 {
        let piece = reading.next_piece()?;
        assert!((1..=65536).contains(&piece.len()));
        bytes.extend_from_slice(&piece);
    }
    assert!(reading.next_piece()?.is_empty());
    Ok(bytes)
}

#[tokio::test]
async fn a_library_is_the_same_on_another_device_and_nothing_is_new_the_second_time() {
    let (old, new) = (Device::full().await, Device::new().await);
    let archive = old.archive().await;
    let done = new.import(&archive).await.unwrap();
    assert_eq!((done.imported, done.skipped), (4, 0));
    assert!(
        done.failed.is_empty() && done.renamed.is_empty(),
        "{done:?}"
    );
    assert_eq!(old.store.library(), new.store.library());
    old.is_part_of(&new);
    let again = new.import(&archive).await.unwrap();
    assert_eq!((again.imported, again.skipped), (0, 4));
    assert_eq!(*open(new.data.path()).await.library(), *old.store.library());
    assert_eq!(new.archive().await, archive, "the same bytes");
}

#[tokio::test]
async fn what_a_device_has_stays_and_comes_first() {
    let (old, new) = (Device::full().await, Device::new().await);
    let own = new.add(Some("own.mp4"), &[77]).await;
    // The same original, made otherwise.
    let twin = new.add(Some("last.mp4"), &[6]).await;
    new.store
        .edit(twin.slug.clone(), |label| {
            label.repeat = Repeats::try_from(9).ok()
        })
        .await
        .unwrap();
    new.store
        .remove_from_order(twin.slug.clone())
        .await
        .unwrap();
    let done = new.import(&old.archive().await).await.unwrap();
    assert_eq!((done.imported, done.skipped), (3, 1));
    let library = new.store.library();
    let order: Vec<_> = std::iter::once(&own.slug)
        .chain(old.store.library().order())
        .cloned()
        .collect();
    assert_eq!(library.order(), order);
    let kept = library.item(&twin.slug).unwrap();
    assert_eq!(kept.label.repeat, Repeats::try_from(9).ok());
}

#[tokio::test]
async fn an_item_whose_name_is_taken_gets_another_one_once() {
    let (old, new) = (Device::new().await, Device::new().await);
    let theirs = old.add(None, &[1]).await;
    let archive = old.archive().await;
    // Another item gets the same name, as after a rename of folders by hand.
    let ours = new.add(None, &[2]).await;
    let media = new.data.path().join("media");
    std::fs::rename(
        media.join(ours.slug.as_str()),
        media.join(theirs.slug.as_str()),
    )
    .unwrap();
    let meta = media.join(theirs.slug.as_str()).join("meta.json");
    let text = std::fs::read_to_string(&meta).unwrap();
    std::fs::write(
        &meta,
        text.replace(ours.slug.as_str(), theirs.slug.as_str()),
    )
    .unwrap();
    let new = Device {
        store: open(new.data.path()).await,
        ..new
    };
    let done = new.import(&archive).await.unwrap();
    assert_eq!((done.imported, done.renamed.len()), (1, 1));
    let library = new.store.library();
    assert_eq!(library.item(&theirs.slug).unwrap().clip, ours.clip);
    assert_eq!(library.item(&done.renamed[0].to).unwrap().clip, theirs.clip);
    let again = new.import(&archive).await.unwrap();
    assert_eq!((again.imported, again.skipped), (0, 1));
}

#[tokio::test]
async fn a_crate_that_reads_tars_finds_each_file_as_it_is() {
    let device = Device::full().await;
    let archive = device.archive().await;
    let mut tar = tar::Archive::new(archive.as_slice());
    let mut files = 0;
    for entry in tar.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
        if path.starts_with("media") {
            assert_eq!(
                content,
                std::fs::read(device.data.path().join(path)).unwrap()
            );
            files += 1;
        }
    }
    assert_eq!(files, 15, "four items, one without an original");
}

#[tokio::test]
async fn a_download_breaks_off_when_its_item_changes_and_the_archive_is_another_one() {
    let device = Device::full().await;
    let packed = device.packed().await;
    let (etag, bytes) = (packed.etag().to_owned(), packed.bytes());
    let item = device.store.library().items()[0].clone();
    device
        .store
        .edit(item.slug.clone(), |label| label.tags.clear())
        .await
        .unwrap();
    // What the old plan says is still all there.
    read(Arc::clone(&packed), 0, bytes).unwrap();
    let changed = device.packed().await;
    assert_ne!(changed.etag(), etag);
    // The same original with another clip takes its place.
    device.add(Some("film 🎬.mp4"), &[1, 2, 3]).await;
    let limits = Limits {
        max_file_bytes: 1_000_000,
    };
    let mut upload = Upload::begin(&device.store, limits, 0).await.unwrap();
    let mut part = upload.part("film 🎬.mp4").unwrap();
    part.write(&device.file(&item, "original.mp4"))
        .await
        .unwrap();
    part.finish().await.unwrap();
    let mut part = upload.part("x.clip").unwrap();
    part.write(&clip(&[3, 2, 1])).await.unwrap();
    part.finish().await.unwrap();
    let (received, _folder) = upload.received();
    Ingest::idle(&device.store)
        .run(received, silent())
        .await
        .unwrap();
    read(changed, 0, bytes).unwrap_err();
    device.store.delete(vec![item.slug.clone()]).await.unwrap();
    read(packed, 0, bytes).unwrap_err();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn any_parts_put_together_are_the_whole(cuts in prop::collection::vec(0u64..1 << 20, 0..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let device = Device::full().await;
            let (whole, packed) = (device.archive().await, device.packed().await);
            let bytes = packed.bytes();
            assert_eq!(whole.len() as u64, bytes);
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut % (bytes + 1)).chain([0, bytes]).collect();
            cuts.sort_unstable();
            let parts = cuts.windows(2).map(|cut| read(Arc::clone(&packed), cut[0], cut[1]).unwrap());
            assert!(parts.collect::<Vec<_>>().concat() == whole);
        });
    }
}
