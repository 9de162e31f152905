//! What becomes of uploads that have all their bytes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::task::{JoinError, JoinSet};

use super::expiry::LOOK;
use super::folder::Folder;
use super::{Failure, Outcome, Pending, Purpose, Uploads, blocking, writing};
use crate::archive;
use crate::ingest::{self, Frames, Part, Received, Tell};
use crate::metrics::{Kind, METRICS};
use crate::store;

/// Work on one upload may be begun this often. If it was begun that often and never ended, it is what ends the daemon.
const MOST_TRIES: u64 = 5;

/// How often it may fail for reasons of its own before they are taken for the upload's.
const MOST_FAULTS: u32 = 3;

/// How soon room is looked for again: what was deleted takes it until the player has let go of it.
const ROOM: Duration = Duration::from_secs(2);

/// How soon what the disk refused is tried again, if no room is made before.
const AGAIN: Duration = Duration::from_secs(60);

impl Uploads {
    /// Makes items of uploads that are whole, one after the other in the order in which they were begun as far as they wait
    /// for each other, and removes those that are too old; until the future is dropped. When the daemon stops, requests
    /// are told to end.
    pub(crate) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let (mut work, mut at_work) = (JoinSet::new(), HashMap::new());
        // One file at a time is read only to be hashed.
        let reading = Arc::new(Mutex::new(()));
        let mut look = tokio::time::interval(LOOK);
        loop {
            for upload in self.registry().take_ready() {
                let task = self
                    .clone()
                    .work_on(Arc::clone(&upload), Arc::clone(&reading));
                at_work.insert(work.spawn(task).id(), upload);
            }
            tokio::select! {
                () = self.0.ready.notified() => {}
                Some(done) = work.join_next_with_id() => {
                    let id = done.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
                    let upload = at_work.remove(&id);
                    if let (Err(error), Some(upload)) = (done, upload) {
                        self.clone().end_broken(upload, &error).await;
                    }
                }
                _ = look.tick() => {
                    self.rest_idle();
                    self.remove_stale().await;
                }
                () = told_to_stop(&mut stopped) => break,
            }
        }
        self.0.stopping.cancel();
        std::future::pending::<()>().await;
    }

    async fn work_on(self, upload: Arc<Pending>, reading: Arc<Mutex<()>>) {
        let tell = {
            let mut news = upload.news();
            let news = news.get_or_insert_with(|| upload.begin_news(&self.0.board));
            news.all_received(upload.announced.length);
            news.teller()
        };
        let work = self.take_in_at_last(&upload, &reading, tell);
        let result = upload.cancel.unless_asked(work).await;
        let result = result.unwrap_or(Err(Failure::Cancelled));
        METRICS.uploads.ended(Kind::Tus, result.is_ok());
        if let Err(failure) = &result {
            tracing::info!(id = %upload.id, "an upload became no item: {failure}");
        }
        self.0.board.refresh();
        self.end(upload, result).await;
    }

    /// Ends an upload whose worker has died: nobody else would.
    pub(super) async fn end_broken(self, upload: Arc<Pending>, error: &JoinError) {
        tracing::error!(id = %upload.id, "the work on an upload broke off: {error}");
        if !upload.ended.is_cancelled() {
            self.end(upload, Err(Failure::Internal)).await;
        }
    }

    /// What the disk refuses is tried again: the upload is none the worse for it.
    async fn take_in_at_last(
        &self,
        upload: &Pending,
        reading: &Mutex<()>,
        tell: Tell,
    ) -> Result<Outcome, Failure> {
        let (mut library, mut emptied) = (self.0.store.watch(), self.0.store.emptied());
        let (mut faults, mut told) = (0, false);
        loop {
            library.mark_unchanged();
            emptied.mark_unchanged();
            // As much again is needed for the clip; what was deleted makes room for it.
            drop(self.0.store.reserve(upload.announced.frames).await);
            let failure = match self.try_once(upload, reading, Arc::clone(&tell)).await {
                Err(failure) if is_passing(&failure) => failure,
                result => return result,
            };
            // It was not put into the library after all.
            upload.cancel.reopen();
            if upload.cancel.is_asked() {
                return Err(Failure::Cancelled);
            }
            let was_fault = matches!(failure, Failure::Ingest(ingest::Error::Cancelled));
            faults += u32::from(was_fault);
            if faults >= MOST_FAULTS {
                return Err(failure);
            }
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(id = %upload.id, "an upload waits: {failure}");
            }
            if let Some(news) = upload.news().as_mut() {
                news.waits(&failure.to_string());
            }
            let for_room = is_full(&failure);
            loop {
                // Whoever makes room changes the library or empties the trash.
                tokio::select! {
                    _ = library.changed() => {}
                    _ = emptied.changed() => {}
                    () = tokio::time::sleep(if for_room { ROOM } else { AGAIN }) => {}
                }
                let frames = upload.announced.frames;
                if !for_room || self.0.store.reserve(frames).await.is_ok() {
                    break;
                }
            }
        }
    }

    /// Takes it in, and has it counted how often nobody came to the end of that.
    async fn try_once(
        &self,
        upload: &Pending,
        reading: &Mutex<()>,
        tell: Tell,
    ) -> Result<Outcome, Failure> {
        let folder = upload.folder.clone();
        let _try = Try(&upload.folder);
        let tries = blocking(move || folder.count_try()).await;
        match tries {
            Ok(Ok(tries)) if tries > MOST_TRIES => Err(Failure::Fatal(MOST_TRIES)),
            _ => self.take_in(upload, reading, tell).await,
        }
    }

    async fn take_in(
        &self,
        upload: &Pending,
        reading: &Mutex<()>,
        tell: Tell,
    ) -> Result<Outcome, Failure> {
        match upload.announced.purpose {
            Purpose::Media => {
                let received = received(upload, reading).await?;
                let added = self.0.ingest.run(received, tell).await?;
                Ok(Outcome::Item(added.item().slug.clone()))
            }
            Purpose::Library => {
                let path = upload.folder.original().unwrap_or_default();
                let imported = archive::import(&self.0.store, &path, tell).await?;
                Ok(Outcome::Library(imported))
            }
        }
    }
}

/// A try that has begun. Dropped, it has ended, be it that the daemon stops in good order; a daemon that dies drops nothing.
struct Try<'a>(&'a Folder);

impl Drop for Try<'_> {
    fn drop(&mut self) {
        self.0.forget_tries();
    }
}

/// Ends when the daemon stops; a sender that is gone means the same.
async fn told_to_stop(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|stopped| *stopped).await);
}

/// Whether it only wants for room.
fn is_full(failure: &Failure) -> bool {
    use archive::Error as Archive;
    use store::Error::Full;
    matches!(
        failure,
        Failure::Ingest(ingest::Error::Store(Full { .. }))
            | Failure::Archive(
                Archive::Stopped {
                    source: Full { .. },
                    ..
                } | Archive::Store(Full { .. })
            )
    )
}

/// Whether the same may go well another time.
fn is_passing(failure: &Failure) -> bool {
    use archive::Error as Archive;
    matches!(
        failure,
        Failure::Ingest(ingest::Error::Store(_) | ingest::Error::Cancelled)
            | Failure::Archive(Archive::Stopped { .. } | Archive::Store(_) | Archive::Cancelled)
    )
}

/// The files of an upload that is whole.
async fn received(upload: &Pending, reading: &Mutex<()>) -> Result<Received, Failure> {
    let announced = upload.announced.clone();
    let (original, frames) = (upload.folder.original(), upload.folder.frames());
    let source = upload.folder.source();
    let known = writing::sha256_of(upload).await.ok().flatten();
    let _alone = match known {
        Some(_) => None,
        None => Some(reading.lock().await),
    };
    let read = blocking(move || -> Result<Received, Failure> {
        let original = original.map(|path| Part::of_file(&announced.filename, &path, known));
        let original = original.transpose()?;
        if let (Some(told), Some(original)) = (&announced.sha256, &original)
            && *told != original.sha256
        {
            return Err(Failure::Checksum(announced.filename));
        }
        let frames = frames.map(|path| Part::unhashed(&announced.frames_name(), &path));
        Ok(Received {
            original,
            frames: frames.transpose()?.map(Frames::File),
            look: announced.look,
            source,
        })
    });
    match read.await {
        Ok(read) => read,
        Err(_) => Err(ingest::Error::Store(store::Error::Stopping).into()),
    }
}
