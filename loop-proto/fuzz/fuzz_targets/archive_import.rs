//! What anybody on the network may send as the library of another device: whatever gets into ours can be played.
#![no_main]

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use loop_proto::clip::Clip;
use loop_web::archive::import;
use loop_web::store::{Disk, Store};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

const BLOCK: usize = 512;

struct Device {
    folder: TempDir,
    runtime: Runtime,
    store: Store,
}

static DEVICE: LazyLock<Mutex<Device>> = LazyLock::new(|| {
    // In memory where there is a place for it.
    let folder = TempDir::new_in("/dev/shm")
        .or_else(|_| TempDir::new())
        .expect("a folder");
    let runtime = Builder::new_current_thread().build().expect("a runtime");
    let disk = Disk::new(folder.path(), 0);
    let store = runtime
        .block_on(Store::open(folder.path(), disk))
        .expect("a library");
    Mutex::new(Device {
        folder,
        runtime,
        store,
    })
});

/// Puts the checksums right, which no fuzzer finds, so that what lies behind them is tried.
fn repair(archive: &mut [u8]) {
    let (mut at, mut list) = (0, None);
    while let Some(header) = archive.get_mut(at..at + BLOCK) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        let size = tar::Header::from_byte_slice(header)
            .entry_size()
            .unwrap_or(0);
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let (from, to) = (at + BLOCK, (at + BLOCK).saturating_add(size));
        let Some(content) = archive.get_mut(from..to) else {
            return;
        };
        match (at, list.take()) {
            (0, _) => list = Some(Sha256::digest(content)),
            (_, Some(hash)) if size >= 64 => {
                let digits: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                content[..64].copy_from_slice(digits.as_bytes());
            }
            _ => {}
        }
        at = to.next_multiple_of(BLOCK);
    }
}

fn take_in(device: &Device, archive: &[u8]) {
    let (file, store) = (device.folder.path().join("library.tar"), &device.store);
    std::fs::write(&file, archive).expect("room");
    let done = device
        .runtime
        .block_on(import(store, &file, Arc::new(|_| true)));
    let library = store.library();
    if let Ok(done) = &done {
        assert!(done.imported <= library.len());
    }
    for item in library.items() {
        let folder = device.folder.path().join("media").join(item.slug.as_str());
        let clip = Clip::open(File::open(folder.join("clip")).expect("a clip")).expect("it opens");
        clip.verify().expect("it is whole");
        assert_eq!(
            (clip.id(), clip.frame_count()),
            (item.clip, item.frame_count)
        );
        clip.render(clip.frame_count() - 1).expect("its last frame");
        let original = item.original.as_ref();
        assert!(original.is_none_or(|name| folder.join(name).is_file() && !name.contains('/')));
    }
    let beside = std::fs::read_dir(device.folder.path()).expect("our folder");
    let ours = ["media", "incoming", "trash", "loop.json", "library.tar"];
    for name in beside.map(|entry| entry.expect("an entry").file_name()) {
        assert!(
            ours.iter()
                .any(|known| Path::new(known) == Path::new(&name)),
            "{name:?}"
        );
    }
    if !library.is_empty() {
        let all = library
            .items()
            .iter()
            .map(|item| item.slug.clone())
            .collect();
        device.runtime.block_on(store.delete(all)).expect("deleted");
        device
            .runtime
            .block_on(store.clean_up())
            .expect("cleaned up");
    }
}

fuzz_target!(|data: &[u8]| {
    let device = DEVICE.lock().expect("one thread");
    take_in(&device, data);
    let mut repaired = data.to_vec();
    repair(&mut repaired);
    take_in(&device, &repaired);
});
