//! Imports that end before their end, and go on.

use std::os::unix::fs::MetadataExt;
use std::sync::Mutex;

use super::*;

/// Imports until so many items are in the library, and drops the import there.
async fn import_some(device: &Device, file: &Path, items: usize) {
    let mut changes = device.store.watch();
    let importing = import(&device.store, file, silent());
    let enough = changes.wait_for(|library| library.len() >= items);
    tokio::select! {
        biased;
        enough = enough => drop(enough.unwrap()),
        done = importing => drop(done.unwrap()),
    }
}

#[tokio::test]
async fn an_import_that_was_cut_off_goes_on_with_the_same_file_and_ends_in_the_same_order() {
    let old = Device::full().await;
    let archive = old.archive().await;
    for items in 0..4 {
        let new = Device::new().await;
        let file = new.spooled(&archive);
        import_some(&new, &file, items).await;
        let done = import(&new.store, &file, silent()).await.unwrap();
        assert_eq!(done.failed, [], "cut off after {items}");
        assert!(done.skipped >= items);
        assert_eq!(new.store.library(), old.store.library());
        old.is_part_of(&new);
    }
}

#[tokio::test]
async fn what_is_deleted_while_the_import_goes_on_does_not_come_back_when_it_is_cut_off() {
    let old = Device::full().await;
    let archive = old.archive().await;
    for items in 1..4 {
        let new = Device::new().await;
        let file = new.spooled(&archive);
        import_some(&new, &file, items).await;
        // As the disk has it in the moment in which the item is first seen.
        let left = new.data.path().join("left.tar");
        std::fs::copy(&file, &left).unwrap();
        let taken: Vec<_> = new
            .store
            .library()
            .items()
            .iter()
            .map(|item| item.slug.clone())
            .collect();
        assert_eq!(taken.len(), items);
        new.store.delete(taken.clone()).await.unwrap();
        let done = import(&new.store, &left, silent()).await.unwrap();
        let told: Vec<_> = done
            .failed
            .iter()
            .map(|failed| failed.slug.as_str())
            .collect();
        assert!(
            taken.iter().all(|slug| told.contains(&slug.as_str())),
            "{done:?}"
        );
        assert!(
            done.failed
                .iter()
                .all(|failed| failed.message.contains("deleted since"))
        );
        let library = new.store.library();
        assert!(taken.iter().all(|slug| !library.contains(slug)));
        assert_eq!(library.len() + items, old.store.library().len());
    }
}

#[tokio::test]
async fn what_is_taken_in_gives_its_room_back() {
    let old = Device::new().await;
    // Stored as it is: noise.
    let mut noise = 1u32;
    let mut next = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        noise.to_be_bytes()[0]
    };
    let name: String = (0..60).map(|_| char::from(b'a' + next() % 26)).collect();
    for number in 0..3 {
        let item = old
            .add(Some(&format!("{name}{number}.mp4")), &[number])
            .await;
        let folder = old.data.path().join("media").join(item.slug.as_str());
        let original: Vec<u8> = old
            .file(&item, "original.mp4")
            .into_iter()
            .chain((0..300_000).map(|_| next()))
            .collect();
        let mut described = Item::clone(&item);
        described.size = original.len() as u64;
        described.original_sha256 = Some(crate::ingest::hex(&sha2::Digest::finalize(
            <sha2::Sha256 as sha2::Digest>::new_with_prefix(&original),
        )));
        std::fs::write(folder.join("original.mp4"), original).unwrap();
        std::fs::write(
            folder.join("meta.json"),
            serde_json::to_vec_pretty(&described).unwrap(),
        )
        .unwrap();
    }
    let old = Device {
        store: open(old.data.path()).await,
        ..old
    };
    let new = Device::new().await;
    let archive = old.archive().await;
    let file = new.spooled(&archive);
    let room = |file: &Path| std::fs::metadata(file).unwrap().blocks() * 512;
    let before = room(&file);
    import_some(&new, &file, 1).await;
    import(&new.store, &file, silent()).await.unwrap();
    assert_eq!(
        std::fs::metadata(&file).unwrap().len(),
        archive.len() as u64
    );
    assert!(room(&file) < before / 4, "{} of {before}", room(&file));
    old.is_part_of(&new);
    let again = import(&new.store, &file, silent()).await.unwrap();
    assert_eq!((again.imported, again.skipped), (0, 3));
}

#[tokio::test]
async fn an_archive_that_ends_early_gives_what_it_has_and_says_so() {
    let old = Device::full().await;
    let archive = old.archive().await;
    let mut most = 0;
    for length in (0..archive.len() - 512).step_by(512) {
        let new = Device::new().await;
        match new.import(&archive[..length]).await.unwrap_err() {
            Error::NotLibrary(_) => assert!(length < 6000, "{length}"),
            Error::Damaged { done, at, .. } => {
                assert!(at <= length as u64 && done.failed.is_empty());
                assert_eq!(done.imported, new.store.library().len());
                most = most.max(done.imported);
            }
            other => panic!("{other}"),
        }
        new.is_part_of(&old);
        let library = new.store.library();
        assert!(old.store.library().order().starts_with(library.order()));
    }
    assert_eq!(most, 4);
}

#[tokio::test]
async fn progress_only_grows_and_ends_at_the_end() {
    let (old, new) = (Device::full().await, Device::new().await);
    let file = new.spooled(&old.archive().await);
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let tell: Tell = Arc::new(move |progress| {
        teller.lock().unwrap().push(progress);
        true
    });
    import(&new.store, &file, tell).await.unwrap();
    let told = told.lock().unwrap();
    let shares: Vec<_> = told
        .iter()
        .filter_map(|progress| match progress {
            crate::ingest::Progress::Converting { done, all } => Some((*done, *all)),
            _ => None,
        })
        .collect();
    assert!(shares.is_sorted(), "{shares:?}");
    let (done, all) = shares.last().unwrap();
    assert_eq!(done, all);
}
