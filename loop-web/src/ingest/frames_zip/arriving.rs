//! A ZIP that is read while it arrives: each frame is in the clip before the next one is looked at.
//!
//! What its directory says comes last. So a clip is begun without knowing what `metadata.json` will say, and is mended or
//! made anew when it says something else; and an entry that does not look like a frame can turn out to be a link.

use std::io::{BufWriter, Read};
use std::path::PathBuf;

use loop_proto::clip;
use loop_proto::pixel::Picture;
use zip::read::{ZipFile, ZipFileEntry};
use zip::result::{ZipError, ZipResult};
use zip::unstable::stream::{ZipStreamReader, ZipStreamVisitor};

use super::content::{read_bin, read_frame, read_metadata};
use super::course::{Course, Followed};
use super::early::Early;
use super::film::{Film, anew};
use super::rules::{Entries, Rules, What};
use super::{Converted, Fault, frame_name};
use crate::ingest::desk::{Desk, Sheet};
use crate::ingest::metadata::Metadata;

/// The names of the clip, and of the one that is made of it if it cannot stay as it is.
const CLIP: &str = "clip";
const CLIP_ANEW: &str = "anew.clip";

/// What a ZIP begins with, and the bit of the two bytes behind the version that follow it: the sizes of the entry come after
/// its content.
const MAGIC: &[u8] = b"PK\x03\x04";
const FLAGS_AT: usize = 6;
const SIZES_FOLLOW: u8 = 1 << 3;

/// Longest content of a link: what a system takes as a path.
const LONGEST_LINK: u64 = 4096;

/// What all that is no content may take: a little, and this much for each header. The reader keeps some of it to the end.
const MAX_HEADERS: u64 = 512 * 1024;
const MAX_HEADER: u64 = 256;

/// Whether a file with this beginning, of at least [`ENOUGH`] bytes, is a ZIP that can be read while it arrives.
#[must_use]
pub fn begins_forwards(head: &[u8]) -> bool {
    let flags = head.get(FLAGS_AT);
    head.starts_with(MAGIC) && flags.is_some_and(|flags| flags & SIZES_FOLLOW == 0)
}

/// Bytes that tell how to read it.
pub(crate) const ENOUGH: usize = FLAGS_AT + 1;

/// Unpacks a ZIP while it arrives and writes a clip from its frames; also gives where it is. `progress` is told how many of
/// how many frames are done, as far as is known, and says whether to go on.
///
/// # Errors
/// [`Fault`], with what is wrong and where. What has been written is of no use then.
pub fn convert(
    zip: impl Read,
    desk: &Desk,
    progress: impl FnMut(u32, u32) -> bool,
) -> Result<(Converted, PathBuf), Fault> {
    let course = Course::default();
    let source = Followed {
        inner: zip,
        course: &course,
    };
    let mut arrival = Arrival {
        desk,
        course: &course,
        progress,
        rules: Rules::default(),
        directory: Rules::default(),
        seen: 0,
        content: 0,
        named: 0,
        suspect: false,
        fault: None,
        metadata: None,
        picture: Picture::black(),
        film: None,
        early: Early::new(desk),
    };
    let zip = ZipStreamReader::new(source).enforce_header_consistency(true);
    let read = zip.visit(&mut arrival);
    arrival.finish(read)
}

/// What has arrived of a ZIP.
struct Arrival<'a, P> {
    desk: &'a Desk,
    course: &'a Course,
    progress: P,
    /// For the entries as they come, and for what the directory says of them.
    rules: Rules,
    directory: Rules,
    /// Entries that came, the bytes of their contents, and entries that the directory names.
    seen: u64,
    content: u64,
    named: u64,
    /// Whether there was an entry that can only be a link, or wrong: which, the directory tells.
    suspect: bool,
    fault: Option<Fault>,
    metadata: Option<Metadata>,
    picture: Picture,
    film: Option<Film<BufWriter<Sheet<'a>>>>,
    early: Early<'a>,
}

impl<P: FnMut(u32, u32) -> bool> ZipStreamVisitor for Arrival<'_, P> {
    fn visit_file<R: Read>(&mut self, file: &mut ZipFile<'_, R>) -> ZipResult<()> {
        self.seen += 1;
        let taken = self.check_headers().and_then(|()| {
            self.content += file.compressed_size();
            self.take(file)
        });
        self.stop_at_fault(taken)
    }

    fn visit_additional_metadata(&mut self, entry: &ZipFileEntry<'_>) -> ZipResult<()> {
        self.named += 1;
        let checked = self
            .check_headers()
            .and_then(|()| self.directory.check(entry, self.course.passed()));
        self.stop_at_fault(checked.map(drop))
    }
}

impl<P: FnMut(u32, u32) -> bool> Arrival<'_, P> {
    /// The reader's error says nothing: the fault does.
    fn stop_at_fault(&mut self, taken: Result<(), Fault>) -> ZipResult<()> {
        taken.map_err(|fault| {
            self.course.stop();
            self.fault = Some(match fault {
                Fault::Damaged { name, .. } if self.course.has_ended() => {
                    Fault::Truncated(format!("it ends in {name}"))
                }
                fault => fault,
            });
            ZipError::FileNotFound
        })
    }

    /// Whether what has passed is content, mostly.
    fn check_headers(&self) -> Result<(), Fault> {
        let headers = self.course.passed().saturating_sub(self.content);
        let most = MAX_HEADERS + MAX_HEADER * (self.seen + self.named);
        if headers > most {
            return Err(Fault::TooManyEntries);
        }
        Ok(())
    }

    fn take<R: Read>(&mut self, file: &mut ZipFile<'_, R>) -> Result<(), Fault> {
        let what = match self.rules.check(&file.entry(), u64::MAX) {
            Err(Fault::Size { .. }) if file.size() <= LONGEST_LINK => {
                self.suspect = true;
                return Ok(());
            }
            checked => checked?,
        };
        if self.suspect {
            return Ok(());
        }
        match what {
            What::Metadata => self.metadata = Some(read_metadata(file)?),
            What::Bin => self.take_bin(file)?,
            What::Frame(number) => self.take_frame(number, file)?,
        }
        Ok(())
    }

    fn take_bin<R: Read>(&mut self, file: &mut ZipFile<'_, R>) -> Result<(), Fault> {
        let bytes = file.size();
        if let Some(metadata) = &self.metadata {
            Entries::One(bytes).check(metadata)?;
        }
        let frames = self.metadata.as_ref().map(|metadata| metadata.frame_count);
        let mut picture = Picture::black();
        read_bin(file, bytes, frames, &mut picture, |picture| {
            self.push(picture)
        })
    }

    fn take_frame<R: Read>(&mut self, number: u32, file: &mut ZipFile<'_, R>) -> Result<(), Fault> {
        let name = frame_name(number);
        let next = self.next();
        if number < next || self.early.has(number) {
            return Err(Fault::Twice(name));
        }
        let mut picture = std::mem::replace(&mut self.picture, Picture::black());
        read_frame(file, &mut picture, &name)?;
        if number > next {
            self.early.keep(number, &picture)?;
        } else {
            self.push(&picture)?;
            while let Some(picture) = self.early.take(self.next())? {
                self.push(&picture)?;
            }
        }
        self.picture = picture;
        Ok(())
    }

    /// The frame whose turn it is, counted from 1.
    fn next(&self) -> u32 {
        self.film.as_ref().map_or(0, Film::frames) + 1
    }

    fn push(&mut self, picture: &Picture) -> Result<(), Fault> {
        let metadata = self.metadata.as_ref();
        let film = match &mut self.film {
            Some(film) => film,
            None => {
                let out = self.desk.file(CLIP).map_err(clip::Error::from)?;
                self.film.insert(Film::begin(out, metadata)?)
            }
        };
        film.push(picture, metadata)?;
        let done = film.frames();
        let all = metadata.map_or(done, |metadata| metadata.frame_count);
        match (self.progress)(done, all) {
            true => Ok(()),
            false => Err(Fault::Cancelled),
        }
    }

    /// All has been read, or not.
    fn finish(self, read: ZipResult<()>) -> Result<(Converted, PathBuf), Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        read.map_err(|error| match error {
            ZipError::UnsupportedArchive(ZipError::PASSWORD_REQUIRED) => {
                Fault::NotPlain(format!("entry {}", self.seen + 1))
            }
            ZipError::UnsupportedArchive(_) => Fault::Backwards(self.seen + 1),
            error => Fault::Truncated(error.to_string()),
        })?;
        let entries = self.rules.entries()?;
        let metadata = self.metadata.ok_or(Fault::NoMetadata)?;
        entries.check(&metadata)?;
        let found = self.film.as_ref().map_or(0, Film::frames);
        let film = self.film.filter(|_| found == metadata.frame_count);
        let mut film = film.ok_or_else(|| Fault::Missing(frame_name(found + 1)))?;
        let stays = film.amend(&metadata);
        let (out, summary, first) = film.finish()?;
        if stays {
            let converted = Converted::new(metadata, summary, first);
            return Ok((converted, self.desk.path(CLIP)));
        }
        let failed = clip::Error::from;
        let lossless = out
            .into_inner()
            .map_err(|error| failed(error.into_error()))?;
        let out = self.desk.file(CLIP_ANEW).map_err(failed)?;
        let (_, summary) = anew(lossless, out, &metadata)?;
        let converted = Converted::new(metadata, summary, first);
        Ok((converted, self.desk.path(CLIP_ANEW)))
    }
}
