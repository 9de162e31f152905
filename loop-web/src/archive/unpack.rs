//! One item out of an archive: nothing of it is believed that has not been tried.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use loop_proto::clip::Summary;
use loop_proto::pixel::Frame;
use sha2::{Digest, Sha256};

use super::list::{Listed, Role};
use super::table::{Group, Held};
use crate::clip_check::{Unfit, check};
use crate::ingest::{Error as Ingest, tried};
use crate::ingest::{Part, Staging, hex, measure, plain_name};
use crate::pixels::thumbnail;
use crate::store::packed::{CLIP, MAX_META_BYTES, THUMBNAIL};
use crate::store::staging::write_synced;
use crate::store::{self, Item, Reservation, Staged, Store};

/// Copied at a time; between two of them a cancelled import ends.
const CHUNK_BYTES: usize = 256 * 1024;

/// Room for what is written besides the files of the archive.
pub(super) const BESIDE_BYTES: u64 = 256 * 1024;

/// Why an item is not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It is at fault; the others are not.
    Unfit(String),
    /// The disk is, and would refuse the others, too.
    Disk(store::Error),
    /// Nobody waits for it any more.
    Cancelled,
}

impl From<store::Error> for Refusal {
    fn from(error: store::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<Ingest> for Refusal {
    fn from(error: Ingest) -> Self {
        match error {
            Ingest::Store(error) => Self::Disk(error),
            Ingest::Cancelled => Self::Cancelled,
            error => Self::Unfit(error.to_string()),
        }
    }
}

/// Takes an item out of an archive and stages it. `goes_on` is told how many bytes more are done, and says whether to go on.
pub(super) fn unpack(
    store: &Store,
    archive: &File,
    (listed, group): (&Listed, &Group),
    room: Reservation,
    goes_on: &mut impl FnMut(u64) -> bool,
) -> Result<Staged, Refusal> {
    let mut item = describe(archive, listed, group)?;
    let staging = Staging::begin(store)?;
    let mut copying = Copying {
        archive,
        room,
        goes_on,
    };
    let (summary, first) = clip(&mut copying, listed, group, &staging.item().join(CLIP))?;
    let picture =
        thumbnail(&first).map_err(|error| tried("draw the thumbnail")(io::Error::other(error)))?;
    write_synced(&staging.item().join(THUMBNAIL), &picture)
        .map_err(tried("store the thumbnail"))?;
    let told = humantime::parse_rfc3339(&item.uploaded_at);
    measure(&mut item, &summary);
    // A time that is none would put the item at a strange place among the others.
    if let Ok(told) = told {
        item.uploaded_at = humantime::format_rfc3339_millis(told).to_string();
    }
    item.label = item.label.within_limits();
    item.filename = plain_name(&item.filename);
    (item.original, item.original_sha256) = (None, None);
    let original = original(&mut copying, listed, group, &item, staging.beside_item())?;
    let mime = match (&original, item.kind) {
        (Some(original), _) => original.media_type()?,
        (None, kind) => kind.mime_of_frames(),
    };
    mime.clone_into(&mut item.mime);
    staging.keep_original(original.as_ref(), &mut item)?;
    Ok(staging.staged(item))
}

/// Compares what is there with the list, and reads the description.
fn describe(archive: &File, listed: &Listed, group: &Group) -> Result<Item, Refusal> {
    if let Some(fault) = &group.fault {
        return unfit(fault);
    }
    let is_there = |held: &Held| {
        let mut files = listed.files.iter();
        files.any(|file| (&file.name, file.bytes) == (&held.name, held.bytes))
    };
    if group.files.len() != listed.files.len() || !group.files.iter().all(is_there) {
        return unfit("its files are not those of the list");
    }
    let Some(held) = group
        .file(Role::Meta)
        .filter(|held| held.bytes <= MAX_META_BYTES)
    else {
        return unfit("it has no description");
    };
    let mut text = vec![0; usize::try_from(held.bytes).unwrap_or_default()];
    archive
        .read_exact_at(&mut text, held.at)
        .map_err(tried("read the archive"))?;
    if text.iter().all(|byte| *byte == 0) {
        return unfit("it was taken in before and deleted since, or the archive is damaged");
    }
    let told = listed.file(Role::Meta);
    let told = told.and_then(|file| file.sha256.as_deref());
    if told != Some(&hex(&Sha256::digest(&text))) {
        return unfit("its description is damaged");
    }
    let item: Result<Item, _> = serde_json::from_slice(&text);
    match item {
        Ok(item) if item.fits(listed.slug.as_str()) => Ok(item),
        Ok(_) => unfit("its description is that of another item, or of another version"),
        Err(error) => unfit(format!("its description cannot be read, {error}")),
    }
}

fn clip(
    copying: &mut Copying<'_, impl FnMut(u64) -> bool>,
    listed: &Listed,
    group: &Group,
    to: &Path,
) -> Result<(Summary, Frame), Refusal> {
    let Some(held) = group.file(Role::Clip) else {
        return unfit("it has no clip");
    };
    copying.copy(held, to, None)?;
    let file = File::open(to).map_err(tried("read the clip"))?;
    let mut goes_on = |_, _| (copying.goes_on)(0);
    let checked = check(file, held.bytes, &mut goes_on).map_err(|fault| match fault {
        Unfit::Cancelled => Refusal::Cancelled,
        Unfit::Clip(loop_proto::clip::Error::Io(source)) => {
            Refusal::Disk(tried("read the clip")(source))
        }
        Unfit::Clip(fault) => Refusal::Unfit(fault.to_string()),
    })?;
    if checked.0.id != listed.clip {
        return unfit("its clip is not that of the list");
    }
    Ok(checked)
}

fn original(
    copying: &mut Copying<'_, impl FnMut(u64) -> bool>,
    listed: &Listed,
    group: &Group,
    item: &Item,
    beside: &Path,
) -> Result<Option<Part>, Refusal> {
    let Some(held) = group.file(Role::Original) else {
        return Ok(None);
    };
    let to = beside.join("original");
    let mut hash = Sha256::new();
    copying.copy(held, &to, Some(&mut hash))?;
    let hash = hex(&hash.finalize());
    if listed.original_sha256() != Some(&hash) {
        return unfit("its original does not match its sha256");
    }
    Ok(Some(Part::of_file(&item.filename, &to, Some(hash))?))
}

struct Copying<'a, F> {
    archive: &'a File,
    room: Reservation,
    goes_on: &'a mut F,
}

impl<F: FnMut(u64) -> bool> Copying<'_, F> {
    /// Copies a file out of the archive, hashes it on the way, and makes it durable.
    fn copy(
        &mut self,
        held: &Held,
        to: &Path,
        mut hash: Option<&mut Sha256>,
    ) -> Result<(), Refusal> {
        let (reading, writing) = (tried("read the archive"), tried("store the item"));
        let mut file = File::create(to).map_err(&writing)?;
        let mut buffer = vec![0; CHUNK_BYTES];
        let (mut at, mut left) = (held.at, held.bytes);
        while left > 0 {
            let count = usize::try_from(left).map_or(CHUNK_BYTES, |left| left.min(CHUNK_BYTES));
            let chunk = buffer.get_mut(..count).unwrap_or_default();
            self.archive.read_exact_at(chunk, at).map_err(&reading)?;
            self.room.use_up(count as u64)?;
            file.write_all(chunk).map_err(&writing)?;
            if let Some(hash) = &mut hash {
                hash.update(&*chunk);
            }
            at += count as u64;
            left -= count as u64;
            if !(self.goes_on)(count as u64) {
                return Err(Refusal::Cancelled);
            }
        }
        file.sync_all().map_err(writing)?;
        Ok(())
    }
}

fn unfit<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Unfit(why.into()))
}
