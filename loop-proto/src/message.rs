//! Words for the glass, shown instead of the picture for a while.

use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What to show, how and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The words.
    pub text: MessageText,
    /// When it goes by itself; `None` to stay until it is taken away.
    pub time: Option<MessageTime>,
    /// Of the letters; `None` for that of all screens.
    pub colour: Option<Colour>,
}

/// 1 to [`MAX_MESSAGE_CHARS`] characters of which one at least can be seen; lines end with `\n`, and there are no other
/// control characters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageText(String);

/// Longest [`MessageText`] in characters.
pub const MAX_MESSAGE_CHARS: usize = 200;

/// Why a text is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// Nothing to be seen, or too much.
    #[error("a message has 1 to {MAX_MESSAGE_CHARS} characters")]
    Length,
    /// A tabulator, an escape or the like.
    #[error("a message has no control characters but the line feed")]
    Control,
}

impl MessageText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for MessageText {
    type Error = MessageError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.chars().any(|c| c.is_control() && c != '\n') {
            return Err(MessageError::Control);
        }
        if text.trim().is_empty() || text.chars().count() > MAX_MESSAGE_CHARS {
            return Err(MessageError::Length);
        }
        Ok(Self(text))
    }
}

impl FromStr for MessageText {
    type Err = MessageError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<MessageText> for String {
    fn from(text: MessageText) -> Self {
        text.0
    }
}

/// How long a message is shown, a second to an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Duration", into = "Duration")]
pub struct MessageTime(Duration);

impl MessageTime {
    /// The shortest.
    pub const SHORTEST: Duration = Duration::from_secs(1);

    /// The longest.
    pub const LONGEST: Duration = Duration::from_secs(3600);

    /// The time.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

/// A time that is too short or too long for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message is shown for 1 second to 1 hour")]
pub struct MessageTimeError;

impl TryFrom<Duration> for MessageTime {
    type Error = MessageTimeError;

    fn try_from(time: Duration) -> Result<Self, Self::Error> {
        if (Self::SHORTEST..=Self::LONGEST).contains(&time) {
            Ok(Self(time))
        } else {
            Err(MessageTimeError)
        }
    }
}

impl From<MessageTime> for Duration {
    fn from(time: MessageTime) -> Self {
        time.0
    }
}

/// Red, green and blue; written as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colour(pub [u8; 3]);

/// A text that is no [`Colour`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a colour is six hexadecimal digits, like #ff7f50")]
pub struct ColourError;

impl FromStr for Colour {
    type Err = ColourError;

    /// The `#` may be left out: shells take it for the begin of a comment.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(ColourError);
        }
        let number = u32::from_str_radix(digits, 16).map_err(|_| ColourError)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn constructor_and_decoder_agree_on_what_is_a_message(text in "[ -~\\n\\t\u{1b}ä]{0,210}") {
            let count = text.chars().count();
            let is_good = !text.contains(['\t', '\u{1b}']) && !text.trim().is_empty() && count <= 200;
            let made = MessageText::try_from(text.clone());
            prop_assert_eq!(made.is_ok(), is_good);
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<MessageText>(&json).ok(), made.ok());
        }

        #[test]
        fn a_colour_is_what_its_digits_say(rgb: [u8; 3]) {
            let [red, green, blue] = rgb;
            let digits = format!("{red:02x}{green:02X}{blue:02x}");
            prop_assert_eq!(digits.parse(), Ok(Colour(rgb)));
            prop_assert_eq!(format!("#{digits}").parse(), Ok(Colour(rgb)));
        }
    }

    #[test]
    fn times_and_colours_that_cannot_be_are_refused() {
        for millis in [0, 999, 3_600_001] {
            let time = Duration::from_millis(millis);
            assert_eq!(MessageTime::try_from(time), Err(MessageTimeError));
            let json = serde_json::to_string(&time).unwrap();
            assert!(serde_json::from_str::<MessageTime>(&json).is_err());
        }
        for text in ["", "#", "fff", "+12345", "##12345", "1234567", "äää"] {
            assert_eq!(text.parse::<Colour>(), Err(ColourError), "{text}");
        }
    }
}
