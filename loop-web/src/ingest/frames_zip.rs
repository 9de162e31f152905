//! The ZIP with the frames, as the original's page sends it: `metadata.json` and either `frame_000001.rgb`, ... or
//! `frames.bin`, stored or deflated. It comes from outside: every name, size, count and ratio is checked before anything
//! is unpacked, and again while it is.

mod ratio;
mod source;

use std::io::{Read, Seek, SeekFrom, Write};

use loop_proto::clip::{self, ClipWriter, MAX_FRAMES, Quality, Summary};
use loop_proto::pixel::{FRAME_BYTES, Frame, Picture};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use self::ratio::Ratio;
use self::source::Budgeted;
use super::metadata::Metadata;
use crate::store::Kind;
use loop_proto::Slug;

const METADATA: &str = "metadata.json";
const ALL_FRAMES: &str = "frames.bin";

/// Longest metadata: a duration for each of the most frames takes 0.4 MB.
const MAX_METADATA_BYTES: u64 = 2 * 1024 * 1024;

/// In front of the frames in `frames.bin`: their number and the size of one, four bytes each, big-endian.
const BIN_HEADER_BYTES: u64 = 8;

/// Most that is read to find the entries: the directory of the most frames takes 3 MB.
const MAX_DIRECTORY_BYTES: u64 = 8 * 1024 * 1024;

/// Type bits of a Unix mode, and those of a symbolic link.
const UNIX_TYPE: u32 = 0o170_000;
const UNIX_LINK: u32 = 0o120_000;

/// What is wrong with a ZIP.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It ends too early, or is no ZIP.
    #[error("it is not a complete ZIP file ({0})")]
    Truncated(String),
    /// It has far more entries than a clip has frames.
    #[error("it has too many entries")]
    TooManyEntries,
    /// An entry that does not belong there.
    #[error(
        "the entry {0:?} does not belong there: expected metadata.json and frame_000001.rgb, ... or frames.bin"
    )]
    Name(String),
    /// An entry that is a link, is encrypted or is packed in an unusual way.
    #[error("the entry {0:?} is not a plain stored or deflated file")]
    NotPlain(String),
    /// There is no `metadata.json`.
    #[error("metadata.json is missing")]
    NoMetadata,
    /// `metadata.json` is not JSON.
    #[error("metadata.json cannot be read: {0}")]
    Metadata(String),
    /// A field of `metadata.json` has a value that cannot be.
    #[error("metadata.json, field {name}: {fault}")]
    Field {
        /// Of the field.
        name: &'static str,
        /// What is wrong with it.
        fault: String,
    },
    /// An entry is longer or shorter than it must be.
    #[error("{name} has {actual} bytes, expected {expected}")]
    Size {
        /// Of the entry.
        name: String,
        /// What it has.
        actual: u64,
        /// What it must have.
        expected: u64,
    },
    /// An entry says that it unpacks to more than it can.
    #[error("{name} cannot unpack from {packed} bytes to {unpacked}")]
    Ratio {
        /// Of the entry.
        name: String,
        /// What it has.
        packed: u64,
        /// What it says.
        unpacked: u64,
    },
    /// Entries share their bytes.
    #[error("its entries have more bytes than the file: they lie on top of each other")]
    Overlap,
    /// There are more or fewer frames than `metadata.json` says.
    #[error("metadata.json says {said} frames, there are {found}")]
    Count {
        /// In `metadata.json`.
        said: u32,
        /// In the ZIP.
        found: u64,
    },
    /// A frame is not there.
    #[error("{0} is missing")]
    Missing(String),
    /// An entry does not unpack.
    #[error("{name} is damaged: {fault}")]
    Damaged {
        /// Of the entry.
        name: String,
        /// What the unpacking says.
        fault: String,
    },
    /// The clip could not be written: the disk, most likely.
    #[error("the clip cannot be written")]
    Clip(#[from] clip::Error),
    /// Whoever asked for it has gone.
    #[error("cancelled")]
    Cancelled,
}

/// What came out.
#[derive(Debug)]
pub struct Converted {
    /// The name the client has chosen.
    pub slug: Option<Slug>,
    /// The name of the original.
    pub original_filename: Option<String>,
    /// Whether it was a video.
    pub kind: Kind,
    /// How closely the clip keeps to the frames.
    pub quality: Quality,
    /// The clip that was written.
    pub summary: Summary,
    /// The first frame.
    pub first: Frame,
}

/// Unpacks a ZIP and writes a clip from its frames. `progress` is told how many of how many frames are done, and says
/// whether to go on.
///
/// # Errors
/// [`Fault`], with what is wrong and where. What has been written is of no use then.
pub fn convert(
    zip: impl Read + Seek,
    clip: impl Write + Seek,
    mut progress: impl FnMut(u32, u32) -> bool,
) -> Result<Converted, Fault> {
    let (mut zip, bytes) = open(zip)?;
    let entries = check_entries(&mut zip, Ratio::new(bytes))?;
    let metadata = Metadata::parse(&read_metadata(&mut zip)?)?;
    check_counts(&entries, &metadata)?;
    let mut writer = ClipWriter::with_quality(clip, metadata.quality)?;
    let (mut picture, mut frame, mut first) = (Picture::black(), Frame::black(), Frame::black());
    let mut each = |number: u32, picture: &Picture| -> Result<(), Fault> {
        picture.transpose_into(&mut frame);
        if number == 0 {
            first.copy_from(&frame);
        }
        writer.push(&frame, metadata.duration(number))?;
        if progress(number + 1, metadata.frame_count) {
            Ok(())
        } else {
            Err(Fault::Cancelled)
        }
    };
    match entries {
        Entries::One(_) => read_bin(&mut zip, metadata.frame_count, &mut picture, &mut each)?,
        Entries::Each(_) => {
            for number in 0..metadata.frame_count {
                let name = frame_name(number + 1);
                let mut entry = zip
                    .by_name(&name)
                    .map_err(|_| Fault::Missing(name.clone()))?;
                read_exactly(&mut entry, picture.as_bytes_mut(), &name)?;
                expect_end(&mut entry, &name, FRAME_BYTES as u64)?;
                each(number, &picture)?;
            }
        }
    }
    let (_, summary) = writer.finish()?;
    let Metadata {
        slug,
        original_filename,
        kind,
        quality,
        ..
    } = metadata;
    Ok(Converted {
        slug,
        original_filename,
        kind,
        quality,
        summary,
        first,
    })
}

/// Which way the frames come.
enum Entries {
    /// All in one file of this size.
    One(u64),
    /// A file each, this many.
    Each(u64),
}

type Zip<R> = ZipArchive<Budgeted<R>>;

/// Reads the directory; also gives the length of the file.
fn open<R: Read + Seek>(mut zip: R) -> Result<(Zip<R>, u64), Fault> {
    let bytes = zip
        .seek(SeekFrom::End(0))
        .map_err(|error| Fault::Truncated(error.to_string()))?;
    let budget = source::Budget::new(MAX_DIRECTORY_BYTES);
    let opened = ZipArchive::new(Budgeted::new(zip, &budget));
    let over = budget.is_spent();
    budget.lift();
    match opened {
        Ok(zip) => Ok((zip, bytes)),
        Err(_) if over => Err(Fault::TooManyEntries),
        Err(error) => Err(Fault::Truncated(error.to_string())),
    }
}

/// Looks at all entries before the first is unpacked.
fn check_entries<R: Read + Seek>(zip: &mut Zip<R>, mut ratio: Ratio) -> Result<Entries, Fault> {
    if zip.len() > MAX_FRAMES as usize + 1 {
        return Err(Fault::TooManyEntries);
    }
    let (mut frames, mut bin, mut metadata) = (0u64, None, false);
    for number in 0..zip.len() {
        let entry = zip
            .by_index_raw(number)
            .map_err(|error| Fault::Truncated(error.to_string()))?;
        let name = entry
            .name()
            .map_err(|_| Fault::Name(format!("entry {number}")))?
            .into_owned();
        let is_link = entry
            .unix_mode()
            .is_some_and(|mode| mode & UNIX_TYPE == UNIX_LINK);
        let packing = matches!(
            entry.compression(),
            CompressionMethod::Stored | CompressionMethod::Deflated
        );
        match name.as_str() {
            METADATA => metadata = true,
            ALL_FRAMES => bin = Some(entry.size()),
            other if is_frame_name(other) => frames += 1,
            _ => return Err(Fault::Name(name)),
        }
        if is_link || entry.is_dir() || entry.encrypted() || !packing {
            return Err(Fault::NotPlain(name));
        }
        ratio.check(&name, entry.compressed_size(), entry.size())?;
        let (actual, expected) = (entry.size(), FRAME_BYTES as u64);
        if is_frame_name(&name) && actual != expected {
            return Err(Fault::Size {
                name,
                actual,
                expected,
            });
        }
        if name == METADATA && actual > MAX_METADATA_BYTES {
            return Err(Fault::Size {
                name,
                actual,
                expected: MAX_METADATA_BYTES,
            });
        }
    }
    if !metadata {
        return Err(Fault::NoMetadata);
    }
    match (bin, frames) {
        (Some(size), 0) => Ok(Entries::One(size)),
        (Some(_), _) => Err(Fault::Name(frame_name(1))),
        (None, frames) => Ok(Entries::Each(frames)),
    }
}

fn check_counts(entries: &Entries, metadata: &Metadata) -> Result<(), Fault> {
    let said = metadata.frame_count;
    match *entries {
        Entries::Each(found) if found != u64::from(said) => Err(Fault::Count { said, found }),
        Entries::Each(_) => Ok(()),
        Entries::One(actual) => {
            let expected = BIN_HEADER_BYTES + u64::from(said) * FRAME_BYTES as u64;
            if actual == expected {
                return Ok(());
            }
            Err(Fault::Size {
                name: ALL_FRAMES.to_owned(),
                actual,
                expected,
            })
        }
    }
}

fn read_metadata<R: Read + Seek>(zip: &mut Zip<R>) -> Result<Vec<u8>, Fault> {
    let entry = zip
        .by_name(METADATA)
        .map_err(|error| damaged(METADATA, &error))?;
    let mut text = Vec::new();
    let read = entry.take(MAX_METADATA_BYTES + 1).read_to_end(&mut text);
    read.map_err(|error| damaged(METADATA, &error))?;
    let actual = text.len() as u64;
    if actual > MAX_METADATA_BYTES {
        return Err(Fault::Size {
            name: METADATA.to_owned(),
            actual,
            expected: MAX_METADATA_BYTES,
        });
    }
    Ok(text)
}

fn read_bin<R: Read + Seek>(
    zip: &mut Zip<R>,
    count: u32,
    picture: &mut Picture,
    each: &mut impl FnMut(u32, &Picture) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut entry = zip
        .by_name(ALL_FRAMES)
        .map_err(|error| damaged(ALL_FRAMES, &error))?;
    let (mut said, mut size) = ([0; 4], [0; 4]);
    read_exactly(&mut entry, &mut said, ALL_FRAMES)?;
    read_exactly(&mut entry, &mut size, ALL_FRAMES)?;
    if u32::from_be_bytes(said) != count {
        return Err(Fault::Count {
            said: count,
            found: u32::from_be_bytes(said).into(),
        });
    }
    let (actual, expected) = (u64::from(u32::from_be_bytes(size)), FRAME_BYTES as u64);
    if actual != expected {
        return Err(Fault::Size {
            name: format!("a frame in {ALL_FRAMES}"),
            actual,
            expected,
        });
    }
    for number in 0..count {
        read_exactly(&mut entry, picture.as_bytes_mut(), ALL_FRAMES)?;
        each(number, picture)?;
    }
    expect_end(
        &mut entry,
        ALL_FRAMES,
        BIN_HEADER_BYTES + u64::from(count) * expected,
    )
}

fn read_exactly(entry: &mut impl Read, buffer: &mut [u8], name: &str) -> Result<(), Fault> {
    entry
        .read_exact(buffer)
        .map_err(|error| damaged(name, &error))
}

/// The entry must end here; reading to its end also checks its checksum.
fn expect_end(entry: &mut impl Read, name: &str, expected: u64) -> Result<(), Fault> {
    match entry.read(&mut [0]) {
        Ok(0) => Ok(()),
        Ok(_) => Err(Fault::Size {
            name: name.to_owned(),
            actual: expected + 1,
            expected,
        }),
        Err(error) => Err(damaged(name, &error)),
    }
}

fn damaged(name: &str, error: &dyn std::error::Error) -> Fault {
    Fault::Damaged {
        name: name.to_owned(),
        fault: error.to_string(),
    }
}

fn frame_name(number: u32) -> String {
    format!("frame_{number:06}.rgb")
}

fn is_frame_name(name: &str) -> bool {
    let digits = name
        .strip_prefix("frame_")
        .and_then(|rest| rest.strip_suffix(".rgb"));
    digits
        .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

impl From<ZipError> for Fault {
    fn from(error: ZipError) -> Self {
        Self::Truncated(error.to_string())
    }
}
