//! What a request's bytes must hash to, and what they do.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::ingest::Observe;

/// What a client says its bytes hash to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// With SHA-1.
    Sha1([u8; 20]),
    /// With SHA-256.
    Sha256([u8; 32]),
}

/// A hash on the way to its end.
#[derive(Clone, Debug)]
pub(super) enum Running {
    Sha1(Sha1),
    Sha256(Sha256),
}

/// All that is hashed of what is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    /// The original, if all of it came by us.
    pub(super) content: Option<Sha256>,
    /// The request, if its hash was told.
    pub(super) request: Option<Running>,
}

impl Checksum {
    /// A hash that is to end in this.
    pub(super) fn begin(&self) -> Running {
        match self {
            Self::Sha1(_) => Running::Sha1(sha1::Digest::new()),
            Self::Sha256(_) => Running::Sha256(Sha256::new()),
        }
    }

    /// Whether the hash has ended in this.
    pub(super) fn is(&self, hash: &Running) -> bool {
        match (self, hash) {
            (Self::Sha1(told), Running::Sha1(hash)) => {
                sha1::Digest::finalize(hash.clone()).as_slice() == told
            }
            (Self::Sha256(told), Running::Sha256(hash)) => {
                hash.clone().finalize().as_slice() == told
            }
            _ => false,
        }
    }
}

impl std::fmt::Display for Checksum {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, digest) = match self {
            Self::Sha1(digest) => ("sha1", digest.as_slice()),
            Self::Sha256(digest) => ("sha256", digest.as_slice()),
        };
        write!(formatter, "{name} {}", STANDARD.encode(digest))
    }
}

impl Observe for Sums {
    fn see(&mut self, bytes: &[u8]) {
        if let Some(hash) = &mut self.content {
            hash.update(bytes);
        }
        match &mut self.request {
            Some(Running::Sha1(hash)) => sha1::Digest::update(hash, bytes),
            Some(Running::Sha256(hash)) => hash.update(bytes),
            None => {}
        }
    }
}
