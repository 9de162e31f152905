//! Decides what comes next and tells everybody what is on.
//!
//! A normal thread: it may allocate, log and wait. It hears commands, prepared records and the presenter's reports, and
//! never touches the panel.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::Duration;

use loop_proto::clock::monotonic;
use loop_proto::launch::report;
use loop_proto::pixel::Frame;
use loop_proto::snapshot::{Change, Entry, NowPlaying, Playback, PlayerState, Scheduling};
use loop_proto::units::Brightness;
use loop_proto::{Fault, FrameSerial};
use tokio::sync::watch;

use super::message::Said;
use super::plan::FIRST_CHANCE;
use super::playlist::Playlist;
use super::progress::Shown;
use super::readahead::{ReadAhead, SegmentId};
use super::rings::{Answer, Cue, DirectorEnd, Fate, Message, Order, Place, Report};
use super::setup::Setup;
use super::timeline::Timeline;
use super::{Command, Input, Reply};
use crate::counters::Counters;
use crate::panel;
use crate::screens::{self, Screen};
use crate::state::Publisher;

/// How long the name of the device stays when there is nothing to play.
const BOOT: Duration = Duration::from_secs(2);

pub(super) struct Director {
    pub(super) presenter: DirectorEnd,
    pub(super) readahead: ReadAhead,
    pub(super) playlist: Playlist,
    pub(super) publisher: Publisher,
    pub(super) counters: Arc<Counters>,
    shown: watch::Sender<FrameSerial>,
    pub(super) playback: Playback,
    pub(super) brightness: Brightness,
    pub(super) still: Duration,
    /// The presenter's as of its last report.
    timeline: Timeline,
    /// The one the published position was reckoned with.
    told: Timeline,
    /// Segments asked for and not begun, the first in front.
    pub(super) asked: VecDeque<Asked>,
    pub(super) last_segment: SegmentId,
    /// Segments up to this one are not wanted any more.
    pub(super) halted: SegmentId,
    pub(super) playing: Option<Playing>,
    /// The segment in front was chosen, so its first picture is due as soon as it is ready, also while paused.
    pub(super) chosen: bool,
    /// Who waits for the chosen entry to appear.
    pub(super) waiting: Vec<Reply<PlayerState>>,
    pub(super) address: Option<String>,
    /// The bar over the picture.
    pub(super) progress: Shown,
    /// The message instead of the picture.
    pub(super) message: Said,
    boot: Screen,
    boot_until: Option<Duration>,
    /// Why the last entry that could not be played could not.
    pub(super) last_failure: String,
    /// When what could not be played gets another chance.
    pub(super) second_chance: Option<Duration>,
    /// How long the next one takes to come.
    pub(super) chance_after: Duration,
    /// Why the panel is not the one asked for; stays while it works.
    standing_trouble: Option<String>,
}

/// A segment that is on its way.
pub(super) struct Asked {
    pub(super) id: SegmentId,
    pub(super) entry: Entry,
    /// Frames and length of a pass, known with the first record.
    pub(super) clip: Option<(u32, Duration)>,
    pub(super) is_chosen: bool,
}

/// The entry on the glass.
pub(super) struct Playing {
    pub(super) segment: SegmentId,
    pub(super) entry: Entry,
    pub(super) frame_count: u32,
    pub(super) total: Duration,
    pub(super) next_frame: u32,
    pub(super) passes_done: u32,
}

impl Director {
    pub(super) fn new(
        setup: Setup,
        presenter: DirectorEnd,
        readahead: ReadAhead,
        counters: Arc<Counters>,
    ) -> Self {
        let now = monotonic();
        let state = setup.publisher.snapshot();
        Self {
            presenter,
            readahead,
            playlist: Playlist::new(
                state.playlist,
                setup.start.as_ref(),
                state.player.repeat,
                setup.rules,
            ),
            publisher: setup.publisher,
            counters,
            shown: watch::Sender::new(FrameSerial::default()),
            playback: state.player.playback,
            brightness: state.display.brightness,
            still: setup.still,
            timeline: Timeline::starting(now),
            told: Timeline::starting(now),
            asked: VecDeque::new(),
            last_segment: 0,
            halted: 0,
            playing: None,
            chosen: false,
            waiting: Vec::new(),
            address: None,
            progress: Shown::default(),
            message: Said::default(),
            boot: setup.boot,
            boot_until: Some(now + BOOT),
            last_failure: String::new(),
            second_chance: None,
            chance_after: FIRST_CHANCE,
            standing_trouble: setup.trouble,
        }
    }

    pub(super) fn shown(&self) -> watch::Receiver<FrameSerial> {
        self.shown.subscribe()
    }

    /// Runs until it is told to stop, or the presenter is gone. The last picture stays on the glass.
    pub(super) fn run(mut self, inputs: &Receiver<Input>) {
        self.call(Order::Playback(self.playback));
        let brightness = self.brightness;
        self.set_brightness(brightness)
            .unwrap_or_else(|fault| tracing::error!("{fault}"));
        self.begin();
        while !self.presenter.is_alone() {
            self.hear_reports();
            match inputs.try_recv() {
                Ok(Input::Command(Command::Stop)) | Err(TryRecvError::Disconnected) => break,
                Ok(Input::Command(command)) => self.obey(command),
                Ok(Input::Prepared(prepared)) => self.receive(prepared),
                Err(TryRecvError::Empty) => {
                    let now = monotonic();
                    self.end_boot(now);
                    self.give_chance(now);
                    self.end_progress(now);
                    self.end_message(now);
                    let moments = [
                        self.boot_until,
                        self.second_chance,
                        self.progress.until(),
                        self.message.until(),
                    ];
                    self.presenter
                        .alarm()
                        .wait(moments.into_iter().flatten().min());
                }
            }
        }
        self.call(Order::Stop);
    }

    fn end_boot(&mut self, now: Duration) {
        if self.boot_until.is_some_and(|until| until <= now) {
            self.boot_until = None;
            self.show_screen();
        }
    }

    /// Has the presenter do something and waits until it has; `None` if it is gone.
    pub(super) fn call(&mut self, order: Order) -> Option<Answer> {
        self.send(Message::Order(order));
        loop {
            while let Some(report) = self.presenter.next_report() {
                if let Some(answer) = self.take(report) {
                    return Some(answer);
                }
            }
            if self.presenter.is_alone() {
                return None;
            }
            self.presenter.alarm().wait(None);
        }
    }

    pub(super) fn send(&mut self, message: Message) {
        if let Some(Message::Cue(cue)) = self.presenter.send(message) {
            tracing::error!("more frames under way than there are buffers");
            self.readahead.give_back(cue.record);
        }
    }

    fn hear_reports(&mut self) {
        while let Some(report) = self.presenter.next_report() {
            // Answers are waited for where the order is given.
            self.take(report);
        }
    }

    fn take(&mut self, report: Report) -> Option<Answer> {
        // In front of the answer: whoever gets a picture's number and waits for another picture must not get it again.
        let serial = FrameSerial(self.counters.presented.get());
        self.shown
            .send_if_modified(|shown| std::mem::replace(shown, serial) != serial);
        match report {
            Report::Cue(cue, fate, timeline) => {
                self.timeline = timeline;
                if fate != Fate::Unused {
                    self.follow(&cue);
                }
                self.readahead.give_back(cue.record);
            }
            Report::Done(answer, timeline) => {
                self.timeline = timeline;
                return Some(answer);
            }
            Report::Scheduling(Ok(())) => self
                .publisher
                .update_panel(|panel| panel.scheduling = Scheduling::Realtime),
            Report::Scheduling(Err(error)) => tracing::warn!(
                "pictures may be late on a busy machine, their thread cannot be a realtime one: {error}; \
                 grant CAP_SYS_NICE or LimitRTPRIO=40"
            ),
            Report::Panel(trouble) => self.report_panel(trouble),
        }
        None
    }

    fn report_panel(&self, trouble: Option<panel::Error>) {
        let trouble = if let Some(error) = trouble {
            tracing::error!("{}", report(&error));
            Some(error.to_string())
        } else {
            tracing::info!("the panel works again");
            self.standing_trouble.clone()
        };
        self.publisher.update_panel(|panel| panel.trouble = trouble);
    }

    /// Takes note of a frame that has come on the glass.
    fn follow(&mut self, cue: &Cue) {
        let goes_on = self
            .playing
            .as_mut()
            .filter(|playing| playing.segment == cue.segment);
        if let Some(playing) = goes_on {
            playing.next_frame = (cue.frame + 1) % playing.frame_count;
            playing.passes_done += u32::from(cue.frame == 0);
            if !self.timeline.agrees_with(&self.told, playing.total) {
                self.publish();
            }
        } else if self
            .asked
            .front()
            .is_some_and(|asked| asked.id == cue.segment)
        {
            self.enter(cue);
        }
    }

    /// Takes note of the first frame of an entry.
    fn enter(&mut self, cue: &Cue) {
        let Some(asked) = self.asked.pop_front() else {
            return;
        };
        let (frame_count, total) = asked.clip.unwrap_or((1, cue.duration));
        if cue.place != Place::Chosen {
            self.playlist.advance();
        }
        self.playing = Some(Playing {
            segment: asked.id,
            entry: asked.entry,
            frame_count,
            total,
            next_frame: (cue.frame + 1) % frame_count,
            passes_done: 0,
        });
        self.boot_until = None;
        if cue.place == Place::Chosen {
            // Before the next is asked for, which nobody has chosen: it waits for its time.
            self.chosen = false;
        }
        self.ask_following();
        self.publish();
        if cue.place == Place::Chosen {
            self.answer_waiting();
        }
    }

    /// Shows what there is to say while nothing plays.
    pub(super) fn show_screen(&mut self) {
        if self.playing.is_some() || self.playlist.current().is_some() {
            return;
        }
        let screen = if !self.playlist.is_empty() {
            Screen::Error {
                title: "Nothing can be played".to_owned(),
                detail: self.last_failure.clone(),
            }
        } else if self.boot_until.is_some() {
            self.boot.clone()
        } else {
            Screen::NoMedia {
                address: self.address.clone(),
            }
        };
        let mut frame = Box::new(Frame::black());
        screens::draw(&screen, &mut frame);
        self.call(Order::Show(frame));
    }

    pub(super) fn state(&self) -> PlayerState {
        let now = monotonic();
        let current = self.playing.as_ref().map(|playing| {
            let index = self.playlist.current().map_or(0, |(at, _)| at);
            NowPlaying {
                slug: playing.entry.slug.clone(),
                clip: playing.entry.clip,
                index: u32::try_from(index).unwrap_or(u32::MAX),
                frame_count: playing.frame_count,
                duration: playing.total,
                position: self.timeline.position(now).min(playing.total),
                as_of: now,
            }
        });
        PlayerState {
            playback: self.playback,
            repeat: self.playlist.repeat,
            current,
            showing_progress: self.progress.now().is_some(),
            showing_message: self.message.now().is_some(),
        }
    }

    pub(super) fn publish(&mut self) -> PlayerState {
        let state = self.state();
        self.told = self.timeline;
        self.publisher.publish(Change::Player(state.clone()));
        state
    }

    pub(super) fn answer_waiting(&mut self) {
        let state = self.state();
        self.waiting
            .drain(..)
            .for_each(|reply| answer(reply, Ok(state.clone())));
    }
}

pub(super) fn answer<T>(reply: Reply<T>, result: Result<T, Fault>) {
    // Whoever asked may have gone; what was asked for is in force all the same.
    drop(reply.send(result));
}
