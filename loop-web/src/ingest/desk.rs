//! A folder to work in, with room set aside on the disk for what is written there.

use std::cell::RefCell;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Error, Result, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use loop_proto::clip::ReadAt;

use crate::store::Reservation;

/// Written at a time: most records of a clip are shorter.
const CHUNK_BYTES: usize = 64 * 1024;

/// Files are written here.
#[derive(Debug)]
pub struct Desk {
    folder: PathBuf,
    room: RefCell<Reservation>,
}

impl Desk {
    /// In this folder, into this room.
    #[must_use]
    pub fn new(folder: &Path, room: Reservation) -> Self {
        Self {
            folder: folder.to_owned(),
            room: RefCell::new(room),
        }
    }

    /// Where a file of this name is.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Begins a file, which can also be read.
    pub(super) fn file(&self, name: &str) -> Result<BufWriter<Sheet<'_>>> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true);
        let sheet = Sheet {
            file: file.open(self.path(name))?,
            room: &self.room,
        };
        Ok(BufWriter::with_capacity(CHUNK_BYTES, sheet))
    }

    /// Gives back the room that is left.
    pub(super) fn into_room(self) -> Reservation {
        self.room.into_inner()
    }
}

/// A file on a desk. A full disk is an error that holds the figures.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    file: File,
    room: &'a RefCell<Reservation>,
}

impl Write for Sheet<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let mut room = self.room.borrow_mut();
        room.use_up(bytes.len() as u64).map_err(Error::other)?;
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}

impl Seek for Sheet<'_> {
    fn seek(&mut self, position: SeekFrom) -> Result<u64> {
        self.file.seek(position)
    }
}

impl ReadAt for Sheet<'_> {
    fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.file.read_exact_at(buffer, offset)
    }

    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }
}
