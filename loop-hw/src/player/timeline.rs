//! When each picture is due. Deadlines add up from the first one, so that nothing drifts. Pure: the time comes in, as a
//! moment of the machine's monotonic clock ([`loop_proto::clock::monotonic`]).

use std::time::Duration;

/// Later than this the pictures in between are not worth catching up with: reading stalled, or the machine slept.
const HOPELESS: Duration = Duration::from_secs(1);

/// Somebody who reckons with a position this far off sees no difference.
const UNNOTICED: Duration = Duration::from_millis(1);

/// The deadlines of one entry after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// When the next picture is due.
    due: Duration,
    /// When the first picture of this pass was due.
    pass_start: Duration,
    paused_since: Option<Duration>,
}

impl Timeline {
    /// The first picture is due now.
    pub(crate) fn starting(now: Duration) -> Self {
        Self {
            due: now,
            pass_start: now,
            paused_since: None,
        }
    }

    /// When to show the next picture; `None` while paused.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.paused_since.is_none().then_some(self.due)
    }

    /// A picture that lasts this long is shown at its deadline: the next one is due when it is over.
    pub(crate) fn take(&mut self, duration: Duration) {
        self.due += duration;
    }

    /// The pass consists of one picture, which lasts this long; if that is over, the next one is due now.
    pub(crate) fn last(&mut self, duration: Duration, now: Duration) {
        let now = self.paused_since.unwrap_or(now);
        self.due = (self.pass_start + duration).max(now);
    }

    /// The picture that is due begins a pass.
    pub(crate) fn begin_pass(&mut self) {
        self.pass_start = self.due;
    }

    /// The next picture is due now, whatever was due before: somebody chose it.
    pub(crate) fn restart(&mut self, now: Duration) {
        self.due = now;
        self.pass_start = now;
        if self.paused_since.is_some() {
            self.paused_since = Some(now);
        }
    }

    /// How late the picture that is due would be. Hopelessly late, all deadlines move and it is on time.
    pub(crate) fn lateness(&mut self, now: Duration) -> Duration {
        let late = now.saturating_sub(self.due);
        if late <= HOPELESS {
            return late;
        }
        self.due += late;
        self.pass_start += late;
        Duration::ZERO
    }

    /// Stops the clock.
    pub(crate) fn pause(&mut self, now: Duration) {
        self.paused_since.get_or_insert(now);
    }

    /// Lets the clock go on where it was.
    pub(crate) fn resume(&mut self, now: Duration) {
        if let Some(since) = self.paused_since.take() {
            let pause = now.saturating_sub(since);
            self.due += pause;
            self.pass_start += pause;
        }
    }

    /// How far into the pass we are.
    pub(crate) fn position(&self, now: Duration) -> Duration {
        self.paused_since
            .unwrap_or(now)
            .saturating_sub(self.pass_start)
    }

    /// Whether somebody who was told the position when the deadlines were `told`, and lets a pass of this length repeat,
    /// still has it right.
    pub(crate) fn agrees_with(&self, told: &Self, pass: Duration) -> bool {
        let moved = self.pass_start.abs_diff(told.pass_start);
        let rest = moved.as_nanos() % pass.as_nanos().max(1);
        let rest = Duration::from_nanos(u64::try_from(rest).unwrap_or(u64::MAX));
        self.paused_since == told.paused_since
            && (rest <= UNNOTICED || pass.saturating_sub(rest) <= UNNOTICED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(40);
    const NOW: Duration = Duration::from_secs(5000);

    #[test]
    fn deadlines_do_not_drift_however_late_pictures_are_taken() {
        let start = NOW;
        let mut timeline = Timeline::starting(start);
        for number in 0..1000u32 {
            let wake = timeline.due().unwrap() + Duration::from_millis(u64::from(number) % 37);
            assert!(timeline.lateness(wake) < FRAME);
            timeline.take(FRAME);
        }
        assert_eq!(timeline.due(), Some(start + FRAME * 1000));
    }

    #[test]
    fn a_pause_moves_everything_after_it() {
        let start = NOW;
        let mut timeline = Timeline::starting(start);
        timeline.take(FRAME);
        timeline.pause(start + FRAME / 2);
        assert_eq!(timeline.due(), None);
        assert_eq!(timeline.position(start + FRAME * 9), FRAME / 2);
        timeline.resume(start + FRAME * 10);
        assert_eq!(timeline.due(), Some(start + FRAME * 10 + FRAME / 2));
        assert_eq!(timeline.position(start + FRAME * 10), FRAME / 2);
    }

    #[test]
    fn after_a_long_stall_the_next_picture_is_on_time() {
        let start = NOW;
        let mut timeline = Timeline::starting(start);
        let late = start + Duration::from_secs(60);
        assert_eq!(timeline.lateness(late), Duration::ZERO);
        assert_eq!(timeline.due(), Some(late));
        assert_eq!(timeline.position(late), Duration::ZERO);
    }

    #[test]
    fn a_choice_while_paused_is_due_at_once_and_stays_paused() {
        let start = NOW;
        let mut timeline = Timeline::starting(start);
        timeline.pause(start);
        timeline.restart(start + FRAME);
        assert_eq!(timeline.due(), None);
        assert_eq!(timeline.position(start + FRAME * 5), Duration::ZERO);
        timeline.resume(start + FRAME * 3);
        assert_eq!(timeline.due(), Some(start + FRAME * 3));
    }

    #[test]
    fn a_still_that_is_to_last_longer_or_shorter_does_so_from_when_it_came() {
        let mut timeline = Timeline::starting(NOW);
        timeline.take(FRAME);
        timeline.last(FRAME * 5, NOW + FRAME / 2);
        assert_eq!(timeline.due(), Some(NOW + FRAME * 5));
        timeline.last(FRAME * 2, NOW + FRAME);
        assert_eq!(timeline.due(), Some(NOW + FRAME * 2));
        timeline.last(FRAME, NOW + FRAME * 3);
        assert_eq!(timeline.due(), Some(NOW + FRAME * 3), "over, and not late");
        timeline.pause(NOW + FRAME * 3);
        timeline.last(FRAME * 4, NOW + FRAME * 50);
        timeline.resume(NOW + FRAME * 100);
        assert_eq!(timeline.due(), Some(NOW + FRAME * 101));
    }

    #[test]
    fn a_viewer_is_right_from_pass_to_pass_until_deadlines_move() {
        let told = Timeline::starting(NOW);
        let mut timeline = told;
        for _ in 0..3 {
            (0..7).for_each(|_| timeline.take(FRAME));
            timeline.begin_pass();
            assert!(timeline.agrees_with(&told, FRAME * 7));
        }
        let due = timeline.due().unwrap();
        assert_eq!(timeline.lateness(due + HOPELESS / 2), HOPELESS / 2);
        assert!(timeline.agrees_with(&told, FRAME * 7));
        timeline.lateness(due + HOPELESS + FRAME * 2);
        assert!(!timeline.agrees_with(&told, FRAME * 7));
    }

    #[test]
    fn a_viewer_has_to_be_told_of_a_pause_and_of_its_end() {
        let told = Timeline::starting(NOW);
        let mut timeline = told;
        timeline.pause(NOW + FRAME);
        assert!(!timeline.agrees_with(&told, FRAME * 7));
        timeline.resume(NOW + FRAME * 2);
        assert!(!timeline.agrees_with(&told, FRAME * 7));
    }
}
