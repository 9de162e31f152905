//! What survives: the playlist and how it is played, so that the picture comes back without anybody's help.
//!
//! `hw/state.json` in the data folder is replaced by a rename whenever somebody has changed something; the change is
//! answered after that. Where playback is changes all the time by itself; it lies beside the socket, in memory, and
//! survives a crash but not a power cut.

mod file;

use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use loop_proto::launch::report;
use loop_proto::snapshot::{Entry, HwSnapshot, Playback, Repeat};
use loop_proto::units::Brightness;
use loop_proto::{Fault, FaultCode, Slug};
use nix::fcntl::OFlag;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use self::file::Folder;
use crate::state::Publisher;

/// Saves that may wait for the one under way; they share the next.
const WAITING: usize = 64;

const VERSION: u32 = 1;

/// Why the state could not be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The folder for it cannot be used.
    #[error("cannot use the folder for the player's state")]
    Folder(#[source] std::io::Error),
    /// It could not be written.
    #[error("cannot save the player's state")]
    Write(#[source] std::io::Error),
}

/// The saved state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    version: u32,
    pub(crate) playlist: Vec<Entry>,
    pub(crate) current: Option<Slug>,
    pub(crate) repeat: Repeat,
    pub(crate) playback: Playback,
    pub(crate) brightness: Brightness,
}

impl Default for Remembered {
    fn default() -> Self {
        Self {
            version: VERSION,
            playlist: Vec::new(),
            current: None,
            repeat: Repeat::All,
            playback: Playback::Playing,
            brightness: Brightness::FULL,
        }
    }
}

impl From<HwSnapshot> for Remembered {
    fn from(state: HwSnapshot) -> Self {
        Self {
            version: VERSION,
            playlist: state.playlist,
            current: state.player.current.map(|current| current.slug),
            repeat: state.player.repeat,
            playback: state.player.playback,
            brightness: state.display.brightness,
        }
    }
}

/// Reads what was saved, and where playback was if that is known better. Anything unreadable is set aside: a device that
/// does not start is worse than one that has forgotten its order.
pub(crate) fn recall(data: &Path, runtime: &Path) -> Remembered {
    let saved = Folder::open(data).and_then(|folder| folder.read());
    let mut remembered = match saved {
        Ok(None) => Remembered::default(),
        Ok(Some(text)) => parse(&text).unwrap_or_else(|reason| {
            tracing::warn!("the saved state is set aside as state.json.bad: {reason}");
            if let Err(error) = Folder::open(data).and_then(|folder| folder.set_aside()) {
                tracing::warn!("{}", report(&error));
            }
            Remembered::default()
        }),
        Err(error) => {
            tracing::warn!("starting without the saved state: {}", report(&error));
            Remembered::default()
        }
    };
    let position = std::fs::read_to_string(position_path(runtime)).ok();
    let position = position.and_then(|text| text.trim().parse::<Slug>().ok());
    let is_listed = |slug: &Slug| remembered.playlist.iter().any(|entry| entry.slug == *slug);
    if let Some(slug) = position.filter(is_listed) {
        remembered.current = Some(slug);
    }
    remembered
}

fn parse(text: &str) -> Result<Remembered, String> {
    let remembered: Remembered = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if remembered.version == VERSION {
        Ok(remembered)
    } else {
        Err(format!(
            "it has version {}, this program knows {VERSION}",
            remembered.version
        ))
    }
}

fn position_path(runtime: &Path) -> PathBuf {
    runtime.join("position")
}

/// Asks for the state to be saved; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    saves: mpsc::Sender<oneshot::Sender<Result<(), Fault>>>,
}

/// What [`keep`] works on.
pub(crate) type Saves = mpsc::Receiver<oneshot::Sender<Result<(), Fault>>>;

impl Memory {
    pub(crate) fn new() -> (Self, Saves) {
        let (saves, received) = mpsc::channel(WAITING);
        (Self { saves }, received)
    }

    /// Returns when the state as it is now, or a later one, is on disk.
    pub(crate) async fn save(&self) -> Result<(), Fault> {
        let gone = |_| Fault::new(FaultCode::Stopping, "the display is restarting");
        let (done, saved) = oneshot::channel();
        self.saves.send(done).await.map_err(|_| gone(()))?;
        saved.await.map_err(|_| gone(()))?
    }
}

/// Saves as asked until nobody can ask any more. Who asks while a save is under way shares the next one.
pub(crate) async fn keep(data: PathBuf, publisher: Publisher, mut saves: Saves) {
    let mut last = None;
    let mut asked = Vec::with_capacity(WAITING);
    while saves.recv_many(&mut asked, WAITING).await > 0 {
        let state = Remembered::from(publisher.snapshot());
        let result = if last.as_ref() == Some(&state) {
            Ok(())
        } else {
            write(&data, state.clone()).await
        };
        if result.is_ok() {
            last = Some(state);
        }
        for done in asked.drain(..) {
            // Whoever asked may have gone; the state is saved all the same.
            drop(done.send(result.clone()));
        }
    }
}

async fn write(data: &Path, state: Remembered) -> Result<(), Fault> {
    let data = data.to_owned();
    let written = tokio::task::spawn_blocking(move || {
        let text =
            serde_json::to_string_pretty(&state).map_err(|error| Error::Write(error.into()))?;
        Folder::open(&data)?.replace(&text)
    });
    let result = written
        .await
        .unwrap_or_else(|error| Err(Error::Write(std::io::Error::other(error))));
    result.map_err(|error| {
        tracing::error!("{}", report(&error));
        fault_of(&error)
    })
}

fn fault_of(error: &Error) -> Fault {
    let (Error::Folder(source) | Error::Write(source)) = error;
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Fault::new(
            FaultCode::DiskFull,
            "the change is in force, but it could not be saved: the disk is full; delete some media",
        ),
        reason => Fault::new(
            FaultCode::Storage,
            format!(
                "the change is in force, but it could not be saved: {reason}; the log of loop-hw says more"
            ),
        ),
    }
}

fn write_position(runtime: &Path, slug: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    // Root writes here: nobody's link may lead it elsewhere.
    options
        .write(true)
        .create(true)
        .truncate(true)
        .custom_flags(OFlag::O_NOFOLLOW.bits());
    options
        .open(position_path(runtime))?
        .write_all(slug.as_bytes())
}

/// Notes where playback is, whenever it goes to another entry.
pub(crate) async fn note_position(runtime: PathBuf, publisher: Publisher) {
    let mut revision = publisher.watch();
    let mut noted = None;
    loop {
        let slug = publisher
            .snapshot()
            .player
            .current
            .map(|current| current.slug);
        if slug != noted {
            // A file in memory, a few bytes: not worth a thread.
            let text = slug.as_ref().map_or("", Slug::as_str);
            if let Err(error) = write_position(&runtime, text) {
                tracing::warn!("cannot note where playback is: {error}");
            }
            noted = slug;
        }
        if revision.changed().await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests;
