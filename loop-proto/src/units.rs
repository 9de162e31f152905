//! Quantities that refuse values they cannot have.

use serde::{Deserialize, Serialize};

/// Brightness of the backlight in percent, 0 (dark) to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Brightness(u8);

impl Brightness {
    /// As bright as the backlight goes.
    pub const FULL: Self = Self(100);

    /// The nearest brightness to any number.
    #[must_use]
    pub fn clamped(percent: i64) -> Self {
        Self(u8::try_from(percent.clamp(0, 100)).unwrap_or(100))
    }

    /// In percent.
    #[must_use]
    pub const fn percent(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Brightness {
    type Error = String;

    fn try_from(percent: u8) -> Result<Self, Self::Error> {
        if percent > 100 {
            return Err(format!("brightness {percent} is above 100"));
        }
        Ok(Self(percent))
    }
}

impl From<Brightness> for u8 {
    fn from(brightness: Brightness) -> Self {
        brightness.0
    }
}
