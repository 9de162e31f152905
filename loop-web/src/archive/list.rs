//! What an archive holds, as its first file says.

use loop_proto::{ClipId, Slug};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Error;
use crate::ingest::hex;
use crate::store::packed::{CLIP, META, THUMBNAIL};

/// Most items of an archive: as many as can loop.
pub(super) const MAX_ITEMS: usize = loop_proto::snapshot::MAX_ENTRIES;

/// Longest list that is read: that of the most items takes 3 MB.
pub(super) const MAX_LIST_BYTES: u64 = 8 * 1024 * 1024;

const VERSION: u32 = 1;

/// All that is in an archive. Each file of an item is named with something its content is checked by.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct List {
    version: u32,
    /// When its newest item was added, so that the same library gives the same bytes.
    pub(super) created: String,
    /// Of the device it comes from.
    pub(super) device: String,
    pub(super) items: Vec<Listed>,
    #[serde(rename = "loop")]
    pub(super) order: Vec<Slug>,
}

/// An item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) slug: Slug,
    #[serde(with = "digits")]
    pub(super) clip: ClipId,
    pub(super) files: Vec<ListedFile>,
}

/// A file of an item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ListedFile {
    pub(super) name: String,
    pub(super) bytes: u64,
    /// In hexadecimal digits. A clip carries its own, and a thumbnail can be drawn anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

/// Which file of its item it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Meta,
    Clip,
    Thumbnail,
    Original,
}

impl Role {
    /// Of a file of this name; `None` if no item has such a file.
    pub(super) fn of(name: &str) -> Option<Self> {
        match name {
            META => Some(Self::Meta),
            CLIP => Some(Self::Clip),
            THUMBNAIL => Some(Self::Thumbnail),
            _ => {
                let end = name.strip_prefix("original.")?;
                let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
                let is_plain = (1..=8).contains(&end.len()) && end.bytes().all(plain);
                is_plain.then_some(Self::Original)
            }
        }
    }
}

impl Listed {
    /// Its file of this role.
    pub(super) fn file(&self, role: Role) -> Option<&ListedFile> {
        let mut files = self.files.iter();
        files.find(|file| Role::of(&file.name) == Some(role))
    }

    /// What its original hashes to, if it has one.
    pub(super) fn original_sha256(&self) -> Option<&str> {
        self.file(Role::Original)?.sha256.as_deref()
    }

    /// Bytes of all its files.
    pub(super) fn bytes(&self) -> u64 {
        let sizes = self.files.iter().map(|file| file.bytes);
        sizes.fold(0, u64::saturating_add)
    }
}

impl List {
    pub(super) fn new(device: &str, created: String, items: Vec<Listed>, order: Vec<Slug>) -> Self {
        Self {
            version: VERSION,
            created,
            device: device.to_owned(),
            items,
            order,
        }
    }

    /// Reads a list and checks it as far as it can be checked alone.
    pub(super) fn parse(text: &[u8], sha256: &[u8]) -> Result<Self, Error> {
        let not = |reason: String| Error::NotLibrary(reason);
        if !sha256.starts_with(hex(&Sha256::digest(text)).as_bytes()) {
            return Err(not("its list does not match its sha256".to_owned()));
        }
        let list: Self = serde_json::from_slice(text)
            .map_err(|error| not(format!("its list cannot be read, {error}")))?;
        if list.version != VERSION {
            let version = list.version;
            return Err(not(format!(
                "it is of version {version}, this program knows version {VERSION}; update LOOP first"
            )));
        }
        if list.items.len() > MAX_ITEMS {
            return Err(not(format!("it holds more than {MAX_ITEMS} items")));
        }
        Ok(list)
    }

    /// Those that loop, in their order, and then the others: added one after the other they are in order at every moment.
    pub(super) fn in_order(&self) -> Vec<(&Listed, bool)> {
        let mut left: std::collections::BTreeMap<_, _> =
            self.items.iter().map(|item| (&item.slug, item)).collect();
        let looping = self.order.iter().filter_map(|slug| left.remove(slug));
        let mut ordered: Vec<_> = looping.map(|item| (item, true)).collect();
        let others = self
            .items
            .iter()
            .filter(|item| left.contains_key(&item.slug));
        ordered.extend(others.map(|item| (item, false)));
        ordered
    }
}

/// A clip's id as people know it.
mod digits {
    use loop_proto::ClipId;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(id: &ClipId, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(id)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<ClipId, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(de::Error::custom)
    }
}
