//! One life of NetworkManager, followed from its beginning to its end.
//!
//! Nothing here waits for an answer while signals come in: calls are made by tasks of their own, whose ends are awaited beside
//! the signals. All of them end with the session.

mod joining;
mod obey;
mod reads;

use std::time::Duration;

use futures_util::StreamExt;
use loop_proto::wifi::{AttemptId, Course, Join, JoinFault, Ssid};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use zbus::MessageStream;

use super::bus::Bus;
use super::facts::{Facts, Path, Profile};
use super::names::CONNECTION;
use super::news::News;
use super::scan::Scan;
use super::trial::Turn;
use super::{Command, view};
use crate::state::Publisher;
use reads::{Read, Reads};

/// How long changes are gathered before they are told: they come in heaps.
const GATHERING: Duration = Duration::from_millis(200);

/// Turns of the device that may wait for the attempt that is made. There are some ten in all.
const TURNS: usize = 64;

/// Most networks, profiles and the like that are kept in mind, each: more there are not, unless something is wrong.
const MOST: usize = 1024;

/// Why a session is over.
#[derive(Debug)]
pub(crate) enum End {
    /// NetworkManager has gone, or is another one.
    OwnerGone,
    /// The bus has.
    BusGone,
}

pub(crate) struct Session {
    bus: Bus,
    publisher: Publisher,
    facts: Facts,
    scan: Scan,
    attempt: Option<Running>,
    work: JoinSet<Done>,
    reads: Reads,
    /// When what has changed is to be told.
    tell_at: Option<Instant>,
}

/// The attempt under way.
struct Running {
    id: AttemptId,
    ssid: Ssid,
    stage: Stage,
}

enum Stage {
    /// It waits for the network to be heard.
    Searching(Join),
    /// It is made by a task, which hears of the device here.
    Made {
        device: Path,
        turns: mpsc::Sender<Turn>,
    },
}

/// What a task was for, and what came of it.
enum Done {
    Profile(Path, Read, Option<Profile>),
    ScanAsked(bool),
    Attempt(Course),
    Answered,
}

impl Session {
    /// Takes in how everything is.
    pub(crate) async fn open(bus: &Bus, publisher: Publisher) -> zbus::Result<Self> {
        let objects = bus.objects().await?;
        let mut session = Self {
            bus: bus.clone(),
            publisher,
            facts: Facts::default(),
            scan: Scan::default(),
            attempt: None,
            work: JoinSet::new(),
            reads: Reads::default(),
            tell_at: Some(Instant::now() + GATHERING),
        };
        for (object, interfaces) in objects {
            let object = object.to_string();
            session.hear(News::Added { object, interfaces });
        }
        Ok(session)
    }

    /// Follows NetworkManager, who is this one on the bus, and does what is asked, until it or the bus goes.
    pub(crate) async fn follow(
        mut self,
        owner: &str,
        signals: &mut MessageStream,
        owners: &mut MessageStream,
        commands: &mut mpsc::Receiver<Command>,
    ) -> End {
        let end = loop {
            let (tell_at, scan_ends) = (self.tell_at, self.scan.ends());
            tokio::select! {
                signal = signals.next() => match signal {
                    Some(Ok(message)) => {
                        let is_theirs = message.header().sender().is_some_and(|sender| sender == owner);
                        if let (true, Some(news)) = (is_theirs, News::of(&message)) {
                            self.hear(news);
                        }
                    }
                    Some(Err(_)) | None => break End::BusGone,
                },
                other = owners.next() => break other.map_or(End::BusGone, |_| End::OwnerGone),
                Some(command) = commands.recv() => self.obey(command),
                Some(done) = self.work.join_next() => {
                    if let Ok(done) = done {
                        self.finish(done);
                    }
                }
                () = moment(tell_at) => self.tell(),
                () = moment(scan_ends) => self.end_scan(),
            }
        };
        self.end_attempt(Course::Failed(JoinFault::Refused));
        end
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Changed {
                object,
                interface,
                properties,
            } => self.facts.change(&object, &interface, &properties),
            News::Added { object, interfaces } => {
                for (interface, properties) in interfaces {
                    self.facts.take(&object, &interface, &properties);
                    if interface == CONNECTION {
                        self.read_profile(object.clone());
                    }
                }
                self.facts.bound(MOST);
            }
            News::Removed { object, interfaces } => {
                for interface in interfaces {
                    self.facts.remove(&object, &interface);
                    if interface == CONNECTION {
                        self.reads.forget(&object);
                    }
                }
            }
            News::Edited { profile } => self.read_profile(profile),
            News::Turned { device, turn } => self.turn(&device, turn),
        }
        if let Some((_, device)) = self.facts.adapter() {
            self.scan.mark(device.last_scan, Instant::now());
        }
        self.tell_soon();
    }

    fn turn(&mut self, turned: &str, turn: Turn) {
        self.facts.set_state(turned, turn.to);
        if let Some(Running {
            stage: Stage::Made { device, turns },
            ..
        }) = &self.attempt
            && device == turned
            && turns.try_send(turn).is_err()
        {
            tracing::debug!("a turn of the device was too many for the attempt");
        }
    }

    fn read_profile(&mut self, path: Path) {
        let Some(read) = self.reads.begin(&path, MOST) else {
            tracing::warn!("too many networks are saved; {path} is left out");
            return;
        };
        let bus = self.bus.clone();
        self.work.spawn(async move {
            let profile = bus.profile(&path).await;
            Done::Profile(path, read, profile)
        });
    }

    fn finish(&mut self, done: Done) {
        match done {
            Done::Profile(path, read, _) if !self.reads.end(&path, read) => {}
            Done::Profile(path, _, Some(profile)) => {
                self.facts.set_profile(path, profile);
                self.facts.bound(MOST);
            }
            Done::Profile(path, _, None) => self.facts.remove(&path, CONNECTION),
            Done::ScanAsked(false) => self.scan.refused(Instant::now()),
            Done::Attempt(course) => {
                // What it has come to is seen no later than that it has.
                self.tell();
                self.end_attempt(course);
            }
            Done::ScanAsked(true) | Done::Answered => {}
        }
        self.tell_soon();
    }

    fn tell_soon(&mut self) {
        let soon = Instant::now() + GATHERING;
        self.tell_at.get_or_insert(soon);
        self.search();
    }

    fn tell(&mut self) {
        self.tell_at = None;
        let facts = &self.facts;
        self.publisher.update_wifi(|wifi| {
            let attempt = wifi.attempt.take();
            *wifi = view::state(facts, wifi);
            wifi.attempt = attempt;
        });
    }
}

async fn moment(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
