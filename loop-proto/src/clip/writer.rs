//! Writes clips, one frame at a time in constant memory.

use std::io::{Seek, SeekFrom, Write};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::delta::changed_rects;
use super::header::{HEADER_BYTES, Header, IndexEntry};
use super::{Error, KEY_INTERVAL, Kind, MAX_DURATION, MAX_FRAMES, MIN_DURATION, Mode, Packing};
use crate::geometry::Rect;
use crate::ids::ClipId;
use crate::pixel::Frame;

/// Writes a clip to a file that must be empty. Dropped before [`finish`](Self::finish) it leaves a file no reader takes.
#[derive(Debug)]
pub struct ClipWriter<W> {
    out: W,
    hash: Sha256,
    index: Vec<IndexEntry>,
    at: u64,
    first: Frame,
    last: Frame,
    since_key: Duration,
    encoder: Encoder,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Identifies the content.
    pub id: ClipId,
    /// Number of frames.
    pub frame_count: u32,
    /// Length of one pass.
    pub total: Duration,
    /// Length of the file.
    pub bytes: u64,
}

impl<W: Write + Seek> ClipWriter<W> {
    /// Begins a clip.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn new(mut out: W) -> Result<Self, Error> {
        out.write_all(&[0; HEADER_BYTES])?;
        Ok(Self {
            out,
            hash: Sha256::new(),
            index: Vec::new(),
            at: HEADER_BYTES as u64,
            first: Frame::black(),
            last: Frame::black(),
            since_key: Duration::ZERO,
            encoder: Encoder::default(),
        })
    }

    /// Adds a frame. Durations outside [`MIN_DURATION`]..=[`MAX_DURATION`] become the nearest bound.
    ///
    /// # Errors
    /// [`Error::TooManyFrames`] beyond [`MAX_FRAMES`], or when the file cannot be written.
    pub fn push(&mut self, frame: &Frame, duration: Duration) -> Result<(), Error> {
        let micros = duration.clamp(MIN_DURATION, MAX_DURATION).as_micros();
        let duration = Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX));
        if self.index.len() >= MAX_FRAMES as usize {
            return Err(Error::TooManyFrames);
        }
        if self.index.is_empty() {
            self.first.copy_from(frame);
        }
        if self.index.is_empty() || self.since_key >= KEY_INTERVAL {
            self.since_key = Duration::ZERO;
            self.encoder.key(frame);
            self.write_record(Kind::Key, duration)?;
        } else {
            self.encoder.delta(&self.last, frame);
            self.write_record(Kind::Delta, duration)?;
        }
        self.since_key += duration;
        self.last.copy_from(frame);
        Ok(())
    }

    /// Writes the way back to the first frame, the index and the header. Nothing is synced to disk: that is the caller's.
    ///
    /// # Errors
    /// [`Error::Empty`] without a frame, or when the file cannot be written.
    pub fn finish(mut self) -> Result<(W, Summary), Error> {
        let frames = u32::try_from(self.index.len()).map_err(|_| Error::TooManyFrames)?;
        if frames == 0 {
            return Err(Error::Empty);
        }
        if frames > 1 {
            self.encoder.delta(&self.last, &self.first);
            self.write_record(Kind::Wrap, Duration::ZERO)?;
        }
        let total = self.index.iter().map(|entry| entry.duration).sum();
        let records = frames + u32::from(frames > 1);
        let header = Header {
            frames,
            records,
            index_offset: self.at,
            total,
        }
        .to_bytes();
        for entry in std::mem::take(&mut self.index) {
            self.write(&entry.to_bytes())?;
        }
        self.hash.update(header);
        let sha256: [u8; 32] = self.hash.finalize().into();
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(&header)?;
        self.out.write_all(&sha256)?;
        self.out.flush()?;
        let id = ClipId::from_sha256(&sha256);
        Ok((
            self.out,
            Summary {
                id,
                frame_count: frames,
                total,
                bytes: self.at,
            },
        ))
    }

    fn write_record(&mut self, kind: Kind, duration: Duration) -> Result<(), Error> {
        let encoder = std::mem::take(&mut self.encoder);
        self.index.push(IndexEntry {
            offset: self.at,
            stored: length(encoder.best()),
            raw: length(&encoder.raw),
            duration,
            kind,
            mode: encoder.mode,
            packing: encoder.packing,
        });
        let written = self.write(encoder.best());
        self.encoder = encoder;
        written
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.out.write_all(bytes)?;
        self.hash.update(bytes);
        self.at += bytes.len() as u64;
        Ok(())
    }
}

/// Finds the smallest form of a record; its buffers are reused.
#[derive(Debug)]
struct Encoder {
    rects: Vec<Rect>,
    raw: Vec<u8>,
    packed: Vec<u8>,
    other: Vec<u8>,
    mode: Mode,
    packing: Packing,
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            rects: Vec::new(),
            raw: Vec::new(),
            packed: Vec::new(),
            other: Vec::new(),
            mode: Mode::Literal,
            packing: Packing::Stored,
        }
    }
}

impl Encoder {
    fn key(&mut self, frame: &Frame) {
        self.raw.clear();
        self.raw.extend_from_slice(frame.as_bytes());
        self.mode = Mode::Literal;
        compress(&self.raw, &mut self.packed);
        self.choose_packing();
    }

    fn delta(&mut self, before: &Frame, after: &Frame) {
        self.rects.clear();
        changed_rects(before, after, &mut self.rects);
        let pixels_at = self.put_rects();
        for rect in &self.rects {
            for (old, new) in before.rows(*rect).zip(after.rows(*rect)) {
                self.raw
                    .extend(old.iter().zip(new).map(|(old, new)| old ^ new));
            }
        }
        compress(&self.raw, &mut self.other);

        self.raw.truncate(pixels_at);
        for rect in &self.rects {
            after
                .rows(*rect)
                .for_each(|row| self.raw.extend_from_slice(row));
        }
        compress(&self.raw, &mut self.packed);

        self.mode = Mode::Literal;
        if self.other.len() < self.packed.len() && self.other.len() < self.raw.len() {
            std::mem::swap(&mut self.other, &mut self.packed);
            self.mode = Mode::Xor;
        }
        self.choose_packing();
    }

    fn put_rects(&mut self) -> usize {
        self.raw.clear();
        let count = u16::try_from(self.rects.len()).unwrap_or(u16::MAX);
        self.raw.extend_from_slice(&count.to_le_bytes());
        for Rect {
            x,
            y,
            width,
            height,
        } in &self.rects
        {
            for number in [x, y, width, height] {
                self.raw.extend_from_slice(&number.to_le_bytes());
            }
        }
        self.raw.len()
    }

    fn choose_packing(&mut self) {
        let smaller = self.packed.len() < self.raw.len();
        self.packing = if smaller {
            Packing::Lz4
        } else {
            Packing::Stored
        };
    }

    fn best(&self) -> &[u8] {
        match self.packing {
            Packing::Stored => &self.raw,
            Packing::Lz4 => &self.packed,
        }
    }
}

fn compress(raw: &[u8], packed: &mut Vec<u8>) {
    packed.resize(lz4_flex::block::get_maximum_output_size(raw.len()), 0);
    let length = lz4_flex::block::compress_into(raw, packed).unwrap_or(packed.len());
    packed.truncate(length);
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}
