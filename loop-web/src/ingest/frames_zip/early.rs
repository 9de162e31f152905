//! Frames that came before their turn: packed, in a file of their own, until it is.

use std::collections::BTreeMap;
use std::io::{BufWriter, Cursor, Write};

use loop_proto::clip::{self, Clip, ClipWriter, MIN_DURATION, ReadAt};
use loop_proto::pixel::{Frame, Picture};

use super::Fault;
use crate::ingest::desk::{Desk, Sheet};

/// The name of the file; there is none before it is needed.
const FILE: &str = "early";

/// They wait here.
#[derive(Debug)]
pub(super) struct Early<'a> {
    desk: &'a Desk,
    file: Option<BufWriter<Sheet<'a>>>,
    /// By the number of the frame: where it begins, and its length.
    places: BTreeMap<u32, (u64, usize)>,
    end: u64,
}

impl<'a> Early<'a> {
    pub(super) fn new(desk: &'a Desk) -> Self {
        Self {
            desk,
            file: None,
            places: BTreeMap::new(),
            end: 0,
        }
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.places.contains_key(&number)
    }

    /// Keeps a frame, as a clip of its own.
    pub(super) fn keep(&mut self, number: u32, picture: &Picture) -> Result<(), clip::Error> {
        let mut writer = ClipWriter::new(Cursor::new(Vec::new()))?.in_a_hurry();
        writer.push(&picture.transposed(), MIN_DURATION)?;
        let packed = writer.finish()?.0.into_inner();
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(self.desk.file(FILE)?),
        };
        file.write_all(&packed)?;
        self.places.insert(number, (self.end, packed.len()));
        self.end += packed.len() as u64;
        Ok(())
    }

    /// Gives a frame back, if it has come.
    pub(super) fn take(&mut self, number: u32) -> Result<Option<Picture>, Fault> {
        let (Some((at, length)), Some(file)) = (self.places.remove(&number), &mut self.file) else {
            return Ok(None);
        };
        let mut packed = vec![0; length];
        let read = file
            .flush()
            .and_then(|()| file.get_ref().read_exact_at(&mut packed, at));
        read.map_err(clip::Error::from)?;
        let frame: Frame = Clip::open(packed)?.render(0)?;
        Ok(Some(frame.transposed()))
    }
}
