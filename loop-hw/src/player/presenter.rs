//! The panel's thread: shows each frame when it is due, and does nothing that could keep it from that.
//!
//! It owns the panel. It waits for the next deadline or a message, whichever comes first; once it has begun it does not
//! allocate, lock or log. Whatever takes time or can wait is the director's.

mod draft;
mod healing;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use loop_proto::FrameSerial;
use loop_proto::clock::monotonic;
use loop_proto::snapshot::{Playback, Scheduling};

use self::draft::Draft;
use self::healing::Healing;
use super::readahead::RECORDS;
use super::rings::{Answer, Cue, Fate, Message, Order, Place, PresenterEnd, Report};
use super::timeline::Timeline;
use crate::counters::Counters;
use crate::panel::{Error, Panel};
use crate::screens::Cover;
use crate::sys;

/// How long a panel that failed is left alone.
const RETRY: Duration = Duration::from_secs(1);

/// A cover that changes does so with the next frame if that comes sooner than this; else at once, and no frame is late for it.
const COVER_ROOM: Duration = Duration::from_millis(8);

/// Before whatever shares the processor, behind the kernel's own threads for interrupts, which have 50.
const PRIORITY: i32 = 40;

/// The panel and what it is to show.
pub(super) struct Presenter {
    panel: Box<dyn Panel>,
    end: PresenterEnd,
    counters: Arc<Counters>,
    draft: Draft,
    /// Frames to show, the next in front.
    queue: VecDeque<Cue>,
    timeline: Timeline,
    healing: Healing,
    /// The cover that has been replaced by one the glass does not show yet: then it goes back with the answer.
    uncovered: Option<Cover>,
    /// The panel failed and is left alone until then.
    retry_at: Option<Duration>,
    /// What the director has not been told about the panel, for want of room.
    untold: Option<Option<Error>>,
    started: Instant,
}

/// What to do after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Look at the clock and step again.
    Step,
    Wait(Option<Duration>),
    Stop,
}

impl Presenter {
    /// A presenter whose panel has not shown anything yet. `started` is when the process began.
    pub(super) fn new(
        panel: Box<dyn Panel>,
        end: PresenterEnd,
        counters: Arc<Counters>,
        started: Instant,
    ) -> Self {
        Self {
            panel,
            end,
            counters,
            draft: Draft::new(),
            queue: VecDeque::with_capacity(RECORDS),
            timeline: Timeline::starting(monotonic()),
            healing: Healing::default(),
            uncovered: None,
            retry_at: None,
            untold: None,
            started,
        }
    }

    /// Runs until the director says stop or is gone, before other threads if it is wanted and permitted.
    pub(super) fn run(mut self, scheduling: Scheduling) {
        if scheduling == Scheduling::Realtime {
            let outcome = sys::become_realtime(PRIORITY);
            if outcome.is_ok() {
                self.counters.set_scheduling(Scheduling::Realtime);
            }
            // The first report of all has room.
            self.end.report(Report::Scheduling(outcome));
        }
        loop {
            match self.step(monotonic()) {
                Next::Step => {}
                Next::Wait(until) => self.end.wait(until),
                Next::Stop => return,
            }
        }
    }

    /// Does the one thing that is most urgent.
    fn step(&mut self, now: Duration) -> Next {
        while let Some(message) = self.end.next_message() {
            match message {
                Message::Cue(cue) => self.queue.push_back(cue),
                Message::Order(order) => return self.obey(order, now),
            }
        }
        if self.end.is_alone() {
            return Next::Stop;
        }
        self.tell();
        if self.retry_at.is_some_and(|at| at <= now) {
            self.present(now);
        } else if self.is_due(now) {
            self.play(now);
        } else if self.uncovered.is_some() && self.has_room(now) {
            self.present(now);
        } else if !self.heal(now) {
            return Next::Wait(self.wake_at(now));
        }
        Next::Step
    }

    fn obey(&mut self, order: Order, now: Duration) -> Next {
        let mut next = Next::Step;
        let mut answer = Answer::Done;
        match order {
            Order::Halt => {
                while let Some(cue) = self.queue.pop_front() {
                    self.end
                        .report(Report::Cue(cue, Fate::Unused, self.timeline));
                }
            }
            Order::Playback(Playback::Playing) => self.timeline.resume(now),
            Order::Playback(Playback::Paused) => self.timeline.pause(now),
            Order::Brightness(brightness) => {
                answer = Answer::Brightness(self.panel.set_brightness(brightness));
            }
            Order::Show(mut frame) => {
                self.draft.replace(&mut frame);
                self.present(now);
                answer = Answer::Frame(self.serial(), frame);
            }
            Order::Cover(mut cover) => {
                self.draft.lay_over(&mut cover);
                if self.is_well() {
                    self.uncovered = Some(cover);
                    return Next::Step;
                }
                // The first picture shows it, or the first after the failure.
                answer = Answer::Cover(cover);
            }
            Order::Last(duration) => self.timeline.last(duration, now),
            Order::Copy(mut frame) => {
                self.panel.picture(&mut frame);
                answer = Answer::Frame(self.serial(), frame);
            }
            Order::Stop => next = Next::Stop,
        }
        self.end.report(Report::Done(answer, self.timeline));
        next
    }

    /// The number of the picture on the glass.
    fn serial(&self) -> FrameSerial {
        FrameSerial(self.counters.presented.get())
    }

    /// Shows the frame that is due; of several the last, with what the others changed.
    fn play(&mut self, now: Duration) {
        while self.is_due(now) {
            let Some(cue) = self.queue.pop_front() else {
                return;
            };
            let is_chosen = cue.place == Place::Chosen;
            let lateness = if is_chosen {
                self.timeline.restart(now);
                Duration::ZERO
            } else {
                self.timeline.lateness(now)
            };
            if cue.place == Place::First {
                self.timeline.begin_pass();
            }
            self.draft.apply(&cue.record);
            self.timeline.take(cue.duration);
            let fate = if !is_chosen && self.is_due(now) {
                self.counters.dropped.add_one();
                Fate::Dropped
            } else {
                self.present(now);
                self.counters.late_by(lateness);
                Fate::Shown
            };
            self.end.report(Report::Cue(cue, fate, self.timeline));
        }
    }

    fn is_due(&self, now: Duration) -> bool {
        self.queue.front().is_some_and(|cue| {
            cue.place == Place::Chosen || self.timeline.due().is_some_and(|due| due <= now)
        })
    }

    /// Sends to the panel what it has not got, unless it is being left alone.
    fn present(&mut self, now: Duration) {
        if self.retry_at.is_none_or(|at| at <= now) {
            match self
                .panel
                .present(self.draft.picture(), self.draft.damage())
            {
                Ok(()) => self.presented(),
                Err(error) => self.failed(error, now),
            }
            self.counters.take(self.panel.diagnosis());
        }
        if let Some(cover) = self.uncovered.take() {
            let answer = Answer::Cover(cover);
            self.end.report(Report::Done(answer, self.timeline));
        }
    }

    fn presented(&mut self) {
        self.draft.presented();
        self.counters.presented.add_one();
        self.counters.first_frame_after(self.started.elapsed());
        if self.retry_at.take().is_some() {
            self.untold = Some(None);
            self.tell();
        }
    }

    fn failed(&mut self, error: Error, now: Duration) {
        self.counters.panel_errors.add_one();
        self.draft.forget();
        if self.retry_at.is_none() {
            self.untold = Some(Some(error));
            self.tell();
        }
        self.retry_at = Some(now + RETRY);
    }

    /// Tells the director how the panel is, when that has changed.
    fn tell(&mut self) {
        if self.end.has_room()
            && let Some(news) = self.untold.take()
        {
            self.end.report(Report::Panel(news));
        }
    }

    /// Lets the panel heal for a moment; `false` if it is not the time.
    fn heal(&mut self, now: Duration) -> bool {
        let deadline = self.deadline(now);
        let budget = self.healing.budget(now, deadline);
        let Some(budget) = budget.filter(|_| self.is_well()) else {
            return false;
        };
        let before = self.panel.diagnosis().traffic.bytes;
        match self.panel.heal(budget) {
            Ok(healed) => {
                let bytes = self.panel.diagnosis().traffic.bytes.saturating_sub(before);
                self.healing.healed(now, healed.then_some(bytes));
            }
            Err(error) => self.failed(error, now),
        }
        self.counters.take(self.panel.diagnosis());
        true
    }

    /// Whether something may be sent now that no frame brings.
    fn has_room(&self, now: Duration) -> bool {
        self.deadline(now)
            .is_none_or(|deadline| now + COVER_ROOM <= deadline)
    }

    /// When the next frame is due, as far as is known.
    fn deadline(&self, now: Duration) -> Option<Duration> {
        // A moment in the past is that of a frame which has not been read yet, or that will never come.
        self.timeline.due().filter(|due| *due > now)
    }

    /// When there is something to do without a message.
    fn wake_at(&self, now: Duration) -> Option<Duration> {
        let frame = self.queue.front().and_then(|_| self.timeline.due());
        let healing = self.healing.wake_at(now, self.deadline(now));
        let healing = healing.filter(|_| self.is_well());
        let cover = self.uncovered.as_ref().and_then(|_| self.deadline(now));
        let moments = [frame, self.retry_at, healing, cover];
        moments.into_iter().flatten().min()
    }

    /// Whether the panel shows something and did not fail.
    fn is_well(&self) -> bool {
        self.retry_at.is_none() && self.serial() != FrameSerial::default()
    }
}
