//! One media item as it is described on disk.

use std::path::Path;
use std::time::Duration;

use loop_proto::{ClipId, Slug};
use serde::{Deserialize, Serialize};

use super::Label;
use crate::look::Look;

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

impl Kind {
    /// What a clip of so many frames is.
    pub(crate) fn of_frames(count: u32) -> Self {
        match count > 1 {
            true => Self::Video,
            false => Self::Image,
        }
    }

    /// What an item is that came as frames alone.
    pub(crate) fn mime_of_frames(self) -> &'static str {
        match self {
            Self::Video => "video/x-rgb565",
            Self::Image => "image/x-rgb565",
        }
    }
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
    /// How its original became its clip.
    #[serde(default, flatten)]
    pub look: Look,
    /// Bytes of all files of the item, as they are on the disk.
    #[serde(skip)]
    pub bytes: u64,
    /// Frames of its clip.
    pub frame_count: u32,
    /// Length of one pass in microseconds.
    pub duration_us: u64,
    /// What people may say about it.
    #[serde(default, flatten)]
    pub label: Label,
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
            look: Look::default(),
            bytes: 0,
            frame_count: 0,
            duration_us: 0,
            label: Label::default(),
        }
    }

    /// What it is called.
    #[must_use]
    pub fn title(&self) -> &str {
        self.label.title.as_deref().unwrap_or_else(|| {
            let stem = Path::new(&self.filename).file_stem();
            stem.and_then(|stem| stem.to_str())
                .unwrap_or(&self.filename)
        })
    }

    /// Whether this program understands the description and it is the one of this folder.
    pub(crate) fn fits(&self, folder: &str) -> bool {
        self.version == VERSION && self.slug.as_str() == folder
    }

    /// Takes over what stays when an item gets another clip.
    pub(super) fn take_over(&mut self, before: &Self) {
        self.slug.clone_from(&before.slug);
        self.label.clone_from(&before.label);
        self.uploaded_at.clone_from(&before.uploaded_at);
    }

    /// Of one pass; a still has none of its own.
    pub(crate) fn length(&self) -> Option<Duration> {
        (self.frame_count > 1).then(|| Duration::from_micros(self.duration_us))
    }

    /// Whether both come from the same content: the same original, or, where there is none, the same clip of the same name.
    pub(super) fn is_same_content(&self, other: &Self) -> bool {
        match (&self.original_sha256, &other.original_sha256) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.clip == other.clip && self.slug == other.slug,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use loop_proto::clip::Quality;
    use loop_proto::units::{Repeats, StillTime};

    use super::*;
    use crate::look::Fit;

    /// As this program wrote it before items had titles, tags and looks.
    const OLDER: &str = r#"{"version":1,"slug":"cat_1","filename":"My cat.v2.gif","mime":"image/gif","size":10,
        "uploaded_at":"2026-11-01T10:00:00.000Z","original":"original.gif","original_sha256":"ab","kind":"image",
        "clip":[7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7],"quality":"balanced","bytes":99,"frame_count":3,"duration_us":120000}"#;

    #[test]
    fn an_older_description_is_understood_and_kept() {
        let item: Item = serde_json::from_str(OLDER).unwrap();
        assert!(item.fits("cat_1") && !item.fits("dog"));
        assert_eq!(
            (item.look.quality, item.look.fit),
            (Quality::Balanced, Fit::Fill)
        );
        assert_eq!((item.title(), item.label.repeat), ("My cat.v2", None));
        let again: Item = serde_json::from_slice(&serde_json::to_vec(&item).unwrap()).unwrap();
        assert_eq!(again, item);
    }

    #[test]
    fn what_people_say_is_kept_and_nothing_else_is_written_down() {
        let mut item: Item = serde_json::from_str(OLDER).unwrap();
        assert!(!serde_json::to_string(&item).unwrap().contains("tags"));
        item.label = Label {
            title: Some("Katze 🐈".to_owned()),
            tags: vec!["pets".to_owned()],
            repeat: Repeats::try_from(5).ok(),
            still: StillTime::try_from(Duration::from_millis(2500)).ok(),
        };
        let again: Item = serde_json::from_slice(&serde_json::to_vec(&item).unwrap()).unwrap();
        assert_eq!(again.title(), "Katze 🐈");
        assert_eq!(again, item);
    }
}
