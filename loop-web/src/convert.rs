//! Makes clips of originals, in a process of its own that may do little else ([`crate::worker`]).
//!
//! One at a time, for the device has one processor to spare at most. What the worker says is hearsay: a line has a
//! longest length, all of them together have, too, and the clip is opened, verified and read through here before anybody
//! is told of it.

mod media;
mod process;
mod verdict;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use loop_proto::clip::{self, Summary};
use tokio::sync::Semaphore;

pub use self::media::{Convertible, convertible};
use self::process::Ended;
use crate::clip_check::{Unfit, check};
use crate::look::Look;
use crate::metrics::METRICS;
use crate::pixels;
use crate::store::Kind;
use crate::store::staging::{CLIP, THUMBNAIL, write_synced};
use crate::worker::order::Order;

/// Largest clip unless there is less room: what the longest film at 30 a second takes, and then some.
const CLIP_BYTES: u64 = 4_000_000_000;

/// ffmpeg works with two threads, whose time adds up; the third is the worker's own.
const THREADS: u64 = 3;

/// Why there is no clip. Nothing of it is left then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It takes a program that is not there.
    #[error(
        "the device needs ffmpeg to convert {what}: install it there with \"sudo apt install ffmpeg\", or add the file \
         through the page, which converts it in the browser"
    )]
    NeedsFfmpeg {
        /// The word for the kind of file.
        what: &'static str,
    },
    /// Broken, or nothing the device knows.
    #[error("{what} cannot be decoded: {reason}")]
    NotDecodable {
        /// The word for the kind of file.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// More pixels or frames than are taken.
    #[error("{what} is too large: {reason}")]
    TooLarge {
        /// The word for the kind of file.
        what: &'static str,
        /// How large it is and how large it may be.
        reason: String,
    },
    /// The worker came to one of its limits.
    #[error("{what} cannot be converted on the device: {reason}")]
    LimitReached {
        /// The word for the kind of file.
        what: &'static str,
        /// Which limit, and what to do.
        reason: String,
    },
    /// It took longer than the configuration allows.
    #[error(
        "{what} took longer than {seconds} s to convert: add it through the page, which converts it in the browser, make \
         it shorter, or set a higher convert_timeout_seconds"
    )]
    TimedOut {
        /// The word for the kind of file.
        what: &'static str,
        /// What is allowed.
        seconds: u64,
    },
    /// The daemon is stopping.
    #[error("the conversion was cancelled")]
    Cancelled,
    /// The worker cannot be started, or the disk refuses.
    #[error("the original cannot be converted: {0}")]
    Failed(#[from] std::io::Error),
}

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Another conversion is under way; this one comes after it.
    Waiting,
    /// Percents that are done; 0 when it begins.
    Working(u8),
}

/// A clip that has been made and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The clip.
    pub summary: Summary,
    /// Whether it moves.
    pub kind: Kind,
}

/// What this device can convert, as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    ffmpeg: bool,
}

impl Abilities {
    /// Whether it can convert files of this type.
    #[must_use]
    pub fn cover(self, mime: &str) -> bool {
        match convertible(mime) {
            Convertible::Here => true,
            Convertible::WithFfmpeg => self.ffmpeg,
            Convertible::No => false,
        }
    }
}

/// Converts. Cheap to clone; all clones take turns.
#[derive(Clone, Debug)]
pub struct Converter {
    program: PathBuf,
    path: OsString,
    timeout: Duration,
    clip_bytes: u64,
    turn: Arc<Semaphore>,
}

impl Converter {
    /// With this very program as worker, also after its file has been replaced by an update.
    #[must_use]
    pub fn new(timeout: Duration) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::with_program(Path::new("/proc/self/exe"), path, timeout)
    }

    /// With another program as worker, and ffmpeg looked for along `path`.
    #[must_use]
    pub fn with_program(program: &Path, path: OsString, timeout: Duration) -> Self {
        Self {
            program: program.to_owned(),
            path,
            timeout,
            clip_bytes: CLIP_BYTES,
            turn: Arc::new(Semaphore::new(1)),
        }
    }

    /// The same one, whose clips may be as large as this at most: what the disk has room for.
    #[must_use]
    pub fn bounded_to(&self, clip_bytes: u64) -> Self {
        Self {
            clip_bytes: clip_bytes.min(CLIP_BYTES),
            ..self.clone()
        }
    }

    /// What the device can convert. ffmpeg is looked for each time: that is a few milliseconds at worst, and who installs
    /// it need not restart anything.
    #[must_use]
    pub fn abilities(&self) -> Abilities {
        Abilities {
            ffmpeg: self.ffmpeg().is_some(),
        }
    }

    /// Makes a clip and its thumbnail in `folder`, under the names they have in an item. Dropped, it ends the worker and all
    /// it has started; what is in `folder` is of no use then.
    ///
    /// # Errors
    /// [`Error`], and neither file is there.
    pub async fn convert(
        &self,
        source: &Path,
        mime: &str,
        look: Look,
        folder: &Path,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Converted, Error> {
        let what = media::word(mime);
        let ffmpeg = self.ffmpeg_for(mime)?;
        let _turn = match self.turn.try_acquire() {
            Ok(turn) => turn,
            Err(_) => {
                progress(Progress::Waiting);
                self.turn.acquire().await.map_err(|_| Error::Cancelled)?
            }
        };
        progress(Progress::Working(0));
        let seconds = self.timeout.as_secs();
        let order = Order {
            look,
            ffmpeg,
            cpu_seconds: seconds.saturating_mul(THREADS),
            clip_bytes: self.clip_bytes,
        };
        let clip = folder.join(CLIP);
        let made = tokio::time::timeout(self.timeout, self.run(source, &clip, &order, progress));
        let made = match made.await {
            Ok(ended) => verdict::judge(what, ended?, self.clip_bytes < CLIP_BYTES),
            Err(_) => Err(Error::TimedOut { what, seconds }),
        };
        let checked = match made {
            Ok(said) => believe(what, said, folder).await,
            Err(error) => Err(error),
        };
        METRICS.conversions.ended(&checked);
        if checked.is_err() {
            for name in [CLIP, THUMBNAIL] {
                drop(tokio::fs::remove_file(folder.join(name)).await);
            }
        }
        checked
    }

    /// Whether files of this type can be converted here.
    ///
    /// # Errors
    /// With what it takes.
    pub fn check(&self, mime: &str) -> Result<(), Error> {
        self.ffmpeg_for(mime).map(|_| ())
    }

    /// The program it takes; `None` if it takes none.
    fn ffmpeg_for(&self, mime: &str) -> Result<Option<PathBuf>, Error> {
        let what = media::word(mime);
        match convertible(mime) {
            Convertible::Here => Ok(None),
            Convertible::WithFfmpeg => {
                let ffmpeg = self.ffmpeg().ok_or(Error::NeedsFfmpeg { what })?;
                Ok(Some(ffmpeg))
            }
            Convertible::No => {
                let reason =
                    "the device cannot; add it through the page, which converts it in the browser"
                        .to_owned();
                Err(Error::NotDecodable { what, reason })
            }
        }
    }

    async fn run(
        &self,
        source: &Path,
        clip: &Path,
        order: &Order,
        mut progress: impl FnMut(Progress) + Send,
    ) -> Result<Ended, Error> {
        let mut worker = process::Worker::start(&self.program, &self.path, source, clip, order)?;
        Ok(worker
            .ended(|percent| progress(Progress::Working(percent)))
            .await?)
    }

    fn ffmpeg(&self) -> Option<PathBuf> {
        media::find("ffmpeg", &self.path)
    }
}

/// Reads the clip through and draws its thumbnail, on a thread of its own.
async fn believe(
    what: &'static str,
    said: verdict::Said,
    folder: &Path,
) -> Result<Converted, Error> {
    let folder = folder.to_owned();
    let checked = tokio::task::spawn_blocking(move || read_through(said, &folder));
    match checked.await.map_err(|_| Error::Cancelled)? {
        Ok(converted) => Ok(converted),
        Err(clip::Error::Io(error)) => Err(error.into()),
        Err(error) => {
            let reason = format!("the worker has made something else of it ({error})");
            Err(Error::NotDecodable { what, reason })
        }
    }
}

fn read_through(said: verdict::Said, folder: &Path) -> Result<Converted, clip::Error> {
    let file = std::fs::File::open(folder.join(CLIP))?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    let (summary, first) = match check(file, bytes, &mut |_, _| true) {
        Ok(checked) => checked,
        Err(Unfit::Clip(error)) => return Err(error),
        Err(Unfit::Cancelled) => return Err(clip::Error::Empty),
    };
    if (summary.id, summary.frame_count) != (said.clip, said.frames) {
        return Err(clip::Error::Hash);
    }
    let thumbnail = pixels::thumbnail(&first).map_err(std::io::Error::other)?;
    write_synced(&folder.join(THUMBNAIL), &thumbnail)?;
    Ok(Converted {
        kind: Kind::of_frames(summary.frame_count),
        summary,
    })
}
