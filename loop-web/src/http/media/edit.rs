//! What is said about an item, as a client sends it. What is absent stays, `null` is as the device does it by itself.

use std::time::Duration;

use loop_proto::units::{Repeats, StillTime};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};

use super::super::error::ApiError;
use super::super::whole::whole;
use crate::store::{Label, MAX_TAG, MAX_TAGS, MAX_TITLE};

/// What is to be said about an item from now on.
// It is read field by field, so that a refusal can name the field; this is how the document describes it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Changes {
    /// A text on one line; blanks around it do not count.
    #[schema(
        rename = "title",
        pattern = r"^\s*[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,198}[^\s\x00-\x1f\x7f-\x9f])?\s*$"
    )]
    _title: Option<String>,
    /// Words, each on one line; blanks around them do not count.
    #[schema(rename = "tags", schema_with = tags_schema, required = false)]
    _tags: (),
    /// Passes before the next item.
    #[schema(rename = "repeat")]
    _repeat: Option<Repeats>,
    /// How long it is shown if it does not move.
    #[schema(rename = "still_seconds", minimum = 0.5, maximum = 86_400)]
    _still_seconds: Option<f64>,
}

fn tags_schema() -> Array {
    let tag = ObjectBuilder::new().schema_type(Type::String);
    let tag = tag.pattern(Some(
        r"^\s*[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]{0,38}[^\s\x00-\x1f\x7f-\x9f])?\s*$",
    ));
    let tags = ArrayBuilder::new().items(tag).max_items(Some(MAX_TAGS));
    tags.build()
}

/// A change that is allowed.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Edit {
    title: Option<Option<String>>,
    tags: Option<Vec<String>>,
    repeat: Option<Option<Repeats>>,
    still: Option<Option<StillTime>>,
}

impl Edit {
    /// Refuses what is unknown or out of bounds, and says which field it is.
    pub(super) fn parse(fields: Map<String, Value>) -> Result<Self, ApiError> {
        let mut edit = Self::default();
        for (name, value) in fields {
            let fault = match name.as_str() {
                "title" => title(value).map(|title| edit.title = Some(title)),
                "tags" => tags(value).map(|tags| edit.tags = Some(tags)),
                "repeat" => repeat(&value).map(|repeat| edit.repeat = Some(repeat)),
                "still_seconds" => still(&value).map(|still| edit.still = Some(still)),
                _ => Err(
                    "there is no such field; title, tags, repeat and still_seconds can be changed"
                        .to_owned(),
                ),
            };
            fault.map_err(|fault| ApiError::field(&name, &fault))?;
        }
        Ok(edit)
    }

    pub(super) fn apply(self, label: &mut Label) {
        if let Some(title) = self.title {
            label.title = title;
        }
        if let Some(tags) = self.tags {
            label.tags = tags;
        }
        if let Some(repeat) = self.repeat {
            label.repeat = repeat;
        }
        if let Some(still) = self.still {
            label.still = still;
        }
    }
}

fn title(value: Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => words(&text, MAX_TITLE).map(Some),
        _ => Err("it must be a text or null".to_owned()),
    }
}

fn tags(value: Value) -> Result<Vec<String>, String> {
    let not_words = || "it must be a list of words".to_owned();
    let Value::Array(list) = value else {
        return Err(not_words());
    };
    if list.len() > MAX_TAGS {
        return Err(format!("{} tags are more than {MAX_TAGS}", list.len()));
    }
    let mut tags: Vec<String> = Vec::new();
    for tag in list {
        let tag = words(tag.as_str().ok_or_else(not_words)?, MAX_TAG)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

/// A text on one line, without blanks around it.
fn words(text: &str, most: usize) -> Result<String, String> {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        return Err("it has a control character in it".to_owned());
    }
    match text.chars().count() {
        0 => Err("it is empty".to_owned()),
        length if length > most => Err(format!("{length} characters are more than {most}")),
        _ => Ok(text.to_owned()),
    }
}

fn repeat(value: &Value) -> Result<Option<Repeats>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let number = value.as_number().and_then(whole);
    let number = number.and_then(|number| u32::try_from(number).ok());
    let repeats = number.and_then(|number| Repeats::try_from(number).ok());
    let expected = || format!("it must be a number from 1 to {}, or null", Repeats::MOST);
    repeats.ok_or_else(expected).map(Some)
}

fn still(value: &Value) -> Result<Option<StillTime>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let seconds = value.as_f64();
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let time = time.and_then(|time| StillTime::try_from(time).ok());
    let expected = "it must be a number of seconds from 0.5 to 86400, or null";
    time.ok_or_else(|| expected.to_owned()).map(Some)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(value: Value) -> Result<Edit, String> {
        let Value::Object(fields) = value else {
            panic!("not an object");
        };
        Edit::parse(fields).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn what_is_absent_stays_and_null_is_the_devices_own() {
        let mut label = Label {
            title: Some("Cat".to_owned()),
            tags: vec!["pets".to_owned()],
            repeat: Repeats::try_from(3).ok(),
            still: StillTime::try_from(Duration::from_secs(7)).ok(),
        };
        let before = label.clone();
        parse(json!({})).unwrap().apply(&mut label);
        assert_eq!(label, before);
        let change = json!({"title": " Katze 🐈 ", "tags": ["a", " a", "b"], "repeat": 1000, "still_seconds": 2.5});
        parse(change).unwrap().apply(&mut label);
        assert_eq!(label.title.as_deref(), Some("Katze 🐈"));
        assert_eq!(label.tags, ["a", "b"]);
        assert_eq!(label.repeat.map(Repeats::get), Some(1000));
        assert_eq!(
            label.still.map(StillTime::get),
            Some(Duration::from_millis(2500))
        );
        let nothing = json!({"title": null, "tags": [], "repeat": null, "still_seconds": null});
        parse(nothing).unwrap().apply(&mut label);
        assert_eq!(label, Label::default());
    }

    #[test]
    fn what_cannot_be_is_refused_with_the_name_of_its_field() {
        let long = "x".repeat(201);
        let many: Vec<String> = (0..17).map(|n| n.to_string()).collect();
        for (change, says) in [
            (json!({"title": ""}), "title: it is empty"),
            (json!({"title": 5}), "title: it must be a text"),
            (
                json!({"title": "a\u{0}b"}),
                "title: it has a control character",
            ),
            (json!({"title": long}), "title: 201 characters"),
            (json!({"tags": "x"}), "tags: it must be a list"),
            (json!({"tags": [1]}), "tags: it must be a list"),
            (json!({"tags": many}), "tags: 17 tags"),
            (json!({"repeat": 0}), "repeat: it must be a number from 1"),
            (json!({"repeat": 1001}), "repeat: it must be"),
            (json!({"repeat": 1.5}), "repeat: it must be"),
            (json!({"still_seconds": 0.4}), "still_seconds: it must be"),
            (json!({"still_seconds": 86401}), "still_seconds: it must be"),
            (json!({"still_seconds": "2"}), "still_seconds: it must be"),
            (json!({"slug": "x"}), "slug: there is no such field"),
        ] {
            let refused = parse(change).unwrap_err();
            assert!(refused.starts_with(says), "{refused}");
        }
    }
}
