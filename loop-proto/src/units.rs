//! Quantities that refuse values they cannot have.

use std::time::Duration;

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

/// How much of a task is done, in percent, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct Percent(u8);

impl Percent {
    /// The nearest percentage to any number.
    #[must_use]
    pub fn clamped(percent: u8) -> Self {
        Self(percent.min(100))
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl TryFrom<u8> for Percent {
    type Error = String;

    fn try_from(percent: u8) -> Result<Self, Self::Error> {
        if percent > 100 {
            return Err(format!("{percent} percent is above 100"));
        }
        Ok(Self(percent))
    }
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

/// Passes of an animation before the next entry, 1 to 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Repeats(u32);

impl Repeats {
    /// The most there can be.
    pub const MOST: u32 = 1000;

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Repeats {
    type Error = String;

    fn try_from(passes: u32) -> Result<Self, Self::Error> {
        if !(1..=Self::MOST).contains(&passes) {
            return Err(format!("{passes} passes are not within 1..={}", Self::MOST));
        }
        Ok(Self(passes))
    }
}

impl From<Repeats> for u32 {
    fn from(repeats: Repeats) -> Self {
        repeats.0
    }
}

/// How long a still image is shown, half a second to a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Duration", into = "Duration")]
pub struct StillTime(Duration);

impl StillTime {
    /// The shortest.
    pub const SHORTEST: Duration = Duration::from_millis(500);

    /// The longest.
    pub const LONGEST: Duration = Duration::from_secs(86_400);

    /// The time.
    #[must_use]
    pub const fn get(self) -> Duration {
        self.0
    }
}

impl TryFrom<Duration> for StillTime {
    type Error = String;

    fn try_from(time: Duration) -> Result<Self, Self::Error> {
        if !(Self::SHORTEST..=Self::LONGEST).contains(&time) {
            return Err(format!(
                "{time:?} is not within {:?}..={:?}",
                Self::SHORTEST,
                Self::LONGEST
            ));
        }
        Ok(Self(time))
    }
}

impl From<StillTime> for Duration {
    fn from(time: StillTime) -> Self {
        time.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_range_is_refused_by_constructor_and_decoder() {
        for passes in [1, 1000] {
            assert_eq!(Repeats::try_from(passes).unwrap().get(), passes);
        }
        for passes in [0, 1001, u32::MAX] {
            assert!(Repeats::try_from(passes).is_err());
            assert!(serde_json::from_str::<Repeats>(&passes.to_string()).is_err());
        }
        for millis in [500, 86_400_000] {
            let time = Duration::from_millis(millis);
            assert_eq!(StillTime::try_from(time).unwrap().get(), time);
        }
        for millis in [0, 499, 86_400_001] {
            let time = Duration::from_millis(millis);
            assert!(StillTime::try_from(time).is_err());
            let text = serde_json::to_string(&time).unwrap();
            assert!(serde_json::from_str::<StillTime>(&text).is_err());
        }
        assert_eq!(Percent::try_from(100).unwrap().get(), 100);
        assert!(Percent::try_from(101).is_err());
        assert!(serde_json::from_str::<Percent>("101").is_err());
    }
}
