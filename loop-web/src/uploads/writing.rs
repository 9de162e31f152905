//! Adding to an upload: one request's bytes, from where the last ones ended.
//!
//! What has come is made durable from time to time and at the end; that is the upload's new [`Tail`]. If the request told
//! what its bytes hash to, none of them is the upload's before all of them are right.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use sha2::Sha256;
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;

use super::checksum::Sums;
use super::pending::Tail;
use super::{Checksum, Error, Pending, Phase, Uploads, blocking};
use crate::ingest::Spool;
use crate::store::tried;

/// Made durable at a time: a power cut takes no more than this of a request that is one for all, and no more than this
/// waits in memory for the disk.
const DURABLE_BYTES: u64 = 8 * 1024 * 1024;

/// A request that adds to an upload. Dropped in the middle, what is not durable is forgotten by the next.
pub(crate) struct Writing {
    uploads: Uploads,
    upload: Arc<Pending>,
    tail: OwnedMutexGuard<Tail>,
    told: Option<Checksum>,
    /// The folder says that what this request adds does not count yet.
    is_noted: bool,
    stop: CancellationToken,
    /// The file that is written to, if one is.
    spool: Option<Spool<Sums>>,
    /// Where the next byte goes.
    at: u64,
    /// What is written hashes to, while no file is open.
    sums: Sums,
}

impl Uploads {
    /// Begins to add to an upload, from a byte that must be the next. Who writes to it is asked to stop.
    ///
    /// # Errors
    /// When it is another byte, or the other one does not stop.
    pub(crate) async fn write(
        &self,
        upload: Arc<Pending>,
        offset: u64,
        told: Option<Checksum>,
    ) -> Result<Writing, Error> {
        let tail = upload.tail().await?;
        if tail.is_gone && tail.offset < upload.announced.length {
            return Err(Error::Gone);
        }
        if offset != tail.offset {
            return Err(Error::WrongOffset(tail.offset));
        }
        let stop = upload.is_written(&self.0.stopping);
        let sums = Sums {
            content: tail.sha256.clone(),
            request: told.as_ref().map(Checksum::begin),
        };
        Ok(Writing {
            uploads: self.clone(),
            upload,
            tail,
            told,
            is_noted: false,
            stop,
            spool: None,
            at: offset,
            sums,
        })
    }
}

impl Writing {
    /// Whether more than this would be too much.
    pub(crate) fn missing(&self) -> u64 {
        self.upload.announced.length.saturating_sub(self.at)
    }

    /// Ends when somebody else wants the upload.
    pub(crate) fn told_to_stop(&self) -> impl Future<Output = ()> + use<> {
        self.stop.clone().cancelled_owned()
    }

    /// Why it was told to.
    pub(crate) fn reason_to_stop(&self) -> Error {
        match (
            self.uploads.0.stopping.is_cancelled(),
            self.upload.is_unwanted.load(Ordering::Relaxed),
        ) {
            (true, _) => Error::Stopping,
            (_, true) => Error::Gone,
            _ => Error::Locked,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// When they are too many or the disk refuses; then [`undo`](Self::undo).
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        if bytes.len() as u64 > self.missing() {
            return Err(Error::TooMuch(self.upload.announced.length));
        }
        while !bytes.is_empty() {
            let folder = &self.upload.folder;
            let end = folder.end_of_file_at(self.at);
            let durable = match self.told {
                // So that the next piece has blocks of its own.
                None => folder.end_of_block(self.tail.offset, self.at, DURABLE_BYTES),
                // Of a request that is checked nothing counts before its end.
                Some(_) => end,
            };
            let space = usize::try_from(end.min(durable) - self.at).unwrap_or(usize::MAX);
            let (now, later) = bytes.split_at(space.min(bytes.len()));
            self.spool().await?.write(now).await?;
            self.at += now.len() as u64;
            bytes = later;
            if self.at == end {
                self.close().await?;
            } else if self.told.is_none() && self.at == durable {
                self.close().await?;
                self.forget_note().await?;
                self.advance();
            }
        }
        self.upload.has_seen(self.at, &self.uploads.0.board);
        Ok(())
    }

    /// No more comes. Returns where the next request goes on, when all before that is durable.
    ///
    /// # Errors
    /// When the bytes are not those that were told of, or the disk refuses; nothing of the request is kept then.
    pub(crate) async fn keep(mut self) -> Result<u64, Error> {
        if let Err(error) = self.settle().await {
            self.undo().await?;
            return Err(error);
        }
        self.advance();
        if self.missing() == 0 && self.upload.phase() == Phase::Receiving {
            self.tail.room = None;
            self.upload.enter(Phase::Ready);
            self.uploads.0.ready.notify_one();
        }
        Ok(self.at)
    }

    /// All that was written is right and on the disk, and the folder says so.
    async fn settle(&mut self) -> Result<(), Error> {
        self.close().await?;
        self.verify()?;
        if self.missing() == 0 && self.upload.phase() == Phase::Receiving {
            let folder = self.upload.folder.clone();
            let noted = blocking(move || folder.mark_whole());
            noted.await?.map_err(tried("store the upload"))?;
        }
        self.forget_note().await
    }

    /// What this request has added so far counts.
    async fn forget_note(&mut self) -> Result<(), Error> {
        if self.is_noted {
            let folder = self.upload.folder.clone();
            let forgotten = blocking(move || folder.is_checked());
            forgotten.await?.map_err(tried("store the upload"))?;
            (self.is_noted, self.tail.has_unchecked) = (false, false);
        }
        Ok(())
    }

    /// The request broke off. What has come is kept, unless it cannot be told whether it is right.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) async fn break_off(self) -> Result<(), Error> {
        match self.told {
            Some(_) => self.undo().await,
            None => self.keep().await.map(drop),
        }
    }

    /// Forgets what is not durable yet, for good.
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) async fn undo(mut self) -> Result<(), Error> {
        self.spool = None;
        let (folder, offset) = (self.upload.folder.clone(), self.tail.offset);
        let cut = blocking(move || {
            folder.cut_at(offset)?;
            folder.is_checked()
        });
        cut.await?.map_err(tried("take back what arrived"))?;
        self.tail.has_unchecked = false;
        self.upload.has_seen(offset, &self.uploads.0.board);
        let length = self.upload.announced.length;
        let room = self
            .uploads
            .room_for(&self.upload.folder, length, offset)
            .await;
        self.tail.room = room.ok();
        Ok(())
    }

    fn verify(&mut self) -> Result<(), Error> {
        match (&self.told, self.sums.request.take()) {
            (Some(told), Some(hash)) if !told.is(&hash) => Err(Error::Checksum),
            _ => Ok(()),
        }
    }

    /// What is written is the upload's from now on.
    fn advance(&mut self) {
        self.tail.offset = self.at;
        self.tail.sha256.clone_from(&self.sums.content);
    }

    /// The file for the next byte.
    async fn spool(&mut self) -> Result<&mut Spool<Sums>, Error> {
        let spool = match self.spool.take() {
            Some(spool) => spool,
            None => self.open().await?,
        };
        Ok(self.spool.insert(spool))
    }

    async fn open(&mut self) -> Result<Spool<Sums>, Error> {
        let (folder, at, offset) = (self.upload.folder.clone(), self.at, self.tail.offset);
        let must_note = self.told.is_some() || folder.shares_block(at);
        let notes = must_note && !self.is_noted;
        // Left by a request that has met no end at all.
        let was_noted = self.tail.has_unchecked && !self.is_noted;
        self.is_noted |= notes;
        self.tail.has_unchecked = self.is_noted;
        let file = blocking(move || {
            match (notes, was_noted) {
                (true, false) => folder.mark_unchecked(offset)?,
                (false, true) => {
                    folder.cut_at(offset)?;
                    folder.is_checked()?;
                }
                _ => {}
            }
            folder.open_at(at)
        });
        let file = file.await?.map_err(tried("store the upload"))?;
        let room = match self.tail.room.take() {
            Some(room) => room,
            None => self.uploads.0.store.disk().reserve(0)?,
        };
        let content = match self.upload.folder.is_original(at) {
            true => self.sums.content.take(),
            false => None,
        };
        let request = self.sums.request.take();
        Ok(Spool::observed(file, Sums { content, request }, room))
    }

    /// Makes durable what is written, and closes the file.
    async fn close(&mut self) -> Result<(), Error> {
        let Some(mut spool) = self.spool.take() else {
            return Ok(());
        };
        spool.sync().await?;
        if let Some(Sums { content, request }) = spool.observer().cloned() {
            self.sums.request = request;
            self.sums.content = content.or(self.sums.content.take());
        }
        self.tail.room = Some(spool.into_room());
        Ok(())
    }
}

/// The hash of the original, if all of it came by us; the upload is whole then.
pub(super) async fn sha256_of(upload: &Pending) -> Result<Option<String>, Error> {
    let tail = upload.tail().await?;
    let hash = tail.sha256.clone();
    Ok(hash.map(|hash: Sha256| {
        use sha2::Digest;
        crate::ingest::hex(&hash.finalize())
    }))
}
