//! Why a command did not do what it should, and the exit code that says so.

use std::path::PathBuf;

use loop_proto::wifi::{JoinFault, PassphraseError, Ssid};
use loop_proto::{FaultCode, client, config, picture};

const FAILED: u8 = 1;
/// Exit code for words that are not understood.
pub(crate) const USAGE: u8 = 2;
const AWAY: u8 = 3;
const VERSION: u8 = 4;

/// What went wrong. Each text says what to do.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the configuration cannot be used, correct it or name the socket with --socket")]
    Config(#[from] config::Error),
    #[error(
        "a picture is not for a terminal: name a file, or send it on with `loopctl snapshot - | ...`"
    )]
    Terminal,
    #[error(
        "nobody listens on {0}: is loop-hw running? See `systemctl status loop-hw`, or name its socket with --socket"
    )]
    Away(PathBuf),
    #[error("no permission to use {0}: loop-hw serves root and the user loop; try again with sudo")]
    Forbidden(PathBuf),
    #[error("cannot use the socket {path}")]
    Socket {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(
        "who listens on {0} hung up: loop-hw serves only root, the user loop and the user it runs as; try again with sudo"
    )]
    HungUp(PathBuf),
    #[error(
        "loop-hw did not answer in time: see its log with `journalctl -u loop-hw`, or wait longer with --timeout"
    )]
    Timeout,
    #[error(transparent)]
    Call(client::Error),
    #[error("loop-hw sent a picture of another size: install matching versions")]
    Picture,
    #[error("cannot pack the picture")]
    Encode(#[from] picture::EncodingError),
    #[error("cannot write {path}")]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{ssid} is not joined: {}", .fault.sentence())]
    Join { ssid: Ssid, fault: JoinFault },
    #[error(transparent)]
    Passphrase(#[from] PassphraseError),
    #[error("a password is text in UTF-8")]
    PassphraseText,
    #[error("cannot read the password")]
    Input(#[source] std::io::Error),
    #[error("cannot write the answer")]
    Output(#[source] std::io::Error),
    #[error("cannot start")]
    Start(#[source] std::io::Error),
}

impl Error {
    /// What goes wrong until a connection is there.
    pub(crate) fn connecting(error: client::Error, socket: PathBuf) -> Self {
        use std::io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};
        match error {
            client::Error::Connect(error) => match error.kind() {
                NotFound | ConnectionRefused => Self::Away(socket),
                PermissionDenied => Self::Forbidden(socket),
                _ => Self::Socket {
                    path: socket,
                    source: error,
                },
            },
            client::Error::Lost => Self::HungUp(socket),
            other => other.into(),
        }
    }

    /// Whoever read the output has gone, as `head` does, which is no failure.
    pub(crate) fn is_nobody_reading(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Config(_) | Self::Terminal | Self::Passphrase(_) | Self::PassphraseText => USAGE,
            Self::Away(_)
            | Self::Forbidden(_)
            | Self::Socket { .. }
            | Self::HungUp(_)
            | Self::Timeout
            | Self::Call(
                client::Error::Connect(_) | client::Error::Lost | client::Error::Timeout,
            ) => AWAY,
            Self::Picture | Self::Call(client::Error::Version { .. }) => VERSION,
            Self::Call(client::Error::Refused(fault)) if fault.code == FaultCode::Version => {
                VERSION
            }
            Self::Call(_)
            | Self::Encode(_)
            | Self::File { .. }
            | Self::Join { .. }
            | Self::Input(_)
            | Self::Output(_)
            | Self::Start(_) => FAILED,
        }
    }
}

impl From<client::Error> for Error {
    fn from(error: client::Error) -> Self {
        match error {
            client::Error::Timeout => Self::Timeout,
            other => Self::Call(other),
        }
    }
}
