//! `metadata.json` beside the frames. The original's clients send it with more and with less in it.

use std::time::Duration;

use loop_proto::Slug;
use loop_proto::clip::{MAX_DURATION, MAX_FRAMES, MIN_DURATION, Quality};
use loop_proto::geometry::PICTURE;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::frames_zip::Fault;
use super::spool::hex;
use crate::store::Kind;

/// How long each frame of a moving clip is shown that does not tell: 25 a second.
pub(super) const DEFAULT_DURATION: Duration = Duration::from_millis(40);

const MAX_FPS: f64 = 120.0;

/// What it says, checked.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) slug: Option<Slug>,
    pub(super) original_filename: Option<String>,
    pub(super) kind: Kind,
    pub(super) frame_count: u32,
    pub(super) quality: Quality,
    timing: Timing,
}

#[derive(Debug)]
enum Timing {
    Each(Vec<Duration>),
    All(Duration),
}

impl Metadata {
    pub(super) fn parse(text: &[u8]) -> Result<Self, Fault> {
        let value: Value =
            serde_json::from_slice(text).map_err(|error| Fault::Metadata(error.to_string()))?;
        let Value::Object(fields) = value else {
            return Err(Fault::Metadata("it is not a JSON object".to_owned()));
        };
        expect(&fields, "format", &Value::from("rgb565"))?;
        expect(&fields, "width", &Value::from(PICTURE.width))?;
        expect(&fields, "height", &Value::from(PICTURE.height))?;
        let frame_count = frame_count(&fields)?;
        let kind = match text_of(&fields, "type")?.as_deref() {
            Some("video") => Kind::Video,
            Some("image") | None => Kind::Image,
            Some(other) => return field("type", format!("`{other}` is neither video nor image")),
        };
        Ok(Self {
            slug: slug(&fields)?,
            original_filename: text_of(&fields, "original_filename")?,
            kind,
            frame_count,
            quality: quality(&fields)?,
            timing: timing(&fields, frame_count)?,
        })
    }

    /// How long a frame is shown.
    pub(super) fn duration(&self, frame: u32) -> Duration {
        match &self.timing {
            Timing::All(duration) => *duration,
            Timing::Each(durations) => {
                let at = usize::try_from(frame).unwrap_or(usize::MAX);
                durations.get(at).copied().unwrap_or(MIN_DURATION)
            }
        }
    }
}

fn field<T>(name: &'static str, fault: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Field {
        name,
        fault: fault.into(),
    })
}

/// A field that, if it is there, has just one value we can show.
fn expect(fields: &Map<String, Value>, name: &'static str, only: &Value) -> Result<(), Fault> {
    match fields.get(name) {
        Some(value) if value != only => {
            field(name, format!("it is {}, it must be {only}", brief(value)))
        }
        _ => Ok(()),
    }
}

fn frame_count(fields: &Map<String, Value>) -> Result<u32, Fault> {
    let Some(value) = fields.get("frame_count") else {
        return field("frame_count", "it is missing");
    };
    match value.as_u64().and_then(|count| u32::try_from(count).ok()) {
        Some(count) if (1..=MAX_FRAMES).contains(&count) => Ok(count),
        _ => field(
            "frame_count",
            format!("{} is not a number from 1 to {MAX_FRAMES}", brief(value)),
        ),
    }
}

fn text_of(fields: &Map<String, Value>, name: &'static str) -> Result<Option<String>, Fault> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => field(name, format!("{} is not a text", brief(other))),
    }
}

/// How closely the clip is to keep to the frames. Clients that know nothing of it want every pixel.
fn quality(fields: &Map<String, Value>) -> Result<Quality, Fault> {
    let Some(value) = fields.get("quality") else {
        return Ok(Quality::Off);
    };
    match value.as_str().and_then(Quality::from_name) {
        Some(quality) => Ok(quality),
        None => field(
            "quality",
            format!("{} is neither off nor balanced nor small", brief(value)),
        ),
    }
}

/// The name the client has chosen. One that is only spelt oddly is mended, one that points somewhere is refused.
fn slug(fields: &Map<String, Value>) -> Result<Option<Slug>, Fault> {
    let Some(text) = text_of(fields, "slug")?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let points_away =
        text.contains(['/', '\\']) || text.chars().any(char::is_control) || text.contains("..");
    if points_away {
        return field(
            "slug",
            format!("{} is not a plain name", brief(&Value::from(text))),
        );
    }
    if text.is_ascii() {
        return Ok(Some(Slug::nearest(&text)));
    }
    // Mending makes the same of many letters: what tells them apart comes behind.
    let hash = hex(&Sha256::digest(&text));
    let end = hash.get(..8).unwrap_or_default();
    Ok(Some(Slug::nearest(&format!("{text}_{end}"))))
}

fn timing(fields: &Map<String, Value>, frame_count: u32) -> Result<Timing, Fault> {
    if let Some(value) = fields.get("durations_us") {
        return Ok(Timing::Each(durations(value, frame_count)?));
    }
    let fps = match fields.get("fps") {
        None | Some(Value::Null) => 0.0,
        Some(value) => match value.as_f64() {
            Some(fps) if (0.0..=MAX_FPS).contains(&fps) => fps,
            _ => {
                return field(
                    "fps",
                    format!("{} is not a number from 0 to {MAX_FPS}", brief(value)),
                );
            }
        },
    };
    let duration = if fps > 0.0 {
        Duration::try_from_secs_f64(1.0 / fps).unwrap_or(MAX_DURATION)
    } else {
        DEFAULT_DURATION
    };
    Ok(Timing::All(duration.clamp(MIN_DURATION, MAX_DURATION)))
}

fn durations(value: &Value, frame_count: u32) -> Result<Vec<Duration>, Fault> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    if u32::try_from(list.len()) != Ok(frame_count) {
        return field(
            "durations_us",
            format!("{} durations for {frame_count} frames", list.len()),
        );
    }
    let duration = |value: &Value| {
        let duration = value.as_u64().map(Duration::from_micros);
        duration.filter(|duration| (MIN_DURATION..=MAX_DURATION).contains(duration))
    };
    match list.iter().find(|value| duration(value).is_none()) {
        Some(bad) => field(
            "durations_us",
            format!("{} is not between 1 ms and 1 h", brief(bad)),
        ),
        None => Ok(list.iter().filter_map(duration).collect()),
    }
}

/// A value short enough for a message.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(40) {
        Some((cut, _)) => format!("{}...", text.get(..cut).unwrap_or_default()),
        None => text,
    }
}
