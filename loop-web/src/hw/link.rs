//! The connection to loop-hw: kept up for ever by one task.
//!
//! ```text
//!          connect ok                 lost
//!  Away ──────────────▶ Connected ──────────▶ Away
//!   │ ▲
//!   └─┘ failed: wait 50 ms .. 2 s, with jitter
//! ```

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use loop_proto::Revision;
use loop_proto::client::{Error, HwClient};
use loop_proto::launch::report;
use loop_proto::snapshot::{HwSnapshot, Update};
use tokio::sync::watch;

use super::breaker::{Breaker, Guard};
use crate::metrics::METRICS;

const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Whether loop-hw is there.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkState {
    /// It is, and this is its state.
    Connected(Arc<HwSnapshot>),
    /// It is not; the text says why.
    Away(Arc<str>),
}

impl LinkState {
    /// The state of loop-hw, if it is there.
    #[must_use]
    pub fn snapshot(&self) -> Option<&Arc<HwSnapshot>> {
        match self {
            Self::Connected(snapshot) => Some(snapshot),
            Self::Away(_) => None,
        }
    }
}

/// loop-hw is away: what needs it cannot be done now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the display is restarting ({0}); try again in a moment")]
pub struct Away(Arc<str>);

impl From<Arc<str>> for Away {
    fn from(reason: Arc<str>) -> Self {
        Self(reason)
    }
}

/// A handle to the connection, cheap to clone.
#[derive(Clone, Debug)]
pub struct Link {
    state: watch::Sender<LinkState>,
    client: Arc<ArcSwapOption<HwClient>>,
    guard: Arc<Guard>,
}

impl Default for Link {
    fn default() -> Self {
        Self {
            state: watch::Sender::new(LinkState::Away("not connected yet".into())),
            client: Arc::default(),
            guard: Arc::default(),
        }
    }
}

impl Link {
    /// The state as it is now.
    #[must_use]
    pub fn state(&self) -> LinkState {
        self.state.borrow().clone()
    }

    /// Tells of every change; who looks late sees the last.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<LinkState> {
        self.state.subscribe()
    }

    /// Whether calls are let through: [`client`](Self::client) gives something to call only while it is closed.
    #[must_use]
    pub fn breaker(&self) -> Breaker {
        self.guard.state()
    }

    /// The connection, to call something.
    ///
    /// # Errors
    /// [`Away`] with the reason while there is none.
    pub fn client(&self) -> Result<HwClient, Away> {
        match self.client.load().as_ref() {
            Some(client) => Ok(HwClient::clone(client)),
            None => Err(Away(match self.state() {
                LinkState::Away(reason) => reason,
                LinkState::Connected(_) => "it has just gone".into(),
            })),
        }
    }

    /// As if loop-hw had told this.
    #[cfg(test)]
    pub(crate) fn pretend(&self, state: LinkState) {
        self.state.send_replace(state);
    }

    /// Follows loop-hw's state until the connection breaks.
    async fn follow(&self, client: HwClient) -> Error {
        let mut revision = Revision::NONE;
        let mut state: Option<HwSnapshot> = None;
        loop {
            let news = match client.changes_since(revision).await {
                Ok(news) => news,
                Err(error) => return error,
            };
            revision = news.revision;
            match (news.update, state.as_mut()) {
                (Update::Whole(whole), _) => state = Some(*whole),
                (Update::Changes(changes), Some(state)) if !changes.is_empty() => {
                    changes.into_iter().for_each(|change| state.apply(change));
                }
                (Update::Changes(_), _) => continue,
            }
            if let Some(state) = &state {
                // Callers find the client as soon as they see the state.
                self.client.store(Some(Arc::new(client.clone())));
                self.guard.set(Breaker::Closed);
                self.state
                    .send_replace(LinkState::Connected(Arc::new(state.clone())));
            }
        }
    }
}

/// Connects to loop-hw and connects again, until the future is dropped.
pub async fn run(link: Link, socket: PathBuf) {
    let mut wait = FIRST_WAIT;
    loop {
        link.guard.set(Breaker::HalfOpen);
        let error = match HwClient::connect_before(&socket, link.guard.clone()).await {
            Ok(client) => {
                tracing::info!("connected to loop-hw");
                METRICS.ipc.connections.inc();
                wait = FIRST_WAIT;
                tokio::select! {
                    error = link.follow(client) => error,
                    () = link.guard.tripped() => Error::Timeout,
                }
            }
            Err(error) => error,
        };
        link.guard.set(Breaker::Open);
        let reason: Arc<str> = report(&error).into();
        let is_news = link.state().snapshot().is_some()
            || link.state() != LinkState::Away(Arc::clone(&reason));
        if is_news {
            tracing::warn!("loop-hw is away: {reason}");
            link.client.store(None);
            link.state.send_replace(LinkState::Away(reason));
        }
        tokio::time::sleep(jittered(wait)).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

/// Between half of it and all of it, so that several frontends do not knock at the same time.
fn jittered(wait: Duration) -> Duration {
    let nanos = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .map_or(0, |now| now.subsec_nanos());
    wait / 2 + (wait / 2).mul_f64(f64::from(nanos % 1000) / 1000.0)
}
