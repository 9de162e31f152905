//! What is made of how a worker ended.

use loop_proto::ClipId;
use nix::sys::signal::Signal;

use super::Error;
use super::process::Ended;
use crate::worker::BAD_START;
use crate::worker::line::Line;
use crate::worker::refusal::{Code, Refusal};

/// Longest reason that is passed on.
const REASON_CHARS: usize = 400;

/// What Rust says when memory is refused.
const OUT_OF_MEMORY: &str = "memory allocation of";

/// What a worker claims to have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) clip: ClipId,
    pub(super) frames: u32,
}

/// `for_room` if the longest clip was what the disk has room for.
pub(super) fn judge(what: &'static str, ended: Ended, for_room: bool) -> Result<Said, Error> {
    match ended.last {
        Some(Line::Done { clip, frames, .. }) => return Ok(Said { clip, frames }),
        Some(Line::Refused { code, message }) => return Err(refused(what, code, &message)),
        Some(Line::Protected(_) | Line::Progress(_)) | None => {}
    }
    if ended.status.code() == Some(BAD_START.into()) {
        return Err(std::io::Error::other(ended.complaint).into());
    }
    let reached = |refusal: Refusal| {
        let reason = refusal.to_string();
        Err(Error::LimitReached { what, reason })
    };
    match ended.signal {
        Some(Signal::SIGXCPU) => reached(Refusal::Time),
        Some(Signal::SIGXFSZ) if for_room => {
            Err(std::io::Error::from(std::io::ErrorKind::StorageFull).into())
        }
        Some(Signal::SIGXFSZ) => reached(Refusal::Size),
        Some(Signal::SIGABRT) if ended.complaint.contains(OUT_OF_MEMORY) => {
            reached(Refusal::Memory)
        }
        // By the kernel, which needs the memory for others.
        Some(Signal::SIGKILL) => reached(Refusal::Memory),
        Some(Signal::SIGSYS) => {
            reached(Refusal::Damaged("it asks for what it must not".to_owned()))
        }
        signal => {
            let how = signal.map_or(ended.status.to_string(), |signal| signal.to_string());
            tracing::warn!(
                "the conversion worker broke down ({how}): {}",
                ended.complaint
            );
            let reason = format!("the decoder broke down ({how})");
            Err(Error::NotDecodable { what, reason })
        }
    }
}

fn refused(what: &'static str, code: Code, message: &str) -> Error {
    let printable = message.chars().filter(|c| !c.is_control());
    let reason: String = printable.take(REASON_CHARS).collect();
    match code {
        Code::NotDecodable => Error::NotDecodable { what, reason },
        Code::TooLarge => Error::TooLarge { what, reason },
        Code::Limit => Error::LimitReached { what, reason },
        Code::Full => std::io::Error::new(std::io::ErrorKind::StorageFull, reason).into(),
        Code::Disk => std::io::Error::other(reason).into(),
    }
}
