//! When to send again what should be on the glass, and for how long. Pure: the time comes in.
//!
//! A disturbed pixel must not stay, and no frame may be late for it. So the panel is healed in slices between two frames,
//! each over long before the next one, and no more of them than a sweep over the whole glass takes in [`SWEEP`].

use std::time::Duration;

use loop_proto::pixel::FRAME_BYTES;

/// How long a sweep over the whole glass takes when there is time enough.
const SWEEP: Duration = Duration::from_millis(1200);

/// Longest slice; an order waits no longer than this.
const SLICE: Duration = Duration::from_millis(4);

/// Shorter ones are not worth their windows.
const SHORTEST: Duration = Duration::from_micros(500);

/// What is left free before a deadline at least.
const MARGIN: Duration = Duration::from_millis(2);

/// When to ask a panel again that had nothing to do.
const NOTHING_TO_DO: Duration = Duration::from_millis(250);

/// Between two slices at least.
const PAUSE: Duration = Duration::from_millis(10);

/// When the next slice may begin.
#[derive(Debug, Default)]
pub(super) struct Healing {
    next: Duration,
}

impl Healing {
    /// When to wake for the next slice; `None` if there is no time for one before this deadline.
    pub(super) fn wake_at(&self, now: Duration, deadline: Option<Duration>) -> Option<Duration> {
        let at = self.next.max(now);
        budget(at, deadline).map(|_| at)
    }

    /// How long a slice may last that begins now; `None` if none is due, or has no time.
    pub(super) fn budget(&self, now: Duration, deadline: Option<Duration>) -> Option<Duration> {
        if now < self.next {
            return None;
        }
        budget(now, deadline)
    }

    /// A slice is done in which so many bytes were sent; `None` if there was nothing to do.
    pub(super) fn healed(&mut self, now: Duration, bytes: Option<u64>) {
        let pause = bytes.map_or(NOTHING_TO_DO, |bytes| {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let whole = u32::try_from(FRAME_BYTES).unwrap_or(u32::MAX);
            (SWEEP * bytes.min(whole) / whole).max(PAUSE)
        });
        self.next = now + pause;
    }
}

/// At most half of what is left before the deadline and its margin.
fn budget(now: Duration, deadline: Option<Duration>) -> Option<Duration> {
    let budget = deadline.map_or(SLICE, |deadline| {
        (deadline.saturating_sub(now).saturating_sub(MARGIN) / 2).min(SLICE)
    });
    (budget >= SHORTEST).then_some(budget)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(5000);

    /// Heals on a wire of 5 MB/s until the glass has been swept; returns how long that took, and the slices.
    fn sweep(period: Option<Duration>, taken: Duration) -> (Duration, u32) {
        let (mut healing, mut now, mut slices) = (Healing::default(), NOW, 0);
        let (mut sent, mut deadline) = (0, period.map(|period| NOW + period));
        while sent < FRAME_BYTES {
            if let Some(at) = deadline.filter(|at| *at <= now) {
                now = at + taken;
                deadline = period.map(|period| at + period);
            }
            if let Some(budget) = healing.budget(now, deadline) {
                let bytes = budget.as_micros() * 5;
                sent += usize::try_from(bytes).unwrap();
                now += budget;
                healing.healed(now, Some(u64::try_from(bytes).unwrap()));
                slices += 1;
            }
            assert!(deadline.is_none_or(|deadline| now + MARGIN <= deadline || now < deadline));
            let wakes = [healing.wake_at(now, deadline), deadline];
            now = wakes.into_iter().flatten().min().unwrap().max(now);
        }
        (now - NOW, slices)
    }

    #[test]
    fn an_idle_glass_is_swept_within_two_seconds_with_a_few_slices() {
        let (time, slices) = sweep(None, Duration::ZERO);
        assert!((1.0..2.0).contains(&time.as_secs_f64()), "{time:?}");
        assert!(slices < 40, "{slices}");
    }

    #[test]
    fn a_busy_glass_is_swept_within_two_seconds_too() {
        for (period, taken) in [(40, 31), (50, 31), (33, 25), (17, 10), (100, 10)] {
            let (time, _) = sweep(
                Some(Duration::from_millis(period)),
                Duration::from_millis(taken),
            );
            assert!(time < Duration::from_secs(2), "{period} {taken}: {time:?}");
        }
    }

    #[test]
    fn a_slice_ends_well_before_the_deadline_or_does_not_begin() {
        let healing = Healing::default();
        for micros in 0..20_000 {
            let spare = Duration::from_micros(micros);
            let budget = healing.budget(NOW, Some(NOW + spare));
            assert!(budget.is_none_or(|budget| budget * 2 + MARGIN <= spare && budget <= SLICE));
        }
        assert_eq!(healing.budget(NOW, Some(NOW - SLICE)), None);
        assert_eq!(healing.budget(NOW, None), Some(SLICE));
    }

    #[test]
    fn a_panel_without_anything_to_heal_is_asked_now_and_then() {
        let mut healing = Healing::default();
        healing.healed(NOW, None);
        assert_eq!(healing.budget(NOW + NOTHING_TO_DO / 2, None), None);
        assert_eq!(healing.wake_at(NOW, None), Some(NOW + NOTHING_TO_DO));
    }
}
