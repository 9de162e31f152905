//! All that a power cut could leave at one moment.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::content::{BLOCK, Content, Draft};
use super::disk::{Disk, File, Names, Node, ROOT};

/// Files and folders as a start finds them. Folders have no content.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// By path, sorted.
    pub entries: BTreeMap<String, Option<Content>>,
}

impl Tree {
    /// The part whose paths are as wanted.
    #[must_use]
    pub fn part(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let entries = self.entries.iter().filter(|(path, _)| wanted(path));
        Self {
            entries: entries
                .map(|(path, content)| (path.clone(), content.clone()))
                .collect(),
        }
    }

    /// Whether there is something in it that an upload goes on with.
    #[must_use]
    pub fn has_upload(&self) -> bool {
        let mut paths = self.entries.keys();
        paths.any(|path| path.starts_with("data/incoming/") && path.ends_with("/upload.json"))
    }

    /// Tells it from others.
    #[must_use]
    pub fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for (path, content) in &self.entries {
            (path, content.as_ref().map(|content| content.hash)).hash(&mut hasher);
        }
        hasher.finish()
    }
}

/// What becomes of content that has not been synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unsynced {
    /// It is there.
    Kept,
    /// It is not there, and the file is as long as it was.
    Lost,
    /// The file is as long as it should be, but what was written is zeros.
    Zeros,
    /// Of the last write a half is there.
    Torn,
    /// The file is as long as it should be, but the first half of what it grew by is not there.
    Holed,
    /// The last change is there, and none before it.
    OnlyLast,
    /// One file has lost what all others have kept.
    LostBy(Node),
    /// The others have lost it.
    KeptBy(Node),
}

/// Makes the states; remembers contents that it had to make up.
#[derive(Debug, Default)]
pub struct States {
    zeros: HashMap<(u64, u64), Content>,
    torn: HashMap<(u64, u64), Content>,
    holed: HashMap<(u64, u64), Content>,
    last: HashMap<(u64, u64, u64), Content>,
}

/// How many states there are to be told from each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// Every prefix of the changes of names, and every single one of them missing, with content there and lost.
    Every,
    /// All changes of names or none.
    Ends,
}

impl States {
    /// All states, each as different from the others as it may be; many will be the same.
    pub fn after_a_cut(&mut self, disk: &Disk, thoroughness: Thoroughness) -> Vec<Tree> {
        let all = disk.pending.len();
        let whole: Vec<usize> = (0..all).collect();
        let unsynced: Vec<Node> = disk
            .files
            .iter()
            .filter(|(_, file)| file.versions.len() > 1)
            .map(|(node, _)| *node)
            .collect();
        let mut fates = vec![Unsynced::Kept, Unsynced::Lost];
        if !unsynced.is_empty() {
            fates.extend([Unsynced::Zeros, Unsynced::Torn]);
        }
        let mut trees = Vec::new();
        for survivors in survivors(disk, thoroughness) {
            let names = disk.names_with(survivors.iter().copied());
            for fate in &fates {
                trees.push(self.tree(disk, &names, *fate));
            }
            if survivors == whole {
                for fate in whole_fates(disk) {
                    trees.push(self.tree(disk, &names, fate));
                }
            }
            if survivors == whole && unsynced.len() > 1 {
                for node in &unsynced {
                    trees.push(self.tree(disk, &names, Unsynced::LostBy(*node)));
                    trees.push(self.tree(disk, &names, Unsynced::KeptBy(*node)));
                }
            }
        }
        trees
    }

    fn tree(&mut self, disk: &Disk, names: &Names, fate: Unsynced) -> Tree {
        let mut tree = Tree::default();
        let mut folders = vec![(ROOT, String::new())];
        let mut seen = BTreeSet::new();
        while let Some((folder, path)) = folders.pop() {
            assert!(seen.insert(folder), "a folder has two names");
            for ((_, name), node) in
                names.range((folder, String::new())..(folder + 1, String::new()))
            {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}/{name}")
                };
                let content = disk
                    .files
                    .get(node)
                    .map(|file| self.content(*node, file, fate));
                if content.is_none() {
                    folders.push((*node, path.clone()));
                }
                tree.entries.insert(path, content);
            }
        }
        tree
    }

    fn content(&mut self, node: Node, file: &File, fate: Unsynced) -> Content {
        let (durable, visible) = (file.durable(), file.visible());
        let [.., (_, before), _] = &file.versions[..] else {
            return durable.clone();
        };
        match fate {
            Unsynced::Kept => visible.clone(),
            Unsynced::Lost => durable.clone(),
            Unsynced::LostBy(loser) => if loser == node { durable } else { visible }.clone(),
            Unsynced::KeptBy(keeper) => if keeper == node { visible } else { durable }.clone(),
            Unsynced::Zeros => {
                let made = self.zeros.entry((durable.hash, visible.hash));
                made.or_insert_with(|| resized(durable, visible.bytes.len()))
                    .clone()
            }
            Unsynced::Torn => {
                let made = self.torn.entry((before.hash, visible.hash));
                made.or_insert_with(|| half_way(before, visible)).clone()
            }
            Unsynced::Holed => {
                let made = self.holed.entry((durable.hash, visible.hash));
                made.or_insert_with(|| holed(durable, visible)).clone()
            }
            Unsynced::OnlyLast => {
                let made = self.last.entry((durable.hash, before.hash, visible.hash));
                let alone = || {
                    let mut draft = Draft::of(durable);
                    draft.change_as(before, visible);
                    draft.into()
                };
                made.or_insert_with(alone).clone()
            }
        }
    }
}

/// What may become of content besides, where all names are there.
fn whole_fates(disk: &Disk) -> Vec<Unsynced> {
    let any = |is: fn(&File) -> bool| disk.files.values().any(is);
    let grew = |file: &File| file.visible().bytes.len() > file.durable().bytes.len();
    [
        (Unsynced::Holed, any(grew)),
        (Unsynced::OnlyLast, any(|file| file.versions.len() > 2)),
    ]
    .into_iter()
    .filter_map(|(fate, may_be)| may_be.then_some(fate))
    .collect()
}

fn resized(content: &Content, length: usize) -> Content {
    let mut draft = Draft::of(content);
    draft.resize(length);
    draft.into()
}

/// Half of what it grew by never got to the disk: the first.
fn holed(before: &Content, after: &Content) -> Content {
    let (old, new) = (before.bytes.len(), after.bytes.len());
    let mut draft = Draft::of(after);
    // A block is written whole or not at all.
    let middle = (old + new.saturating_sub(old) / 2).next_multiple_of(BLOCK);
    draft.punch(old, middle.saturating_sub(old));
    draft.into()
}

/// The first half of what is different is there.
fn half_way(before: &Content, after: &Content) -> Content {
    let same = before
        .bytes
        .iter()
        .zip(after.bytes.iter())
        .take_while(|(a, b)| a == b)
        .count();
    let middle = same + (after.bytes.len() - same) / 2;
    let mut draft = Draft::of(before);
    draft.begin_as(after, middle);
    draft.into()
}

/// Sets of changes of names that may have survived.
fn survivors(disk: &Disk, thoroughness: Thoroughness) -> Vec<Vec<usize>> {
    let all = disk.pending.len();
    if thoroughness == Thoroughness::Ends {
        return vec![Vec::new(), (0..all).collect()];
    }
    let prefixes = (0..=all).map(|end| (0..end).collect());
    prefixes
        .chain((0..all.saturating_sub(1)).map(|lost| without(disk, lost)))
        .collect()
}

/// All changes but one, and those that came after it to the same names.
fn without(disk: &Disk, lost: usize) -> Vec<usize> {
    let mut gone = vec![lost];
    for later in lost + 1..disk.pending.len() {
        if gone
            .iter()
            .any(|gone| disk.pending[*gone].meets(&disk.pending[later]))
        {
            gone.push(later);
        }
    }
    (0..disk.pending.len())
        .filter(|change| !gone.contains(change))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::operation::{Handle, Operation};
    use super::*;

    fn disk(operations: &[Operation]) -> Disk {
        let mut disk = Disk::default();
        for operation in operations {
            disk.apply(operation);
        }
        disk
    }

    fn open(file: u64, path: &str) -> Operation {
        Operation::Open {
            file: Handle(file),
            path: path.to_owned(),
            create: true,
            truncate: false,
        }
    }

    fn sync(file: u64) -> [Operation; 2] {
        let file = Handle(file);
        [
            Operation::SyncBegins { file, token: 0 },
            Operation::SyncEnds { file, token: 0 },
        ]
    }

    fn looks(disk: &Disk) -> Vec<String> {
        let trees = States::default().after_a_cut(disk, Thoroughness::Every);
        let look = |tree: &Tree| {
            let entry = |(path, content): (&String, &Option<Content>)| match content {
                Some(content) => format!("{path}={} ", String::from_utf8_lossy(&content.bytes)),
                None => format!("{path}/ "),
            };
            tree.entries
                .iter()
                .map(entry)
                .collect::<String>()
                .replace('\0', "0")
                .trim()
                .to_owned()
        };
        let looks: BTreeSet<String> = trees.iter().map(look).collect();
        looks.into_iter().collect()
    }

    #[test]
    fn a_file_that_nobody_synced_may_be_anything_and_a_synced_one_is_as_it_was_written() {
        let write = Operation::Write {
            file: Handle(1),
            at: Some(0),
            bytes: b"abcd".to_vec(),
        };
        let root = Operation::Open {
            file: Handle(9),
            path: String::new(),
            create: false,
            truncate: false,
        };
        let mut done = vec![root, open(1, "f"), write];
        assert_eq!(looks(&disk(&done)), ["", "f=", "f=0000", "f=ab", "f=abcd"]);
        done.extend(sync(1));
        assert_eq!(looks(&disk(&done)), ["", "f=abcd"]);
        done.extend(sync(9));
        assert_eq!(looks(&disk(&done)), ["f=abcd"]);
    }

    #[test]
    fn a_rename_is_old_or_new_and_what_depends_on_a_lost_change_is_lost_with_it() {
        let folder = |path: &str| Operation::MakeFolder {
            path: path.to_owned(),
        };
        let rename = |from: &str, to: &str, exchange| Operation::Rename {
            from: from.to_owned(),
            to: to.to_owned(),
            exchange,
        };
        let mut disk = disk(&[folder("a"), folder("b"), open(1, "a/f")]);
        disk.settle();
        disk.apply(&rename("a/f", "b/g", false));
        assert_eq!(looks(&disk), ["a/ a/f= b/", "a/ b/ b/g="]);
        disk.apply(&rename("b/g", "b/h", false));
        assert_eq!(looks(&disk), ["a/ a/f= b/", "a/ b/ b/g=", "a/ b/ b/h="]);
        disk.apply(&open(2, "b"));
        for operation in sync(2) {
            disk.apply(&operation);
        }
        assert_eq!(looks(&disk), ["a/ b/ b/h="]);
        disk.apply(&rename("a", "b", true));
        assert_eq!(looks(&disk), ["a/ a/h= b/", "a/ b/ b/h="]);
    }
}
