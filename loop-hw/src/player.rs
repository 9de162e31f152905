//! Playback: one thread decides what comes next, another shows each picture when it is due.
//!
//! ```text
//!  PlayerHandle ──command──▶ director ──cues, orders──▶ presenter ──▶ panel
//!       ▲                    │  │  ▲ ◀──────reports─────────┘
//!       └──────reply─────────┘  │  └──prepared records──┐
//!                               └──segments, buffers──▶ readahead
//! ```
//!
//! The director may take its time: the presenter has the next frames already. Neither waits for the card or a client.

mod director;
mod message;
mod obey;
pub mod pacing;
mod plan;
mod playlist;
mod presenter;
mod progress;
mod readahead;
mod rings;
mod setup;
mod timeline;

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::thread::JoinHandle;

use loop_proto::message::Message;
use loop_proto::pixel::Frame;
use loop_proto::progress::Progress;
use loop_proto::service::{Step, Switch};
use loop_proto::snapshot::{Entry, Playback, PlayerState, Repeat};
use loop_proto::units::Brightness;
use loop_proto::{Fault, FaultCode, FrameSerial, Slug};
use tokio::sync::{oneshot, watch};

pub(crate) use playlist::Rules;
pub(crate) use setup::{Setup, start};

use crate::counters::Counters;
use crate::sys::Alarm;

/// Commands that may wait.
const WAITING: usize = 64;

/// What the director reacts to, besides the presenter's reports.
#[derive(Debug)]
enum Input {
    Command(Command),
    Prepared(readahead::Prepared),
}

/// Where the answer to a command goes; the asker may be gone.
type Reply<T> = oneshot::Sender<Result<T, Fault>>;

#[derive(Debug)]
enum Command {
    SetPlaylist(Vec<Entry>, Reply<()>),
    Select(Slug, Reply<PlayerState>),
    Step(Step, Reply<PlayerState>),
    SetPlayback(Switch<Playback>, Reply<PlayerState>),
    SetRepeat(Switch<Repeat>, Reply<PlayerState>),
    SetBrightness(Brightness, Reply<()>),
    ShowProgress(Option<Progress>, Reply<()>),
    ShowMessage(Option<Message>, Reply<()>),
    /// Copies the glass into the frame.
    Picture(Box<Frame>, Reply<(FrameSerial, Box<Frame>)>),
    /// Where the page is, for the screen that tells it.
    Address(Option<String>),
    Stop,
}

/// Puts something before the director and wakes it; cheap to clone.
#[derive(Clone, Debug)]
struct Inbox {
    inputs: SyncSender<Input>,
    alarm: Arc<Alarm>,
}

impl Inbox {
    fn new(inputs: SyncSender<Input>, alarm: &Arc<Alarm>) -> Self {
        let alarm = Arc::clone(alarm);
        Self { inputs, alarm }
    }

    /// Waits while there is no room; `None` when the director is gone.
    fn send(&self, input: Input) -> Option<()> {
        self.inputs.send(input).ok()?;
        self.alarm.ring();
        Some(())
    }

    fn command(&self, command: Command) -> Result<(), Fault> {
        let sent = self.inputs.try_send(Input::Command(command));
        self.alarm.ring();
        sent.map_err(|error| match error {
            TrySendError::Full(_) => Fault::new(
                FaultCode::Busy,
                "the player has too much to do, try again in a moment",
            ),
            TrySendError::Disconnected(_) => stopping(),
        })
    }
}

/// Talks to the player; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct PlayerHandle {
    inbox: Inbox,
    shown: watch::Receiver<FrameSerial>,
    counters: Arc<Counters>,
}

impl PlayerHandle {
    pub(crate) async fn set_playlist(&self, entries: Vec<Entry>) -> Result<(), Fault> {
        self.ask(|reply| Command::SetPlaylist(entries, reply)).await
    }

    pub(crate) async fn select(&self, slug: Slug) -> Result<PlayerState, Fault> {
        self.ask(|reply| Command::Select(slug, reply)).await
    }

    pub(crate) async fn step(&self, step: Step) -> Result<PlayerState, Fault> {
        self.ask(|reply| Command::Step(step, reply)).await
    }

    pub(crate) async fn set_playback(&self, to: Switch<Playback>) -> Result<PlayerState, Fault> {
        self.ask(|reply| Command::SetPlayback(to, reply)).await
    }

    pub(crate) async fn set_repeat(&self, to: Switch<Repeat>) -> Result<PlayerState, Fault> {
        self.ask(|reply| Command::SetRepeat(to, reply)).await
    }

    pub(crate) async fn set_brightness(&self, to: Brightness) -> Result<(), Fault> {
        self.ask(|reply| Command::SetBrightness(to, reply)).await
    }

    pub(crate) async fn show_progress(&self, progress: Option<Progress>) -> Result<(), Fault> {
        self.ask(|reply| Command::ShowProgress(progress, reply))
            .await
    }

    pub(crate) async fn show_message(&self, message: Option<Message>) -> Result<(), Fault> {
        self.ask(|reply| Command::ShowMessage(message, reply)).await
    }

    /// What is on the glass now.
    pub(crate) async fn picture(&self) -> Result<(FrameSerial, Box<Frame>), Fault> {
        let buffer = Box::new(Frame::black());
        self.ask(|reply| Command::Picture(buffer, reply)).await
    }

    /// Tells when another picture is on the glass.
    pub(crate) fn shown(&self) -> watch::Receiver<FrameSerial> {
        self.shown.clone()
    }

    /// Counters since the start.
    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Tells the player where the page is.
    pub(crate) fn set_address(&self, address: Option<String>) -> Result<(), Fault> {
        self.inbox.command(Command::Address(address))
    }

    async fn ask<T>(&self, command: impl FnOnce(Reply<T>) -> Command) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        self.inbox.command(command(reply))?;
        answer.await.unwrap_or_else(|_| Err(stopping()))
    }
}

/// The player's threads; [`stop`](Self::stop) ends them.
#[derive(Debug)]
pub(crate) struct PlayerThreads {
    inbox: Inbox,
    threads: [JoinHandle<()>; 3],
}

impl PlayerThreads {
    /// Whether a thread has ended by itself, which it never should.
    pub(crate) fn is_dead(&self) -> bool {
        self.threads.iter().any(JoinHandle::is_finished)
    }

    /// Leaves the last picture on the glass and waits for the threads to end.
    pub(crate) fn stop(self) {
        // Blocks while the queue is full, which the director empties.
        self.inbox.send(Input::Command(Command::Stop));
        for thread in self.threads {
            let name = thread.thread().name().unwrap_or_default().to_owned();
            if thread.join().is_err() {
                tracing::error!(name, "thread ended with a panic");
            }
        }
    }
}

fn stopping() -> Fault {
    Fault::new(FaultCode::Stopping, "the display is restarting")
}
