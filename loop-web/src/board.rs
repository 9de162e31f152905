//! The one place where what is known becomes what is answered and sent.
//!
//! [`Board::refresh`] compares store, link and jobs with what was last told, sends an event for each difference and makes
//! the answers anew. It is called after each change, before the change is answered, so that the next read is already new;
//! calling it too often does nothing. Reads take what is ready: no disk, no lock.

mod answer;
mod events;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use arc_swap::ArcSwap;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Utf8Bytes;

pub use answer::Answer;
pub(crate) use answer::{pack, takes_gzip};

use crate::cancel::Cancel;
use crate::convert::Abilities;
use crate::hw::{Link, LinkState};
use crate::ingest::Ingest;
use crate::jobs::{Job, JobList, Jobs, Stage};
use crate::live::hub::{ClientId, Hub, Next, Room, message};
use crate::store::{Library, Store};
use crate::view::{
    AllMedia, Dashboard, Envelope, MediaList, Order, PolledProgress, active, dashboard_media,
    media_list,
};

/// A handle, cheap to clone.
#[derive(Clone, Debug)]
pub struct Board(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    name: String,
    store: Store,
    link: Link,
    jobs: JobList,
    ingest: Ingest,
    ready: ArcSwap<Ready>,
    told: Mutex<Told>,
}

/// Answers made in advance.
#[derive(Debug)]
pub struct Ready {
    /// The dashboard.
    pub dashboard: Answer,
    facts: Facts,
    media: OnceLock<Answer>,
}

impl Ready {
    /// The loop's order.
    pub fn order(&self) -> &Answer {
        &self.facts.shelf.order
    }

    /// The list of all media items: made when it is first asked for, since it may be long and hardly anybody asks.
    pub fn media(&self) -> &Answer {
        self.media.get_or_init(|| {
            let media = media_list(
                &self.facts.shelf.library.items(),
                self.facts.shelf.abilities,
            );
            Answer::bare(&MediaList::All(Envelope::around(AllMedia {
                media: &media,
                active: active(&self.facts.link),
                last_updated: crate::clock::unix_millis() / 1000,
            })))
        })
    }
}

/// What clients have been told.
#[derive(Debug)]
struct Told {
    facts: Facts,
    hub: Hub,
}

/// What is known at one moment.
#[derive(Clone, Debug)]
struct Facts {
    shelf: Arc<Shelf>,
    link: LinkState,
    jobs: Arc<Jobs>,
}

/// The library, and what is made of it once: link and jobs change much more often.
#[derive(Debug)]
struct Shelf {
    library: Arc<Library>,
    abilities: Abilities,
    media: Box<RawValue>,
    order: Answer,
}

impl Board {
    /// Shows what is known now; `name` is the device's.
    #[must_use]
    pub(crate) fn new(name: &str, store: Store, link: Link, jobs: JobList, ingest: Ingest) -> Self {
        let facts = Facts {
            shelf: Shelf::of(store.library(), ingest.abilities()).into(),
            link: link.state(),
            jobs: jobs.current(),
        };
        let ready = ArcSwap::from_pointee(facts.ready(name));
        let told = Mutex::new(Told {
            facts,
            hub: Hub::default(),
        });
        Self(Arc::new(Shared {
            name: name.to_owned(),
            store,
            link,
            jobs,
            ingest,
            ready,
            told,
        }))
    }

    /// The answers as they are now.
    #[must_use]
    pub fn ready(&self) -> Arc<Ready> {
        self.0.ready.load_full()
    }

    /// Tells everybody what has changed since the last call.
    pub fn refresh(&self) {
        self.tell_news(&mut self.told());
    }

    fn tell_news(&self, told: &mut Told) {
        let library = self.0.store.library();
        let shelf = match Arc::ptr_eq(&library, &told.facts.shelf.library) {
            true => Arc::clone(&told.facts.shelf),
            false => Shelf::of(library, self.0.ingest.abilities()).into(),
        };
        let facts = Facts {
            shelf,
            link: self.0.link.state(),
            jobs: self.0.jobs.current(),
        };
        let before = std::mem::replace(&mut told.facts, facts.clone());
        if before.is_told_by(&facts) {
            return;
        }
        let ready = Arc::new(facts.ready(&self.0.name));
        // First: who hears of it and asks must not get what was before.
        self.0.ready.store(Arc::clone(&ready));
        events::tell(&mut told.hub, &before, &facts, ready.dashboard.json());
    }

    /// Takes a client in, with the whole state as its first message: all that comes after it is not in it, and nothing in
    /// between is left out.
    pub(crate) fn join(&self) -> (ClientId, Arc<Notify>, Utf8Bytes) {
        let mut told = self.told();
        self.tell_news(&mut told);
        let (id, news) = told.hub.join();
        (id, news, self.whole("initial_dashboard", &told))
    }

    /// The next message for a client. One that was too slow to take all of them gets the whole state of each of its rooms.
    pub(crate) fn take(&self, id: ClientId) -> Option<Next> {
        let mut told = self.told();
        let waiting = told.hub.take(id);
        if waiting.is_some() || !told.hub.is_behind(id) {
            return waiting;
        }
        self.tell_news(&mut told);
        while let Some(room) = told.hub.catch_up(id) {
            if let Some(text) = self.state_of(room, &told) {
                return Some(Next::Message(text));
            }
        }
        told.hub.take(id)
    }

    /// Everything that was told in a room, as a message; `None` if there is nothing to tell.
    fn state_of(&self, room: Room, told: &Told) -> Option<Utf8Bytes> {
        match room {
            Room::Dashboard => Some(self.whole("dashboard_update", told)),
            Room::Progress => Some(message(
                "active_jobs",
                &PolledProgress::new(&self.jobs()),
                None,
            )),
            Room::Wifi => {
                let snapshot = told.facts.link.snapshot();
                snapshot.map(|snapshot| events::wifi(snapshot))
            }
            Room::System => Some(events::system(&told.facts)),
            Room::Live => None,
        }
    }

    /// Everything that was told in the room `dashboard`, as a message.
    fn whole(&self, kind: &str, told: &Told) -> Utf8Bytes {
        let ready = self.ready();
        let dashboard = serde_json::from_slice::<&RawValue>(ready.dashboard.json());
        let revision = Some(told.hub.revision());
        dashboard.map_or_else(
            |_| Utf8Bytes::default(),
            |data| message(kind, &data, revision),
        )
    }

    /// Uploads under way.
    #[must_use]
    pub(crate) fn jobs(&self) -> Arc<Jobs> {
        self.0.jobs.current()
    }

    /// Tells how far an upload is.
    pub(crate) fn tell_upload(
        &self,
        id: &str,
        filename: &str,
        stage: Stage,
        progress: u8,
        message: &str,
    ) {
        self.send_job(&self.0.jobs.put(id, filename, stage, progress, message));
        if matches!(stage, Stage::Complete | Stage::Error) {
            self.0.jobs.remove(id);
        }
    }

    /// Tells how far the work on it is. The thread it runs on may be a step behind the end of an upload: then nothing.
    pub(crate) fn tell_progress(&self, id: &str, stage: Stage, progress: u8, message: &str) {
        if let Some(job) = self.0.jobs.update(id, stage, progress, message) {
            self.send_job(&job);
        }
    }

    /// Takes a job off the list for which nothing is done now.
    pub(crate) fn forget_job(&self, id: &str) {
        self.0.jobs.remove(id);
        self.refresh();
    }

    /// From now on clients can cancel this job.
    pub(crate) fn accept_cancel(&self, id: &str, cancel: Cancel) {
        self.0.jobs.accept_cancel(id, cancel);
    }

    /// Cancels a job; whether it was in time, or `None` if there is none of this id.
    pub(crate) fn cancel(&self, id: &str) -> Option<bool> {
        self.0.jobs.cancel(id)
    }

    /// Tells how much of an upload's body is here, in the words of the original; of how much is 0 if that is not known.
    pub(crate) fn tell_bytes(&self, received: u64, total: u64) {
        let percent = received.min(total).saturating_mul(100).checked_div(total);
        let bytes = json!({"bytes_received": received, "total_bytes": total, "percent": percent.unwrap_or(0)});
        self.told()
            .hub
            .send(&[Room::Progress], "upload_progress", &bytes);
    }

    fn send_job(&self, job: &Job) {
        let upload = json!({"filename": job.filename, "percent": job.progress, "progress": job.progress,
            "stage": job.stage, "message": job.message, "upload_id": job.job_id});
        let mut told = self.told();
        told.hub.send(&[Room::Progress], "upload_progress", &upload);
        told.hub.send(&[Room::Progress], "processing_progress", job);
    }

    /// The clients, with the answers that fit what they have been told: nothing is sent to them meanwhile.
    pub(crate) fn with_hub<T>(&self, act: impl FnOnce(&mut Hub, &Ready) -> T) -> T {
        let mut told = self.told();
        act(&mut told.hub, &self.ready())
    }

    /// Refreshes whenever something changes by itself, until the future is dropped.
    pub async fn follow(self) {
        let (mut library, mut link) = (self.0.store.watch(), self.0.link.watch());
        loop {
            self.refresh();
            let changed = tokio::select! {
                changed = library.changed() => changed,
                changed = link.changed() => changed,
            };
            if changed.is_err() {
                return;
            }
        }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        // What was told and the list of clients are whole after each step.
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shelf {
    fn of(library: Arc<Library>, abilities: Abilities) -> Self {
        Self {
            media: dashboard_media(&library, abilities),
            order: Answer::bare(&Envelope::around(Order::of(&library))),
            library,
            abilities,
        }
    }
}

impl Facts {
    fn is_told_by(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shelf, &other.shelf) && self.link == other.link && self.jobs == other.jobs
    }

    fn ready(&self, name: &str) -> Ready {
        let Shelf { library, media, .. } = &*self.shelf;
        let dashboard = Dashboard::new(name, library, media, &self.link, &self.jobs);
        Ready {
            dashboard: Answer::bare(&dashboard),
            facts: self.clone(),
            media: OnceLock::new(),
        }
    }
}
