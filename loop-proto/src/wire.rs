//! How messages become bytes and back: length prefix, bincode, and three protections.
//!
//! 1. A message longer than [`MAX_MESSAGE_BYTES`] is refused before it is read, bytes behind a message are refused after it.
//! 2. Decoding runs inside `catch_unwind`: tarpc turns a huge deadline into a panic while it decodes. This works only
//!    with `panic = "unwind"`, which the workspace sets for every profile.
//! 3. A deadline further away than [`MAX_DEADLINE`] is brought back to it, or tarpc's timer would panic.
//!
//! A peer that breaks a rule loses its connection, nothing else.

mod codec;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

pub use codec::Codec;

/// Longest message. A playlist of the most entries with the longest names takes 0.6 MB, a picture 0.15 MB.
pub const MAX_MESSAGE_BYTES: usize = 1024 * 1024;

/// Furthest deadline a request may carry; longer than any call waits.
pub const MAX_DEADLINE: Duration = Duration::from_secs(60);

/// Requests of one connection that may be under way.
pub const MAX_IN_FLIGHT: usize = 64;

/// Why bytes are not a message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The socket failed.
    #[error("the connection failed: {0}")]
    Io(#[from] std::io::Error),
    /// The length prefix is above the limit.
    #[error("a message of {0} bytes is longer than {MAX_MESSAGE_BYTES}")]
    TooLong(usize),
    /// The bytes do not decode.
    #[error("a message cannot be decoded: {0}")]
    Malformed(String),
    /// A message of ours cannot be encoded.
    #[error("a message cannot be encoded: {0}")]
    Unencodable(String),
}

/// What arrives from a peer and must be made harmless before tarpc sees it.
pub trait Inbound {
    /// Brings values back into the range that is safe.
    fn tame(&mut self) {}
}

impl<T> Inbound for tarpc::Response<T> {}

impl<T> Inbound for tarpc::ClientMessage<T> {
    fn tame(&mut self) {
        if let Self::Request(request) = self {
            let latest = Instant::now() + MAX_DEADLINE;
            request.context.deadline = request.context.deadline.min(latest);
        }
    }
}
