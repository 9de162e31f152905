//! Reads a range of an archive that is nowhere, in pieces.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use bytes::Bytes;

use super::header::{self, BLOCK};
use super::packed::{Entry, Packed, Source, text_of};

/// Read at a time.
const PIECE_BYTES: u64 = 64 * 1024;

/// A range that is being read. It holds one open file and at most one description.
#[derive(Debug)]
pub struct Reading {
    packed: Arc<Packed>,
    left: Range<u64>,
    /// Of the entry of this number.
    open: Option<(usize, Content)>,
}

#[derive(Debug)]
enum Content {
    Text(Bytes),
    File(File),
}

impl Reading {
    /// Will read these bytes.
    #[must_use]
    pub fn new(packed: Arc<Packed>, range: Range<u64>) -> Self {
        Self {
            packed,
            left: range,
            open: None,
        }
    }

    /// How many bytes are left to be read.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.left.end.saturating_sub(self.left.start)
    }

    /// The next bytes, none at the end. Takes its time with the disk.
    ///
    /// # Errors
    /// When an item is not what it was when the archive was planned, or the disk refuses.
    pub fn next_piece(&mut self) -> io::Result<Bytes> {
        let mut piece = vec![0; size(self.left().min(PIECE_BYTES))];
        let mut filled = 0;
        while let Some(room) = piece.get_mut(filled..).filter(|room| !room.is_empty()) {
            let count = self.fill(room)?;
            self.left.start += count as u64;
            filled += count;
        }
        Ok(piece.into())
    }

    /// Fills the beginning of `room` and says how much of it.
    fn fill(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let packed = Arc::clone(&self.packed);
        let at = self.left.start;
        let number = packed.entries.partition_point(|entry| entry.start <= at);
        let number = number.saturating_sub(1);
        let Some(entry) = packed.entries.get(number) else {
            return Ok(zeros(room, u64::MAX));
        };
        let within = at.saturating_sub(entry.start);
        let Some(at) = within.checked_sub(BLOCK) else {
            let head = header::write(&entry.source.path(), entry.bytes, entry.seconds)?;
            return Ok(copy(room, &head, within));
        };
        if at < entry.bytes {
            return self.fill_from(number, entry, at, room);
        }
        let next = packed.entries.get(number + 1);
        let end = next.map_or(u64::MAX, |next| next.start);
        Ok(zeros(room, end.saturating_sub(self.left.start)))
    }

    fn fill_from(
        &mut self,
        number: usize,
        entry: &Entry,
        at: u64,
        room: &mut [u8],
    ) -> io::Result<usize> {
        let content = match self.open.take() {
            Some((open, content)) if open == number => content,
            _ => self.open(entry)?,
        };
        let count = match &content {
            Content::Text(text) => copy(room, text, at),
            Content::File(file) => {
                let count = size((entry.bytes - at).min(room.len() as u64));
                let room = room.get_mut(..count).unwrap_or_default();
                file.read_exact_at(room, at)?;
                count
            }
        };
        self.open = Some((number, content));
        Ok(count)
    }

    fn open(&self, entry: &Entry) -> io::Result<Content> {
        let (content, bytes) = match &entry.source {
            Source::Text(_, text) => (Content::Text(text.clone()), text.len() as u64),
            Source::Meta(item) => {
                let text = text_of(item)?;
                let bytes = text.len() as u64;
                (Content::Text(text.into()), bytes)
            }
            Source::File(item, name) => {
                let file = self.packed.store.open_file(item, name.of(item))?;
                let bytes = file.metadata()?.len();
                (Content::File(file), bytes)
            }
        };
        if bytes == entry.bytes {
            return Ok(content);
        }
        let path = entry.source.path();
        Err(io::Error::other(format!("{path} has changed meanwhile")))
    }
}

fn copy(room: &mut [u8], from: &[u8], at: u64) -> usize {
    let from = from.get(size(at)..).unwrap_or_default();
    let count = from.len().min(room.len());
    let parts = room.iter_mut().zip(from);
    parts.for_each(|(to, from)| *to = *from);
    count
}

/// `room` is zeros already.
fn zeros(room: &[u8], most: u64) -> usize {
    room.len().min(size(most))
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
