//! Deleting, and bringing back.
//!
//! What is deleted is moved into `trash/` by one rename: it is gone for good as far as a restart is concerned, which empties
//! the trash. Until then it can be moved back, to its place in the loop. Its files go when its time is over or when their
//! room is needed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loop_proto::Slug;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::{Error, Item, Store, Swept};

/// Items that can be brought back, the oldest first; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Trash {
    items: Arc<Mutex<Vec<Thrown>>>,
    changed: Arc<Notify>,
    /// Counts how often it was emptied.
    emptied: watch::Sender<u64>,
}

#[derive(Clone, Debug)]
struct Thrown {
    item: Arc<Item>,
    /// Its place in the loop; `None` if it was not in it.
    place: Option<usize>,
    since: Instant,
}

/// What came of a request to delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deleted {
    /// These are gone.
    pub deleted: Vec<Slug>,
    /// These were not there.
    pub unknown: Vec<Slug>,
}

/// What came of a request to bring back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// These are back.
    pub restored: Vec<Slug>,
    /// These are not in the trash any more, or have a successor of their name.
    pub gone: Vec<Slug>,
}

impl Trash {
    pub(super) fn bytes(&self) -> u64 {
        self.lock().iter().map(|thrown| thrown.item.bytes).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn put(&self, thrown: Thrown) {
        let mut items = self.lock();
        items.retain(|other| other.item.slug != thrown.item.slug);
        items.push(thrown);
        drop(items);
        self.changed.notify_one();
    }

    fn look(&self, slug: &Slug) -> Option<Thrown> {
        let items = self.lock();
        let found = items.iter().find(|thrown| thrown.item.slug == *slug);
        found.cloned()
    }

    fn take(&self, slug: &Slug) -> Option<Thrown> {
        let mut items = self.lock();
        let at = items.iter().position(|thrown| thrown.item.slug == *slug)?;
        Some(items.remove(at))
    }

    /// Takes out what has been in for this long.
    fn take_older(&self, than: Duration) -> Vec<Thrown> {
        let mut items = self.lock();
        items
            .extract_if(.., |thrown| thrown.since.elapsed() >= than)
            .collect()
    }

    /// When the oldest was thrown in.
    fn oldest(&self) -> Option<Instant> {
        self.lock().first().map(|thrown| thrown.since)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Thrown>> {
        // Each change of the list is one step.
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store {
    /// Deletes items, all of them or, if the disk refuses, those that are told.
    ///
    /// # Errors
    /// [`Error::Io`] if not even the first could be deleted.
    pub async fn delete(&self, slugs: Vec<Slug>) -> Result<Deleted, Error> {
        let trash = self.trash.clone();
        self.change(move |layout, library| {
            let mut result = Deleted::default();
            let mut next = library.clone();
            for slug in slugs {
                let Some(item) = next.item(&slug) else {
                    result.unknown.push(slug);
                    continue;
                };
                if let Err(error) = layout.throw_away(&slug) {
                    if result.deleted.is_empty() {
                        return Err(error);
                    }
                    tracing::warn!(%slug, "{}", loop_proto::launch::report(&error));
                    continue;
                }
                trash.put(Thrown {
                    item,
                    place: library.order().iter().position(|other| *other == slug),
                    since: Instant::now(),
                });
                next = next.without_item(&slug);
                result.deleted.push(slug);
            }
            if result.deleted.is_empty() {
                return Ok((None, result));
            }
            if let Err(error) = layout.sync_media() {
                for slug in &result.deleted {
                    drop(layout.bring_back(slug));
                    trash.take(slug);
                }
                return Err(error);
            }
            // They are gone for good; an order that still names them is put right by the next start.
            if let Err(error) = layout.write_order(library, &next) {
                tracing::warn!("{}", loop_proto::launch::report(&error));
            }
            Ok((Some(next), result))
        })
        .await
    }

    /// Brings deleted items back, each to its place in the loop.
    ///
    /// # Errors
    /// [`Error::Full`] or [`Error::Io`].
    pub async fn restore(&self, slugs: Vec<Slug>) -> Result<Restored, Error> {
        let trash = self.trash.clone();
        self.change(move |layout, library| {
            let (mut result, mut back) = (Restored::default(), Vec::new());
            for slug in slugs {
                let has_successor = |thrown: &Thrown| {
                    library.contains(&slug) || library.twin_of(&thrown.item).is_some()
                };
                match trash.look(&slug) {
                    Some(thrown) if !has_successor(&thrown) && layout.bring_back(&slug).is_ok() => {
                        trash.take(&slug);
                        result.restored.push(slug);
                        back.push(thrown);
                    }
                    _ => result.gone.push(slug),
                }
            }
            if back.is_empty() {
                return Ok((None, result));
            }
            // The foremost first, so that those behind it find the place they had.
            back.sort_by_key(|thrown| thrown.place);
            let next = back.iter().fold(library.clone(), |library, thrown| {
                library.with_item_at(Arc::clone(&thrown.item), thrown.place)
            });
            let saved = layout
                .sync_media()
                .and_then(|()| layout.write_order(library, &next));
            if let Err(error) = saved {
                for thrown in back {
                    layout.throw_away(&thrown.item.slug)?;
                    trash.put(thrown);
                }
                return Err(error);
            }
            Ok((Some(next), result))
        })
        .await
    }

    /// Tells of room that is made by emptying the trash.
    pub(crate) fn emptied(&self) -> watch::Receiver<u64> {
        self.trash.emptied.subscribe()
    }

    /// Removes the files of what was deleted this long ago.
    pub(super) async fn empty_trash(&self, older_than: Duration) -> Result<Swept, Error> {
        let trash = self.trash.clone();
        self.change(move |layout, _| {
            let mut swept = Swept::default();
            for thrown in trash.take_older(older_than) {
                if let Err(error) = layout.remove_thrown(&thrown.item.slug) {
                    // What is left goes with the next start.
                    tracing::warn!("{}", loop_proto::launch::report(&error));
                    continue;
                }
                swept.trash += 1;
                swept.bytes += thrown.item.bytes;
            }
            if swept.trash > 0 {
                trash.emptied.send_modify(|times| *times += 1);
            }
            Ok((None, swept))
        })
        .await
    }
}

/// Removes what was deleted when its time is over, until the future is dropped.
pub async fn empty_in_time(store: Store, undo: Duration) {
    loop {
        match store.trash.oldest() {
            Some(since) => tokio::time::sleep_until(since + undo).await,
            None => store.trash.changed.notified().await,
        }
        if let Err(error) = store.empty_trash(undo).await {
            tracing::warn!("{}", loop_proto::launch::report(&error));
        }
    }
}
