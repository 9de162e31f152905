//! Which bar lies over the picture, and until when. Pure: the time comes in.

use std::time::Duration;

use loop_proto::progress::Progress;
use loop_proto::service::PROGRESS_SILENCE;

/// What was last told about an upload.
#[derive(Debug, Default)]
pub(super) struct Shown {
    told: Option<(Progress, Duration)>,
}

impl Shown {
    /// Takes note of what is told; `false` if it looks the same as before.
    pub(super) fn tell(&mut self, progress: Option<Progress>, now: Duration) -> bool {
        let looks_the_same = self.now() == progress.as_ref();
        self.told = progress.map(|progress| (progress, now + PROGRESS_SILENCE));
        !looks_the_same
    }

    /// What to show.
    pub(super) fn now(&self) -> Option<&Progress> {
        self.told.as_ref().map(|(progress, _)| progress)
    }

    /// When it goes by itself.
    pub(super) fn until(&self) -> Option<Duration> {
        self.told.as_ref().map(|(_, until)| *until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(5000);

    fn at(percent: u8) -> Option<Progress> {
        Some(Progress {
            percent: percent.try_into().unwrap(),
            label: None,
        })
    }

    #[test]
    fn each_word_keeps_the_bar_for_as_long_again_also_one_that_changes_nothing() {
        let mut shown = Shown::default();
        assert!(!shown.tell(None, NOW));
        assert_eq!(shown.until(), None);
        assert!(shown.tell(at(10), NOW));
        assert_eq!(shown.until(), Some(NOW + PROGRESS_SILENCE));
        let later = NOW + PROGRESS_SILENCE / 2;
        assert!(!shown.tell(at(10), later));
        assert_eq!(shown.until(), Some(later + PROGRESS_SILENCE));
        assert!(shown.tell(at(11), later));
        assert!(shown.tell(None, later));
        assert_eq!((shown.now(), shown.until()), (None, None));
    }
}
