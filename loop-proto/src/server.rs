//! The listening side: who may connect, and what a connection may do before it has said hello.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::StreamExt;
use tarpc::context::Context;
use tarpc::server::{BaseChannel, Channel};
use tokio::net::UnixStream;
use tokio_util::codec::Framed;

use crate::fault::{Fault, FaultCode};
use crate::ids::{FrameSerial, Revision, Slug};
use crate::message::Message;
use crate::progress::Progress;
use crate::service::{Hardware, Hello, PROTO_VERSION, Step, Switch};
use crate::snapshot::{Entry, Glass, Health, News, Playback, PlayerState, Repeat};
use crate::units::Brightness;
use crate::wifi::{AttemptId, Join, Network, Ssid};
use crate::wire::{Codec, MAX_IN_FLIGHT};

/// The users whose processes may connect.
#[derive(Clone, Debug)]
pub struct Peers(Vec<u32>);

/// A process that may not connect.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It runs as a user who is not on the list.
    #[error("user id {0} may not connect")]
    User(u32),
    /// The kernel does not tell who it is.
    #[error("cannot tell who connects")]
    Unknown(#[source] std::io::Error),
}

impl Peers {
    /// Root and these user ids.
    pub fn new(uids: impl IntoIterator<Item = u32>) -> Self {
        Self(uids.into_iter().chain([0]).collect())
    }

    /// Asks the kernel (`SO_PEERCRED`) who is at the other end. Call it before the first byte is read.
    ///
    /// # Errors
    /// [`Refusal`] when that is nobody on the list.
    pub fn admit(&self, stream: &UnixStream) -> Result<(), Refusal> {
        let uid = stream.peer_cred().map_err(Refusal::Unknown)?.uid();
        if self.0.contains(&uid) {
            Ok(())
        } else {
            Err(Refusal::User(uid))
        }
    }
}

/// Answers one connection until it ends. Dropping the future closes it and aborts its calls.
pub async fn serve_connection<H>(stream: UnixStream, hardware: H)
where
    H: Hardware + Clone + Send + Sync + 'static,
{
    let gate = Gate {
        hardware,
        greeted: Arc::new(AtomicBool::new(false)),
    };
    let channel = BaseChannel::with_defaults(Framed::new(stream, Codec::default()));
    let calls = channel
        .max_concurrent_requests(MAX_IN_FLIGHT)
        .execute(gate.serve());
    // All calls of a connection run in its own task: when it goes, they go.
    calls.for_each_concurrent(MAX_IN_FLIGHT, |call| call).await;
}

/// Lets calls through once the versions are known to fit.
#[derive(Clone)]
struct Gate<H> {
    hardware: H,
    greeted: Arc<AtomicBool>,
}

impl<H> Gate<H> {
    fn open(self) -> Result<H, Fault> {
        if self.greeted.load(Ordering::Acquire) {
            Ok(self.hardware)
        } else {
            Err(Fault::new(
                FaultCode::Version,
                "the first call of a connection must be hello",
            ))
        }
    }
}

impl<H: Hardware + Send + Sync> Hardware for Gate<H> {
    async fn hello(self, context: Context, hello: Hello) -> Result<Hello, Fault> {
        if hello.proto != PROTO_VERSION {
            let Hello { proto, build } = hello;
            tracing::warn!(
                theirs = proto,
                build,
                "refused a client that speaks another protocol version"
            );
            // The answer carries our version, so that the client can tell its user.
            return Ok(Hello::ours());
        }
        let answer = self.hardware.hello(context, hello).await;
        self.greeted.store(answer.is_ok(), Ordering::Release);
        answer
    }

    async fn changes_since(self, context: Context, revision: Revision) -> Result<News, Fault> {
        self.open()?.changes_since(context, revision).await
    }

    async fn set_playlist(self, context: Context, entries: Vec<Entry>) -> Result<(), Fault> {
        self.open()?.set_playlist(context, entries).await
    }

    async fn select(self, context: Context, slug: Slug) -> Result<PlayerState, Fault> {
        self.open()?.select(context, slug).await
    }

    async fn step(self, context: Context, step: Step) -> Result<PlayerState, Fault> {
        self.open()?.step(context, step).await
    }

    async fn set_playback(
        self,
        context: Context,
        to: Switch<Playback>,
    ) -> Result<PlayerState, Fault> {
        self.open()?.set_playback(context, to).await
    }

    async fn set_repeat(self, context: Context, to: Switch<Repeat>) -> Result<PlayerState, Fault> {
        self.open()?.set_repeat(context, to).await
    }

    async fn set_brightness(self, context: Context, to: Brightness) -> Result<(), Fault> {
        self.open()?.set_brightness(context, to).await
    }

    async fn show_progress(
        self,
        context: Context,
        progress: Option<Progress>,
    ) -> Result<(), Fault> {
        self.open()?.show_progress(context, progress).await
    }

    async fn show_message(self, context: Context, message: Option<Message>) -> Result<(), Fault> {
        self.open()?.show_message(context, message).await
    }

    async fn glass_after(
        self,
        context: Context,
        seen: Option<FrameSerial>,
    ) -> Result<Glass, Fault> {
        self.open()?.glass_after(context, seen).await
    }

    async fn scan_wifi(self, context: Context) -> Result<Vec<Network>, Fault> {
        self.open()?.scan_wifi(context).await
    }

    async fn join_wifi(self, context: Context, join: Join) -> Result<AttemptId, Fault> {
        self.open()?.join_wifi(context, join).await
    }

    async fn leave_wifi(self, context: Context) -> Result<(), Fault> {
        self.open()?.leave_wifi(context).await
    }

    async fn keep_wifi(self, context: Context) -> Result<Ssid, Fault> {
        self.open()?.keep_wifi(context).await
    }

    async fn forget_wifi(self, context: Context, ssid: Ssid) -> Result<(), Fault> {
        self.open()?.forget_wifi(context, ssid).await
    }

    async fn health(self, context: Context) -> Result<Health, Fault> {
        self.open()?.health(context).await
    }
}
