//! Media items as clients see them.

use std::collections::BTreeSet;
use std::sync::Arc;

use loop_proto::Slug;
use loop_proto::clip::Quality;
use loop_proto::units::Repeats;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::Envelope;
use crate::convert::Abilities;
use crate::look::Fit;
use crate::store::{Item, Library};

/// Most items the dashboard carries: it is sent whole and often. All are to be had page by page.
const DASHBOARD_ITEMS: usize = 200;

/// A media item.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaItem<'a> {
    #[schema(value_type = Slug)]
    slug: &'a str,
    /// As it was uploaded.
    filename: &'a str,
    title: &'a str,
    tags: &'a [String],
    #[serde(rename = "type")]
    mime: &'a str,
    /// Bytes of the original.
    size: u64,
    /// ISO 8601, in UTC.
    #[serde(rename = "uploadedAt")]
    uploaded_at: &'a str,
    /// Where the original is; null of an item that came as frames alone.
    url: Option<String>,
    /// Where its small picture is.
    thumbnail: String,
    /// Of one pass in seconds; a still has none, and the original's page would write out a 0.
    duration: Option<f64>,
    width: u16,
    height: u16,
    frame_count: u32,
    quality: Quality,
    settings: Settings,
    /// Whether the device itself can make its clip anew.
    convertible: bool,
    /// Of the original.
    sha256: Option<&'a str>,
    processing_status: &'static str,
}

/// How it is shown; what is null is as the device does it by itself.
#[derive(Debug, Serialize, ToSchema)]
struct Settings {
    fit: Fit,
    quality: Quality,
    repeat: Option<Repeats>,
    still_seconds: Option<f64>,
}

impl<'a> MediaItem<'a> {
    /// Of this item.
    #[must_use]
    pub(crate) fn new(item: &'a Item, abilities: Abilities) -> Self {
        let clip = item.clip.to_string();
        Self {
            slug: item.slug.as_str(),
            filename: &item.filename,
            title: item.title(),
            tags: &item.label.tags,
            mime: &item.mime,
            size: item.size,
            uploaded_at: &item.uploaded_at,
            url: item
                .original
                .as_ref()
                .map(|_| format!("/media/raw/{}/{}", item.slug, encode(&item.filename))),
            thumbnail: format!(
                "/api/media/{}/thumbnail?v={}",
                item.slug,
                clip.get(..8).unwrap_or_default()
            ),
            duration: item.length().map(|length| length.as_secs_f64()),
            width: loop_proto::geometry::PICTURE.width,
            height: loop_proto::geometry::PICTURE.height,
            frame_count: item.frame_count,
            quality: item.look.quality,
            settings: Settings::new(item),
            convertible: item.original.is_some() && abilities.cover(&item.mime),
            sha256: item.original_sha256.as_deref(),
            processing_status: "completed",
        }
    }
}

impl Settings {
    fn new(item: &Item) -> Self {
        Self {
            fit: item.look.fit,
            quality: item.look.quality,
            repeat: item.label.repeat,
            still_seconds: item.label.still.map(|time| time.get().as_secs_f64()),
        }
    }
}

/// Of the list of items: all, or a page of those that were asked for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum MediaList<'a> {
    All(Envelope<AllMedia<'a>>),
    Page(Envelope<MediaPage<'a>>),
}

/// The whole library.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllMedia<'a> {
    #[schema(value_type = Vec<MediaItem<'a>>)]
    pub(crate) media: &'a RawValue,
    /// The item on the glass.
    #[schema(value_type = Option<Slug>)]
    pub(crate) active: Option<&'a str>,
    /// Unix time in seconds.
    pub(crate) last_updated: u64,
}

/// Items that were asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MediaPage<'a> {
    #[schema(value_type = Vec<MediaItem<'a>>)]
    pub(crate) media: &'a RawValue,
    /// Of all that answer the question.
    pub(crate) total: usize,
    pub(crate) offset: usize,
    pub(crate) limit: usize,
    /// Of the whole library.
    pub(crate) tags: Vec<TagCount>,
    /// The item on the glass.
    #[schema(value_type = Option<Slug>)]
    pub(crate) active: Option<&'a str>,
    /// Unix time in seconds.
    pub(crate) last_updated: u64,
}

/// A tag and how many items have it.
#[derive(Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct TagCount {
    pub(crate) tag: String,
    pub(crate) count: usize,
}

/// A list of items as JSON.
#[must_use]
pub(crate) fn media_list(items: &[Arc<Item>], abilities: Abilities) -> Box<RawValue> {
    let list: Vec<_> = items
        .iter()
        .map(|item| MediaItem::new(item, abilities))
        .collect();
    // Strings and numbers only: it cannot fail, and an empty list is no lie about nothing.
    serde_json::value::to_raw_value(&list).unwrap_or_default()
}

/// The items the dashboard carries: those that loop and then the newest, in the order in which they were added.
#[must_use]
pub(crate) fn dashboard_media(library: &Library, abilities: Abilities) -> Box<RawValue> {
    let mut items = library.items();
    if items.len() > DASHBOARD_ITEMS {
        let looping = library.order().iter().take(DASHBOARD_ITEMS);
        let mut shown: BTreeSet<_> = looping.cloned().collect();
        for item in items.iter().rev() {
            if shown.len() >= DASHBOARD_ITEMS {
                break;
            }
            shown.insert(item.slug.clone());
        }
        items.retain(|item| shown.contains(&item.slug));
    }
    media_list(&items, abilities)
}

/// Percent-encodes a file name for a path.
fn encode(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}
