//! What people say about an item.

use loop_proto::units::{Repeats, StillTime};
use serde::{Deserialize, Serialize};

/// Most characters of a title and of a tag, and most tags.
pub(crate) const MAX_TITLE: usize = 200;
pub(crate) const MAX_TAG: usize = 40;
pub(crate) const MAX_TAGS: usize = 16;

/// What people say about an item, and how it is to be played. Nothing of it changes the clip.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// What it is called; its file's name without the ending if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Passes before the next item; the device's own number if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeats>,
    /// How long it is shown if it is a still; the device's own time if nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub still: Option<StillTime>,
}

impl Label {
    /// Leaves out what breaks a limit: a label from elsewhere is no reason to lose an item.
    pub(crate) fn within_limits(mut self) -> Self {
        let is_plain = |text: &String, most| {
            (1..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
        };
        self.title = self.title.filter(|title| is_plain(title, MAX_TITLE));
        self.tags.retain(|tag| is_plain(tag, MAX_TAG));
        self.tags.truncate(MAX_TAGS);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_said_stays_and_the_rest_goes() {
        let good = Label {
            title: Some("Katze 🐈".repeat(25)),
            tags: vec!["pets".to_owned(); MAX_TAGS],
            repeat: Repeats::try_from(1000).ok(),
            still: None,
        };
        assert_eq!(good.clone().within_limits(), good);
        let bad = ["", &"x".repeat(MAX_TAG + 1), "ok", "\n"];
        let bad = Label {
            title: Some("a\u{7}".to_owned()),
            tags: bad.map(str::to_owned).to_vec(),
            ..good.clone()
        };
        let left = Label {
            title: None,
            tags: vec!["ok".to_owned()],
            ..good
        };
        assert_eq!(bad.within_limits(), left);
    }
}
