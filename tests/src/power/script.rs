//! Changes that are carried out on a running device while everything its programs do is written down.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use loop_proto::service::Switch;
use loop_proto::snapshot::{HwSnapshot, Update};
use loop_proto::{ClipId, Revision};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::disk::hash_of;
use super::follow::{Event, follow, merge};
use super::trace::{read_to_end, under_strace};
use crate::rig::{Daemon, Rig};

/// One thing that somebody does.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// Uploads an original and a frame for each shade.
    Upload(&'static str, &'static [u8]),
    /// A request with a JSON body.
    Put(&'static str, &'static str),
    /// A request with a JSON body.
    Post(&'static str, &'static str),
    /// A request.
    Delete(&'static str),
    /// loop-web is killed in the middle of an upload and started again: what a start does is cut off, too.
    CutOff,
    /// Nobody does anything for so many milliseconds.
    Wait(u64),
}

/// What was done, when, and how the device was before and after it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What was done.
    pub act: Act,
    /// Microseconds since 1970.
    pub began: u64,
    /// When the answer had come.
    pub answered: u64,
    /// Bytes of the files that were sent.
    pub sent: u64,
    /// How the device was when all had come to rest.
    pub after: Known,
}

impl Step {
    /// Whether it is a change that somebody is told of.
    #[must_use]
    pub fn is_acknowledged(&self) -> bool {
        !matches!(self.act, Act::CutOff | Act::Wait(_))
    }
}

/// What must not get lost.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// The files of each item, by the hash of their content.
    pub items: BTreeMap<String, BTreeMap<String, u64>>,
    /// The loop.
    pub order: Vec<String>,
    /// What uploads under way were told has arrived: by id, how many bytes.
    pub offsets: BTreeMap<String, u64>,
    /// Of the display.
    pub display: Display,
}

/// What loop-hw must not forget.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Display {
    /// The loop as it knows it.
    pub playlist: Vec<String>,
    /// In percent.
    pub brightness: u8,
    /// Repeat and playback.
    pub modes: String,
    /// What is on the glass.
    pub current: Option<String>,
}

impl From<HwSnapshot> for Display {
    fn from(state: HwSnapshot) -> Self {
        Self {
            playlist: state
                .playlist
                .iter()
                .map(|entry| entry.slug.to_string())
                .collect(),
            brightness: state.display.brightness.percent(),
            modes: format!("{:?} {:?}", state.player.repeat, state.player.playback),
            current: state.player.current.map(|current| current.slug.to_string()),
        }
    }
}

/// Everything that happened.
#[derive(Debug)]
pub struct Recording {
    /// In order.
    pub events: Vec<Event>,
    /// In order.
    pub steps: Vec<Step>,
    /// How the device was before the first.
    pub before: Known,
}

/// A device that is watched.
pub struct Recorder {
    rig: Rig,
    logs: TempDir,
    started: Arc<Mutex<Vec<PathBuf>>>,
    steps: Vec<Step>,
    before: Known,
}

impl Recorder {
    /// Starts a device.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let logs = TempDir::new().unwrap();
        let started = Arc::new(Mutex::new(Vec::new()));
        let (folder, list) = (logs.path().to_owned(), Arc::clone(&started));
        let before = Box::new(move |daemon: Daemon| {
            let mut list = list.lock().unwrap();
            let log = folder.join(format!("{}-{daemon:?}.log", list.len()));
            list.push(log.clone());
            under_strace(&log)
        });
        let rig = Rig::start_behind(before, settings).await;
        let mut recorder = Self {
            rig,
            logs,
            started,
            steps: Vec::new(),
            before: Known::default(),
        };
        recorder.before = recorder.come_to_rest().await;
        recorder
    }

    /// Does one thing, and waits until all that comes of it is done.
    pub async fn take(&mut self, act: Act) {
        let began = now();
        let sent = self.act(act).await;
        let answered = now();
        let after = match act {
            // Asking how it is would be doing something.
            Act::Wait(_) => self
                .steps
                .last()
                .map_or(&self.before, |step| &step.after)
                .clone(),
            _ => self.come_to_rest().await,
        };
        self.steps.push(Step {
            act,
            began,
            answered,
            sent,
            after,
        });
    }

    async fn act(&mut self, act: Act) -> u64 {
        let body = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let answer = match act {
            Act::Upload(name, shades) => return self.upload(name, shades).await,
            Act::Put(path, text) => self.rig.put(path, &body(text)).await,
            Act::Post(path, text) => self.rig.post(path, &body(text)).await,
            Act::Delete(path) => self.rig.delete(path).await,
            Act::CutOff => {
                self.cut_off().await;
                return 0;
            }
            Act::Wait(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                return 0;
            }
        };
        answer.unwrap().ok();
        0
    }

    async fn upload(&self, name: &str, shades: &[u8]) -> u64 {
        let (original, zip) = (format!("{name}.mp4"), format!("{name}_frames.zip"));
        // As large as half a frame, so that it counts.
        let film = crate::media::film(&format!("{name}{shades:?}").repeat(8000));
        let frames = crate::media::frames_zip(name, shades);
        let sent = film.len() + frames.len();
        let files = vec![
            ("files", original.as_str(), film),
            ("files", zip.as_str(), frames),
        ];
        self.rig.upload_files(files).await.unwrap().ok();
        sent as u64
    }

    async fn cut_off(&mut self) {
        let address = self.rig.url().replace("http://", "");
        let head = format!(
            "POST /api/media HTTP/1.1\r\nHost: {address}\r\nContent-Type: multipart/form-data; boundary=x\r\n\
             Content-Length: 900000\r\n\r\n--x\r\nContent-Disposition: form-data; name=\"files\"; filename=\"u.mp4\"\r\n\r\n"
        );
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&vec![7; 600_000]).await.unwrap();
        while bytes_below(&self.rig.data.join("incoming")) == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.rig.kill(Daemon::Web).await;
        self.rig.launch(Daemon::Web).await;
    }

    /// Waits until loop-hw has the loop and has saved it; gives what is known then.
    async fn come_to_rest(&self) -> Known {
        let answer = self.rig.get("/api/loop").await.unwrap().ok();
        let order: Vec<String> = serde_json::from_value(answer["data"]["loop"].clone()).unwrap();
        let wanted: Vec<_> = order
            .iter()
            .map(|slug| (slug.clone(), clip_of(&self.rig.data, slug)))
            .collect();
        let hardware = self.rig.hardware().await;
        let state = loop {
            let Update::Whole(state) = hardware.changes_since(Revision::NONE).await.unwrap().update
            else {
                panic!("not whole")
            };
            let has = state
                .playlist
                .iter()
                .map(|entry| (entry.slug.to_string(), entry.clip));
            let plays = state.player.current.is_some() || order.is_empty();
            if plays && has.eq(wanted.iter().cloned()) {
                break state;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        // Changes nothing, and is answered when everything before it has been saved.
        hardware
            .set_playback(Switch::To(state.player.playback))
            .await
            .unwrap();
        Known {
            items: items_below(&self.rig.data),
            order,
            offsets: self.offsets().await,
            display: Display::from(*state),
        }
    }

    /// What the uploads under way have been told, where there are such.
    async fn offsets(&self) -> BTreeMap<String, u64> {
        let answer = self.rig.get("/api/uploads").await.unwrap();
        let uploads = answer.json["data"]["uploads"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let receiving = uploads
            .iter()
            .filter(|upload| upload["state"] == "receiving");
        let offset = |upload: &Value| {
            Some((
                upload["id"].as_str()?.to_owned(),
                upload["offset"].as_u64()?,
            ))
        };
        receiving.filter_map(offset).collect()
    }

    /// Stops the device and reads what was written down.
    pub async fn finish(mut self) -> Recording {
        let root = self.rig.data.parent().unwrap().to_str().unwrap().to_owned();
        for daemon in [Daemon::Web, Daemon::Hw] {
            self.rig.stop(daemon).await;
        }
        let started = self.started.lock().unwrap().clone();
        let mut logs = Vec::new();
        for (number, path) in (0..).zip(&started) {
            logs.push(follow(&read_to_end(path).await, number, &root));
        }
        self.logs.close().unwrap();
        Recording {
            events: merge(logs),
            steps: self.steps,
            before: self.before,
        }
    }
}

/// Carries out a script.
pub async fn record(script: &[Act], settings: &[(&str, &str)]) -> Recording {
    let mut recorder = Recorder::start(settings).await;
    for act in script {
        recorder.take(*act).await;
    }
    recorder.finish().await
}

/// The files of all items below a data folder.
#[must_use]
pub fn items_below(data: &Path) -> BTreeMap<String, BTreeMap<String, u64>> {
    let hashed = |path: &Path| hash_of(&std::fs::read(path).unwrap());
    let items = paths_in(&data.join("media"))
        .into_iter()
        .map(|(slug, folder)| {
            let files = paths_in(&folder)
                .into_iter()
                .map(|(name, path)| (name, hashed(&path)));
            (slug, files.collect())
        });
    items.collect()
}

fn clip_of(data: &Path, slug: &str) -> ClipId {
    let text = std::fs::read(data.join("media").join(slug).join("meta.json")).unwrap();
    let about: Value = serde_json::from_slice(&text).unwrap();
    serde_json::from_value(about["clip"].clone()).unwrap()
}

/// Names and paths of what is in a folder.
#[must_use]
pub fn paths_in(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let named = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
    named.collect()
}

fn bytes_below(folder: &Path) -> u64 {
    let length = |path: &Path| {
        if path.is_dir() {
            bytes_below(path)
        } else {
            path.metadata().map_or(0, |about| about.len())
        }
    };
    paths_in(folder).iter().map(|(_, path)| length(path)).sum()
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}
