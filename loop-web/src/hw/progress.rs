//! Has loop-hw show on the glass how far an upload is.

use std::sync::Arc;
use std::time::Duration;

use loop_proto::progress::{Label, Progress};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Link, LinkState};
use crate::jobs::{Job, Jobs, Stage};

/// Uploads that are over sooner are not worth a bar.
const WORTH_A_BAR: Duration = Duration::from_millis(500);

/// Shortest time between two words about it.
const INTERVAL: Duration = Duration::from_millis(250);

/// Longest time between two words about it: loop-hw takes a bar away of which it hears nothing for thirty seconds.
const REMINDER: Duration = Duration::from_secs(10);

/// After loop-hw has not taken it.
const RETRY: Duration = Duration::from_secs(1);

/// Tells loop-hw how far the oldest upload is, whenever that has changed, until the future is dropped.
pub(crate) async fn show_progress(link: Link, mut jobs: watch::Receiver<Arc<Jobs>>) {
    let mut states = link.watch();
    let mut followed = Followed::default();
    let mut told = None;
    loop {
        let now = Instant::now();
        let wanted = followed.look(&jobs.borrow_and_update(), now);
        let shows = shows_progress(&states.borrow_and_update());
        if shows.is_none() {
            // When it is back it knows of nothing.
            told = None;
        }
        let is_news = told.as_ref().map_or_else(
            // What another life of ours has left there goes too.
            || wanted.is_some() || shows == Some(true),
            |(last, at)| *last != wanted || (wanted.is_some() && now >= *at + REMINDER),
        );
        if is_news && shows.is_some() {
            let said = tell(&link, wanted.clone()).await;
            told = said.then(|| (wanted, Instant::now()));
            sleep(if said { INTERVAL } else { RETRY }).await;
            continue;
        }
        let reminder = told.as_ref().map(|(_, at)| *at + REMINDER);
        let reminder = reminder.filter(|_| wanted.is_some());
        let moments = [followed.shown_from(), reminder].into_iter().flatten();
        let next = moments.filter(|at| *at > now).min();
        let changed = tokio::select! {
            changed = jobs.changed() => changed,
            changed = states.changed() => changed,
            () = moment(next) => Ok(()),
        };
        if changed.is_err() {
            return;
        }
    }
}

async fn moment(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Whether there is a bar on the glass; `None` while loop-hw is away.
fn shows_progress(state: &LinkState) -> Option<bool> {
    state
        .snapshot()
        .map(|snapshot| snapshot.player.showing_progress)
}

/// Whether loop-hw has heard it. A bar is no more than a courtesy: whatever is wrong shows elsewhere.
async fn tell(link: &Link, progress: Option<Progress>) -> bool {
    let Ok(client) = link.client() else {
        return false;
    };
    let told = client.show_progress(progress).await;
    told.inspect_err(|error| tracing::debug!("no bar on the glass: {error}"))
        .is_ok()
}

/// The upload that the bar is about: the oldest, until it is over.
#[derive(Debug, Default)]
struct Followed(Option<(String, Instant)>);

impl Followed {
    /// What to show now; `None` for nothing.
    fn look(&mut self, jobs: &Jobs, now: Instant) -> Option<Progress> {
        let is_over = |(id, _): &(String, Instant)| !jobs.get(id).is_some_and(is_under_way);
        if self.0.as_ref().is_none_or(is_over) {
            let all = jobs.values().filter(|job| is_under_way(job));
            let oldest = all.min_by(|one, other| one.began.total_cmp(&other.began));
            // One that has waited for its turn has shown before that it is worth it.
            let since = self.0.take().map_or(now, |(_, since)| since);
            self.0 = oldest.map(|job| (job.job_id.clone(), since));
        }
        let job = jobs.get(&self.0.as_ref()?.0)?;
        let percent = job.progress.min(100).try_into().ok()?;
        let label = Label::nearest(&job.filename);
        (now >= self.shown_from()?).then_some(Progress { percent, label })
    }

    /// When it is worth a bar.
    fn shown_from(&self) -> Option<Instant> {
        self.0.as_ref().map(|(_, since)| *since + WORTH_A_BAR)
    }
}

fn is_under_way(job: &Job) -> bool {
    matches!(
        job.stage,
        Stage::Receiving | Stage::Converting | Stage::Finalizing
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jobs::JobList;

    #[tokio::test]
    async fn a_short_upload_gets_no_bar_and_the_oldest_is_followed_to_its_end() {
        let (jobs, mut followed, start) = (JobList::default(), Followed::default(), Instant::now());
        let mut look = |jobs: &JobList, millis: u64| {
            let progress = followed.look(&jobs.current(), start + Duration::from_millis(millis));
            progress.map(|progress| {
                let label = progress.label.map(String::from);
                (progress.percent.get(), label.unwrap_or_default())
            })
        };
        assert_eq!(look(&jobs, 0), None);
        jobs.put("b", "b.gif", Stage::Receiving, 10, "");
        assert_eq!(look(&jobs, 100), None);
        jobs.put("a", "a.gif", Stage::Receiving, 20, "");
        assert_eq!(look(&jobs, 599), None);
        assert_eq!(look(&jobs, 600), Some((10, "b.gif".to_owned())));
        jobs.update("b", Stage::Finalizing, 95, "");
        assert_eq!(look(&jobs, 700), Some((95, "b.gif".to_owned())));
        jobs.remove("b");
        assert_eq!(look(&jobs, 800), Some((20, "a.gif".to_owned())));
        jobs.put("a", "", Stage::Error, 0, "");
        assert_eq!(look(&jobs, 900), None);
        jobs.put("c", "", Stage::Converting, 50, "");
        assert_eq!(look(&jobs, 1000), None, "it is short until it is not");
        assert_eq!(look(&jobs, 1500), Some((50, String::new())));
    }
}
