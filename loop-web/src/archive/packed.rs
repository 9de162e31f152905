//! The archive of a library as a file that is nowhere: any part of it can be read, and nothing of it is kept.

use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::list::{List, Listed, ListedFile, MAX_ITEMS, Role};
use super::{CHECK, Error, LIST, header};
use crate::conditional::etag_of;
use crate::ingest::hex;
use crate::store::packed::{CLIP, META, THUMBNAIL};
use crate::store::{Item, Library, Store, tried};

/// Two blocks of zeros.
pub(super) const END_BYTES: u64 = 2 * header::BLOCK;

/// An archive as it would be, byte for byte, of the library as it was when it was asked for.
#[derive(Debug)]
pub struct Packed {
    pub(super) store: Store,
    pub(super) entries: Vec<Entry>,
    bytes: u64,
    etag: String,
}

/// A file in it, with its header before it.
#[derive(Debug)]
pub(super) struct Entry {
    /// Where its header begins.
    pub(super) start: u64,
    pub(super) bytes: u64,
    /// Unix time in seconds.
    pub(super) seconds: u64,
    pub(super) source: Source,
}

/// Where its content is.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Here.
    Text(&'static str, Bytes),
    /// It is the description of an item, written when it is read.
    Meta(Arc<Item>),
    /// On the disk, under this name.
    File(Arc<Item>, FileName),
}

/// A file of an item that is read from the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileName {
    Clip,
    Thumbnail,
    Original,
}

impl FileName {
    pub(super) fn of(self, item: &Item) -> &str {
        match self {
            Self::Clip => CLIP,
            Self::Thumbnail => THUMBNAIL,
            Self::Original => item.original.as_deref().unwrap_or_default(),
        }
    }
}

impl Source {
    pub(super) fn path(&self) -> String {
        match self {
            Self::Text(name, _) => (*name).to_owned(),
            Self::Meta(item) => format!("media/{}/{META}", item.slug),
            Self::File(item, name) => format!("media/{}/{}", item.slug, name.of(item)),
        }
    }
}

impl Packed {
    /// Plans the archive of a library. Reads how long its files are and nothing of them.
    ///
    /// # Errors
    /// When there are more items than an archive may hold.
    pub async fn of(store: &Store, device: &str) -> Result<Self, Error> {
        let (store, device) = (store.clone(), device.to_owned());
        let planned = tokio::task::spawn_blocking(move || plan(store, &device));
        planned.await.map_err(|_| Error::Cancelled)?
    }

    /// How long it is.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The same for the same bytes and only for them: its list names all of its content by its hash.
    #[must_use]
    pub fn etag(&self) -> &str {
        &self.etag
    }

    fn push(&mut self, bytes: u64, seconds: u64, source: Source) {
        let start = self.bytes;
        let padded = header::padded(bytes).unwrap_or(bytes);
        self.bytes = start.saturating_add(header::BLOCK).saturating_add(padded);
        self.entries.push(Entry {
            start,
            bytes,
            seconds,
            source,
        });
    }
}

fn plan(store: Store, device: &str) -> Result<Packed, Error> {
    let library = store.library();
    let mut found = Vec::new();
    for item in in_order(&library) {
        match list_item(&store, &item) {
            Ok(listed) => found.push((item, listed)),
            Err(error) => tracing::warn!(slug = %item.slug, "left out of the archive: {error}"),
        }
    }
    if found.len() > MAX_ITEMS {
        return Err(Error::TooMany(found.len()));
    }
    let newest = found.iter().map(|(item, _)| item.uploaded_at.as_str());
    let created = newest.max().unwrap_or("1970-01-01T00:00:00Z").to_owned();
    let seconds = seconds_of(&created);
    let (items, listed): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let order = library.order().to_vec();
    let list = List::new(device, created, listed, order);
    let text =
        serde_json::to_vec(&list).map_err(|error| tried("describe the library")(error.into()))?;
    let check = format!("{}  {LIST}\n", hex(&Sha256::digest(&text)));
    let mut packed = Packed {
        store,
        entries: Vec::new(),
        bytes: 0,
        etag: etag_of(&text),
    };
    for (name, text) in [(LIST, text), (CHECK, check.into_bytes())] {
        packed.push(text.len() as u64, seconds, Source::Text(name, text.into()));
    }
    for (item, listed) in items.iter().zip(&list.items) {
        let seconds = seconds_of(&item.uploaded_at);
        for file in &listed.files {
            let item = Arc::clone(item);
            let source = match Role::of(&file.name) {
                Some(Role::Meta) | None => Source::Meta(item),
                Some(Role::Clip) => Source::File(item, FileName::Clip),
                Some(Role::Thumbnail) => Source::File(item, FileName::Thumbnail),
                Some(Role::Original) => Source::File(item, FileName::Original),
            };
            packed.push(file.bytes, seconds, source);
        }
    }
    packed.bytes = packed.bytes.saturating_add(END_BYTES);
    Ok(packed)
}

/// First what loops: a device that gets the archive can show it when its beginning is there.
fn in_order(library: &Library) -> Vec<Arc<Item>> {
    let mut items: Vec<_> = library.looping().cloned().collect();
    let looping: std::collections::BTreeSet<_> = library.order().iter().collect();
    let others = library.items();
    items.extend(
        others
            .into_iter()
            .filter(|item| !looping.contains(&item.slug)),
    );
    items
}

fn list_item(store: &Store, item: &Item) -> std::io::Result<Listed> {
    let meta = text_of(item)?;
    let mut files = vec![ListedFile {
        name: META.to_owned(),
        bytes: meta.len() as u64,
        sha256: Some(hex(&Sha256::digest(&meta))),
    }];
    let original = item.original.as_deref();
    if original.is_some_and(|name| Role::of(name) != Some(Role::Original)) {
        return Err(std::io::Error::other("its original has a strange name"));
    }
    for name in [CLIP, THUMBNAIL].into_iter().chain(original) {
        files.push(ListedFile {
            name: name.to_owned(),
            bytes: store.file_bytes(item, name)?,
            sha256: original
                .filter(|original| *original == name)
                .and(item.original_sha256.clone()),
        });
    }
    Ok(Listed {
        slug: item.slug.clone(),
        clip: item.clip,
        files,
    })
}

/// An item's description, as it is on the disk.
pub(super) fn text_of(item: &Item) -> std::io::Result<Vec<u8>> {
    Ok(serde_json::to_vec_pretty(item)?)
}

fn seconds_of(time: &str) -> u64 {
    let time = humantime::parse_rfc3339(time).ok();
    let since = time.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_secs())
}
