//! A connection to loop-hw, for loop-web and every other frontend.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tarpc::client::RpcError;
use tokio::net::UnixStream;
use tokio_util::codec::Framed;

use crate::fault::{Fault, FaultCode};
use crate::ids::{FrameSerial, Revision, Slug};
use crate::message::Message;
use crate::progress::Progress;
use crate::service::{HardwareClient, Hello, LONG_POLL, PROTO_VERSION, Step, Switch};
use crate::snapshot::{Entry, Glass, Health, News, Playback, PlayerState, Repeat};
use crate::units::Brightness;
use crate::wifi::{AttemptId, Join, Network, Ssid};
use crate::wire::{Codec, MAX_IN_FLIGHT};

/// How long a call may take that does not wait for news. Changes wait for the card, which may take seconds when it is busy.
const CALL: Duration = Duration::from_secs(15);

/// How much longer than the server we wait for the end of a long poll.
const GRACE: Duration = Duration::from_secs(5);

/// Why a call brought no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens: loop-hw is not running (yet). Try again later.
    #[error("cannot reach loop-hw")]
    Connect(#[source] std::io::Error),
    /// The connection broke, or loop-hw closed it. Connect again; whether the call took effect is unknown.
    #[error("the connection to loop-hw was lost")]
    Lost,
    /// No answer in time. The call may still take effect.
    #[error("loop-hw did not answer in time")]
    Timeout,
    /// The other side speaks another version of the protocol.
    #[error(
        "loop-hw {build} speaks protocol {theirs}, this program speaks {PROTO_VERSION}: install matching versions"
    )]
    Version {
        /// Its protocol version.
        theirs: u32,
        /// Its package version.
        build: String,
    },
    /// The call was refused; the fault tells why.
    #[error(transparent)]
    Refused(#[from] Fault),
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// With what was asked for.
    Answered,
    /// With a fault.
    Refused,
    /// Without an answer in time.
    Timeout,
    /// With the connection.
    Lost,
}

/// Is told of each call that has ended; a call whose caller has gone away has not.
pub trait Witness: std::fmt::Debug + Send + Sync {
    /// Which one, how, and how long it took.
    fn ended(&self, method: &'static str, outcome: Outcome, took: Duration);
}

/// A connection, cheap to clone. It ends when all clones are dropped.
#[derive(Clone, Debug)]
pub struct HwClient {
    rpc: HardwareClient,
    witness: Option<Arc<dyn Witness>>,
}

impl HwClient {
    /// Connects and shakes hands. Must be called within a tokio runtime, which then drives the connection.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Version`], or as any call.
    pub async fn connect(socket: &Path) -> Result<Self, Error> {
        Self::open(socket, None).await
    }

    /// As [`connect`](Self::connect), with somebody who is told of all calls.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub async fn connect_before(socket: &Path, witness: Arc<dyn Witness>) -> Result<Self, Error> {
        Self::open(socket, Some(witness)).await
    }

    async fn open(socket: &Path, witness: Option<Arc<dyn Witness>>) -> Result<Self, Error> {
        let stream = UnixStream::connect(socket).await.map_err(Error::Connect)?;
        let mut config = tarpc::client::Config::default();
        // More wait here; the server answers what is above its own limit with an error.
        config.max_in_flight_requests = MAX_IN_FLIGHT / 2;
        let transport = Framed::new(stream, Codec::default());
        let rpc = HardwareClient::new(config, transport).spawn();
        let client = Self { rpc, witness };
        let theirs = client.call("hello", CALL, |rpc, context| async move {
            rpc.hello(context, Hello::ours()).await
        });
        let theirs = theirs.await?;
        if theirs.proto == PROTO_VERSION {
            Ok(client)
        } else {
            Err(Error::Version {
                theirs: theirs.proto,
                build: theirs.build,
            })
        }
    }

    /// See [`changes_since`](crate::service::Hardware::changes_since).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn changes_since(&self, revision: Revision) -> Result<News, Error> {
        self.call(
            "changes_since",
            LONG_POLL + GRACE,
            |rpc, context| async move { rpc.changes_since(context, revision).await },
        )
        .await
    }

    /// See [`set_playlist`](crate::service::Hardware::set_playlist).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn set_playlist(&self, entries: Vec<Entry>) -> Result<(), Error> {
        self.call("set_playlist", CALL, |rpc, context| async move {
            rpc.set_playlist(context, entries).await
        })
        .await
    }

    /// See [`select`](crate::service::Hardware::select).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn select(&self, slug: Slug) -> Result<PlayerState, Error> {
        self.call("select", CALL, |rpc, context| async move {
            rpc.select(context, slug).await
        })
        .await
    }

    /// See [`step`](crate::service::Hardware::step).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn step(&self, step: Step) -> Result<PlayerState, Error> {
        self.call("step", CALL, |rpc, context| async move {
            rpc.step(context, step).await
        })
        .await
    }

    /// See [`set_playback`](crate::service::Hardware::set_playback).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn set_playback(&self, playback: Switch<Playback>) -> Result<PlayerState, Error> {
        self.call("set_playback", CALL, |rpc, context| async move {
            rpc.set_playback(context, playback).await
        })
        .await
    }

    /// See [`set_repeat`](crate::service::Hardware::set_repeat).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn set_repeat(&self, repeat: Switch<Repeat>) -> Result<PlayerState, Error> {
        self.call("set_repeat", CALL, |rpc, context| async move {
            rpc.set_repeat(context, repeat).await
        })
        .await
    }

    /// See [`set_brightness`](crate::service::Hardware::set_brightness).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn set_brightness(&self, brightness: Brightness) -> Result<(), Error> {
        self.call("set_brightness", CALL, |rpc, context| async move {
            rpc.set_brightness(context, brightness).await
        })
        .await
    }

    /// See [`show_progress`](crate::service::Hardware::show_progress).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn show_progress(&self, progress: Option<Progress>) -> Result<(), Error> {
        self.call("show_progress", CALL, |rpc, context| async move {
            rpc.show_progress(context, progress).await
        })
        .await
    }

    /// See [`show_message`](crate::service::Hardware::show_message).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn show_message(&self, message: Option<Message>) -> Result<(), Error> {
        self.call("show_message", CALL, |rpc, context| async move {
            rpc.show_message(context, message).await
        })
        .await
    }

    /// See [`glass_after`](crate::service::Hardware::glass_after).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn glass_after(&self, seen: Option<FrameSerial>) -> Result<Glass, Error> {
        self.call(
            "glass_after",
            LONG_POLL + GRACE,
            |rpc, context| async move { rpc.glass_after(context, seen).await },
        )
        .await
    }

    /// See [`health`](crate::service::Hardware::health).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn health(&self) -> Result<Health, Error> {
        self.call("health", CALL, |rpc, context| async move {
            rpc.health(context).await
        })
        .await
    }

    /// See [`scan_wifi`](crate::service::Hardware::scan_wifi).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn scan_wifi(&self) -> Result<Vec<Network>, Error> {
        self.call("scan_wifi", LONG_POLL, |rpc, context| async move {
            rpc.scan_wifi(context).await
        })
        .await
    }

    /// See [`join_wifi`](crate::service::Hardware::join_wifi).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn join_wifi(&self, join: Join) -> Result<AttemptId, Error> {
        self.call("join_wifi", CALL, |rpc, context| async move {
            rpc.join_wifi(context, join).await
        })
        .await
    }

    /// See [`leave_wifi`](crate::service::Hardware::leave_wifi).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn leave_wifi(&self) -> Result<(), Error> {
        self.call("leave_wifi", CALL, |rpc, context| async move {
            rpc.leave_wifi(context).await
        })
        .await
    }

    /// See [`keep_wifi`](crate::service::Hardware::keep_wifi).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn keep_wifi(&self) -> Result<Ssid, Error> {
        self.call("keep_wifi", CALL, |rpc, context| async move {
            rpc.keep_wifi(context).await
        })
        .await
    }

    /// See [`forget_wifi`](crate::service::Hardware::forget_wifi).
    ///
    /// # Errors
    /// [`Error`], as every call.
    pub async fn forget_wifi(&self, ssid: Ssid) -> Result<(), Error> {
        self.call("forget_wifi", CALL, |rpc, context| async move {
            rpc.forget_wifi(context, ssid).await
        })
        .await
    }

    async fn call<T, F>(
        &self,
        method: &'static str,
        limit: Duration,
        ask: impl FnOnce(HardwareClient, tarpc::context::Context) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<Result<T, Fault>, RpcError>>,
    {
        let mut context = tarpc::context::current();
        let begun = Instant::now();
        context.deadline = begun + limit;
        let answer = match ask(self.rpc.clone(), context).await {
            Ok(answer) => answer.map_err(Error::Refused),
            Err(RpcError::DeadlineExceeded) => Err(Error::Timeout),
            Err(RpcError::Server(error)) => Err(Fault::new(FaultCode::Busy, error.detail).into()),
            Err(RpcError::Shutdown | RpcError::Channel(_) | RpcError::Send(_)) => Err(Error::Lost),
        };
        if let Some(witness) = &self.witness {
            let outcome = match &answer {
                Ok(_) => Outcome::Answered,
                Err(Error::Refused(_) | Error::Version { .. }) => Outcome::Refused,
                Err(Error::Timeout) => Outcome::Timeout,
                Err(Error::Lost | Error::Connect(_)) => Outcome::Lost,
            };
            witness.ended(method, outcome, begun.elapsed());
        }
        answer
    }
}
