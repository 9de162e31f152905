//! The one publisher: whatever clients may see of this daemon goes through here and gets a number.

mod bus;

use std::mem::discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use loop_proto::Revision;
use loop_proto::snapshot::{Change, HwSnapshot, News, PanelState, Update};
use loop_proto::wifi::WifiState;
use tokio::sync::watch;

pub(crate) use bus::BusReport;

/// A handle to the published state, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Publisher {
    state: Arc<Mutex<State>>,
    revision: watch::Sender<Revision>,
}

#[derive(Debug)]
struct State {
    snapshot: HwSnapshot,
    revision: Revision,
    /// The last change of each part, oldest first, with its number: a change is the whole new part, so earlier ones are
    /// of no use, and a playlist of the most entries takes half a megabyte.
    last: Vec<(Revision, Change)>,
}

impl Publisher {
    pub(crate) fn new(snapshot: HwSnapshot) -> Self {
        let revision = Revision::NONE.next();
        let state = State {
            snapshot,
            revision,
            last: Vec::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
            revision: watch::Sender::new(revision),
        }
    }

    /// Takes over a change; one that changes nothing is not published.
    pub(crate) fn publish(&self, change: Change) {
        self.publish_locked(self.lock(), change);
    }

    /// Changes what is said about the panel; several tell of it, each of its own part.
    pub(crate) fn update_panel(&self, update: impl FnOnce(&mut PanelState)) {
        let state = self.lock();
        let mut panel = state.snapshot.panel.clone();
        update(&mut panel);
        self.publish_locked(state, Change::Panel(panel));
    }

    /// Changes what is said about WiFi; joining tells of its own part.
    pub(crate) fn update_wifi(&self, update: impl FnOnce(&mut WifiState)) {
        let state = self.lock();
        let mut wifi = state.snapshot.wifi.clone();
        update(&mut wifi);
        self.publish_locked(state, Change::Wifi(wifi));
    }

    fn publish_locked(&self, mut state: MutexGuard<'_, State>, change: Change) {
        let before = state.snapshot.clone();
        state.snapshot.apply(change.clone());
        if state.snapshot == before {
            return;
        }
        state.revision = state.revision.next();
        let revision = state.revision;
        let is_other_part =
            |(_, old): &(Revision, Change)| discriminant(old) != discriminant(&change);
        state.last.retain(is_other_part);
        state.last.push((revision, change));
        drop(state);
        self.revision.send_replace(revision);
    }

    /// The state as it is now.
    pub(crate) fn snapshot(&self) -> HwSnapshot {
        self.lock().snapshot.clone()
    }

    /// Tells when the state has changed.
    pub(crate) fn watch(&self) -> watch::Receiver<Revision> {
        self.revision.subscribe()
    }

    /// Waits up to `limit` for a state other than the one numbered `seen`.
    pub(crate) async fn changes_since(&self, seen: Revision, limit: Duration) -> News {
        let mut revision = self.revision.subscribe();
        let changed = revision.wait_for(|revision| *revision != seen);
        // The sender lives in `self`, so the wait ends with a change or with the time.
        drop(tokio::time::timeout(limit, changed).await);
        self.news_since(seen)
    }

    fn news_since(&self, seen: Revision) -> News {
        let state = self.lock();
        let update = if seen == Revision::NONE || seen > state.revision {
            Update::Whole(Box::new(state.snapshot.clone()))
        } else {
            let news = state.last.iter().filter(|(revision, _)| *revision > seen);
            Update::Changes(news.map(|(_, change)| change.clone()).collect())
        };
        News {
            revision: state.revision,
            update,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic while it was held leaves a whole state behind: changes are applied in one step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use loop_proto::geometry::Rotation;
    use loop_proto::snapshot::{
        DisplayState, PanelKind, PanelState, Playback, PlayerState, Repeat, Scheduling,
    };
    use loop_proto::units::Brightness;
    use loop_proto::wifi::Unavailable;
    use proptest::prelude::*;

    use super::*;

    fn empty() -> HwSnapshot {
        HwSnapshot {
            player: PlayerState {
                playback: Playback::Playing,
                repeat: Repeat::All,
                current: None,
                showing_progress: false,
                showing_message: false,
            },
            playlist: Vec::new(),
            display: DisplayState {
                brightness: Brightness::FULL,
                rotation: Rotation::Deg270,
            },
            panel: PanelState {
                kind: PanelKind::Simulated,
                trouble: None,
                bus: None,
                scheduling: Scheduling::Normal,
            },
            wifi: WifiState::unavailable(Unavailable::Starting),
        }
    }

    fn change() -> impl Strategy<Value = Change> {
        prop_oneof![
            (0u8..=100).prop_map(|percent| Change::Display(DisplayState {
                brightness: Brightness::clamped(percent.into()),
                rotation: Rotation::Deg270,
            })),
            "[a-z]{0,3}".prop_map(|text| Change::Panel(PanelState {
                kind: PanelKind::Simulated,
                trouble: Some(text),
                bus: None,
                scheduling: Scheduling::Normal,
            })),
        ]
    }

    fn take(reader: &mut (Revision, HwSnapshot), news: News) {
        reader.0 = news.revision;
        match news.update {
            Update::Whole(snapshot) => reader.1 = *snapshot,
            Update::Changes(changes) => changes
                .into_iter()
                .for_each(|change| reader.1.apply(change)),
        }
    }

    proptest! {
        #[test]
        fn a_reader_that_takes_over_the_news_has_the_state(
            steps in prop::collection::vec((change(), any::<bool>()), 0..600),
        ) {
            let publisher = Publisher::new(empty());
            let mut reader = (Revision::NONE, empty());
            for (change, reads) in steps {
                publisher.publish(change);
                if reads {
                    let news = publisher.news_since(reader.0);
                    take(&mut reader, news);
                    prop_assert_eq!(&reader.1, &publisher.snapshot());
                }
            }
            let news = publisher.news_since(reader.0);
            take(&mut reader, news);
            prop_assert_eq!(reader.1, publisher.snapshot());
        }
    }

    #[test]
    fn the_first_answer_and_one_to_a_number_from_another_life_are_whole() {
        let publisher = Publisher::new(empty());
        let first = publisher.news_since(Revision::NONE);
        assert!(matches!(first.update, Update::Whole(_)));
        assert!(matches!(
            publisher.news_since(first.revision.next()).update,
            Update::Whole(_)
        ));
    }

    #[test]
    fn who_is_far_behind_gets_each_part_once() {
        let publisher = Publisher::new(empty());
        let seen = publisher.news_since(Revision::NONE).revision;
        for round in 0..1000u32 {
            publisher.publish(Change::Panel(PanelState {
                kind: PanelKind::Simulated,
                trouble: Some(round.to_string()),
                bus: None,
                scheduling: Scheduling::Normal,
            }));
            publisher.publish(Change::Display(DisplayState {
                brightness: Brightness::clamped(i64::from(round % 100)),
                rotation: Rotation::Deg270,
            }));
        }
        let news = publisher.news_since(seen);
        let Update::Changes(changes) = news.update else {
            panic!("not changes");
        };
        assert_eq!(changes.len(), 2, "neither kept nor sent more than once");
        assert_eq!(news.revision.since(seen), Some(2000));
    }

    #[tokio::test(start_paused = true)]
    async fn without_news_the_wait_ends_with_none() {
        let publisher = Publisher::new(empty());
        let revision = publisher.news_since(Revision::NONE).revision;
        let news = publisher
            .changes_since(revision, Duration::from_secs(20))
            .await;
        assert_eq!(
            news,
            News {
                revision,
                update: Update::Changes(Vec::new())
            }
        );
    }
}
