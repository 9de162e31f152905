//! The original as the decoders read it: buffered, and telling how far they are.

use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::rc::Rc;

/// A file that counts.
#[derive(Debug)]
pub(super) struct Source<R> {
    inner: BufReader<R>,
    at: Rc<Cell<u64>>,
}

/// How far the reading is.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    at: Rc<Cell<u64>>,
    size: u64,
}

impl Meter {
    /// 0 to 100.
    pub(super) fn percent(&self) -> u8 {
        let percent = self.at.get().saturating_mul(100) / self.size.max(1);
        u8::try_from(percent.min(100)).unwrap_or(100)
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at.get() >= self.size
    }
}

impl<R: Read + Seek> Source<R> {
    /// Begins at the file's start.
    pub(super) fn new(mut file: R) -> io::Result<(Self, Meter)> {
        let size = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        let at = Rc::new(Cell::new(0));
        let meter = Meter {
            at: Rc::clone(&at),
            size,
        };
        let inner = BufReader::with_capacity(64 * 1024, file);
        Ok((Self { inner, at }, meter))
    }

    /// The first bytes; fewer where there are no more.
    pub(super) fn head(&mut self, bytes: usize) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.by_ref()
            .take(u64::try_from(bytes).unwrap_or(u64::MAX))
            .read_to_end(&mut head)?;
        self.rewind()?;
        Ok(head)
    }
}

impl<R> Source<R> {
    fn moved(&self, by: usize) {
        let by = u64::try_from(by).unwrap_or(u64::MAX);
        self.at.set(self.at.get().saturating_add(by));
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.moved(read);
        Ok(read)
    }
}

impl<R: Read + Seek> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.moved(amount);
    }
}

/// Decoders step back by a byte or two all the time: that must not cost what is buffered.
impl<R: Read + Seek> Seek for Source<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = self.at.get();
        let to = match to {
            SeekFrom::Start(to) => to,
            SeekFrom::Current(by) => at
                .checked_add_signed(by)
                .ok_or(io::ErrorKind::InvalidInput)?,
            SeekFrom::End(_) => {
                let to = self.inner.seek(to)?;
                self.at.set(to);
                return Ok(to);
            }
        };
        match i64::try_from(to).ok().zip(i64::try_from(at).ok()) {
            Some((to, at)) => self.inner.seek_relative(to - at)?,
            None => return Err(io::ErrorKind::InvalidInput.into()),
        }
        self.at.set(to);
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_reads_what_a_plain_file_reads(steps in proptest::collection::vec((0u8..3, 0u16..300), 0..40)) {
            let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
            let mut plain = Cursor::new(bytes.clone());
            let (mut source, _) = Source::new(Cursor::new(bytes)).unwrap();
            for (kind, amount) in steps {
                let to = match kind {
                    0 => SeekFrom::Start(amount.into()),
                    1 => SeekFrom::End(-i64::from(amount)),
                    _ => SeekFrom::Current(i64::from(amount) - 150),
                };
                prop_assert_eq!(source.seek(to).ok(), plain.seek(to).ok());
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                source.by_ref().take(7).read_to_end(&mut ours).unwrap();
                plain.by_ref().take(7).read_to_end(&mut theirs).unwrap();
                prop_assert_eq!(ours, theirs);
                let at = plain.stream_position().unwrap();
                prop_assert_eq!(source.seek(SeekFrom::Start(at)).unwrap(), at);
            }
        }
    }
}
