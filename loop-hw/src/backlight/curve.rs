//! From how bright the light looks to how much of the time it is on.

use loop_proto::units::Brightness;

/// Lightness as the eye judges it (CIE 1931 L*), in hundredths: equal steps look equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Level(u16);

/// What 1 % looks like. Below it the pulses get so short that what switches the light no longer follows them.
const DIMMEST: u16 = 800;

/// A light that is always on, in parts per million.
pub(super) const ALWAYS: u32 = 1_000_000;

impl Level {
    /// No light.
    pub(super) const DARK: Self = Self(0);
    /// All of it.
    pub(super) const FULL: Self = Self(10_000);

    /// 0 is dark; 1 to 100 are equal steps from dim to full.
    pub(super) fn of(brightness: Brightness) -> Self {
        match u32::from(brightness.percent()) {
            0 => Self::DARK,
            percent => Self(DIMMEST).towards(Self::FULL, percent - 1, 99),
        }
    }

    /// As a number, for [`from_bits`](Self::from_bits).
    pub(super) const fn to_bits(self) -> u16 {
        self.0
    }

    /// The level of a number; `None` when there is none.
    pub(super) fn from_bits(bits: u16) -> Option<Self> {
        (bits <= Self::FULL.0).then_some(Self(bits))
    }

    /// How much of the time the light is on, in parts per million: the luminance that is seen as this lightness (CIE 1931:
    /// L/903.3 up to 8, above it ((L+16)/116)^3).
    pub(super) fn on_time(self) -> u32 {
        let level = u64::from(self.0);
        let parts = if self.0 <= 800 {
            level * 100_000 / 9033
        } else {
            (level + 1600).pow(3) * u64::from(ALWAYS) / 11_600u64.pow(3)
        };
        u32::try_from(parts).unwrap_or(ALWAYS)
    }

    /// The level of a light that is on for this much of the time.
    pub(super) fn of_on_time(parts: u32) -> Self {
        let (mut low, mut high) = (Self::DARK.0, Self::FULL.0);
        while low < high {
            let middle = low + (high - low) / 2;
            if Self(middle).on_time() < parts {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Self(low)
    }

    /// This share of a larger number, rounded up, so that only darkness is nothing.
    pub(super) fn of_steps(self, steps: u64) -> u64 {
        (u64::from(self.0) * steps).div_ceil(u64::from(Self::FULL.0))
    }

    /// Between this one and another, `part` of `whole` of the way.
    pub(super) fn towards(self, other: Self, part: u32, whole: u32) -> Self {
        let (from, to) = (i64::from(self.0), i64::from(other.0));
        let way = (to - from) * i64::from(part.min(whole)) / i64::from(whole.max(1));
        Self(u16::try_from(from + way).unwrap_or(other.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn percent(percent: i64) -> Level {
        Level::of(Brightness::clamped(percent))
    }

    #[test]
    fn more_percent_is_more_light_from_none_to_all() {
        let times: Vec<u32> = (0..=100).map(|at| percent(at).on_time()).collect();
        assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!((times[0], times[100]), (0, ALWAYS));
        // Dim, but a pulse of 9 us at 1 kHz.
        assert!((8_000..10_000).contains(&times[1]), "{}", times[1]);
    }

    #[test]
    fn half_looks_half_as_bright() {
        // L* 50 is a luminance of 18.4 %; half of the way from the dimmest is a little above.
        assert!((184_000..225_000).contains(&percent(50).on_time()));
        assert_eq!(Level(5000).on_time(), 184_186);
    }

    #[test]
    fn both_parts_of_the_curve_meet() {
        assert!(Level(801).on_time() - Level(800).on_time() < 15);
        let times: Vec<u32> = (0..=10_000).map(|at| Level(at).on_time()).collect();
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1]));
    }

    #[test]
    fn a_light_found_burning_has_the_level_it_was_given() {
        for at in 0..=100 {
            let level = percent(at);
            assert_eq!(Level::of_on_time(level.on_time()), level);
        }
        assert_eq!(Level::of_on_time(u32::MAX), Level::FULL);
    }

    #[test]
    fn only_darkness_is_no_step_at_all() {
        assert_eq!(Level::DARK.of_steps(255), 0);
        assert_eq!(percent(1).of_steps(1), 1);
        assert_eq!(Level::FULL.of_steps(255), 255);
    }
}
