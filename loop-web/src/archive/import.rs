//! Takes an archive in: item after item, each as safe as an upload, and done again from where it was.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::sync::Arc;

use loop_proto::Slug;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::list::Listed;
use super::table::{self, Group, Table};
use super::unpack::{BESIDE_BYTES, Refusal, unpack};
use super::{Error, Failed, Imported, Renamed};
use crate::ingest::{Progress, Tell};
use crate::store::{Added, Loops, Source, Store, tried};

/// One at a time: it takes a core, and a thread for the disk, for as long as the archive is.
static TURN: Semaphore = Semaphore::const_new(1);

/// Adds what is in an archive to the library. What is there already is skipped, nothing of it is replaced, and what looped
/// on the other device loops here, after what looped before.
///
/// The file is used up: the room of each item is given back to the disk when it is in the library. It can be given again
/// whatever happened, also after a power cut, and is then taken in from where it was; so can a fresh copy of it. Dropped in
/// the middle, the item that is being taken in is not added.
///
/// # Errors
/// [`Error::NotLibrary`] with nothing taken in; [`Error::Damaged`] and [`Error::Stopped`] with what was. An item that is
/// damaged stops none of the others.
pub async fn import(store: &Store, path: &Path, tell: Tell) -> Result<Imported, Error> {
    let _turn = match TURN.try_acquire() {
        Ok(turn) => turn,
        Err(_) => {
            tell(Progress::Waiting);
            TURN.acquire().await.map_err(|_| Error::Cancelled)?
        }
    };
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || open(&path));
    let (file, mut table) = opened.await.map_err(|_| Error::Cancelled)??;
    let items = table.list.in_order();
    let all_bytes = items.iter().map(|(listed, _)| listed.bytes());
    let mut importing = Importing {
        store: store.clone(),
        file: Arc::new(file),
        meter: Meter {
            tell,
            done: 0,
            all: all_bytes.fold(0, u64::saturating_add),
        },
        done: Imported::default(),
    };
    let items: Vec<_> = items
        .into_iter()
        .map(|(listed, loops)| (listed.clone(), if loops { Loops::Yes } else { Loops::No }))
        .collect();
    let all = items.len();
    for (listed, loops) in items {
        let group = table.groups.remove(&listed.slug);
        match importing
            .take(&listed, group, loops, table.damage.is_some())
            .await
        {
            Ok(()) => {}
            Err(Refusal::Unfit(message)) => importing.fail(listed.slug.as_str(), message),
            Err(Refusal::Cancelled) => return Err(Error::Cancelled),
            Err(Refusal::Disk(source)) => {
                let done = Box::new(importing.done);
                return Err(Error::Stopped { done, all, source });
            }
        }
    }
    end(importing, table)
}

/// Tells of all that has not become an item.
fn end(mut importing: Importing, table: Table) -> Result<Imported, Error> {
    for slug in table.groups.keys() {
        importing.fail(
            slug.as_str(),
            "it is not in the list of the archive".to_owned(),
        );
    }
    importing.done.failed.extend(table.strays);
    match table.damage {
        None => Ok(importing.done),
        Some(damage) => Err(Error::Damaged {
            entry: damage.entry,
            at: damage.at,
            what: damage.what,
            done: Box::new(importing.done),
        }),
    }
}

fn open(path: &Path) -> Result<(File, Table), Error> {
    // Without the right to write the file is taken in all the same, only its room is not given back.
    let file = OpenOptions::new().read(true).write(true).open(path);
    let file = file.or_else(|_| File::open(path));
    let file = file.map_err(tried("open the archive"))?;
    let table = table::read(&file)?;
    Ok((file, table))
}

struct Importing {
    store: Store,
    file: Arc<File>,
    meter: Meter,
    done: Imported,
}

impl Importing {
    fn fail(&mut self, slug: &str, message: String) {
        self.done.failed.push(Failed {
            slug: slug.to_owned(),
            message,
        });
    }

    async fn take(
        &mut self,
        listed: &Listed,
        group: Option<Group>,
        loops: Loops,
        breaks_off: bool,
    ) -> Result<(), Refusal> {
        let library = self.store.library();
        let same = library.has(&listed.slug, listed.clip, listed.original_sha256());
        let after = self.meter.done.saturating_add(listed.bytes());
        let source = self.source(group.as_ref());
        if let Some(same) = same
            && self.keep(&same.slug, loops, source.clone()).await?
        {
            self.done.skipped += 1;
        } else {
            match group {
                // What is missing behind the place where the archive breaks is told of once.
                Some(group) if breaks_off && group.files.len() < listed.files.len() => {
                    return Ok(());
                }
                Some(group) => self.add(listed, group, loops, source).await?,
                None if breaks_off => return Ok(()),
                None => return Err(Refusal::Unfit("its files are missing".to_owned())),
            }
        }
        self.meter.set(after);
        Ok(())
    }

    /// What is used up with an item: its files in the archive. Their headers stay, so that it can be walked again.
    fn source(&self, group: Option<&Group>) -> Source {
        let files = group.iter().flat_map(|group| &group.files);
        let pieces = files.map(|held| (held.at, held.bytes)).collect();
        Source::archive(&self.file, pieces)
    }

    /// Whoever imports what is there wants to see it, as with an upload that is made again; `false` if it has been deleted
    /// in this moment.
    async fn keep(&self, same: &Slug, loops: Loops, source: Source) -> Result<bool, Refusal> {
        match self.store.add_again(same.clone(), loops, source).await {
            Ok(_) => Ok(true),
            Err(crate::store::Error::NotFound(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn add(
        &mut self,
        listed: &Listed,
        group: Group,
        loops: Loops,
        source: Source,
    ) -> Result<(), Refusal> {
        let held = group.files.iter().map(|file| file.bytes);
        let bytes = held.fold(BESIDE_BYTES, u64::saturating_add);
        let room = self.store.reserve(bytes).await?;
        // The unpacking ends when nobody waits for it any more.
        let cancelled = CancellationToken::new();
        let _guard = cancelled.clone().drop_guard();
        let (store, file, mut meter) = (
            self.store.clone(),
            Arc::clone(&self.file),
            self.meter.clone(),
        );
        let from = listed.clone();
        let staged = tokio::task::spawn_blocking(move || {
            unpack(&store, &file, (&from, &group), room, &mut |bytes| {
                meter.set(meter.done.saturating_add(bytes));
                !cancelled.is_cancelled()
            })
        });
        let staged = staged.await.map_err(|_| Refusal::Cancelled)??;
        match self.store.add_beside(staged, loops, source).await? {
            Added::Same(_) => self.done.skipped += 1,
            Added::New(item) | Added::Replaced(item) => {
                self.done.imported += 1;
                if item.slug != listed.slug {
                    self.done.renamed.push(Renamed {
                        from: listed.slug.clone(),
                        to: item.slug.clone(),
                    });
                }
            }
        }
        Ok(())
    }
}

/// Tells how much is done.
#[derive(Clone)]
struct Meter {
    tell: Tell,
    done: u64,
    all: u64,
}

impl Meter {
    fn set(&mut self, done: u64) {
        self.done = done;
        let kilobytes = |bytes: u64| u32::try_from(bytes / 1024).unwrap_or(u32::MAX);
        (self.tell)(Progress::Converting {
            done: kilobytes(done.min(self.all)),
            all: kilobytes(self.all),
        });
    }
}
