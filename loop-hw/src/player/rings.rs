//! What director and presenter say to each other: one ring each way, without locks and of a fixed size.
//!
//! The director sends cues and orders, and the presenter takes them in the order they were sent. Each comes back as one
//! report. At most [`RECORDS`] cues are about, as each carries one of so many buffers, and one order, as the director
//! waits for its answer. So neither ring can ever be full of these; the [`UNASKED`] places more are for what the presenter
//! has to say by itself, which waits when they are taken.

use std::sync::Arc;
use std::time::Duration;

use loop_proto::FrameSerial;
use loop_proto::clip::Record;
use loop_proto::pixel::Frame;
use loop_proto::snapshot::Playback;
use loop_proto::units::Brightness;
use rtrb::{Consumer, Producer, PushError, RingBuffer};

use super::readahead::{RECORDS, SegmentId};
use super::timeline::Timeline;
use crate::panel;
use crate::screens::Cover;
use crate::sys::Alarm;

/// Messages that can be unanswered at a time.
const MESSAGES: usize = RECORDS + 1;

/// Reports that answer nothing.
const UNASKED: usize = 2;

/// From the director.
#[derive(Debug)]
pub(super) enum Message {
    Cue(Cue),
    Order(Order),
}

/// A frame that is to be shown when its time comes.
#[derive(Debug)]
pub(super) struct Cue {
    pub(super) segment: SegmentId,
    pub(super) frame: u32,
    pub(super) record: Record,
    /// How long it is shown.
    pub(super) duration: Duration,
    pub(super) place: Place,
}

/// Where a frame stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Somebody chose the entry it begins: it is due at once, also while paused.
    Chosen,
    /// It begins a pass when its time comes.
    First,
    /// It follows on the one before it.
    Within,
}

/// What the presenter does between two frames; it answers when it has done so.
#[derive(Debug)]
pub(super) enum Order {
    /// Give back all cues: nothing changes on the glass until there are others.
    Halt,
    Playback(Playback),
    Brightness(Brightness),
    /// Show this picture until there is a cue. It comes back with another one's pixels.
    Show(Box<Frame>),
    /// Lay this over whatever is shown. It is answered when the glass shows it, which may be with the next frame.
    Cover(Cover),
    /// The still on the glass is to be shown for this long, from when it came.
    Last(Duration),
    /// Copy what is on the glass.
    Copy(Box<Frame>),
    Stop,
}

/// From the presenter.
#[derive(Debug)]
pub(super) enum Report {
    /// What became of a cue.
    Cue(Cue, Fate, Timeline),
    /// An order has been carried out.
    Done(Answer, Timeline),
    /// Whether the presenter's thread has become a realtime one.
    Scheduling(nix::Result<()>),
    /// The panel has begun to fail, or works again.
    Panel(Option<panel::Error>),
}

/// What became of a cue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Shown,
    /// Its time was over before it could be shown; what it changes was shown with a later one.
    Dropped,
    /// Given back.
    Unused,
}

#[derive(Debug)]
pub(super) enum Answer {
    Done,
    Brightness(Result<(), panel::Error>),
    Frame(FrameSerial, Box<Frame>),
    /// What lay over the picture before.
    Cover(Cover),
}

/// Makes both rings, and the alarms by which each side wakes the other.
pub(super) fn rings() -> (DirectorEnd, PresenterEnd) {
    let (messages, to_presenter) = RingBuffer::new(MESSAGES);
    let (reports, to_director) = RingBuffer::new(MESSAGES + UNASKED);
    let (director, presenter) = (Arc::new(Alarm::default()), Arc::new(Alarm::default()));
    (
        DirectorEnd {
            messages,
            reports: to_director,
            alarm: Arc::clone(&director),
            bell: Bell(Arc::clone(&presenter)),
        },
        PresenterEnd {
            messages: to_presenter,
            reports,
            alarm: presenter,
            bell: Bell(director),
        },
    )
}

/// The director's end. The presenter stops when it is dropped.
#[derive(Debug)]
pub(super) struct DirectorEnd {
    messages: Producer<Message>,
    reports: Consumer<Report>,
    alarm: Arc<Alarm>,
    /// Behind the rings, which are hung up when it rings for the last time.
    bell: Bell,
}

impl DirectorEnd {
    /// Sends a message. It comes back if there are more of them than can be.
    pub(super) fn send(&mut self, message: Message) -> Option<Message> {
        let sent = self.messages.push(message);
        self.bell.0.ring();
        sent.err().map(|PushError::Full(message)| message)
    }

    pub(super) fn next_report(&mut self) -> Option<Report> {
        self.reports.pop().ok()
    }

    /// Whether the presenter has ended.
    pub(super) fn is_alone(&self) -> bool {
        self.reports.is_abandoned()
    }

    /// What wakes the director.
    pub(super) fn alarm(&self) -> &Arc<Alarm> {
        &self.alarm
    }
}

/// The presenter's end. Nothing here locks or allocates.
#[derive(Debug)]
pub(super) struct PresenterEnd {
    messages: Consumer<Message>,
    reports: Producer<Report>,
    alarm: Arc<Alarm>,
    bell: Bell,
}

impl PresenterEnd {
    pub(super) fn next_message(&mut self) -> Option<Message> {
        self.messages.pop().ok()
    }

    /// Answers a message, or reports something else for which there is [room](Self::has_room).
    pub(super) fn report(&mut self, report: Report) {
        // Never full, see above; were it so, the director would be gone.
        drop(self.reports.push(report));
        self.bell.0.ring();
    }

    /// Whether there is room for a report nobody asked for, besides that for all answers.
    pub(super) fn has_room(&self) -> bool {
        self.reports.slots() > MESSAGES
    }

    /// Whether the director has ended.
    pub(super) fn is_alone(&self) -> bool {
        self.messages.is_abandoned()
    }

    /// Waits for a message, or for a moment of the monotonic clock.
    pub(super) fn wait(&self, until: Option<Duration>) {
        self.alarm.wait(until);
    }
}

/// Rings a last time when it is dropped, so that nobody waits for what will not come.
#[derive(Debug)]
struct Bell(Arc<Alarm>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.ring();
    }
}
