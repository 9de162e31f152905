//! Names and numbers that identify things, each with its own type.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The public name of a media item; also the name of its directory, so it can never leave the media root.
///
/// 1 to 96 bytes of `a-z 0-9 . _ -`, starting with a letter, a digit or `_`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Slug(String);

/// Longest [`Slug`] in bytes.
pub const MAX_SLUG_BYTES: usize = 96;

/// How much of the end of a text [`Slug::nearest`] keeps when it is too long: clients put there what tells two names
/// apart, a hash of 16 digits.
const KEPT_END_BYTES: usize = 32;

/// Why a text is not a [`Slug`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Nothing there, or more than [`MAX_SLUG_BYTES`].
    #[error("a media name has 1 to {MAX_SLUG_BYTES} characters")]
    Length,
    /// A character outside the set, or a dot or dash in front.
    #[error(
        "a media name is made of a-z, 0-9, '.', '_' and '-', and begins with a letter, digit or '_'"
    )]
    Character,
}

impl Slug {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Makes the nearest valid name out of any text: lower case, everything else becomes `_`, and of a text that is too
    /// long the middle is left out.
    #[must_use]
    pub fn nearest(text: &str) -> Self {
        let mut name: String = text
            .chars()
            .flat_map(char::to_lowercase)
            .map(|c| if is_slug_char(c) { c } else { '_' })
            .collect();
        if !name.starts_with(is_first_char) {
            name.insert(0, '_');
        }
        if name.len() > MAX_SLUG_BYTES {
            // One byte a character by now.
            let end = name.split_off(name.len() - KEPT_END_BYTES);
            name.truncate(MAX_SLUG_BYTES - KEPT_END_BYTES);
            name.push_str(&end);
        }
        Self(name)
    }
}

fn is_slug_char(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-')
}

fn is_first_char(c: char) -> bool {
    is_slug_char(c) && !matches!(c, '.' | '-')
}

impl FromStr for Slug {
    type Err = SlugError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Slug {
    type Error = SlugError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() || text.len() > MAX_SLUG_BYTES {
            return Err(SlugError::Length);
        }
        if !text.starts_with(is_first_char) || !text.chars().all(is_slug_char) {
            return Err(SlugError::Character);
        }
        Ok(Self(text))
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identifies the content of a clip file: the first 16 bytes of its sha256.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClipId([u8; 16]);

impl ClipId {
    /// From a clip's full sha256.
    #[must_use]
    pub fn from_sha256(hash: &[u8; 32]) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(hash.split_at(16).0);
        Self(id)
    }
}

impl fmt::Display for ClipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ClipId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClipId({self})")
    }
}

impl FromStr for ClipId {
    type Err = ClipIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(ClipIdError);
        }
        u128::from_str_radix(text, 16)
            .map(|n| Self(n.to_be_bytes()))
            .map_err(|_| ClipIdError)
    }
}

/// A text that is not 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a clip id is 32 hexadecimal digits")]
pub struct ClipIdError;

/// Numbers the states of loop-hw since it started; each visible change adds one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Revision(u64);

impl Revision {
    /// "I know nothing yet": asking for changes since it is answered with a whole snapshot.
    pub const NONE: Self = Self(0);

    /// The revision after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.wrapping_add(1))
    }

    /// How many changes lie between an earlier revision and this one; `None` if it is not earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Option<u64> {
        self.0.checked_sub(earlier.0)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Numbers the pictures that have been on the glass since loop-hw started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FrameSerial(pub u64);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_that_leave_the_media_root_are_refused() {
        for bad in [
            "", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-rf", "a\0b", "A", "ä", "a b",
        ] {
            assert!(bad.parse::<Slug>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn long_names_that_differ_only_at_their_end_stay_two() {
        let name = |end: &str| Slug::nearest(&format!("{}_{end}", "a long title ".repeat(20)));
        let (one, two) = (name("0123456789abcdef"), name("fedcba9876543210"));
        assert_ne!(one, two);
        assert!(one.as_str().starts_with("a_long_title"));
        assert!(one.as_str().ends_with("_0123456789abcdef"));
        assert_eq!(one.as_str().len(), MAX_SLUG_BYTES);
    }

    #[test]
    fn a_clip_id_reads_what_it_prints() {
        let id = ClipId::from_sha256(&[0xA5; 32]);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(
            "+0000000000000000000000000000001"
                .parse::<ClipId>()
                .is_err()
        );
    }

    proptest! {
        #[test]
        fn the_nearest_name_is_always_valid(text in ".{0,200}") {
            let slug = Slug::nearest(&text);
            prop_assert_eq!(slug.as_str().parse::<Slug>(), Ok(slug.clone()));
        }

        #[test]
        fn a_valid_name_is_its_own_nearest(text in "[a-z0-9_][a-z0-9._-]{0,95}") {
            let nearest = Slug::nearest(&text);
            prop_assert_eq!(nearest.as_str(), text.as_str());
        }
    }
}
