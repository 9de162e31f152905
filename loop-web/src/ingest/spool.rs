//! Bytes on their way to a file: in large pieces, by the threads for the disk, hashed on the way, and only where there is
//! room for them.

use std::fs::File;
use std::io::Write;

use sha2::{Digest, Sha256};

use super::{Error, tried};
use crate::store::Reservation;

/// Written at a time; between two writes the disk is checked and a cancelled upload ends.
const CHUNK_BYTES: usize = 256 * 1024;

/// Whether what is written is hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hashing {
    /// It is.
    Sha256,
    /// Nobody will ask.
    None,
}

/// Sees all bytes in their order, once they are written, on a thread for the disk.
pub(crate) trait Observe: Send + 'static {
    /// The next ones.
    fn see(&mut self, bytes: &[u8]);
}

impl Observe for Option<Sha256> {
    fn see(&mut self, bytes: &[u8]) {
        if let Some(hash) = self {
            hash.update(bytes);
        }
    }
}

/// A file that is being written.
#[derive(Debug)]
pub(crate) struct Spool<O = Option<Sha256>> {
    /// On its way through the disk's threads while it is not here.
    sink: Option<Sink<O>>,
    room: Reservation,
}

#[derive(Debug)]
struct Sink<O> {
    file: File,
    observer: O,
    buffer: Vec<u8>,
}

impl Spool {
    /// Writes on at the end of a file, into this room.
    pub(crate) fn new(file: File, hashing: Hashing, room: Reservation) -> Self {
        let hash = (hashing == Hashing::Sha256).then(Sha256::new);
        Self::observed(file, hash, room)
    }

    /// All is written: gives what the bytes hash to, in hexadecimal digits, if they were hashed.
    ///
    /// # Errors
    /// When the disk is full or refuses.
    pub(crate) async fn finish(mut self) -> Result<(Option<String>, Reservation), Error> {
        self.flush(Durable::NotYet).await?;
        let hash = self.sink.and_then(|sink| sink.observer);
        Ok((hash.map(|hash| hex(&hash.finalize())), self.room))
    }
}

impl<O: Observe> Spool<O> {
    /// Writes on at the end of a file, into this room, and shows all of it to somebody.
    pub(crate) fn observed(file: File, observer: O, room: Reservation) -> Self {
        let sink = Sink {
            file,
            observer,
            // It grows with what comes: who sends slowly holds little.
            buffer: Vec::new(),
        };
        Self {
            sink: Some(sink),
            room,
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// When the disk is full or refuses.
    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while let Some(sink) = self.sink.as_mut().filter(|_| !bytes.is_empty()) {
            let room = CHUNK_BYTES.saturating_sub(sink.buffer.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            sink.buffer.extend_from_slice(now);
            bytes = later;
            if sink.buffer.len() >= CHUNK_BYTES {
                self.flush(Durable::NotYet).await?;
            }
        }
        Ok(())
    }

    /// Returns when all that was taken is on the disk for good.
    ///
    /// # Errors
    /// When the disk is full or refuses.
    pub(crate) async fn sync(&mut self) -> Result<(), Error> {
        self.flush(Durable::Now).await
    }

    /// Who has seen the bytes that are written; `None` once the disk has refused.
    pub(crate) fn observer(&self) -> Option<&O> {
        self.sink.as_ref().map(|sink| &sink.observer)
    }

    /// Writes no more, and gives back the room that is left.
    pub(crate) fn into_room(self) -> Reservation {
        self.room
    }

    async fn flush(&mut self, durable: Durable) -> Result<(), Error> {
        let Some(mut sink) = self.sink.take() else {
            return Err(Error::Cancelled);
        };
        self.room.use_up(sink.buffer.len() as u64)?;
        let written = tokio::task::spawn_blocking(move || {
            sink.file.write_all(&sink.buffer)?;
            sink.observer.see(&sink.buffer);
            sink.buffer.clear();
            if durable == Durable::Now {
                sink.file.sync_data()?;
            }
            Ok(sink)
        });
        let sink = written.await.map_err(|_| Error::Cancelled)?;
        self.sink = Some(sink.map_err(tried("store the upload"))?);
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Durable {
    Now,
    NotYet,
}

/// Hexadecimal digits, as sha256 sums are written.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
