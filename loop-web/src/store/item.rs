//! One media item as it is described on disk.

use loop_proto::clip::Quality;
use loop_proto::{ClipId, Slug};
use serde::{Deserialize, Serialize};

/// The files of an item's folder, besides its original.
pub(crate) const CLIP: &str = "clip";
pub(crate) const THUMBNAIL: &str = "thumb.png";
pub(crate) const META: &str = "meta.json";

const VERSION: u32 = 1;

/// Whether an item moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Several frames, made from a video.
    Video,
    /// Made from an image, which may be animated.
    Image,
}

/// What is known of an item; also the content of its `meta.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    version: u32,
    /// Its name.
    pub slug: Slug,
    /// Name of the file as it was uploaded, without folders.
    pub filename: String,
    /// Of the original, told from its content.
    pub mime: String,
    /// Bytes of the original; of the clip if there is no original.
    pub size: u64,
    /// When it was uploaded, ISO 8601 in UTC.
    pub uploaded_at: String,
    /// Name of the original within the folder; none if only frames were sent.
    pub original: Option<String>,
    /// sha256 of the original, as hexadecimal digits.
    pub original_sha256: Option<String>,
    /// Whether it moves.
    pub kind: Kind,
    /// Identifies its clip.
    pub clip: ClipId,
    /// How closely its clip keeps to the frames that were sent; every pixel if it is not written down.
    #[serde(default)]
    pub quality: Quality,
    /// Bytes of all files of the item.
    pub bytes: u64,
    /// Frames of its clip.
    pub frame_count: u32,
    /// Length of one pass in microseconds.
    pub duration_us: u64,
}

impl Item {
    /// Describes an item that is being made.
    pub(crate) fn new(
        slug: Slug,
        filename: String,
        mime: String,
        kind: Kind,
        clip: ClipId,
    ) -> Self {
        Self {
            version: VERSION,
            slug,
            filename,
            mime,
            size: 0,
            uploaded_at: String::new(),
            original: None,
            original_sha256: None,
            kind,
            clip,
            quality: Quality::Off,
            bytes: 0,
            frame_count: 0,
            duration_us: 0,
        }
    }

    /// Whether this program understands the description and it is the one of this folder.
    pub(super) fn fits(&self, folder: &str) -> bool {
        self.version == VERSION && self.slug.as_str() == folder
    }
}
