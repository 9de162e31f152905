//! Archives nobody has exported.

use sha2::{Digest, Sha256};
use tar::{EntryType, Header};

use super::list::List;
use super::*;
use crate::ingest::hex;

/// Changes a list.
type Lie = fn(&mut List);

/// An archive as a list of its entries.
#[derive(Clone)]
struct Tar(Vec<(Header, Vec<u8>)>);

impl Tar {
    fn of(archive: &[u8]) -> Self {
        let mut tar = tar::Archive::new(archive);
        let entries = tar.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut content = Vec::new();
            std::io::Read::read_to_end(&mut entry, &mut content).unwrap();
            (entry.header().clone(), content)
        });
        Self(entries.collect())
    }

    /// With one more entry at the end.
    fn with(mut self, name: &str, kind: EntryType, content: &[u8]) -> Self {
        let mut header = Header::new_ustar();
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_mtime(0);
        header.set_size(content.len() as u64);
        if kind.is_symlink() || kind.is_hard_link() {
            header.set_link_name("../../../etc/passwd").unwrap();
        }
        header.set_cksum();
        self.0.push((header, content.to_vec()));
        self
    }

    /// With another list.
    fn listing(mut self, change: impl FnOnce(&mut List)) -> Self {
        let mut list: List = serde_json::from_slice(&self.0[0].1).unwrap();
        change(&mut list);
        let text = serde_json::to_vec(&list).unwrap();
        self.0[1].1 = hex(&Sha256::digest(&text)).into_bytes();
        self.0[0].1 = text;
        for (header, content) in &mut self.0[..2] {
            header.set_size(content.len() as u64);
            header.set_cksum();
        }
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (header, content) in &self.0 {
            bytes.extend_from_slice(header.as_bytes());
            bytes.extend_from_slice(content);
            bytes.resize(bytes.len().next_multiple_of(512), 0);
        }
        bytes.resize(bytes.len() + 1024, 0);
        bytes
    }
}

/// A tar with three items, and the device it comes from.
async fn three() -> (Device, Tar) {
    let device = Device::new().await;
    for (name, shade) in [("a.mp4", 1), ("b.gif", 2), ("c.mp4", 3)] {
        device.add(Some(name), &[shade]).await;
    }
    let tar = Tar::of(&device.archive().await);
    (device, tar)
}

/// Imports into an empty device, which gets nothing that the old one does not have.
async fn outcome(old: &Device, archive: &[u8]) -> Result<Imported, Error> {
    let new = Device::new().await;
    let done = new.import(archive).await;
    new.is_part_of(old);
    let beside = std::fs::read_dir(new.data.path()).unwrap();
    let beside = beside.map(|entry| entry.unwrap().file_name());
    let expected = ["media", "incoming", "trash", "loop.json"];
    assert!(
        beside
            .into_iter()
            .all(|name| expected.iter().any(|known| name == *known))
    );
    done
}

#[tokio::test]
async fn no_flipped_byte_brings_in_a_wrong_item() {
    let (old, tar) = three().await;
    let archive = tar.bytes();
    let mut at = 0;
    let (mut refused, mut left_out) = (0, 0);
    while at < archive.len() {
        let mut flipped = archive.clone();
        flipped[at] ^= 1 << (at % 8);
        match outcome(&old, &flipped).await {
            Ok(done) => left_out += done.failed.len(),
            Err(_) => refused += 1,
        }
        at += 251;
    }
    assert!(refused > 5 && left_out > 5, "{refused} {left_out}");
}

#[tokio::test]
async fn what_is_no_file_of_an_item_is_left_out_and_the_others_are_taken_in() {
    let (old, tar) = three().await;
    let slug = old.store.library().items()[1].slug.clone();
    let own = |name: &str| format!("media/{slug}/{name}");
    let long = "x".repeat(100);
    let cases = [
        (own("evil"), EntryType::Regular, 2),
        (own("clip"), EntryType::Regular, 2),
        (own("original.gif"), EntryType::Symlink, 2),
        (own("link"), EntryType::Link, 2),
        (own("tty"), EntryType::Char, 2),
        (own("disk"), EntryType::Block, 2),
        (own("pipe"), EntryType::Fifo, 2),
        (own("sub/clip"), EntryType::Regular, 2),
        (own("../clip"), EntryType::Regular, 2),
        (own("original.a/b"), EntryType::Regular, 2),
        ("../../etc/passwd".to_owned(), EntryType::Regular, 3),
        ("/etc/passwd".to_owned(), EntryType::Regular, 3),
        ("media/../x/clip".to_owned(), EntryType::Regular, 3),
        ("media//x/clip".to_owned(), EntryType::Regular, 3),
        ("media/UPPER/clip".to_owned(), EntryType::Regular, 3),
        ("media/unlisted/clip".to_owned(), EntryType::Regular, 3),
        ("media".to_owned(), EntryType::Symlink, 3),
        ("loop-library.json".to_owned(), EntryType::Regular, 3),
        (long, EntryType::GNULongName, 3),
    ];
    for (name, kind, imported) in cases {
        let archive = tar.clone().with(&name, kind, b"x").bytes();
        let done = outcome(&old, &archive).await.unwrap();
        assert_eq!(
            (done.imported, done.failed.len()),
            (imported, 1),
            "{name} {kind:?}"
        );
    }
}

#[tokio::test]
async fn what_other_programs_add_does_no_harm() {
    let (old, tar) = three().await;
    let mut tar =
        tar.with("media/", EntryType::Directory, b"")
            .with("media/a/", EntryType::Directory, b"");
    tar = tar.with(
        "./PaxHeaders/x",
        EntryType::XHeader,
        b"20 mtime=1234567.89\n",
    );
    let done = outcome(&old, &tar.bytes()).await.unwrap();
    assert_eq!((done.imported, done.failed.len()), (3, 0));
}

#[tokio::test]
async fn a_list_that_lies_is_found_out() {
    let (old, tar) = three().await;
    let lies: [(&str, Lie); 6] = [
        ("its clip is not", |list| {
            list.items[1].clip = list.items[0].clip
        }),
        ("its files are not", |list| {
            list.items[1].files[1].bytes += 1
        }),
        ("its files are not", |list| drop(list.items[1].files.pop())),
        ("is damaged", |list| list.items[1].files[0].sha256 = None),
        ("does not match its sha256", |list| {
            list.items[1].files[3].sha256 = Some("00".repeat(32))
        }),
        ("are missing", |list| {
            list.items[1].slug = Slug::nearest("nobody");
        }),
    ];
    for (message, lie) in lies {
        let done = outcome(&old, &tar.clone().listing(lie).bytes())
            .await
            .unwrap();
        assert!(
            done.failed
                .iter()
                .any(|failed| failed.message.contains(message)),
            "{message}: {done:?}"
        );
        assert!(done.imported >= 2);
    }
    let twice = |list: &mut List| list.items.push(list.items[1].clone());
    let done = outcome(&old, &tar.listing(twice).bytes()).await.unwrap();
    assert_eq!((done.imported, done.failed), (3, Vec::new()));
}

#[tokio::test]
async fn an_archive_that_does_not_begin_as_ours_is_refused_as_a_whole() {
    let (old, tar) = three().await;
    let mut bare = Tar(Vec::new()).with("loop-library.json", EntryType::Regular, b"{}");
    let refused = [
        Vec::new(),
        vec![0; 10_240],
        b"GIF89a".repeat(2000),
        bare.bytes(),
        Tar(tar.0[2..].to_vec()).bytes(),
        tar.clone()
            .listing(|list| {
                let item = list.items[0].clone();
                list.items = vec![item; 4097];
            })
            .bytes(),
    ];
    for archive in refused {
        assert!(matches!(
            outcome(&old, &archive).await,
            Err(Error::NotLibrary(_))
        ));
    }
    let newer = br#"{"version":2,"created":"","device":"","items":[],"loop":[]}"#;
    bare.0.clear();
    let bare = bare
        .with("loop-library.json", EntryType::Regular, newer)
        .with(
            "loop-library.sha256",
            EntryType::Regular,
            hex(&Sha256::digest(newer)).as_bytes(),
        );
    let error = outcome(&old, &bare.bytes()).await.unwrap_err();
    assert!(error.to_string().contains("update LOOP first"), "{error}");
}

#[tokio::test]
async fn sizes_beyond_the_archive_are_damage() {
    let (old, tar) = three().await;
    for size in [
        1 << 20,
        1 << 33,
        1 << 62,
        u64::MAX / 2,
        u64::MAX - 600,
        u64::MAX,
    ] {
        let mut tar = tar.clone();
        tar.0[4].0.set_size(size);
        tar.0[4].0.set_cksum();
        match outcome(&old, &tar.bytes()).await.unwrap_err() {
            Error::Damaged { entry, done, .. } => {
                assert!(entry.starts_with("media/a"), "{entry}");
                assert_eq!(done.imported, 0);
            }
            other => panic!("{size}: {other}"),
        }
    }
}
