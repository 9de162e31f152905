//! The only error that crosses the socket.

use serde::{Deserialize, Serialize};

/// What kind of trouble, by what the caller should do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultCode {
    /// The two sides speak different versions: install matching packages.
    Version,
    /// The thing named does not exist (any more): fetch the state again.
    NotFound,
    /// The request breaks a rule: do not repeat it.
    Invalid,
    /// Too much at once: repeat it in a moment.
    Busy,
    /// The state could not be written, but not for want of room: tell the user; the log has the reason.
    Storage,
    /// The daemon is stopping: reconnect.
    Stopping,
    /// The state could not be written because the disk is full: tell the user, free some space, repeat.
    DiskFull,
    /// A part of the device that this needs is not there: tell the user, who may do something about it.
    Unavailable,
}

/// Why a call was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// What kind of trouble.
    pub code: FaultCode,
    /// A sentence for the user: what, where, and what to do.
    pub message: String,
}

impl Fault {
    /// A fault of this kind with a sentence for the user.
    #[must_use]
    pub fn new(code: FaultCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// An error and all its causes in one line.
#[must_use]
pub fn report(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        // Some libraries repeat their cause in their own text.
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}
