//! From files that have arrived to an item that can be added.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use loop_proto::clip::Summary;
use tokio_util::sync::CancellationToken;

use super::desk::Desk;
use super::frames_zip::{Converted, Fault, convert};
use super::part::{Frames, Part, Received, extension, plain_name, slug_of};
use super::{Error, ready_clip, tried};
use crate::look::Look;
use crate::pixels;
use crate::store::staging::{CLIP, STAGED_ITEM, THUMBNAIL, write_synced};
use crate::store::{self, Item, Staged, Store};

/// Makes a staged item of an upload that came with its frames. `progress` is told how many of how many are done.
///
/// # Errors
/// With what is wrong with which file.
pub(super) async fn stage(
    store: &Store,
    received: Arc<Received>,
    mut progress: impl FnMut(u32, u32) + Send + 'static,
) -> Result<Staged, Error> {
    // The work ends when nobody waits for it any more.
    let cancelled = CancellationToken::new();
    let _guard = cancelled.clone().drop_guard();
    let store = store.clone();
    let staged = tokio::task::spawn_blocking(move || {
        stage_frames(&store, &received, |done, all| {
            progress(done, all);
            !cancelled.is_cancelled()
        })
    });
    staged.await.map_err(|_| Error::Cancelled)?
}

fn stage_frames(
    store: &Store,
    received: &Received,
    progress: impl FnMut(u32, u32) -> bool,
) -> Result<Staged, Error> {
    let mime = received
        .original
        .as_ref()
        .map(Part::media_type)
        .transpose()?;
    let Some(frames) = &received.frames else {
        return Err(Error::Combination("no file was sent".to_owned()));
    };
    let staging = Staging::begin(store)?;
    let clip = staging.item().join(CLIP);
    let made;
    let converted = match frames {
        Frames::File(frames) => {
            made = match frames.is_clip() {
                true => ready_clip::take(frames, &clip, received.look.quality, progress)?,
                false => from_zip(store, frames, &staging, progress)?,
            };
            &made
        }
        Frames::Clip {
            path, converted, ..
        } => {
            link_synced(path, &clip).map_err(tried("store the clip"))?;
            converted
        }
    };
    let thumbnail = pixels::thumbnail(&converted.first)
        .map_err(|error| tried("draw the thumbnail")(std::io::Error::other(error)))?;
    write_synced(&staging.item().join(THUMBNAIL), &thumbnail)
        .map_err(tried("store the thumbnail"))?;
    let mut item = describe(received, frames, converted, mime);
    staging.keep_original(received.original.as_ref(), &mut item)?;
    Ok(staging.staged(item))
}

/// A folder in which an item is put together.
pub(crate) struct Staging(tempfile::TempDir);

impl Staging {
    /// Makes one.
    pub(crate) fn begin(store: &Store) -> Result<Self, Error> {
        let folder = tempfile::Builder::new()
            .prefix("stage-")
            .tempdir_in(store.incoming())
            .and_then(|folder| {
                fs::create_dir(folder.path().join(STAGED_ITEM))?;
                Ok(folder)
            });
        Ok(Self(folder.map_err(tried("stage the item"))?))
    }

    /// Where the item's files go.
    pub(crate) fn item(&self) -> std::path::PathBuf {
        self.0.path().join(STAGED_ITEM)
    }

    /// Where files can be kept that are not the item's as they are.
    pub(crate) fn beside_item(&self) -> &Path {
        self.0.path()
    }

    /// Gives the original a second name, in the item's folder: it is not copied, and an upload that is done again after a
    /// power cut still has it.
    pub(crate) fn keep_original(
        &self,
        original: Option<&Part>,
        item: &mut Item,
    ) -> Result<(), Error> {
        let Some(original) = original else {
            return Ok(());
        };
        let name = format!("original.{}", extension(&item.mime));
        link_synced(&original.path, &self.item().join(&name))
            .map_err(tried("store the original"))?;
        item.original = Some(name);
        item.original_sha256 = Some(original.sha256.clone());
        item.size = original.size;
        Ok(())
    }

    /// The item is complete.
    pub(crate) fn staged(self, item: Item) -> Staged {
        Staged {
            folder: self.0,
            item,
        }
    }
}

/// Gives a file a second name and makes its content durable.
pub(super) fn link_synced(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::hard_link(from, to)?;
    File::open(to)?.sync_all()
}

fn from_zip(
    store: &Store,
    frames: &Part,
    staging: &Staging,
    progress: impl FnMut(u32, u32) -> bool,
) -> Result<Converted, Error> {
    let failed = tried("store the clip");
    // The clip is rarely larger than what it is made of.
    let desk = Desk::new(&staging.item(), store.disk().reserve(frames.size)?);
    let zip = BufReader::new(File::open(&frames.path).map_err(&failed)?);
    let clip = desk.file(CLIP).map_err(&failed)?;
    let converted = convert(zip, clip, progress).map_err(|fault| refusal(&frames.name, fault))?;
    let clip = File::open(desk.path(CLIP)).map_err(&failed)?;
    clip.sync_all().map_err(failed)?;
    Ok(converted)
}

fn describe(
    received: &Received,
    frames: &Frames,
    made: &Converted,
    mime: Option<&'static str>,
) -> Item {
    let original = received.original.as_ref();
    let filename = original.map(|original| original.name.clone());
    let filename = filename.unwrap_or_else(|| {
        let told = made.original_filename.as_deref();
        plain_name(told.unwrap_or(frames.name().trim_end_matches("_frames.zip")))
    });
    let slug = made.slug.clone().unwrap_or_else(|| {
        let id = made.summary.id.to_string();
        slug_of(&filename, original.map_or(&id, |original| &original.sha256))
    });
    let mime = mime
        .unwrap_or_else(|| made.kind.mime_of_frames())
        .to_owned();
    let mut item = Item::new(slug, filename, mime, made.kind, made.summary.id);
    item.look = Look {
        quality: made.quality,
        ..received.look
    };
    measure(&mut item, &made.summary);
    item
}

/// Writes down what is known of a clip that has just been made.
pub(crate) fn measure(item: &mut Item, summary: &Summary) {
    item.clip = summary.id;
    item.uploaded_at = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    item.frame_count = summary.frame_count;
    item.duration_us = u64::try_from(summary.total.as_micros()).unwrap_or(u64::MAX);
    item.size = summary.bytes;
}

/// A fault of the ZIP is the sender's; one of the disk is ours.
pub(super) fn refusal(name: &str, fault: Fault) -> Error {
    match fault {
        Fault::Cancelled => Error::Cancelled,
        Fault::Clip(loop_proto::clip::Error::Io(source)) => {
            match source.downcast::<store::Error>() {
                Ok(full) => full.into(),
                Err(source) => tried("store the clip")(source).into(),
            }
        }
        fault => Error::Frames {
            name: name.to_owned(),
            fault,
        },
    }
}
