//! WiFi, through NetworkManager: what is in reach, what is joined, and joining.
//!
//! NetworkManager tells what it does over the system bus; nothing is asked again and again. It, or the bus, may come, go and
//! come back at any time: that is said in the state, and recovered from. Only WiFi adapters are touched.
//!
//! ```text
//! commands ─▶ session ─▶ bus ─▶ NetworkManager          attempt: one try, under a checkpoint
//!                ▲                    │ signals          trial, aim, view, security, scan: pure
//!    publisher ◀─┴─ view ◀─ facts ◀───┘ news
//! ```

mod aim;
mod attempt;
mod bus;
mod facts;
mod names;
mod news;
mod scan;
mod security;
mod session;
#[cfg(test)]
mod tests;
mod trial;
mod view;

use std::time::Duration;

use futures_util::StreamExt;
use loop_proto::config::Manage;
use loop_proto::wifi::{AttemptId, Join, Network, Ssid, Unavailable, WifiState};
use loop_proto::{Fault, FaultCode};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::state::Publisher;
use bus::{Bus, reason};
use session::{End, Session};

/// Commands that may wait; a person gives one at a time.
const WAITING: usize = 16;

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How long the bus may take to let us in.
const PATIENCE: Duration = Duration::from_secs(10);

type Reply<T> = oneshot::Sender<Result<T, Fault>>;

/// What can be asked for.
#[derive(Debug)]
pub(crate) enum Command {
    Scan(Reply<Vec<Network>>),
    Join(Join, Reply<AttemptId>),
    Leave(Reply<()>),
    Keep(Reply<Ssid>),
    Forget(Ssid, Reply<()>),
}

/// Asks for it; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Wifi(mpsc::Sender<Command>);

impl Wifi {
    /// A handle, and what it asks for.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Command>) {
        let (commands, asked) = mpsc::channel(WAITING);
        (Self(commands), asked)
    }

    pub(crate) async fn scan(&self) -> Result<Vec<Network>, Fault> {
        self.ask(Command::Scan).await
    }

    pub(crate) async fn join(&self, join: Join) -> Result<AttemptId, Fault> {
        self.ask(|reply| Command::Join(join, reply)).await
    }

    pub(crate) async fn leave(&self) -> Result<(), Fault> {
        self.ask(Command::Leave).await
    }

    pub(crate) async fn keep(&self) -> Result<Ssid, Fault> {
        self.ask(Command::Keep).await
    }

    pub(crate) async fn forget(&self, ssid: Ssid) -> Result<(), Fault> {
        self.ask(|reply| Command::Forget(ssid, reply)).await
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let asked = self.0.try_send(command(reply));
        asked.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                Fault::new(FaultCode::Busy, "too much is asked of WiFi at once")
            }
            mpsc::error::TrySendError::Closed(_) => gone(),
        })?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn gone() -> Fault {
    Fault::new(FaultCode::Unavailable, Unavailable::Failed.sentence())
}

/// Follows NetworkManager and does what is asked, for ever. Whatever goes wrong in here, the panel goes on.
pub(crate) async fn run(manage: Manage, publisher: Publisher, commands: mpsc::Receiver<Command>) {
    let mut life = JoinSet::new();
    life.spawn(live(manage, publisher.clone(), commands));
    life.join_next().await;
    tracing::error!("WiFi is not followed any more until the next start");
    publish_unavailable(&publisher, Unavailable::Failed);
    std::future::pending().await
}

async fn live(manage: Manage, publisher: Publisher, mut commands: mpsc::Receiver<Command>) {
    if manage == Manage::Off {
        publish_unavailable(&publisher, Unavailable::Off);
        return refuse(&mut commands, Unavailable::Off, std::future::pending()).await;
    }
    let mut wait = FIRST_WAIT;
    loop {
        match timeout(PATIENCE, Bus::connect()).await {
            Ok(Ok(bus)) => match follow(&bus, &publisher, &mut commands, &mut wait).await {
                Ok(()) => tracing::warn!("the system bus is gone"),
                Err(error) => tracing::warn!("cannot follow NetworkManager: {}", reason(&error)),
            },
            Ok(Err(error)) => tracing::debug!("no system bus: {}", reason(&error)),
            Err(_) => tracing::debug!("the system bus does not answer"),
        }
        publish_unavailable(&publisher, Unavailable::NoNetworkManager);
        refuse(&mut commands, Unavailable::NoNetworkManager, sleep(wait)).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Follows one NetworkManager after the other, until the bus goes.
async fn follow(
    bus: &Bus,
    publisher: &Publisher,
    commands: &mut mpsc::Receiver<Command>,
    wait: &mut Duration,
) -> zbus::Result<()> {
    let mut owners = bus.owners().await?;
    loop {
        let Some(owner) = bus.owner().await else {
            publish_unavailable(publisher, Unavailable::NoNetworkManager);
            let mut bus_is_gone = false;
            let another = async { bus_is_gone = owners.next().await.is_none() };
            refuse(commands, Unavailable::NoNetworkManager, another).await;
            if bus_is_gone {
                return Ok(());
            }
            continue;
        };
        // Listened to before all is asked for, so that nothing is missed.
        let mut signals = bus.signals().await?;
        let session = Session::open(bus, publisher.clone()).await?;
        tracing::info!("following NetworkManager");
        *wait = FIRST_WAIT;
        let followed = session.follow(&owner, &mut signals, &mut owners, commands);
        match followed.await {
            End::OwnerGone => tracing::info!("NetworkManager is gone, or another one"),
            End::BusGone => return Ok(()),
        }
    }
}

/// Tells all who ask why there is no WiFi, until something has come to pass.
async fn refuse(
    commands: &mut mpsc::Receiver<Command>,
    reason: Unavailable,
    until: impl Future<Output = ()>,
) {
    let fault = || Fault::new(FaultCode::Unavailable, reason.sentence());
    tokio::pin!(until);
    loop {
        let command = tokio::select! {
            Some(command) = commands.recv() => command,
            () = &mut until => return,
        };
        match command {
            Command::Scan(reply) => drop(reply.send(Err(fault()))),
            Command::Join(_, reply) => drop(reply.send(Err(fault()))),
            Command::Leave(reply) | Command::Forget(_, reply) => drop(reply.send(Err(fault()))),
            Command::Keep(reply) => drop(reply.send(Err(fault()))),
        }
    }
}

fn publish_unavailable(publisher: &Publisher, reason: Unavailable) {
    publisher.update_wifi(|wifi| {
        let attempt = wifi.attempt.take();
        *wifi = WifiState::unavailable(reason);
        wifi.attempt = attempt;
    });
}
