//! A running device: both programs in folders of their own, with a simulated panel.

mod client;
mod process;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use loop_proto::client::HwClient;
use loop_proto::snapshot::Health;
use serde_json::Value;
use tempfile::TempDir;

pub use client::{Answer, Socket};
use process::Process;
pub use process::{free_port, program};

/// One of the two programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// loop-hw
    Hw,
    /// loop-web
    Web,
}

/// Gives the words behind which a program is started.
pub type Before = Box<dyn FnMut(Daemon) -> Vec<OsString> + Send + Sync>;

/// Both programs, stopped when it is dropped.
pub struct Rig {
    dir: TempDir,
    /// Where media and settings are.
    pub data: PathBuf,
    port: u16,
    settings: Vec<(String, String)>,
    before: Option<Before>,
    hw: Option<Process>,
    web: Option<Process>,
    http: reqwest::Client,
}

impl Rig {
    /// A device without media.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A device with these settings, as environment variables.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        Self::start_in(dir, data, settings).await
    }

    /// A device that keeps its data in this folder.
    pub async fn start_in(dir: TempDir, data: PathBuf, settings: &[(&str, &str)]) -> Self {
        Self::make(dir, data, settings, None).await
    }

    /// A device whose programs are run by another one, which must let itself be taken for them.
    pub async fn start_behind(before: Before, settings: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        let data = dir.path().join("data");
        Self::make(dir, data, settings, Some(before)).await
    }

    async fn make(
        dir: TempDir,
        data: PathBuf,
        settings: &[(&str, &str)],
        before: Option<Before>,
    ) -> Self {
        let settings = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let mut rig = Self {
            data,
            port: process::free_port(),
            settings: settings.collect(),
            before,
            hw: None,
            web: None,
            http: reqwest::Client::builder()
                .timeout(Duration::from_secs(60))
                .build()
                .unwrap(),
            dir,
        };
        rig.launch(Daemon::Hw).await;
        rig.launch(Daemon::Web).await;
        rig
    }

    /// Where the page is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Where the web daemon listens.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A program's process.
    #[must_use]
    pub fn pid(&self, daemon: Daemon) -> u32 {
        let process = match daemon {
            Daemon::Hw => &self.hw,
            Daemon::Web => &self.web,
        };
        process.as_ref().unwrap().id()
    }

    /// The socket between the programs.
    #[must_use]
    pub fn socket_path(&self) -> PathBuf {
        self.dir.path().join("hw.sock")
    }

    /// Kills a program as a power cut would, as far as it is concerned.
    pub async fn kill(&mut self, daemon: Daemon) {
        if let Some(process) = self.place(daemon).take() {
            process.kill().await;
        }
    }

    /// Asks a program to stop, which it must do gracefully; gives how long it took.
    pub async fn stop(&mut self, daemon: Daemon) -> Duration {
        let asked = Instant::now();
        self.place(daemon).take().unwrap().stop().await;
        asked.elapsed()
    }

    /// Starts a program and waits until it answers and, both running, until they know each other.
    pub async fn launch(&mut self, daemon: Daemon) {
        let environment = self.environment();
        let name = match daemon {
            Daemon::Hw => "loop-hw",
            Daemon::Web => "loop-web",
        };
        let before = self.before.as_mut().map(|before| before(daemon));
        let started = Process::start(name, &before.unwrap_or_default(), &environment);
        *self.place(daemon) = Some(started);
        if self.hw.is_some() {
            drop(self.hardware().await);
        }
        if self.web.is_some() {
            let path = if self.hw.is_some() {
                "/health/ready"
            } else {
                "/health"
            };
            self.wait_for(path).await;
        }
    }

    /// A connection to loop-hw of our own.
    pub async fn hardware(&self) -> HwClient {
        let path = self.socket_path();
        for _ in 0..1000 {
            if let Ok(client) = HwClient::connect(&path).await {
                return client;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "loop-hw does not answer:\n{}",
            self.hw.as_ref().map_or(String::new(), Process::log)
        );
    }

    /// Counters of loop-hw.
    pub async fn health(&self) -> Health {
        self.hardware().await.health().await.unwrap()
    }

    /// What a program has logged so far.
    #[must_use]
    pub fn log(&self, daemon: Daemon) -> String {
        let process = match daemon {
            Daemon::Hw => &self.hw,
            Daemon::Web => &self.web,
        };
        process.as_ref().map_or_else(String::new, Process::log)
    }

    /// A place for a journal beside the device's data, gone with it.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.dir.path().join("journal")
    }

    /// What is left of uploads that are over.
    #[must_use]
    pub fn leftovers(&self) -> Vec<String> {
        names_in(&self.data.join("incoming"))
    }

    /// The items on disk.
    #[must_use]
    pub fn items_on_disk(&self) -> Vec<String> {
        names_in(&self.data.join("media"))
    }

    /// What must be true at the end of every test: each picture was on the glass as it was sent, and nothing is left over.
    pub async fn finish(mut self) {
        // A cold panel takes a moment to its first picture.
        let hardware = self.hardware().await;
        drop(
            hardware
                .glass_after(Some(loop_proto::FrameSerial(0)))
                .await
                .unwrap(),
        );
        let health = self.health().await;
        assert_eq!(
            (health.mismatches, health.violations, health.panel_errors),
            (0, 0, 0),
            "{health:?}"
        );
        assert!(health.frames_presented > 0);
        assert_eq!(self.leftovers(), Vec::<String>::new());
        for daemon in [Daemon::Web, Daemon::Hw] {
            let process = self.place(daemon).take().unwrap();
            process.stop().await;
        }
    }

    /// Waits until an address answers with success.
    pub async fn wait_for(&self, path: &str) {
        for _ in 0..1000 {
            if self
                .get(path)
                .await
                .is_ok_and(|answer| answer.status == 200)
            {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "{path} does not answer:\n{}",
            self.web.as_ref().map_or(String::new(), Process::log)
        );
    }

    /// Waits until the dashboard is as wanted.
    pub async fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..1500 {
            if let Ok(answer) = self.get("/api/dashboard").await {
                last = answer.json;
                if wanted(&last) {
                    return last;
                }
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the dashboard never was as wanted: {last:#}");
    }

    fn place(&mut self, daemon: Daemon) -> &mut Option<Process> {
        match daemon {
            Daemon::Hw => &mut self.hw,
            Daemon::Web => &mut self.web,
        }
    }

    fn environment(&self) -> Vec<(String, String)> {
        let path = |path: &Path| path.display().to_string();
        let fixed = [
            ("LOOP_PANEL_KIND", "simulated".to_owned()),
            ("LOOP_PATHS_DATA", path(&self.data)),
            ("LOOP_PATHS_SOCKET", path(&self.socket_path())),
            ("LOOP_WEB_LISTEN", self.address()),
            ("LOOP_WEB_ALLOWED_HOSTS", "loop.test".to_owned()),
            // Tests ask in a second for what people ask for in a day.
            ("LOOP_WEB_WRITES_PER_SECOND", "0".to_owned()),
            // How full the disk of the machine that runs the tests is must not decide them.
            ("LOOP_MEDIA_MIN_FREE_PERCENT", "0".to_owned()),
            // Pictures are compared byte by byte, however long an upload takes on a busy machine.
            ("LOOP_PLAYBACK_SHOW_PROGRESS", "false".to_owned()),
            // Nor must tests change how the machine that runs them is connected.
            ("LOOP_WIFI_MANAGE", "off".to_owned()),
            // As in the unit.
            ("MALLOC_ARENA_MAX", "2".to_owned()),
            ("MALLOC_MMAP_THRESHOLD_", "65536".to_owned()),
        ];
        let fixed = fixed
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        fixed.chain(self.settings.iter().cloned()).collect()
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
