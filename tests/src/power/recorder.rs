//! A running device, watched while a script is carried out.

mod library;
mod uploads;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use loop_proto::client::HwClient;
use loop_proto::service::Switch;
use loop_proto::snapshot::{HwSnapshot, Update};
use loop_proto::{ClipId, Revision};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::follow::{follow, merge};
use super::script::{Act, Display, Known, Recording, Step};
use super::trace::{read_to_end, under_strace};
use crate::media::{film, frames_zip, noisy_clip, noisy_zip, still};
use crate::rig::{Daemon, Rig};
pub use library::{ANY_TIME, META, items_below};
use uploads::Upload;

/// A device that is watched.
pub struct Recorder {
    rig: Rig,
    logs: TempDir,
    started: Arc<Mutex<Vec<PathBuf>>>,
    steps: Vec<Step>,
    before: Known,
    /// By the names they have in the script.
    uploads: BTreeMap<&'static str, Upload>,
    /// The library as it was exported last.
    exported: Vec<u8>,
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
            uploads: BTreeMap::new(),
            exported: Vec::new(),
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
            Act::Play(_) => self
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
            Act::Upload(name, shades) => {
                let frames = (format!("{name}_frames.zip"), frames_zip(name, shades));
                return self.upload(name, &format!("{shades:?}"), frames).await;
            }
            Act::UploadNoise(name, frames) => {
                let frames = (format!("{name}_frames.zip"), noisy_zip(name, frames));
                return self.upload(name, "noise", frames).await;
            }
            Act::UploadClip(name, frames) => {
                let frames = (format!("{name}.clip"), noisy_clip(frames));
                return self.upload(name, "clip", frames).await;
            }
            Act::Patch(path, text) => self.rig.patch(path, &body(text)).await,
            Act::Put(path, text) => self.rig.put(path, &body(text)).await,
            Act::Post(path, text) => self.rig.post(path, &body(text)).await,
            Act::Delete(path) => self.rig.delete(path).await,
            Act::CutOff => {
                self.cut_off().await;
                return 0;
            }
            Act::UploadStill(name, shade) => {
                let file = (format!("{name}.png"), still(shade));
                let files = vec![("files", file.0.as_str(), file.1)];
                self.rig.upload_files(files).await
            }
            Act::Convert(slug, text) => {
                self.convert(slug, &body(text)).await;
                return 0;
            }
            Act::Export => {
                self.export().await;
                return 0;
            }
            Act::Import => self.import().await,
            Act::Tus(name, tus) => {
                self.tus(name, tus).await;
                return 0;
            }
            Act::Play(milliseconds) => {
                self.look_on(Duration::from_millis(milliseconds)).await;
                return 0;
            }
        };
        answer.unwrap().ok();
        0
    }

    /// Uploads an original with its frames; gives how many bytes that were.
    async fn upload(&self, name: &str, content: &str, frames: (String, Vec<u8>)) -> u64 {
        let original = format!("{name}.mp4");
        // As large as half a frame, so that it counts.
        let film = film(&format!("{name}{content}").repeat(8000));
        let sent = film.len() + frames.1.len();
        let files = vec![
            ("files", original.as_str(), film),
            ("files", frames.0.as_str(), frames.1),
        ];
        self.rig.upload_files(files).await.unwrap().ok();
        sent as u64
    }

    /// Looks at what is played for so long, which must be every item.
    async fn look_on(&self, time: Duration) {
        let hardware = self.rig.hardware().await;
        let (mut revision, mut seen) = (Revision::NONE, BTreeSet::new());
        let looking = async {
            loop {
                revision = hardware.changes_since(revision).await.unwrap().revision;
                let state = whole(&hardware).await;
                seen.extend(state.player.current.map(|current| current.slug.to_string()));
            }
        };
        let looked: Result<(), _> = tokio::time::timeout(time, looking).await;
        looked.unwrap_err();
        let order = &self.steps.last().unwrap().after.order;
        assert_eq!(seen, order.iter().cloned().collect());
    }

    async fn cut_off(&mut self) {
        let address = self.rig.address();
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
        self.uploads_end().await;
        let answer = self.rig.get("/api/loop").await.unwrap().ok();
        let order: Vec<String> = serde_json::from_value(answer["data"]["loop"].clone()).unwrap();
        let wanted: Vec<_> = order
            .iter()
            .map(|slug| (slug.clone(), clip_of(&self.rig.data, slug)))
            .collect();
        let hardware = self.rig.hardware().await;
        let state = loop {
            let state = whole(&hardware).await;
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
            uploads: self.arrived().await,
            display: Display::from(state),
        }
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
            parcels: self
                .uploads
                .into_values()
                .map(|upload| (upload.filename, upload.parcel.bytes))
                .collect(),
        }
    }
}

async fn whole(hardware: &HwClient) -> HwSnapshot {
    let news = hardware.changes_since(Revision::NONE).await.unwrap();
    match news.update {
        Update::Whole(state) => *state,
        Update::Changes(_) => panic!("not whole"),
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
