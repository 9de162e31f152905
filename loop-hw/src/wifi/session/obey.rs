//! What is asked of a session.

use loop_proto::wifi::{Course, JoinFault, Link, Network, Ssid};
use loop_proto::{Fault, FaultCode};
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Done, Session};
use crate::wifi::aim::Miss;
use crate::wifi::bus::{Bus, reason};
use crate::wifi::facts::Path;
use crate::wifi::{Command, view};

impl Session {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::Scan(answer) => {
                if self.scan.is_fresh(Instant::now()) {
                    drop(answer.send(self.networks()));
                    return;
                }
                match self.look_around() {
                    Ok(()) => self.scan.wait(answer),
                    Err(fault) => drop(answer.send(Err(fault))),
                }
            }
            Command::Join(join, answer) => drop(answer.send(self.join(join))),
            Command::Leave(answer) => match self.usable() {
                // Also when nothing seems to be joined: it may just have begun by itself.
                Ok(device) => {
                    self.do_for(answer, async move |bus: Bus| bus.disconnect(&device).await)
                }
                Err(fault) => drop(answer.send(Err(fault))),
            },
            Command::Keep(answer) => match self.joined() {
                Ok((profile, ssid)) => self.do_for(answer, async move |bus: Bus| {
                    bus.keep(&profile).await.map(|()| ssid)
                }),
                Err(fault) => drop(answer.send(Err(fault))),
            },
            Command::Forget(ssid, answer) => match self.forgettable(&ssid) {
                Ok(profiles) => self.do_for(answer, async move |bus: Bus| {
                    for profile in profiles {
                        bus.delete(&profile).await?;
                    }
                    Ok(())
                }),
                Err(fault) => drop(answer.send(Err(fault))),
            },
        }
    }

    /// Makes calls and answers with what comes of them.
    fn do_for<T: Send + 'static, F>(
        &mut self,
        answer: oneshot::Sender<Result<T, Fault>>,
        calls: impl FnOnce(Bus) -> F + Send + 'static,
    ) where
        F: Future<Output = zbus::Result<T>> + Send + 'static,
    {
        let bus = self.bus.clone();
        self.work.spawn(async move {
            let done = calls(bus).await.map_err(|error| {
                tracing::warn!("NetworkManager refuses: {}", reason(&error));
                let message = "NetworkManager refuses; the log of loop-hw has its reason";
                Fault::new(FaultCode::Unavailable, message)
            });
            drop(answer.send(done));
            Done::Answered
        });
    }

    /// Where the adapter is, if it can be used and no attempt uses it.
    pub(super) fn usable(&self) -> Result<Path, Fault> {
        if self.attempt.is_some() {
            let message = "a network is being joined: wait for its end, then try again";
            return Err(Fault::new(FaultCode::Busy, message));
        }
        self.adapter()
    }

    fn adapter(&self) -> Result<Path, Fault> {
        let state = view::state(&self.facts, &self.publisher.snapshot().wifi);
        match (state.link, self.facts.adapter()) {
            (Link::Unavailable(reason), _) => {
                Err(Fault::new(FaultCode::Unavailable, reason.sentence()))
            }
            (_, adapter) => adapter
                .map(|(path, _)| path.clone())
                .ok_or_else(|| Fault::new(FaultCode::Unavailable, "there is no WiFi adapter")),
        }
    }

    fn networks(&self) -> Result<Vec<Network>, Fault> {
        self.adapter()?;
        Ok(view::state(&self.facts, &self.publisher.snapshot().wifi).networks)
    }

    /// Asks for a look around, unless one is under way.
    pub(super) fn look_around(&mut self) -> Result<(), Fault> {
        let device = self.adapter()?;
        if self.scan.begin(Instant::now()) {
            let bus = self.bus.clone();
            self.work.spawn(async move {
                let asked = bus.scan(&device).await;
                let asked =
                    asked.inspect_err(|error| tracing::debug!("no scan: {}", reason(error)));
                Done::ScanAsked(asked.is_ok())
            });
        }
        Ok(())
    }

    pub(super) fn end_scan(&mut self) {
        for answer in self.scan.end() {
            // Whoever does not wait any more does not need it.
            drop(answer.send(self.networks()));
        }
        if self.search() == Some(Miss::NotHeard) {
            self.end_attempt(Course::Failed(JoinFault::NotInReach));
        }
        self.tell();
    }

    fn joined(&self) -> Result<(Path, Ssid), Fault> {
        self.usable()?;
        let at = self.facts.adapter();
        let in_use = at.and_then(|(_, device)| self.facts.profile_in_use(device));
        match (&self.publisher.snapshot().wifi.link, in_use) {
            (Link::Connected(_), Some((path, profile))) => Ok((path.clone(), profile.ssid.clone())),
            _ => Err(Fault::new(FaultCode::NotFound, "no network is joined")),
        }
    }

    fn forgettable(&self, ssid: &Ssid) -> Result<Vec<Path>, Fault> {
        if self.attempt.is_some() {
            self.usable()?;
        }
        let profiles: Vec<_> = self.facts.profiles_of(ssid).cloned().collect();
        if profiles.is_empty() {
            let message = format!("{ssid} is not a network that is saved");
            return Err(Fault::new(FaultCode::NotFound, message));
        }
        Ok(profiles)
    }
}
