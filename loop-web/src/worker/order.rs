//! What the worker is told, in its arguments.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::look::Look;

/// The rest is the original's and the clip's path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// How the original becomes a clip.
    pub look: Look,
    /// What decodes it; without one it is decoded here.
    pub ffmpeg: Option<PathBuf>,
    /// Of the processor.
    pub cpu_seconds: u64,
    /// Largest clip.
    pub clip_bytes: u64,
}
