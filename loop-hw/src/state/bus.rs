//! What is said about the panel's wire, and how often: a measured clock is never twice the same.

use loop_proto::snapshot::BusState;

/// A clock that has moved by no more than this is the same.
const SAME_PERCENT: u64 = 3;
/// Below this part of what was asked for somebody should know.
const SLOW_PERCENT: u64 = 90;

/// Decides what of the measurements is news.
#[derive(Debug, Default)]
pub(crate) struct BusReport {
    told: Option<BusState>,
    warned: bool,
}

impl BusReport {
    /// The state to publish when it is not the one that was published.
    pub(crate) fn news(&mut self, measured: BusState) -> Option<BusState> {
        if self.told.is_some_and(|told| is_same(told, measured)) {
            return None;
        }
        self.told = Some(measured);
        self.told
    }

    /// The sentence for the log when the wire is slow, once.
    pub(crate) fn warning(&mut self, measured: BusState) -> Option<String> {
        let slow = u64::from(measured.effective_hz) * 100
            < u64::from(measured.requested_hz) * SLOW_PERCENT;
        if !slow || std::mem::replace(&mut self.warned, true) {
            return None;
        }
        Some(format!(
            "the panel's SPI clock is {} instead of {}: the controller divides the clock of its chip, which may be \
             slowed down when idle (on a Raspberry Pi see core_freq and core_freq_min in config.txt)",
            megahertz(measured.effective_hz),
            megahertz(measured.requested_hz)
        ))
    }
}

fn is_same(told: BusState, measured: BusState) -> bool {
    let moved = told.effective_hz.abs_diff(measured.effective_hz);
    told.wire == measured.wire
        && told.requested_hz == measured.requested_hz
        && u64::from(moved) * 100 <= u64::from(told.effective_hz) * SAME_PERCENT
}

fn megahertz(hz: u32) -> String {
    format!("{:.1} MHz", f64::from(hz) / 1e6)
}

#[cfg(test)]
mod tests {
    use loop_proto::snapshot::WireKind;

    use super::*;

    fn at(effective_hz: u32) -> BusState {
        BusState {
            wire: WireKind::Spidev,
            requested_hz: 62_500_000,
            effective_hz,
        }
    }

    #[test]
    fn noise_is_no_news_and_a_drop_is() {
        let mut report = BusReport::default();
        assert_eq!(report.news(at(50_000_000)), Some(at(50_000_000)));
        // Slow drift is compared with what was told, so it is told in the end.
        let told: Vec<_> = (0..5)
            .filter_map(|step| report.news(at(50_000_000 - step * 500_000)))
            .collect();
        assert_eq!(told, [at(48_000_000)]);
        assert_eq!(report.news(at(31_200_000)), Some(at(31_200_000)));
        assert_eq!(report.news(at(31_900_000)), None);
    }

    #[test]
    fn a_slow_wire_is_warned_of_once_with_both_clocks() {
        let mut report = BusReport::default();
        assert_eq!(report.warning(at(57_000_000)), None);
        let sentence = report.warning(at(50_000_000)).unwrap();
        assert!(
            sentence.contains("50.0 MHz instead of 62.5 MHz"),
            "{sentence}"
        );
        assert_eq!(report.warning(at(31_000_000)), None);
    }
}
