//! When each picture is due. Deadlines add up from the first one, so that nothing drifts. Pure: the time comes in.

use std::time::{Duration, Instant};

/// Later than this the pictures in between are not worth catching up with: reading stalled, or the machine slept.
const HOPELESS: Duration = Duration::from_secs(1);

/// The deadlines of one entry after the other.
#[derive(Debug)]
pub(crate) struct Timeline {
    /// When the next picture is due.
    due: Instant,
    /// When the first picture of this pass was due.
    pass_start: Instant,
    paused_since: Option<Instant>,
}

impl Timeline {
    /// The first picture is due now.
    pub(crate) fn starting(now: Instant) -> Self {
        Self {
            due: now,
            pass_start: now,
            paused_since: None,
        }
    }

    /// When to show the next picture; `None` while paused.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.paused_since.is_none().then_some(self.due)
    }

    /// A picture that lasts this long is shown at its deadline: the next one is due when it is over.
    pub(crate) fn take(&mut self, duration: Duration) {
        self.due += duration;
    }

    /// The picture that is due begins a pass.
    pub(crate) fn begin_pass(&mut self) {
        self.pass_start = self.due;
    }

    /// The next picture is due now, whatever was due before: somebody chose it.
    pub(crate) fn restart(&mut self, now: Instant) {
        self.due = now;
        self.pass_start = now;
        if self.paused_since.is_some() {
            self.paused_since = Some(now);
        }
    }

    /// How late the picture that is due would be. Hopelessly late, all deadlines move and it is on time.
    pub(crate) fn lateness(&mut self, now: Instant) -> Duration {
        let late = now.saturating_duration_since(self.due);
        if late <= HOPELESS {
            return late;
        }
        self.due += late;
        self.pass_start += late;
        Duration::ZERO
    }

    /// Stops the clock.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.paused_since.get_or_insert(now);
    }

    /// Lets the clock go on where it was.
    pub(crate) fn resume(&mut self, now: Instant) {
        if let Some(since) = self.paused_since.take() {
            let pause = now.saturating_duration_since(since);
            self.due += pause;
            self.pass_start += pause;
        }
    }

    /// How far into the pass we are.
    pub(crate) fn position(&self, now: Instant) -> Duration {
        self.paused_since
            .unwrap_or(now)
            .saturating_duration_since(self.pass_start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = Duration::from_millis(40);

    #[test]
    fn deadlines_do_not_drift_however_late_pictures_are_taken() {
        let start = Instant::now();
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
        let start = Instant::now();
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
        let start = Instant::now();
        let mut timeline = Timeline::starting(start);
        let late = start + Duration::from_secs(60);
        assert_eq!(timeline.lateness(late), Duration::ZERO);
        assert_eq!(timeline.due(), Some(late));
        assert_eq!(timeline.position(late), Duration::ZERO);
    }

    #[test]
    fn a_choice_while_paused_is_due_at_once_and_stays_paused() {
        let start = Instant::now();
        let mut timeline = Timeline::starting(start);
        timeline.pause(start);
        timeline.restart(start + FRAME);
        assert_eq!(timeline.due(), None);
        assert_eq!(timeline.position(start + FRAME * 5), Duration::ZERO);
        timeline.resume(start + FRAME * 3);
        assert_eq!(timeline.due(), Some(start + FRAME * 3));
    }
}
