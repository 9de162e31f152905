//! Reads clips, taking nothing in the file for granted.

use std::io;
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::header::{HASHED_BYTES, HEADER_BYTES, Header, INDEX_ENTRY_BYTES, IndexEntry};
use super::{Error, Kind, Position, Record, corrupt};
use crate::ids::ClipId;
use crate::pixel::Frame;

/// Bytes that can be read at any place without a cursor.
pub trait ReadAt {
    /// Fills `buffer` from `offset` on, or fails.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] when there are fewer bytes.
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// How many bytes there are.
    ///
    /// # Errors
    /// When the system does not tell.
    fn size(&self) -> io::Result<u64>;
}

impl ReadAt for std::fs::File {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(self, buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }
}

impl ReadAt for Vec<u8> {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let bytes = start
            .checked_add(buffer.len())
            .and_then(|end| self.get(start..end));
        buffer.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(u64::try_from(self.len()).unwrap_or(u64::MAX))
    }
}

/// An open clip: its checked index in memory, its records read when asked for.
#[derive(Debug)]
pub struct Clip<S> {
    source: S,
    header: Header,
    sha256: [u8; 32],
    index: Vec<IndexEntry>,
}

impl<S: ReadAt> Clip<S> {
    /// Reads and checks header and index; the records are checked as they are loaded.
    ///
    /// # Errors
    /// [`Error::Corrupt`] with the place and the rule that is broken.
    pub fn open(source: S) -> Result<Self, Error> {
        let size = source.size()?;
        let (header, sha256) = read_header(&source, size)?;
        let index_bytes = u64::from(header.records) * INDEX_ENTRY_BYTES as u64;
        if header.index_offset.checked_add(index_bytes) != Some(size) {
            return corrupt("the index does not end where the file ends");
        }
        let mut bytes = vec![0; usize::try_from(index_bytes).unwrap_or(0)];
        source.read_exact_at(&mut bytes, header.index_offset)?;
        let index = bytes
            .chunks_exact(INDEX_ENTRY_BYTES)
            .enumerate()
            .map(|(number, entry)| IndexEntry::parse(entry, number))
            .collect::<Result<Vec<_>, _>>()?;
        check_sequence(&header, &index)?;
        Ok(Self {
            source,
            header,
            sha256,
            index,
        })
    }

    /// Reads the whole file once and compares it with its hash.
    ///
    /// # Errors
    /// [`Error::Hash`] when they differ.
    pub fn verify(&self) -> Result<(), Error> {
        let size = self.source.size()?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        let mut at = HEADER_BYTES as u64;
        while at < size {
            let left = usize::try_from(size - at)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let Some(chunk) = buffer.get_mut(..left) else {
                break;
            };
            self.source.read_exact_at(chunk, at)?;
            hash.update(&*chunk);
            at += left as u64;
        }
        hash.update(self.header.to_bytes());
        if hash.finalize().as_slice() == self.sha256 {
            Ok(())
        } else {
            Err(Error::Hash)
        }
    }

    /// Identifies the content.
    #[must_use]
    pub fn id(&self) -> ClipId {
        ClipId::from_sha256(&self.sha256)
    }

    /// Number of frames, at least 1.
    #[must_use]
    pub fn frame_count(&self) -> u32 {
        self.header.frames
    }

    /// Length of one pass.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.header.total
    }

    /// How long a frame is shown; `None` for a frame that does not exist.
    #[must_use]
    pub fn duration(&self, frame: u32) -> Option<Duration> {
        if frame >= self.header.frames {
            return None;
        }
        self.entry(frame).map(|entry| entry.duration)
    }

    /// The last key at or before a frame: where to begin to show that frame.
    #[must_use]
    pub fn key_before(&self, frame: u32) -> u32 {
        let frame = frame.min(self.header.frames - 1);
        (0..=frame)
            .rev()
            .find(|&n| self.entry(n).is_some_and(|entry| entry.kind == Kind::Key))
            .unwrap_or(0)
    }

    /// Reads and unpacks a record.
    ///
    /// # Errors
    /// [`Error::Corrupt`] for a record that breaks the format or does not exist.
    pub fn load(&self, position: Position, record: &mut Record) -> Result<(), Error> {
        let number = match position {
            Position::Frame(frame) if frame < self.header.frames => frame,
            Position::Wrap if self.header.frames > 1 => self.header.frames,
            Position::Frame(_) | Position::Wrap => return corrupt("there is no such record"),
        };
        let Some(entry) = self.entry(number) else {
            return corrupt("there is no such record");
        };
        record
            .packed
            .resize(usize::try_from(entry.stored).unwrap_or(0), 0);
        self.source
            .read_exact_at(&mut record.packed, entry.offset)?;
        record.unpack(&entry)
    }

    /// Draws one frame, beginning at the key before it.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn render(&self, frame: u32) -> Result<Frame, Error> {
        let mut picture = Frame::black();
        let (mut record, mut damage) = (Record::default(), Vec::new());
        for number in self.key_before(frame)..=frame {
            self.load(Position::Frame(number), &mut record)?;
            damage.clear();
            record.apply(&mut picture, &mut damage);
        }
        Ok(picture)
    }

    fn entry(&self, number: u32) -> Option<IndexEntry> {
        self.index.get(usize::try_from(number).ok()?).copied()
    }
}

/// Which clip a file holds, by its header alone.
///
/// # Errors
/// [`Error::Corrupt`] for a header that breaks the format.
pub fn id_of(source: &impl ReadAt) -> Result<ClipId, Error> {
    let (_, sha256) = read_header(source, source.size()?)?;
    Ok(ClipId::from_sha256(&sha256))
}

fn read_header(source: &impl ReadAt, size: u64) -> Result<(Header, [u8; 32]), Error> {
    let mut head = [0; HEADER_BYTES];
    if size < HEADER_BYTES as u64 {
        return corrupt(format!("{size} bytes are too few for a header"));
    }
    source.read_exact_at(&mut head, 0)?;
    let (hashed, hash) = head.split_at(HASHED_BYTES);
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(hash);
    Ok((Header::parse(hashed)?, sha256))
}

/// Records follow each other without gaps, kinds are where they may be, durations add up.
fn check_sequence(header: &Header, index: &[IndexEntry]) -> Result<(), Error> {
    let mut at = HEADER_BYTES as u64;
    let mut total = Duration::ZERO;
    for (number, entry) in (0u32..).zip(index) {
        if entry.offset != at {
            return corrupt(format!(
                "record {number} is not where the one before it ends"
            ));
        }
        at += u64::from(entry.stored);
        total += entry.duration;
        let kind_is_right = match entry.kind {
            Kind::Key => number < header.frames,
            Kind::Delta => number > 0 && number < header.frames,
            Kind::Wrap => number == header.frames,
        };
        if !kind_is_right {
            return corrupt(format!("record {number} is of a kind that cannot be there"));
        }
    }
    if at != header.index_offset || total != header.total {
        return corrupt("records and header do not add up");
    }
    Ok(())
}
