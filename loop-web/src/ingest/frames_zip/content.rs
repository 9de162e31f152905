//! What is in the entries of a ZIP.

use std::io::Read;

use loop_proto::clip::{self, MAX_FRAMES};
use loop_proto::pixel::{FRAME_BYTES, Picture};

use super::rules::{MAX_METADATA_BYTES, check_bin};
use super::{ALL_FRAMES, Fault, METADATA};
use crate::ingest::metadata::Metadata;

/// Reads `metadata.json`.
pub(super) fn read_metadata(entry: impl Read) -> Result<Metadata, Fault> {
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
    Metadata::parse(&text)
}

/// Reads a frame of this name.
pub(super) fn read_frame(
    mut entry: impl Read,
    picture: &mut Picture,
    name: &str,
) -> Result<(), Fault> {
    read_exactly(&mut entry, picture.as_bytes_mut(), name)?;
    expect_end(&mut entry, name, FRAME_BYTES as u64)
}

/// Reads `frames.bin` of this size. How many frames it must have is not always known.
pub(super) fn read_bin(
    mut entry: impl Read,
    bytes: u64,
    expected: Option<u32>,
    picture: &mut Picture,
    mut each: impl FnMut(&Picture) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let (mut found, mut size) = ([0; 4], [0; 4]);
    read_exactly(&mut entry, &mut found, ALL_FRAMES)?;
    read_exactly(&mut entry, &mut size, ALL_FRAMES)?;
    let found = u32::from_be_bytes(found);
    if let Some(said) = expected.filter(|said| *said != found) {
        let found = found.into();
        return Err(Fault::Count { said, found });
    }
    let (actual, expected) = (u64::from(u32::from_be_bytes(size)), FRAME_BYTES as u64);
    if actual != expected {
        return Err(Fault::Size {
            name: format!("a frame in {ALL_FRAMES}"),
            actual,
            expected,
        });
    }
    check_bin(bytes, found)?;
    if found > MAX_FRAMES {
        return Err(clip::Error::TooManyFrames.into());
    }
    for _ in 0..found {
        read_exactly(&mut entry, picture.as_bytes_mut(), ALL_FRAMES)?;
        each(picture)?;
    }
    expect_end(&mut entry, ALL_FRAMES, bytes)
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

pub(super) fn damaged(name: &str, error: &dyn std::error::Error) -> Fault {
    Fault::Damaged {
        name: name.to_owned(),
        fault: error.to_string(),
    }
}
