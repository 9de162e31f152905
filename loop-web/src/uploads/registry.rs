//! Which uploads there are, and how the last ones ended.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use loop_proto::Slug;

use super::folder::{self, Folder};
use super::{Announced, Bounds, Error, Pending, Phase, Purpose, UploadId};
use crate::archive::{self, Imported};
use crate::ingest;
use crate::store::keeping::UPLOAD;

/// Ends that are remembered, for clients that ask late.
const ENDS: usize = 256;

/// Why there is no item.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The files are not what they should be.
    #[error(transparent)]
    Ingest(#[from] ingest::Error),
    /// The original is not the one that was announced.
    #[error("{0} has another checksum than announced: it was damaged on the way; upload it again")]
    Checksum(String),
    /// The archive is not taken in, or not to its end.
    #[error(transparent)]
    Archive(#[from] archive::Error),
    /// Nobody has come to the end of working on it.
    #[error(
        "it was begun {0} times to make an item of it, and never ended; convert it on the page"
    )]
    Fatal(u64),
    /// A mistake of ours.
    #[error("a mistake in the web daemon ended the work on it; its log says more")]
    Internal,
    /// The client has removed it.
    #[error("Cancelled")]
    Cancelled,
    /// Nothing came for too long.
    #[error("nothing was added to the upload for too long")]
    Expired,
}

/// What an upload has become.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// An item.
    Item(Slug),
    /// Those of an archive.
    Library(Imported),
}

/// How an upload ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) id: UploadId,
    pub(crate) announced: Announced,
    /// What had arrived.
    pub(crate) offset: u64,
    pub(crate) result: Result<Outcome, Failure>,
}

/// What is known of an upload.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Pending(Arc<Pending>),
    Ended(Arc<Ended>),
}

#[derive(Debug, Default)]
pub(super) struct Registry {
    pending: BTreeMap<UploadId, Arc<Pending>>,
    ended: VecDeque<Arc<Ended>>,
}

impl Registry {
    /// Those that must make way for one more to be begun: first who is idle longest.
    pub(super) fn make_way(
        &self,
        announced: &Announced,
        bounds: &Bounds,
    ) -> Result<Vec<Arc<Pending>>, Error> {
        let mut stay: Vec<_> = self.pending.values().cloned().collect();
        stay.sort_by_key(|upload| Reverse(upload.age()));
        let mut given_up = Vec::new();
        while let Err(error) = check(&stay, announced, bounds) {
            let is_full = stay.len() >= bounds.uploads;
            let helps = |upload: &Arc<Pending>| is_full || counted(&upload.announced) > 0;
            let first = stay
                .iter()
                .position(|upload| upload.is_abandoned() && helps(upload));
            given_up.push(stay.remove(first.ok_or(error)?));
        }
        Ok(given_up)
    }

    pub(super) fn put(&mut self, upload: Arc<Pending>) {
        self.pending.insert(upload.id.clone(), upload);
    }

    pub(super) fn find(&self, id: &UploadId) -> Option<Found> {
        let pending = self.pending.get(id).cloned().map(Found::Pending);
        let ended = || self.ended.iter().find(|ended| ended.id == *id).cloned();
        pending.or_else(|| ended().map(Found::Ended))
    }

    pub(super) fn all(&self) -> Vec<Arc<Pending>> {
        let mut all: Vec<_> = self.pending.values().cloned().collect();
        all.sort_by_key(|upload| upload.created);
        all
    }

    /// Takes those on which work can begin; it has begun then.
    pub(super) fn take_ready(&self) -> Vec<Arc<Pending>> {
        let mut all = self.all();
        all.retain(|upload| upload.phase() == Phase::Ready);
        all.iter().for_each(|upload| upload.enter(Phase::Working));
        all
    }

    pub(super) fn end(&mut self, upload: &Pending, result: Result<Outcome, Failure>) {
        self.pending.remove(&upload.id);
        self.ended.truncate(ENDS - 1);
        self.ended.push_front(Arc::new(Ended {
            id: upload.id.clone(),
            announced: upload.announced.clone(),
            offset: upload.seen(),
            result,
        }));
    }
}

/// Whether one more may be begun beside these.
fn check(pending: &[Arc<Pending>], announced: &Announced, bounds: &Bounds) -> Result<(), Error> {
    if pending.len() >= bounds.uploads {
        let most = bounds.uploads;
        return Err(Error::TooMany(format!(
            "{most} uploads are under way, which is the most"
        )));
    }
    let pending = pending.iter().map(|upload| counted(&upload.announced));
    let all = pending.sum::<u64>().saturating_add(counted(announced));
    if counted(announced) > 0 && all > bounds.bytes {
        let most = bounds.bytes / 1_000_000;
        return Err(Error::TooMany(format!(
            "uploads under way may come to {most} MB"
        )));
    }
    Ok(())
}

/// Bytes that count for the bound. A library is as large as it is: the disk alone bounds it.
fn counted(announced: &Announced) -> u64 {
    match announced.purpose {
        Purpose::Media => announced.length,
        Purpose::Library => 0,
    }
}

/// An upload as it lies on the disk.
#[derive(Debug)]
pub(super) struct Left {
    pub(super) id: UploadId,
    pub(super) announced: Announced,
    pub(super) created: SystemTime,
    /// Since the last byte came.
    pub(super) age: Duration,
    pub(super) folder: Folder,
    pub(super) offset: u64,
}

/// What an earlier run has left. What cannot be resumed is removed.
pub(super) fn read(incoming: &Path) -> io::Result<Vec<Left>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(incoming)? {
        let path = entry?.path();
        if !path.join(UPLOAD).exists() {
            continue;
        }
        match left_in(incoming, &path) {
            Some(left) => found.push(left),
            None => {
                tracing::warn!(folder = ?path, "removing an upload that cannot be resumed");
                if let Err(error) = folder::remove(&path) {
                    tracing::error!("cannot remove it: {error}");
                }
            }
        }
    }
    Ok(found)
}

fn left_in(incoming: &Path, path: &Path) -> Option<Left> {
    let id: UploadId = path.file_name()?.to_str()?.parse().ok()?;
    let (announced, created) = folder::description_in(path)?;
    let folder = Folder::new(incoming, &id, &announced);
    // Before its files are touched.
    let last_byte = folder.last_change();
    // Without a battery the clock may be behind that: then it came just now.
    let age = SystemTime::now().duration_since(last_byte);
    let offset = folder.recover();
    let offset = offset.inspect_err(|error| tracing::warn!("cannot resume an upload: {error}"));
    Some(Left {
        offset: offset.ok()?,
        id,
        announced,
        created,
        age: age.unwrap_or_default(),
        folder,
    })
}
