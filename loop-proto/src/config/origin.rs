//! Where on the net something comes from.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A web origin such as `https://unpkg.com` or `http://10.0.0.2:8000`, in characters that can stand in a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(String);

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let host = ["https://", "http://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
        match host {
            Some(host) if !host.is_empty() && host.chars().all(is_plain) => {
                Ok(Self(text.to_owned()))
            }
            _ => Err(format!(
                "`{text}` is no origin: write https://NAME or https://NAME:PORT, without a path"
            )),
        }
    }
}

impl TryFrom<String> for Origin {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> Self {
        origin.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
