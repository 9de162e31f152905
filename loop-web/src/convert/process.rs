//! The worker's process, as its parent has it: everything it says has a bound, and with its guard it goes.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::worker::ARGUMENT;
use crate::worker::line::Line;
use crate::worker::order::Order;

/// Longest line: a refusal with its reason.
const LINE_BYTES: usize = 4096;

/// All lines together: one for each percent, and a few more.
const ALL_BYTES: usize = 64 * 1024;

/// Of what it complains about on its standard error.
const COMPLAINT_BYTES: usize = 4096;

/// How a worker ended.
#[derive(Debug)]
pub(super) struct Ended {
    /// What it said last, if that was one of the lines that are to be the last.
    pub(super) last: Option<Line>,
    pub(super) signal: Option<Signal>,
    pub(super) status: ExitStatus,
    /// The beginning of what it complained about.
    pub(super) complaint: String,
}

/// A running worker and all it has started. Dropped, all of them are ended.
#[derive(Debug)]
pub(super) struct Worker(Child);

impl Worker {
    pub(super) fn start(
        program: &Path,
        path: &OsStr,
        source: &Path,
        clip: &Path,
        order: &Order,
    ) -> io::Result<Self> {
        let child = Command::new(program)
            .arg0("loop-web")
            .arg(ARGUMENT)
            .arg(std::path::absolute(source)?)
            .arg(std::path::absolute(clip)?)
            .arg(serde_json::to_string(order)?)
            .current_dir("/")
            .env_clear()
            .env("PATH", path)
            .env("LANG", "C")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        Ok(Self(child))
    }

    /// Listens until it ends.
    pub(super) async fn ended(&mut self, progress: impl FnMut(u8)) -> io::Result<Ended> {
        let (out, complaints) = (self.0.stdout.take(), self.0.stderr.take());
        let (last, complaint) = tokio::join!(listen(out, progress), complaint(complaints));
        // What it has started must not outlive it; it is not reaped yet, so the group is still its own.
        self.end_all();
        let status = self.0.wait().await?;
        let signal = status
            .signal()
            .and_then(|signal| Signal::try_from(signal).ok());
        Ok(Ended {
            last,
            signal,
            status,
            complaint,
        })
    }

    fn end_all(&self) {
        // Without an id it has been reaped, and the number may be another's.
        let id = self.0.id().and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.map(Pid::from_raw) {
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.end_all();
    }
}

/// Reads lines until the last one, the end, or one that is none. Percents only rise.
async fn listen(out: Option<impl AsyncRead + Unpin>, mut progress: impl FnMut(u8)) -> Option<Line> {
    let mut out = out?.take(ALL_BYTES as u64);
    let (mut buffer, mut told) = (Vec::new(), 0);
    loop {
        while let Some(end) = buffer.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            match serde_json::from_slice(&line).ok()? {
                Line::Protected(protections) => {
                    tracing::info!(?protections, "the conversion worker has begun");
                }
                Line::Progress(percent) => {
                    if percent > told && percent <= 100 {
                        told = percent;
                        progress(percent);
                    }
                }
                last @ (Line::Done { .. } | Line::Refused { .. }) => return Some(last),
            }
        }
        let is_too_long = buffer.len() > LINE_BYTES;
        if is_too_long || out.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// Reads to the end, but keeps only the beginning.
async fn complaint(complaints: Option<impl AsyncRead + Unpin>) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0; 1024]);
    if let Some(mut complaints) = complaints {
        while let Ok(read @ 1..) = complaints.read(&mut buffer).await {
            let room = COMPLAINT_BYTES.saturating_sub(kept.len()).min(read);
            kept.extend_from_slice(buffer.get(..room).unwrap_or_default());
        }
    }
    String::from_utf8_lossy(&kept).trim().to_owned()
}
