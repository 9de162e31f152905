//! One program under test.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::NamedTempFile;
use tokio::process::{Child, Command};

pub(super) struct Process {
    name: &'static str,
    child: Child,
    log: NamedTempFile,
}

impl Process {
    /// Starts a program, behind these words if there are any.
    pub(super) fn start(
        name: &'static str,
        before: &[OsString],
        environment: &[(String, String)],
    ) -> Self {
        let log = NamedTempFile::new().unwrap();
        let own = program(name).into_os_string();
        let mut words = before.iter().chain([&own]);
        let child = Command::new(words.next().unwrap())
            .args(words)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log.path()).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { name, child, log }
    }

    pub(super) fn id(&self) -> u32 {
        self.child
            .id()
            .unwrap_or_else(|| panic!("{} has died:\n{}", self.name, self.log()))
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }

    pub(super) async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// Asks it to stop; it must do so by itself.
    pub(super) async fn stop(mut self) {
        kill(
            Pid::from_raw(self.id().try_into().unwrap()),
            Signal::SIGTERM,
        )
        .unwrap();
        let status = self.child.wait().await.unwrap();
        assert!(
            status.success(),
            "{} ended with {status}:\n{}",
            self.name,
            self.log()
        );
        let log = self.log();
        assert!(!log.contains("panicked"), "{log}");
    }
}

/// Where a program of ours is. Built programs lie beside ours, or, for a test, one folder above.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let built = own
        .ancestors()
        .skip(1)
        .take(2)
        .map(|folder| folder.join(name))
        .find(|built| built.exists());
    built.unwrap_or_else(|| panic!("{name} is not built: run `cargo build --workspace` first"))
}

/// A port nobody listens on now. Below those the system gives to clients, so that it stays ours while a daemon restarts.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 12_000).unwrap();
    let ports =
        std::iter::repeat_with(|| 20_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000);
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.take(12_000).find(is_free).unwrap()
}

/// A failed test shows what the programs had to say.
impl Drop for Process {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- {}\n{}", self.name, self.log());
        }
    }
}
