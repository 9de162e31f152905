//! Where in an archive what is: its headers are walked, its content is left for later.

use std::collections::BTreeMap;

use loop_proto::Slug;
use loop_proto::clip::ReadAt;
use tar::EntryType;

use super::header::{self, BLOCK, Block, Head, padded};
use super::list::{List, MAX_ITEMS, MAX_LIST_BYTES, Role};
use super::{CHECK, Error, Failed, LIST};

/// Most entries that are walked: some folders and whatever else a program that packs it anew adds.
const MAX_ENTRIES: usize = 16 * MAX_ITEMS;

/// Most entries that are told of that do not belong into a library.
const MAX_STRAYS: usize = 64;

/// Length of a line that `sha256sum` writes about the list, and some more.
const MAX_CHECK_BYTES: u64 = 1024;

/// An archive whose headers were walked.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) list: List,
    pub(super) groups: BTreeMap<Slug, Group>,
    /// What belongs to no item.
    pub(super) strays: Vec<Failed>,
    /// Why it was not walked to its end.
    pub(super) damage: Option<Damage>,
}

/// The files below the name of one item.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) files: Vec<Held>,
    /// What makes it no item.
    pub(super) fault: Option<String>,
}

/// A file in the archive.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) role: Role,
    pub(super) name: String,
    /// Where its content begins.
    pub(super) at: u64,
    pub(super) bytes: u64,
}

/// Where the structure of an archive breaks.
#[derive(Debug)]
pub(super) struct Damage {
    pub(super) entry: String,
    pub(super) at: u64,
    pub(super) what: &'static str,
}

impl Group {
    /// Its file of this role.
    pub(super) fn file(&self, role: Role) -> Option<&Held> {
        self.files.iter().find(|file| file.role == role)
    }

    fn take(&mut self, name: &str, kind: EntryType, at: u64, bytes: u64) {
        let shown = shown(name);
        let fault = match Role::of(name) {
            _ if kind != EntryType::Regular => format!("{shown:?} in it is not a file"),
            None => format!("{shown:?} is no file of an item"),
            Some(role) if self.file(role).is_some() => format!("{shown:?} is in it twice"),
            Some(role) => {
                self.files.push(Held {
                    role,
                    name: name.to_owned(),
                    at,
                    bytes,
                });
                return;
            }
        };
        self.fault.get_or_insert(fault);
    }
}

/// Walks an archive from its list on.
///
/// # Errors
/// When it does not begin with the list of a library.
pub(super) fn read(source: &impl ReadAt) -> Result<Table, Error> {
    let not = |damage: Damage| Error::NotLibrary(format!("{} at byte {}", damage.what, damage.at));
    let mut walk = Walk::of(source).map_err(crate::store::tried("read the archive"))?;
    let list = walk.text(LIST, MAX_LIST_BYTES).map_err(&not)?;
    let check = walk.text(CHECK, MAX_CHECK_BYTES).map_err(not)?;
    let mut table = Table {
        list: List::parse(&list, &check)?,
        groups: BTreeMap::new(),
        strays: Vec::new(),
        damage: None,
    };
    for _ in 0..MAX_ENTRIES {
        match walk.next() {
            Ok(Some(entry)) => table.take(entry),
            Ok(None) => return Ok(table),
            Err(damage) => {
                table.damage = Some(damage);
                return Ok(table);
            }
        }
    }
    table.damage = Some(walk.damage("there are more files than a library has"));
    Ok(table)
}

impl Table {
    fn take(&mut self, entry: Entry) {
        let name = entry.head.name.trim_end_matches('/');
        let in_item = name
            .strip_prefix("media/")
            .map(|rest| rest.split_once('/').unwrap_or((rest, "")));
        let is_folder = entry.head.kind == EntryType::Directory;
        match in_item.map(|(slug, file)| (slug.parse::<Slug>(), file)) {
            None if is_folder && name == "media" => {}
            Some((Ok(_), "")) if is_folder => {}
            Some((Ok(slug), file)) if !file.is_empty() && self.has_room_for(&slug) => {
                let group = self.groups.entry(slug).or_default();
                group.take(file, entry.head.kind, entry.at, entry.head.bytes);
            }
            _ if self.strays.len() < MAX_STRAYS => self.strays.push(Failed {
                slug: shown(name),
                message: "it does not belong into a library".to_owned(),
            }),
            _ => {}
        }
    }

    fn has_room_for(&self, slug: &Slug) -> bool {
        self.groups.len() < MAX_ITEMS || self.groups.contains_key(slug)
    }
}

struct Walk<'a, S> {
    source: &'a S,
    size: u64,
    at: u64,
    /// What was last met.
    name: String,
}

struct Entry {
    head: Head,
    at: u64,
}

impl<'a, S: ReadAt> Walk<'a, S> {
    fn of(source: &'a S) -> std::io::Result<Self> {
        Ok(Self {
            source,
            size: source.size()?,
            at: 0,
            name: "the beginning".to_owned(),
        })
    }

    /// A short file, which must be the next.
    fn text(&mut self, name: &str, most: u64) -> Result<Vec<u8>, Damage> {
        let entry = self.next()?;
        let is_it = |entry: &Entry| {
            entry.head.name == name
                && entry.head.kind == EntryType::Regular
                && entry.head.bytes <= most
        };
        let Some(entry) = entry.filter(is_it) else {
            return Err(self.damage("the list of its items is not where it must be"));
        };
        let mut text = vec![0; usize::try_from(entry.head.bytes).unwrap_or_default()];
        match self.source.read_exact_at(&mut text, entry.at) {
            Ok(()) => Ok(text),
            Err(_) => Err(self.damage("it cannot be read")),
        }
    }

    /// The next entry that is more than a remark about another one; `None` at the end.
    fn next(&mut self) -> Result<Option<Entry>, Damage> {
        loop {
            let mut block: Block = [0; 512];
            if self.size.saturating_sub(self.at) < BLOCK {
                return Err(self.damage("it ends early, after this file"));
            }
            if self.source.read_exact_at(&mut block, self.at).is_err() {
                return Err(self.damage("it cannot be read"));
            }
            let head = match header::read(&block) {
                Ok(None) => return Ok(None),
                Ok(Some(head)) => head,
                Err(what) => return Err(self.damage(what)),
            };
            self.name = shown(&head.name);
            let at = self.at + BLOCK;
            let end = padded(head.bytes).and_then(|bytes| at.checked_add(bytes));
            let Some(end) = end.filter(|end| *end <= self.size) else {
                return Err(self.damage("it ends early, in this file"));
            };
            self.at = end;
            // Times and owners, as some programs write them; names do not come this way, they are short.
            if !matches!(head.kind, EntryType::XHeader | EntryType::XGlobalHeader) {
                return Ok(Some(Entry { head, at }));
            }
        }
    }

    fn damage(&self, what: &'static str) -> Damage {
        Damage {
            entry: self.name.clone(),
            at: self.at,
            what,
        }
    }
}

/// A name from outside, as it can be told.
fn shown(name: &str) -> String {
    let plain = name.chars().filter(|c| !c.is_control());
    plain.take(120).collect()
}
