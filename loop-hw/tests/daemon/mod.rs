//! A running loop-hw in folders of its own.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use loop_proto::Revision;
use loop_proto::client::HwClient;
use loop_proto::clip::ClipWriter;
use loop_proto::pixel::Frame;
use loop_proto::snapshot::{Entry, HwSnapshot, Update};
use loop_proto::{FrameSerial, Slug};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The program and what it plays. A frame is one shade all over, so that it is known by its first byte.
pub(crate) struct Daemon {
    dir: TempDir,
    environment: Vec<(String, String)>,
    child: Child,
    pub(crate) client: HwClient,
}

impl Daemon {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[("LOOP_PANEL_KIND", "simulated")]).await
    }

    pub(crate) async fn start_with(environment: &[(&str, &str)]) -> Self {
        let dir = TempDir::new().unwrap();
        let environment: Vec<_> = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let child = command(&dir, &environment).spawn().unwrap();
        let client = connect(&dir.path().join("hw.sock")).await;
        Self {
            dir,
            environment,
            child,
            client,
        }
    }

    pub(crate) fn command(&self) -> Command {
        command(&self.dir, &self.environment)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("hw.sock")
    }

    /// Puts a clip into the library: one frame for each shade.
    pub(crate) fn clip(&self, name: &str, shades: &[u8], duration: Duration) -> Entry {
        let folder = self.dir.path().join("data/media").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let mut writer =
            ClipWriter::new(std::fs::File::create(folder.join("clip")).unwrap()).unwrap();
        for shade in shades {
            let mut frame = Frame::black();
            frame.as_bytes_mut().fill(*shade);
            writer.push(&frame, duration).unwrap();
        }
        let (_, summary) = writer.finish().unwrap();
        Entry::new(Slug::nearest(name), summary.id)
    }

    pub(crate) fn damage(&self, name: &str) {
        let clip = self.dir.path().join("data/media").join(name).join("clip");
        let bytes = std::fs::read(&clip).unwrap();
        std::fs::write(clip, &bytes[..bytes.len() - 1]).unwrap();
    }

    pub(crate) fn delete(&self, name: &str) {
        std::fs::remove_dir_all(self.dir.path().join("data/media").join(name)).unwrap();
    }

    pub(crate) async fn kill_and_restart(&mut self) {
        self.child.kill().await.unwrap();
        self.child = self.command().spawn().unwrap();
        self.client = connect(&self.socket()).await;
    }

    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.child.wait().await.unwrap()
    }

    /// Stops the whole program for a while.
    pub(crate) async fn stall(&self, time: Duration) {
        self.signal(Signal::SIGSTOP);
        tokio::time::sleep(time).await;
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().unwrap().try_into().unwrap());
        kill(pid, signal).unwrap();
    }

    pub(crate) fn follow(&self) -> Follower {
        Follower {
            client: self.client.clone(),
            revision: Revision::NONE,
            state: None,
        }
    }

    pub(crate) fn glass(&self) -> Glass {
        Glass {
            client: self.client.clone(),
            seen: None,
        }
    }

    /// Every picture that was shown must have been on the emulated glass, without a breach of the controller's protocol.
    pub(crate) async fn finish(self) {
        // A cold panel takes a moment to its first picture.
        self.client.glass_after(Some(FrameSerial(0))).await.unwrap();
        let health = self.client.health().await.unwrap();
        assert_eq!(
            (health.mismatches, health.violations, health.panel_errors),
            (0, 0, 0),
            "{health:?}"
        );
        assert!(health.first_frame_us > 0);
    }
}

fn command(dir: &TempDir, environment: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loop-hw"));
    command
        .env("LOOP_PATHS_DATA", dir.path().join("data"))
        .env("LOOP_PATHS_SOCKET", dir.path().join("hw.sock"))
        .env("LOOP_WIFI_MANAGE", "off")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Connects as soon as the daemon listens.
async fn connect(socket: &std::path::Path) -> HwClient {
    loop {
        match HwClient::connect(socket).await {
            Ok(client) => return client,
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Follows the state from change to change.
pub(crate) struct Follower {
    client: HwClient,
    revision: Revision,
    state: Option<HwSnapshot>,
}

impl Follower {
    pub(crate) async fn until(&mut self, wanted: impl Fn(&HwSnapshot) -> bool) -> HwSnapshot {
        loop {
            let news = self.client.changes_since(self.revision).await.unwrap();
            self.revision = news.revision;
            match (news.update, self.state.as_mut()) {
                (Update::Whole(state), _) => self.state = Some(*state),
                (Update::Changes(changes), Some(state)) => {
                    changes.into_iter().for_each(|change| state.apply(change));
                }
                (Update::Changes(_), None) => panic!("changes to nothing"),
            }
            if let Some(state) = self.state.as_ref().filter(|state| wanted(state)) {
                return state.clone();
            }
        }
    }
}

/// Looks at the glass.
pub(crate) struct Glass {
    client: HwClient,
    seen: Option<FrameSerial>,
}

impl Glass {
    /// The shade that is on the glass now; all of it must have it.
    pub(crate) async fn now(&mut self) -> u8 {
        self.seen = None;
        self.next().await
    }

    pub(crate) async fn until(&mut self, shade: u8) {
        while self.next().await != shade {}
    }

    /// The next pictures, without the screens the device shows by itself.
    pub(crate) async fn shades(&mut self, count: usize) -> Vec<u8> {
        let mut shades = Vec::new();
        while shades.len() < count {
            let shade = self.next().await;
            if shade != SCREEN {
                shades.push(shade);
            }
        }
        shades
    }

    async fn next(&mut self) -> u8 {
        loop {
            let glass = self.client.glass_after(self.seen).await.unwrap();
            self.seen = Some(glass.serial);
            let Some(pixels) = glass.pixels else { continue };
            let shade = pixels[0];
            return if pixels.iter().all(|byte| *byte == shade) {
                shade
            } else {
                SCREEN
            };
        }
    }
}

/// Stands for a picture that is not of one shade.
const SCREEN: u8 = 0;
