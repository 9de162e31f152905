//! How far something is that goes on while pictures play; shown as a bar over them.

use serde::{Deserialize, Serialize};

use crate::units::Percent;

/// How far an upload is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Of the whole.
    pub percent: Percent,
    /// What it is, in a few words; a file's name most likely.
    pub label: Option<Label>,
}

/// A short line of text for the glass: 1 to [`MAX_LABEL_CHARS`] characters, none of which is a control character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

/// Longest [`Label`] in characters; the glass shows fewer.
pub const MAX_LABEL_CHARS: usize = 64;

impl Label {
    /// The nearest label to any text: without what cannot be shown, and cut where it is too long. `None` if nothing is left.
    #[must_use]
    pub fn nearest(text: &str) -> Option<Self> {
        let shown = text.trim().chars().filter(|c| !c.is_control());
        let label: String = shown.take(MAX_LABEL_CHARS).collect();
        (!label.is_empty()).then_some(Self(label))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Label {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let count = text.chars().count();
        if !(1..=MAX_LABEL_CHARS).contains(&count) {
            return Err(format!("a label has 1 to {MAX_LABEL_CHARS} characters"));
        }
        if text.contains(char::is_control) {
            return Err("a label has no control characters".to_owned());
        }
        Ok(Self(text))
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_nearest_label_to_any_text_is_a_label_and_its_own_nearest(text in any::<String>()) {
            if let Some(label) = Label::nearest(&text) {
                prop_assert_eq!(Label::try_from(label.as_str().to_owned()), Ok(label.clone()));
                let json = serde_json::to_string(&label).unwrap();
                prop_assert_eq!(serde_json::from_str::<Label>(&json).unwrap(), label);
            }
        }
    }

    #[test]
    fn what_is_no_label_is_refused() {
        for text in ["", "two\nlines", "\u{1b}[2J", &"x".repeat(65)] {
            assert!(Label::try_from(text.to_owned()).is_err(), "{text:?}");
            let json = serde_json::to_string(text).unwrap();
            assert!(serde_json::from_str::<Label>(&json).is_err());
        }
        assert_eq!(Label::nearest(" \n"), None);
        assert_eq!(Label::nearest("a\nb").unwrap().as_str(), "ab");
    }
}
