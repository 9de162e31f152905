//! What a change costs the card.

use std::collections::{BTreeMap, HashMap};

use super::follow::What;
use super::operation::{Handle, Operation};
use super::script::{Act, Recording};

/// What was written below the data folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Writes {
    /// Bytes that programs gave to the system, by the path with which the file was opened.
    pub files: BTreeMap<String, u64>,
    /// Times that something had to be on the card before it went on.
    pub syncs: usize,
    /// Names moved and removed, folders and second names made.
    pub names: usize,
}

impl Writes {
    /// Bytes, all files together.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.values().sum()
    }

    /// Bytes of the files whose paths have this end.
    #[must_use]
    pub fn bytes_of(&self, end: &str) -> u64 {
        let files = self.files.iter().filter(|(path, _)| path.ends_with(end));
        files.map(|(_, bytes)| bytes).sum()
    }
}

/// What each step wrote, until the next began: by what was done, and how many bytes of files had been sent.
#[must_use]
pub fn writes(recording: &Recording) -> Vec<(Act, u64, Writes)> {
    let mut paths = HashMap::new();
    let mut writes: BTreeMap<usize, Writes> = BTreeMap::new();
    for event in &recording.events {
        let What::Disk(operation) = &event.what else {
            continue;
        };
        if let Operation::Open { file, path, .. } = operation {
            paths.insert(*file, path.clone());
        }
        let begun = recording
            .steps
            .iter()
            .filter(|step| step.began <= event.time)
            .count();
        add(writes.entry(begun).or_default(), operation, &paths);
    }
    let steps = recording.steps.iter().zip(1..);
    steps
        .map(|(step, number)| {
            (
                step.act,
                step.sent,
                writes.remove(&number).unwrap_or_default(),
            )
        })
        .collect()
}

fn add(writes: &mut Writes, operation: &Operation, paths: &HashMap<Handle, String>) {
    let (file, bytes) = match operation {
        Operation::Write { file, bytes, .. } => (file, bytes.len() as u64),
        Operation::Copy { to, length, .. } => (to, *length),
        Operation::Truncate { file, .. }
        | Operation::Extend { file, .. }
        | Operation::Reserve { file, .. }
        | Operation::Punch { file, .. } => (file, 0),
        Operation::SyncEnds { .. } => {
            writes.syncs += 1;
            return;
        }
        Operation::Open { .. } | Operation::SyncBegins { .. } => return,
        Operation::MakeFolder { .. }
        | Operation::Remove { .. }
        | Operation::Rename { .. }
        | Operation::Link { .. } => {
            writes.names += 1;
            return;
        }
    };
    *writes.files.entry(paths[file].clone()).or_default() += bytes;
}
