//! Which frames of a clip are shown. The page's `timing.ts` has the same rules.

/// The panel shows at most this many pictures a second; more would only be dropped on the wire.
const MAX_FPS: u64 = 30;

const SECOND_US: u64 = 1_000_000;

/// Containers round to milliseconds; a frame that comes this early still belongs to its slot.
const JITTER_US: u64 = 1_000;

/// Closer pictures than this judder more than they add: 50 a second become an even 25, not 40-20-40 ms.
const MIN_GAP_US: u64 = 28_000;

/// Delays below this mean "as fast as you like".
const SHORTEST_US: u64 = 20_000;

/// What browsers take for those, and authors rely on it.
const INSTEAD_OF_SHORT_US: u64 = 100_000;

/// Chooses frames, which come in the order of their start. What is left out lengthens the frame before it, so the clip
/// keeps its length.
#[derive(Debug, Default)]
pub(super) struct Pacer {
    /// When the first frame and the last accepted one began, and the last one's slot.
    seen: Option<(u64, u64, u64)>,
}

impl Pacer {
    /// Whether the frame that starts here is to be shown.
    pub(super) fn accepts(&mut self, start_us: u64) -> bool {
        let Some((origin, last, last_slot)) = self.seen else {
            self.seen = Some((start_us, start_us, 0));
            return true;
        };
        let slot = (start_us.saturating_sub(origin) + JITTER_US) * MAX_FPS / SECOND_US;
        if start_us.saturating_sub(last) < MIN_GAP_US || slot <= last_slot {
            return false;
        }
        self.seen = Some((origin, start_us, slot));
        true
    }
}

/// How long a frame with this delay is shown.
pub(super) fn honoured(delay_us: u64) -> u64 {
    if delay_us < SHORTEST_US {
        INSTEAD_OF_SHORT_US
    } else {
        delay_us
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The starts in milliseconds that are accepted of a steady clip.
    fn paced(step_us: u64, frames: u64) -> Vec<u64> {
        let mut pacer = Pacer::default();
        let starts = (0..frames).map(|frame| frame * step_us);
        starts.filter(|&start| pacer.accepts(start)).collect()
    }

    fn gaps(starts: &[u64]) -> Vec<u64> {
        starts.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    #[test]
    fn every_frame_up_to_thirty_a_second_is_kept() {
        assert_eq!(paced(40_000, 5).len(), 5);
        assert_eq!(paced(33_333, 90).len(), 90);
        assert_eq!(paced(33_367, 90).len(), 90);
    }

    #[test]
    fn frames_whose_container_rounds_to_milliseconds_are_kept() {
        let mut pacer = Pacer::default();
        let accepted = [0, 33, 67, 100, 133, 167].map(|ms| pacer.accepts(ms * 1000));
        assert_eq!(accepted, [true; 6]);
    }

    #[test]
    fn sixty_and_fifty_a_second_are_halved_evenly() {
        assert_eq!(paced(16_667, 60).len(), 30);
        assert_eq!(gaps(&paced(20_000, 50)), [40_000; 24]);
    }

    #[test]
    fn never_more_than_thirty_a_second() {
        assert!((86..=90).contains(&paced(30_000, 100).len()));
        assert!(paced(1, 1000).len() == 1);
    }

    #[test]
    fn a_variable_rate_stays_as_it_is() {
        let mut pacer = Pacer::default();
        let accepted = [0, 40, 300, 340, 1340].map(|ms| pacer.accepts(ms * 1000));
        assert_eq!(accepted, [true; 5]);
    }

    #[test]
    fn delays_that_browsers_do_not_honour_are_not_honoured() {
        assert_eq!([0, 10_000, 19_999].map(honoured), [100_000; 3]);
        assert_eq!([20_000, 70_000].map(honoured), [20_000, 70_000]);
    }
}
