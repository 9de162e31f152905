//! What an upload is known by.

use std::fmt;
use std::str::FromStr;

/// Random bytes of a name: nobody guesses that of another's upload.
const BYTES: usize = 16;

/// The name of an upload: 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct UploadId(String);

/// A text that no upload is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not the name of an upload")]
pub(crate) struct NoUploadId;

impl UploadId {
    /// One that nobody has had.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn random() -> std::io::Result<Self> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
        Ok(Self(crate::ingest::hex(&bytes)))
    }

    /// As a text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UploadId {
    type Err = NoUploadId;

    fn from_str(text: &str) -> Result<Self, NoUploadId> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        match text.len() == 2 * BYTES && text.bytes().all(is_digit) {
            true => Ok(Self(text.to_owned())),
            false => Err(NoUploadId),
        }
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_was_given_and_nothing_that_leads_elsewhere() {
        let id = UploadId::random().unwrap();
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert_ne!(UploadId::random().unwrap(), id);
        for text in ["", "..", "a", &"A".repeat(32), &"../".repeat(11)[..32]] {
            assert_eq!(text.parse::<UploadId>(), Err(NoUploadId), "{text}");
        }
    }
}
