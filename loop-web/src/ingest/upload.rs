//! One upload, from its first byte to a staged item.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use loop_proto::Slug;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::frames_zip::{Converted, Fault, convert};
use super::{Error, pixels, sniff, tried};
use crate::store::staging::{CLIP, META, STAGED_ITEM, THUMBNAIL, write_synced};
use crate::store::{self, Item, Kind, Staged, Store};

/// How many times larger than an original its frames may be: raw frames of a short video are many times its size.
const FRAMES_FACTOR: u64 = 8;

/// Written at a time; between two writes the disk is checked and a cancelled upload ends.
const CHUNK_BYTES: usize = 256 * 1024;

/// Longest file name that is kept, in bytes.
const MAX_NAME_BYTES: usize = 200;

/// What an upload may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest original in bytes.
    pub max_file_bytes: u64,
}

/// An upload under way. Dropped, everything it has written goes.
#[derive(Debug)]
pub struct Upload {
    store: Store,
    limits: Limits,
    folder: TempDir,
    original: Option<Part>,
    frames: Option<Part>,
}

/// A file that has arrived.
#[derive(Debug)]
struct Part {
    name: String,
    path: PathBuf,
    size: u64,
    sha256: String,
    head: Vec<u8>,
}

impl Upload {
    /// Begins an upload of about this many bytes.
    ///
    /// # Errors
    /// When the disk has no room for it.
    pub fn begin(store: &Store, limits: Limits, expected_bytes: u64) -> Result<Self, Error> {
        store.disk().check_room(expected_bytes)?;
        let folder = tempfile::Builder::new()
            .prefix("upload-")
            .tempdir_in(store.incoming());
        let folder = folder.map_err(tried("begin an upload"))?;
        Ok(Self {
            store: store.clone(),
            limits,
            folder,
            original: None,
            frames: None,
        })
    }

    /// Takes the next file. Its name tells only whether it holds the frames.
    ///
    /// # Errors
    /// When there is such a file already.
    pub fn part(&mut self, filename: &str) -> Result<PartWriter<'_>, Error> {
        let name = plain_name(filename);
        let is_frames = Path::new(&name)
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("zip"));
        let (taken, file_name, factor) = match is_frames {
            true => (self.frames.is_some(), "frames", FRAMES_FACTOR),
            false => (self.original.is_some(), "original", 1),
        };
        if taken {
            let what = if is_frames {
                "ZIP with frames"
            } else {
                "original"
            };
            return Err(Error::Combination(format!(
                "{name}: an upload has one original and one ZIP with its frames; this is a second {what}"
            )));
        }
        let path = self.folder.path().join(file_name);
        let file = File::create(&path).map_err(tried("store the upload"))?;
        let limit = self.limits.max_file_bytes.saturating_mul(factor);
        let part = Part {
            name,
            path,
            size: 0,
            sha256: String::new(),
            head: Vec::new(),
        };
        let sink = Sink {
            file,
            hash: Sha256::new(),
            buffer: Vec::with_capacity(CHUNK_BYTES),
        };
        Ok(PartWriter {
            upload: self,
            part,
            is_frames,
            limit,
            sink: Some(sink),
        })
    }

    /// Makes a staged item of what has arrived. `progress` is told how many of how many frames are done.
    ///
    /// # Errors
    /// With what is wrong with which file.
    pub async fn finish(
        self,
        mut progress: impl FnMut(u32, u32) + Send + 'static,
    ) -> Result<Staged, Error> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let guard = CancelOnDrop(Arc::clone(&cancelled));
        let staged = tokio::task::spawn_blocking(move || {
            self.stage(|done, all| {
                progress(done, all);
                !cancelled.load(Ordering::Relaxed)
            })
        });
        let staged = staged.await.map_err(|_| Error::Cancelled)?;
        drop(guard);
        staged
    }

    fn stage(mut self, progress: impl FnMut(u32, u32) -> bool) -> Result<Staged, Error> {
        let mime = self.original.as_ref().map(kind_of).transpose()?;
        let Some(frames) = self.frames.take() else {
            return Err(match self.original {
                Some(original) => Error::NoFrames(original.name),
                None => Error::Combination("no file was sent".to_owned()),
            });
        };
        let folder = self.folder.path().join(STAGED_ITEM);
        std::fs::create_dir(&folder).map_err(tried("stage the item"))?;
        let converted = self.convert(&frames, &folder.join(CLIP), progress)?;
        // The frames are in the clip now; their room is needed for nothing more.
        std::fs::remove_file(&frames.path).map_err(tried("stage the item"))?;
        let mut item = self.describe(&frames, &converted, mime);
        let thumbnail = pixels::thumbnail(&converted.first)
            .map_err(|error| tried("draw the thumbnail")(std::io::Error::other(error)))?;
        write_synced(&folder.join(THUMBNAIL), &thumbnail).map_err(tried("store the thumbnail"))?;
        if let (Some(original), Some(name)) = (&self.original, &item.original) {
            let kept = folder.join(name);
            let moved =
                std::fs::rename(&original.path, &kept).and_then(|()| File::open(&kept)?.sync_all());
            moved.map_err(tried("store the original"))?;
        }
        let originals = self.original.as_ref().map_or(0, |original| original.size);
        item.bytes = originals + converted.summary.bytes + thumbnail.len() as u64;
        let meta = serde_json::to_vec_pretty(&item)
            .map_err(|error| tried("describe the item")(error.into()))?;
        write_synced(&folder.join(META), &meta).map_err(tried("describe the item"))?;
        Ok(Staged {
            folder: self.folder,
            item,
        })
    }

    fn convert(
        &self,
        frames: &Part,
        clip: &Path,
        progress: impl FnMut(u32, u32) -> bool,
    ) -> Result<Converted, Error> {
        let failed = tried("store the clip");
        let zip = BufReader::new(File::open(&frames.path).map_err(&failed)?);
        let file = File::create(clip).map_err(&failed)?;
        let disk = self.store.disk();
        let mut progress = progress;
        let mut full = None;
        let converted = convert(zip, BufWriter::new(&file), |done, all| {
            // About every 15 MB of frames.
            if done % 100 == 0 {
                full = disk.check_room(0).err();
            }
            progress(done, all) && full.is_none()
        });
        if let Some(full) = full {
            return Err(full.into());
        }
        let converted = converted.map_err(|fault| refusal(&frames.name, fault))?;
        file.sync_all().map_err(failed)?;
        Ok(converted)
    }

    fn describe(&self, frames: &Part, converted: &Converted, mime: Option<&'static str>) -> Item {
        let summary = converted.summary;
        let filename = self
            .original
            .as_ref()
            .map(|original| original.name.clone())
            .unwrap_or_else(|| {
                let told = converted.original_filename.as_deref();
                plain_name(told.unwrap_or(frames.name.trim_end_matches("_frames.zip")))
            });
        let slug = converted.slug.clone().unwrap_or_else(|| {
            let hash = self
                .original
                .as_ref()
                .map_or(summary.id.to_string(), |part| part.sha256.clone());
            let stem = filename
                .rsplit_once('.')
                .map_or(filename.as_str(), |(stem, _)| stem);
            let stem: String = stem.chars().take(60).collect();
            Slug::nearest(&format!("{stem}_{}", hash.get(..16).unwrap_or(&hash)))
        });
        let unknown = match converted.kind {
            Kind::Video => "video/x-rgb565",
            Kind::Image => "image/x-rgb565",
        };
        let mime = mime.unwrap_or(unknown);
        let mut item = Item::new(slug, filename, mime.to_owned(), converted.kind, summary.id);
        item.uploaded_at = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
        item.quality = converted.quality;
        item.frame_count = summary.frame_count;
        item.duration_us = u64::try_from(summary.total.as_micros()).unwrap_or(u64::MAX);
        item.size = self
            .original
            .as_ref()
            .map_or(summary.bytes, |original| original.size);
        item.original = self
            .original
            .as_ref()
            .map(|_| format!("original.{}", extension(mime)));
        item.original_sha256 = self
            .original
            .as_ref()
            .map(|original| original.sha256.clone());
        item
    }
}

/// Receives the bytes of one file.
#[derive(Debug)]
pub struct PartWriter<'a> {
    upload: &'a mut Upload,
    part: Part,
    is_frames: bool,
    limit: u64,
    /// On its way through the disk's thread while it is not here.
    sink: Option<Sink>,
}

#[derive(Debug)]
struct Sink {
    file: File,
    hash: Sha256,
    buffer: Vec<u8>,
}

impl PartWriter<'_> {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// When the file becomes too large or the disk is full.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.part.size += bytes.len() as u64;
        if self.part.size > self.limit {
            let limit_mb = self.limit / 1_000_000;
            return Err(Error::TooLarge {
                name: self.part.name.clone(),
                limit_mb,
            });
        }
        let missing = sniff::ENOUGH
            .saturating_sub(self.part.head.len())
            .min(bytes.len());
        self.part
            .head
            .extend_from_slice(bytes.get(..missing).unwrap_or_default());
        while let Some(sink) = self.sink.as_mut().filter(|_| !bytes.is_empty()) {
            let room = CHUNK_BYTES
                .saturating_sub(sink.buffer.len())
                .min(bytes.len());
            let (now, later) = bytes.split_at(room);
            sink.buffer.extend_from_slice(now);
            bytes = later;
            if sink.buffer.len() >= CHUNK_BYTES {
                self.flush().await?;
            }
        }
        Ok(())
    }

    /// The file is complete.
    ///
    /// # Errors
    /// When it is empty or the disk is full.
    pub async fn finish(mut self) -> Result<(), Error> {
        if self.part.size == 0 {
            return Err(Error::Empty(self.part.name));
        }
        self.flush().await?;
        if let Some(sink) = self.sink.take() {
            let digest = sink.hash.finalize();
            self.part.sha256 = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        }
        let place = if self.is_frames {
            &mut self.upload.frames
        } else {
            &mut self.upload.original
        };
        *place = Some(self.part);
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Error> {
        let Some(mut sink) = self.sink.take() else {
            return Err(Error::Cancelled);
        };
        self.upload
            .store
            .disk()
            .check_room(sink.buffer.len() as u64)?;
        let hashed = !self.is_frames;
        let written = tokio::task::spawn_blocking(move || {
            sink.file.write_all(&sink.buffer)?;
            if hashed {
                sink.hash.update(&sink.buffer);
            }
            sink.buffer.clear();
            Ok(sink)
        });
        let sink = written.await.map_err(|_| Error::Cancelled)?;
        self.sink = Some(sink.map_err(tried("store the upload"))?);
        Ok(())
    }
}

/// Ends the conversion when nobody waits for it any more.
struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn kind_of(original: &Part) -> Result<&'static str, Error> {
    sniff::media_type(&original.head).ok_or_else(|| Error::NotMedia(original.name.clone()))
}

/// A fault of the ZIP is the sender's; one of the disk is ours.
fn refusal(name: &str, fault: Fault) -> Error {
    match fault {
        Fault::Cancelled => Error::Cancelled,
        Fault::Clip(loop_proto::clip::Error::Io(source)) => {
            store::tried("store the clip")(source).into()
        }
        fault => Error::Frames {
            name: name.to_owned(),
            fault,
        },
    }
}

/// The last part of a name, without anything that could mislead a reader or a file system.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut plain: String = last.chars().filter(|c| !c.is_control()).collect();
    while plain.len() > MAX_NAME_BYTES {
        plain.pop();
    }
    match plain.trim() {
        "" | "." | ".." => "upload".to_owned(),
        plain => plain.to_owned(),
    }
}

fn extension(mime: &str) -> &str {
    match mime.rsplit_once('/').map_or(mime, |(_, kind)| kind) {
        "jpeg" => "jpg",
        "svg+xml" => "svg",
        "quicktime" => "mov",
        "x-msvideo" => "avi",
        "x-flv" => "flv",
        "mp2t" => "ts",
        "mpeg" => "mpg",
        kind => kind,
    }
}
