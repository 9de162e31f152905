//! A disk of which we know what is on it for sure, and what is only on its way there.

use std::collections::{BTreeMap, HashMap};

use super::content::{Content, Draft};
use super::operation::{Handle, Operation};

/// A file or folder, whatever it is called.
pub type Node = usize;

/// A name in a folder.
pub type Place = (Node, String);

/// Who is called what.
pub type Names = BTreeMap<Place, Node>;

/// The folder that holds `data`.
pub const ROOT: Node = 0;

/// What a file holds.
#[derive(Clone, Debug)]
pub struct File {
    /// For sure, and then after each change since; never empty.
    pub versions: Vec<(u64, Content)>,
}

impl File {
    /// What is on the disk for sure.
    #[must_use]
    pub fn durable(&self) -> &Content {
        &self.versions[0].1
    }

    /// What a program reads.
    #[must_use]
    pub fn visible(&self) -> &Content {
        &self.versions[self.versions.len() - 1].1
    }
}

/// Names that change together.
#[derive(Clone, Debug)]
pub struct Change {
    number: u64,
    /// What each place holds afterwards.
    pub places: Vec<(Place, Option<Node>)>,
}

impl Change {
    /// Whether both change a name.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.places
            .iter()
            .any(|(place, _)| other.places.iter().any(|(also, _)| place == also))
    }
}

/// The disk.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Names that are there for sure.
    pub durable: Names,
    /// Changes of names that are on their way, the oldest first.
    pub pending: Vec<Change>,
    /// Names as programs see them.
    visible: Names,
    /// Content of files; folders have none.
    pub files: BTreeMap<Node, File>,
    open: HashMap<Handle, Node>,
    syncs: HashMap<(Handle, usize), u64>,
    nodes: usize,
    number: u64,
}

impl Default for Disk {
    fn default() -> Self {
        Self {
            durable: Names::new(),
            pending: Vec::new(),
            visible: Names::new(),
            files: BTreeMap::new(),
            open: HashMap::new(),
            syncs: HashMap::new(),
            nodes: ROOT + 1,
            number: 0,
        }
    }
}

impl Disk {
    /// Carries out an operation; tells whether what a power cut would leave may be something else now.
    pub fn apply(&mut self, operation: &Operation) -> bool {
        self.number += 1;
        match operation {
            Operation::Open {
                file,
                path,
                create,
                truncate,
            } => return self.open(*file, path, *create, *truncate),
            Operation::Write { file, at, bytes } => self.write(*file, *at, bytes),
            Operation::Truncate { file, length } => {
                self.edit(*file, |content| content.resize(size(*length)))
            }
            Operation::Extend { file, length } => {
                self.edit(*file, |content| {
                    content.resize(content.bytes.len().max(size(*length)))
                });
            }
            // The file stays as long as it is, and what it holds the same. Whether the room is still there after a cut is
            // nothing that a start could see, or counts on.
            Operation::Reserve { .. } => return false,
            Operation::Punch { file, at, length } => {
                self.edit(*file, |content| content.punch(size(*at), size(*length)));
            }
            Operation::Copy {
                from,
                from_at,
                to,
                at,
                length,
            } => {
                let start = size(*from_at);
                let bytes = self.files[&self.open[from]].visible().bytes
                    [start..start + size(*length)]
                    .to_vec();
                self.write(*to, Some(*at), &bytes);
            }
            Operation::SyncBegins { file, token } => {
                self.syncs.insert((*file, *token), self.number);
                return false;
            }
            Operation::SyncEnds { file, token } => {
                let until = self.syncs.remove(&(*file, *token)).unwrap();
                self.sync(self.open[file], until);
            }
            Operation::MakeFolder { path } => {
                let (place, folder) = (self.place(path), self.node());
                self.change(vec![(place, Some(folder))]);
            }
            Operation::Remove { path } => self.change(vec![(self.place(path), None)]),
            Operation::Rename { from, to, exchange } => {
                let (from, to) = (self.place(from), self.place(to));
                let (moved, back) = (self.visible[&from], self.visible.get(&to).copied());
                self.change(vec![(from, back.filter(|_| *exchange)), (to, Some(moved))]);
            }
            Operation::Link { from, to } => {
                let file = self.visible[&self.place(from)];
                self.change(vec![(self.place(to), Some(file))]);
            }
        }
        true
    }

    /// Everything gets to the disk, as it does by itself after some seconds.
    pub fn settle(&mut self) {
        self.durable.clone_from(&self.visible);
        self.pending.clear();
        for file in self.files.values_mut() {
            file.versions.drain(..file.versions.len() - 1);
        }
    }

    /// What programs see, as a path and the content of files.
    #[must_use]
    pub fn names_with(&self, changes: impl Iterator<Item = usize>) -> Names {
        let mut names = self.durable.clone();
        for change in changes {
            carry_out(&mut names, &self.pending[change]);
        }
        names
    }

    fn open(&mut self, handle: Handle, path: &str, create: bool, truncate: bool) -> bool {
        if path.is_empty() {
            self.open.insert(handle, ROOT);
            return false;
        }
        let place = self.place(path);
        let there = self.visible.get(&place).copied();
        let node = there.unwrap_or_else(|| {
            assert!(create, "{path} was opened, but the model does not know it");
            let file = self.node();
            self.files.insert(
                file,
                File {
                    versions: vec![(0, Vec::new().into())],
                },
            );
            self.change(vec![(place, Some(file))]);
            file
        });
        self.open.insert(handle, node);
        let empties = truncate
            && self
                .files
                .get(&node)
                .is_some_and(|file| !file.visible().bytes.is_empty());
        if empties {
            self.edit(handle, |content| content.resize(0));
        }
        empties || there.is_none()
    }

    fn write(&mut self, handle: Handle, at: Option<u64>, bytes: &[u8]) {
        self.edit(handle, |content| {
            let start = at.map_or(content.bytes.len(), size);
            content.write(start, bytes);
        });
    }

    fn edit(&mut self, handle: Handle, change: impl FnOnce(&mut Draft)) {
        let file = self.files.get_mut(&self.open[&handle]).unwrap();
        let mut draft = Draft::of(file.visible());
        change(&mut draft);
        file.versions.push((self.number, draft.into()));
    }

    fn change(&mut self, places: Vec<(Place, Option<Node>)>) {
        let change = Change {
            number: self.number,
            places,
        };
        carry_out(&mut self.visible, &change);
        self.pending.push(change);
    }

    /// What was done to a node until then is durable.
    fn sync(&mut self, node: Node, until: u64) {
        if let Some(file) = self.files.get_mut(&node) {
            let known = file
                .versions
                .iter()
                .rposition(|(number, _)| *number <= until)
                .unwrap_or(0);
            file.versions.drain(..known);
            return;
        }
        let mut durable: Vec<Change> = Vec::new();
        // The newest first: an older change of the same name comes before it, in whichever folder.
        for change in std::mem::take(&mut self.pending).into_iter().rev() {
            let here = change.number <= until
                && change.places.iter().any(|((folder, _), _)| *folder == node);
            if here || durable.iter().any(|later| later.meets(&change)) {
                durable.push(change);
            } else {
                self.pending.push(change);
            }
        }
        self.pending.reverse();
        for change in durable.iter().rev() {
            carry_out(&mut self.durable, change);
        }
    }

    fn place(&self, path: &str) -> Place {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut folder = ROOT;
        for part in above.split('/').filter(|part| !part.is_empty()) {
            let known = self.visible.get(&(folder, part.to_owned()));
            folder = *known.unwrap_or_else(|| panic!("the model does not know {part} of {path}"));
        }
        (folder, name.to_owned())
    }

    fn node(&mut self) -> Node {
        self.nodes += 1;
        self.nodes - 1
    }
}

/// Makes a change in a list of names.
pub fn carry_out(names: &mut Names, change: &Change) {
    for (place, holds) in &change.places {
        match holds {
            Some(node) => drop(names.insert(place.clone(), *node)),
            None => drop(names.remove(place)),
        }
    }
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap()
}
