//! A network's name and its password, which are what they must be.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A network's name: 1 to [`Ssid::MOST_BYTES`] bytes, whichever they are. Mostly, but not always, they are UTF-8.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
pub struct Ssid(Vec<u8>);

/// Why something is not an [`Ssid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SsidError {
    /// None, or too many bytes.
    #[error("a network's name has 1 to {} bytes", Ssid::MOST_BYTES)]
    Length,
    /// Not what [`Ssid::id`] gives.
    #[error("a network's id is 2 to 64 hexadecimal digits, two for each byte of its name")]
    Id,
}

impl Ssid {
    /// The most bytes 802.11 has room for.
    pub const MOST_BYTES: usize = 32;

    /// The name itself.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The name for people: without what commands a terminal, and with a mark for each byte that is no text.
    #[must_use]
    pub fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        text.replace(char::is_control, "\u{fffd}")
    }

    /// The name for addresses: two hexadecimal digits a byte.
    #[must_use]
    pub fn id(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The name of this id.
    ///
    /// # Errors
    /// [`SsidError::Id`] for anything else.
    pub fn from_id(id: &str) -> Result<Self, SsidError> {
        let digits: Option<Vec<u8>> = id
            .bytes()
            .map(|digit| char::from(digit).to_digit(16)?.try_into().ok())
            .collect();
        let digits = digits.ok_or(SsidError::Id)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
        match rest {
            [] => Self::try_from(bytes).map_err(|_| SsidError::Id),
            _ => Err(SsidError::Id),
        }
    }
}

impl TryFrom<Vec<u8>> for Ssid {
    type Error = SsidError;

    fn try_from(bytes: Vec<u8>) -> Result<Self, Self::Error> {
        if (1..=Self::MOST_BYTES).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(SsidError::Length)
        }
    }
}

impl From<Ssid> for Vec<u8> {
    fn from(ssid: Ssid) -> Self {
        ssid.0
    }
}

impl FromStr for Ssid {
    type Err = SsidError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.as_bytes().to_vec())
    }
}

impl fmt::Display for Ssid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl fmt::Debug for Ssid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ssid({})", self.0.escape_ascii())
    }
}

/// A network's password: 8 to 63 bytes, or the 64 hexadecimal digits of the key itself. It can be given away only to who
/// asks for it by [`Passphrase::reveal`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Passphrase(String);

/// Why a text is not a [`Passphrase`]. The text is in none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// Too few or too many bytes.
    #[error("a WiFi password has 8 to 63 characters, or is a key of 64 hexadecimal digits")]
    Length,
    /// A character that no access point can be told.
    #[error("a WiFi password has no control characters")]
    Control,
}

impl Passphrase {
    /// The password, for the one who joins the network.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Passphrase {
    type Error = PassphraseError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_key = text.len() == 64 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_key && !(8..=63).contains(&text.len()) {
            return Err(PassphraseError::Length);
        }
        if text.contains(char::is_control) {
            return Err(PassphraseError::Control);
        }
        Ok(Self(text))
    }
}

impl From<Passphrase> for String {
    fn from(passphrase: Passphrase) -> Self {
        passphrase.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(***)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_name_of_legal_length_is_one_and_its_id_leads_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let legal = (1..=32).contains(&bytes.len());
            match Ssid::try_from(bytes.clone()) {
                Ok(ssid) => {
                    prop_assert!(legal);
                    prop_assert_eq!(ssid.as_bytes(), &bytes);
                    prop_assert_eq!(Ssid::from_id(&ssid.id()), Ok(ssid.clone()));
                    prop_assert!(!ssid.shown().contains(char::is_control));
                    let json = serde_json::to_string(&ssid).unwrap();
                    prop_assert_eq!(serde_json::from_str::<Ssid>(&json).unwrap(), ssid);
                }
                Err(error) => prop_assert!(!legal, "{}", error),
            }
        }

        #[test]
        fn a_password_shows_in_no_debug_print(text in "[!-~]{8,63}") {
            let passphrase = Passphrase::try_from(text.clone()).unwrap();
            prop_assert_eq!(passphrase.reveal(), &text);
            let join = crate::wifi::Join { ssid: "x".parse().unwrap(), passphrase: Some(passphrase), hidden: false };
            let hidden = crate::wifi::Join { passphrase: Some(Passphrase("x".repeat(8))), ..join.clone() };
            prop_assert_eq!(format!("{join:?}"), format!("{hidden:?}"));
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for id in ["", "4", "4c6", "xx", "4c 6f", "+1", &"00".repeat(33), "ä"] {
            assert_eq!(Ssid::from_id(id), Err(SsidError::Id), "{id:?}");
        }
        assert_eq!(Ssid::from_id("4C6f").unwrap().shown(), "Lo");
    }

    #[test]
    fn passwords_have_the_length_that_access_points_know() {
        let passphrase = |text: &str| Passphrase::try_from(text.to_owned()).map(drop);
        for right in [
            "12345678",
            &"x".repeat(63),
            &"a0".repeat(32),
            "pässwörd",
            "a b c d e",
        ] {
            assert_eq!(passphrase(right), Ok(()), "{right:?}");
        }
        for wrong in ["", "1234567", &"x".repeat(64), &"a".repeat(65)] {
            assert_eq!(passphrase(wrong), Err(PassphraseError::Length), "{wrong:?}");
        }
        assert_eq!(passphrase("password\n"), Err(PassphraseError::Control));
        let json = serde_json::from_str::<Passphrase>("\"secret1\"");
        assert!(!json.unwrap_err().to_string().contains("secret1"));
    }
}
