//! Uploads that can be resumed: their bytes are collected over as many requests as it takes, across restarts, and then go
//! the way all uploads go.
//!
//! ```text
//!   create ──> receiving ──> waiting ──> working ──> ended: an item, or a reason
//!                  │             │          │
//!                  └─────────────┴──────────┴── removed by the client, or too old
//! ```
//! One request at a time writes to an upload and holds its [`Tail`](pending::Tail) meanwhile; whoever else wants it asks
//! the writer to stop, since the link it writes over may be dead. What was acknowledged is on the disk for good.

mod announced;
mod checksum;
mod expiry;
mod folder;
mod id;
mod pending;
mod registry;
mod work;
mod writing;

#[cfg(test)]
mod tests;

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use loop_proto::config;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub(crate) use announced::{Announced, Purpose};
pub use checksum::Checksum;
pub(crate) use id::UploadId;
pub(crate) use pending::{Pending, Phase};
pub(crate) use registry::{Ended, Failure, Found, Outcome};
pub(crate) use writing::Writing;

use self::announced::Description;
use self::folder::Folder;
use self::registry::Registry;
use crate::board::Board;
use crate::ingest::{self, Ingest};
use crate::store::{self, Reservation, Store, tried};

/// Why an upload does not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Nobody has begun it, or it is long over.
    #[error("there is no such upload")]
    Unknown,
    /// It was removed.
    #[error("the upload was removed")]
    Gone,
    /// Another request writes to it.
    #[error("another request writes to this upload")]
    Locked,
    /// What comes does not go on where it ends.
    #[error("the upload goes on at byte {0}")]
    WrongOffset(u64),
    /// More comes than was announced.
    #[error("the upload has {0} bytes, as announced; more came")]
    TooMuch(u64),
    /// What came is not what was sent.
    #[error("what arrived has another checksum than what was sent; send it again")]
    Checksum,
    /// Nothing ends any more what is being done with it.
    #[error("it is being put into the library already; delete the item instead")]
    Stored,
    /// Too many are under way.
    #[error("{0}; try again later, or remove an upload")]
    TooMany(String),
    /// The daemon is stopping.
    #[error("the web daemon is stopping; the upload can be resumed in a moment")]
    Stopping,
    /// As for every upload.
    #[error(transparent)]
    Ingest(#[from] ingest::Error),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        Self::Ingest(error.into())
    }
}

/// All uploads that can be resumed; cheap to clone.
#[derive(Clone, Debug)]
pub struct Uploads(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    ingest: Ingest,
    board: Board,
    bounds: Bounds,
    registry: Mutex<Registry>,
    /// Held by the one who begins an upload, from the look at the bounds to the entry.
    beginning: tokio::sync::Mutex<()>,
    /// One has all its bytes.
    ready: Notify,
    stopping: CancellationToken,
}

/// How much there may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Of an original.
    pub(crate) max_file_bytes: u64,
    uploads: usize,
    /// Of all that are under way together.
    pub(crate) bytes: u64,
    expiry: Duration,
}

impl Bounds {
    fn new(media: &config::Media) -> Self {
        Self {
            max_file_bytes: media.max_file_bytes(),
            uploads: media.max_pending_uploads.as_usize(),
            bytes: media.max_pending_mb.get().saturating_mul(1_000_000),
            expiry: Duration::from_secs(media.upload_expiry_hours.get().saturating_mul(3600)),
        }
    }
}

impl Uploads {
    /// Takes up what an earlier run has left; what is nothing of ours or too old is removed.
    ///
    /// # Errors
    /// When the folder of the uploads cannot be read.
    pub async fn open(
        store: Store,
        ingest: Ingest,
        board: Board,
        media: &config::Media,
    ) -> Result<Self, store::Error> {
        let incoming = store.incoming().to_owned();
        let left = tokio::task::spawn_blocking(move || registry::read(&incoming));
        let left = left.await.map_err(|_| store::Error::Stopping)?;
        let uploads = Self(Arc::new(Shared {
            store,
            ingest,
            board,
            bounds: Bounds::new(media),
            registry: Mutex::default(),
            beginning: tokio::sync::Mutex::default(),
            ready: Notify::new(),
            stopping: CancellationToken::new(),
        }));
        for left in left.map_err(tried("read the uploads under way"))? {
            let room = uploads.room_for(&left.folder, left.announced.length, left.offset);
            let room = room.await.ok();
            let upload = Pending::new(left, room);
            uploads.registry().put(Arc::new(upload));
        }
        uploads.remove_stale().await;
        Ok(uploads)
    }

    /// Begins an upload. It is there for good when this returns, and known also if nobody waits for that.
    ///
    /// # Errors
    /// When it is too large, there are too many, or the disk has no room for all of it.
    pub(crate) async fn create(&self, announced: Announced) -> Result<Arc<Pending>, Error> {
        announced.check(&self.0.bounds)?;
        to_its_end(self.clone().begin(announced)).await?
    }

    async fn begin(self, announced: Announced) -> Result<Arc<Pending>, Error> {
        let _alone = self.0.beginning.lock().await;
        self.remove_stale().await;
        let given_up = self.registry().make_way(&announced, &self.0.bounds)?;
        for upload in given_up {
            tracing::info!(id = %upload.id, "an upload of which nothing came makes way for another");
            self.end_receiving(&upload, Failure::Expired).await?;
        }
        let id = UploadId::random().map_err(tried("name the upload"))?;
        let created = SystemTime::now();
        let folder = Folder::new(self.0.store.incoming(), &id, &announced);
        // Before anything is written: a full disk is told as such.
        let promise = self.0.store.reserve(announced.length).await?;
        let (making, description) = (folder.clone(), Description::new(announced.clone(), created));
        let made = blocking(move || making.create(&description)).await?;
        made.map_err(tried("begin the upload"))?;
        let room = allocated(&folder, promise, announced.length).await?;
        let left = registry::Left {
            id,
            announced,
            created,
            age: Duration::ZERO,
            folder,
            offset: 0,
        };
        let upload = Arc::new(Pending::new(left, Some(room)));
        self.registry().put(Arc::clone(&upload));
        Ok(upload)
    }

    /// What is known of an upload.
    pub(crate) fn find(&self, id: &UploadId) -> Option<Found> {
        self.registry().find(id)
    }

    /// The upload, if it is under way.
    ///
    /// # Errors
    /// When it is not.
    pub(crate) fn pending(&self, id: &UploadId) -> Result<Arc<Pending>, Error> {
        match self.find(id) {
            Some(Found::Pending(upload)) => Ok(upload),
            Some(Found::Ended(_)) => Err(Error::Gone),
            None => Err(Error::Unknown),
        }
    }

    /// All that are under way, in the order in which they were begun.
    pub(crate) fn all(&self) -> Vec<Arc<Pending>> {
        self.registry().all()
    }

    /// Bytes on the disk that belong to uploads under way.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        self.all().iter().map(|upload| upload.bytes_on_disk()).sum()
    }

    /// Until when an upload is kept without another byte.
    pub(crate) fn expires_at(&self, upload: &Pending) -> SystemTime {
        let rest = self.0.bounds.expiry.saturating_sub(upload.age());
        SystemTime::now() + rest
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.0.bounds
    }

    pub(crate) fn board(&self) -> &Board {
        &self.0.board
    }

    /// Removes an upload, whatever is being done with it, unless it is an item already. Also if nobody waits for that.
    ///
    /// # Errors
    /// When it is not under way, the one who writes to it does not stop, or it is put into the library meanwhile.
    pub(crate) async fn remove(&self, id: &UploadId) -> Result<(), Error> {
        let upload = self.pending(id)?;
        to_its_end(self.clone().cancel(upload)).await?
    }

    async fn cancel(self, upload: Arc<Pending>) -> Result<(), Error> {
        if upload.phase() == Phase::Receiving {
            upload.is_unwanted.store(true, Ordering::Relaxed);
            let ended = self.end_receiving(&upload, Failure::Cancelled).await;
            // Whoever is told to stop from now on is told so by somebody else.
            upload.is_unwanted.store(false, Ordering::Relaxed);
            if ended? {
                return Ok(());
            }
        }
        if !upload.cancel.ask() {
            return Err(Error::Stored);
        }
        // The one who works on it removes it.
        let gone = tokio::time::timeout(pending::PATIENCE, upload.ended.cancelled()).await;
        gone.map_err(|_| Error::Locked)?;
        match self.find(&upload.id) {
            Some(Found::Ended(ended)) if ended.result.is_ok() => Err(Error::Stored),
            _ => Ok(()),
        }
    }

    /// Ends an upload that has not all its bytes; `false` if it has.
    async fn end_receiving(&self, upload: &Arc<Pending>, why: Failure) -> Result<bool, Error> {
        let mut tail = upload.tail().await?;
        if tail.is_gone || upload.phase() != Phase::Receiving {
            return Ok(tail.is_gone);
        }
        tail.is_gone = true;
        tail.room = None;
        drop(tail);
        to_its_end(self.clone().end(Arc::clone(upload), Err(why))).await?;
        Ok(true)
    }

    /// Removes the files of an upload and remembers how it ended.
    async fn end(self, upload: Arc<Pending>, result: Result<Outcome, Failure>) {
        let folder = upload.folder.clone();
        let removed = blocking(move || folder.remove()).await;
        if let Ok(Err(error)) = removed {
            tracing::error!(id = %upload.id, "cannot remove an upload: {error}");
        }
        let message = result.as_ref().err().map(ToString::to_string);
        self.registry().end(&upload, result);
        upload.ended.cancel();
        if let Some(mut news) = upload.news().take() {
            match message {
                None => news.end(crate::jobs::Stage::Complete, 100, "Added"),
                Some(message) => news.end(crate::jobs::Stage::Error, 0, &message),
            }
        }
    }

    /// Sets aside what an upload still needs.
    async fn room_for(
        &self,
        folder: &Folder,
        length: u64,
        offset: u64,
    ) -> Result<Reservation, Error> {
        let missing = length.saturating_sub(offset);
        let promise = match self.0.store.disk().reserve(missing) {
            Ok(promise) => promise,
            // What comes is then asked for piece by piece.
            Err(_) => return Ok(self.0.store.disk().reserve(0)?),
        };
        allocated(folder, promise, missing).await
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        // Each change of it is one step.
        self.0
            .registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has the file system itself set aside what is promised, where it can: then it outlasts a restart.
async fn allocated(
    folder: &Folder,
    mut promise: Reservation,
    bytes: u64,
) -> Result<Reservation, Error> {
    let folder = folder.clone();
    if blocking(move || folder.allocate()).await? {
        promise.is_allocated(bytes);
    }
    Ok(promise)
}

/// Does this also if nobody waits for it any more: a client that goes away leaves nothing half done.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Error> {
    tokio::spawn(work).await.map_err(|_| Error::Stopping)
}

/// Does this on a thread for the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::Stopping)
}
