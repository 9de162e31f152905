//! A ZIP that is a file: everything is checked that its directory says before the first frame is unpacked.

use std::io::{Read, Seek, SeekFrom, Write};

use loop_proto::clip::MAX_FRAMES;
use loop_proto::pixel::Picture;
use zip::ZipArchive;
use zip::read::ZipFile;

use super::content::{damaged, read_bin, read_frame, read_metadata};
use super::film::Film;
use super::rules::{Entries, Rules};
use super::source::{Budget, Budgeted};
use super::{ALL_FRAMES, Converted, Fault, METADATA, frame_name};

/// Most that is read to find the entries: the directory of the most frames takes 3 MB.
const MAX_DIRECTORY_BYTES: u64 = 8 * 1024 * 1024;

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
    let entries = check_entries(&mut zip, bytes)?;
    let metadata = read_metadata(entry(&mut zip, METADATA)?)?;
    entries.check(&metadata)?;
    let frames = metadata.frame_count;
    let mut film = Film::begin(clip, Some(&metadata))?;
    let mut picture = Picture::black();
    let mut each = |picture: &Picture| -> Result<(), Fault> {
        film.push(picture, Some(&metadata))?;
        match progress(film.frames(), frames) {
            true => Ok(()),
            false => Err(Fault::Cancelled),
        }
    };
    match entries {
        Entries::One(bytes) => {
            let bin = entry(&mut zip, ALL_FRAMES)?;
            read_bin(bin, bytes, Some(frames), &mut picture, each)?;
        }
        Entries::Each(_) => {
            for name in (1..=frames).map(frame_name) {
                let entry = zip.by_name(&name);
                let entry = entry.map_err(|_| Fault::Missing(name.clone()))?;
                read_frame(entry, &mut picture, &name)?;
                each(&picture)?;
            }
        }
    }
    let (_, summary, first) = film.finish()?;
    Ok(Converted::new(metadata, summary, first))
}

type Zip<R> = ZipArchive<Budgeted<R>>;

/// Reads the directory; also gives the length of the file.
fn open<R: Read + Seek>(mut zip: R) -> Result<(Zip<R>, u64), Fault> {
    let bytes = zip
        .seek(SeekFrom::End(0))
        .map_err(|error| Fault::Truncated(error.to_string()))?;
    let budget = Budget::new(MAX_DIRECTORY_BYTES);
    let opened = ZipArchive::new(Budgeted::new(zip, &budget));
    let over = budget.is_spent();
    budget.lift();
    match opened {
        Ok(zip) if zip.has_duplicate_names() => Err(Fault::Twice("an entry".to_owned())),
        Ok(zip) => Ok((zip, bytes)),
        Err(_) if over => Err(Fault::TooManyEntries),
        Err(error) => Err(Fault::Truncated(error.to_string())),
    }
}

/// Looks at all entries before the first is unpacked.
fn check_entries<R: Read + Seek>(zip: &mut Zip<R>, bytes: u64) -> Result<Entries, Fault> {
    if zip.len() > MAX_FRAMES as usize + 1 {
        return Err(Fault::TooManyEntries);
    }
    let mut rules = Rules::default();
    for number in 0..zip.len() {
        let entry = zip
            .by_index_raw(number)
            .map_err(|error| Fault::Truncated(error.to_string()))?;
        rules.check(&entry.entry(), bytes)?;
    }
    rules.entries()
}

fn entry<'a, R: Read + Seek>(
    zip: &'a mut Zip<R>,
    name: &str,
) -> Result<ZipFile<'a, Budgeted<R>>, Fault> {
    zip.by_name(name).map_err(|error| damaged(name, &error))
}
