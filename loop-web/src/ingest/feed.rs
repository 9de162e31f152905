//! Bytes handed to a thread that works on them while they come.

use std::io::{Error as IoError, Read, Result as IoResult};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Error;

/// Handed over at a time.
const PIECE_BYTES: usize = 256 * 1024;

/// Pieces that wait, beside the one that is being filled and the one that is being worked on.
const WAITING: usize = 2;

/// The sender's end. Dropped before [`finish`](Self::finish), the thread meets an error where the bytes end.
#[derive(Debug)]
pub(super) struct Feed<T> {
    pieces: mpsc::Sender<Piece>,
    buffer: Vec<u8>,
    work: JoinHandle<Result<T, Error>>,
}

#[derive(Debug)]
enum Piece {
    Bytes(Vec<u8>),
    End,
}

impl<T: Send + 'static> Feed<T> {
    /// Begins the work on what will come.
    pub(super) fn begin(work: impl FnOnce(Arriving) -> Result<T, Error> + Send + 'static) -> Self {
        let (pieces, arriving) = mpsc::channel(WAITING);
        let arriving = Arriving {
            pieces: arriving,
            piece: Vec::new(),
            used: 0,
            ended: false,
        };
        Self {
            pieces,
            // It grows with what comes: who sends slowly holds little.
            buffer: Vec::new(),
            work: tokio::task::spawn_blocking(move || work(arriving)),
        }
    }

    /// Takes the next bytes, once the work is not too far behind.
    ///
    /// # Errors
    /// That of the work, if it has ended.
    pub(super) async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        while !bytes.is_empty() {
            let room = PIECE_BYTES.saturating_sub(self.buffer.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() < PIECE_BYTES {
                continue;
            }
            let piece = std::mem::replace(&mut self.buffer, Vec::with_capacity(PIECE_BYTES));
            if self.pieces.send(Piece::Bytes(piece)).await.is_err() {
                let ended = (&mut self.work).await;
                return Err(match ended {
                    Ok(Err(error)) => error,
                    Ok(Ok(_)) | Err(_) => Error::Cancelled,
                });
            }
        }
        Ok(())
    }

    /// That was all: waits for what comes of it.
    ///
    /// # Errors
    /// That of the work.
    pub(super) async fn finish(self) -> Result<T, Error> {
        for piece in [Piece::Bytes(self.buffer), Piece::End] {
            // Work that has ended already says why itself.
            drop(self.pieces.send(piece).await);
        }
        self.work.await.unwrap_or(Err(Error::Cancelled))
    }
}

/// The thread's end: waits for what is not here yet.
#[derive(Debug)]
pub(super) struct Arriving {
    pieces: mpsc::Receiver<Piece>,
    piece: Vec<u8>,
    used: usize,
    ended: bool,
}

impl Read for Arriving {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        while self.used >= self.piece.len() && !self.ended && !buffer.is_empty() {
            self.used = 0;
            self.piece = Vec::new();
            match self.pieces.blocking_recv() {
                Some(Piece::Bytes(piece)) => self.piece = piece,
                Some(Piece::End) => self.ended = true,
                None => return Err(IoError::other("the sender has gone")),
            }
        }
        let read = self.piece.get(self.used..).unwrap_or_default();
        let read = { read }.read(buffer)?;
        self.used += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(count: usize) -> Vec<u8> {
        (0..count).map(|at| at.to_le_bytes()[0]).collect()
    }

    fn read_all(mut arriving: Arriving) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        match arriving.read_to_end(&mut all) {
            Ok(_) => Ok(all),
            Err(_) => Err(Error::Empty(all.len().to_string())),
        }
    }

    #[tokio::test]
    async fn what_is_written_arrives_in_order_and_ends() {
        for count in [0, 1, PIECE_BYTES, 3 * PIECE_BYTES + 7, 9 * PIECE_BYTES] {
            let mut feed = Feed::begin(read_all);
            let sent = bytes(count);
            for part in sent.chunks(100_003) {
                feed.write(part).await.unwrap();
            }
            assert!(feed.finish().await.unwrap() == sent, "{count}");
        }
    }

    #[tokio::test]
    async fn work_that_fails_early_tells_the_sender_in_the_middle() {
        let mut feed = Feed::begin(|mut arriving| {
            let mut first = [0];
            drop(arriving.read(&mut first));
            Err::<(), _>(Error::Empty("it".to_owned()))
        });
        let sent = bytes(PIECE_BYTES);
        let mut pieces = 0;
        let refused = loop {
            pieces += 1;
            match feed.write(&sent).await {
                Ok(()) => assert!(pieces < 10),
                Err(error) => break error,
            }
        };
        assert_eq!(refused.to_string(), "it is empty");
    }

    #[tokio::test]
    async fn a_sender_who_goes_away_ends_the_work() {
        let (told, ended) = tokio::sync::oneshot::channel();
        let mut feed = Feed::begin(move |arriving| {
            drop(told.send(read_all(arriving).unwrap_err().to_string()));
            Ok(())
        });
        feed.write(&bytes(PIECE_BYTES + 1)).await.unwrap();
        drop(feed);
        assert_eq!(ended.await.unwrap(), format!("{PIECE_BYTES} is empty"));
    }
}
