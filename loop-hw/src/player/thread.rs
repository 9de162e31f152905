//! The player's thread.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::time::{Duration, Instant};

use loop_proto::clock::monotonic;
use loop_proto::snapshot::{Change, Entry, NowPlaying, Playback, PlayerState};
use loop_proto::units::Brightness;
use loop_proto::{Fault, Slug};

use super::playlist::{Playlist, Rules};
use super::readahead::{self, PreparedFrame, RECORDS, ReadAhead, SegmentId};
use super::stage::Stage;
use super::timeline::Timeline;
use super::{Command, Input, PlayerHandle, PlayerThreads, Reply, WAITING};
use crate::media::Library;
use crate::panel::Panel;
use crate::screens::Screen;
use crate::state::Publisher;

/// How long the name of the device stays when there is nothing to play.
const BOOT: Duration = Duration::from_secs(2);

/// What a player begins with.
pub(crate) struct Setup {
    /// Opened, nothing shown yet.
    pub(crate) panel: Box<dyn Panel>,
    /// Why it is not the one asked for.
    pub(crate) trouble: Option<String>,
    /// Where the clips are.
    pub(crate) library: Library,
    /// The entry to begin with, of the playlist that is in the published state.
    pub(crate) start: Option<Slug>,
    /// How the playlist goes on.
    pub(crate) rules: Rules,
    /// How long a still image is shown.
    pub(crate) still: Duration,
    /// Holds the state to begin with.
    pub(crate) publisher: Publisher,
    /// Shown while there is nothing to play, right after the start.
    pub(crate) boot: Screen,
    /// When the process began.
    pub(crate) started: Instant,
}

/// Starts playing at once.
pub(crate) fn start(setup: Setup) -> io::Result<(PlayerHandle, PlayerThreads)> {
    let (inputs, received) = sync_channel(WAITING + 2 * RECORDS);
    let (orders, ordered) = channel();
    let library = setup.library.clone();
    let to_player = inputs.clone();
    let reader = std::thread::Builder::new()
        .name("readahead".to_owned())
        .spawn(move || readahead::run(&library, &ordered, &to_player))?;
    let mut player = Player::new(setup, ReadAhead::new(orders));
    let handle = PlayerHandle {
        inputs: inputs.clone(),
        shown: player.stage.shown(),
        counters: player.stage.counters(),
    };
    let player = std::thread::Builder::new()
        .name("player".to_owned())
        .spawn(move || player.run(&received))?;
    Ok((
        handle,
        PlayerThreads {
            inputs,
            player,
            reader,
        },
    ))
}

pub(super) struct Player {
    pub(super) stage: Stage,
    pub(super) playlist: Playlist,
    pub(super) timeline: Timeline,
    pub(super) readahead: ReadAhead,
    pub(super) publisher: Publisher,
    pub(super) playback: Playback,
    pub(super) brightness: Brightness,
    pub(super) still: Duration,
    /// Frames that are ready, in the order they are due.
    pub(super) ready: VecDeque<(SegmentId, PreparedFrame)>,
    /// Segments asked for and not begun, the first in front.
    pub(super) asked: VecDeque<(SegmentId, Entry)>,
    pub(super) last_segment: SegmentId,
    pub(super) playing: Option<Playing>,
    /// The segment in front was chosen, so its first picture is due as soon as it is ready, also while paused.
    pub(super) chosen: bool,
    /// Who waits for the chosen entry to appear.
    pub(super) waiting: Vec<Reply<PlayerState>>,
    pub(super) address: Option<String>,
    pub(super) boot: Screen,
    pub(super) boot_until: Option<Instant>,
    /// Why the last entry that could not be played could not.
    pub(super) last_failure: String,
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

impl Player {
    fn new(setup: Setup, readahead: ReadAhead) -> Self {
        let now = Instant::now();
        let state = setup.publisher.snapshot();
        let playlist = Playlist::new(
            state.playlist,
            setup.start.as_ref(),
            state.player.repeat,
            setup.rules,
        );
        let stage = Stage::new(
            setup.panel,
            setup.trouble,
            setup.publisher.clone(),
            setup.started,
        );
        let mut player = Self {
            stage,
            playlist,
            timeline: Timeline::starting(now),
            readahead,
            publisher: setup.publisher,
            playback: state.player.playback,
            brightness: state.display.brightness,
            still: setup.still,
            ready: VecDeque::with_capacity(RECORDS),
            asked: VecDeque::new(),
            last_segment: 0,
            playing: None,
            chosen: false,
            waiting: Vec::new(),
            address: None,
            boot: setup.boot,
            boot_until: Some(now + BOOT),
            last_failure: String::new(),
        };
        if player.playback == Playback::Paused {
            player.timeline.pause(now);
        }
        player
    }

    fn run(&mut self, inputs: &Receiver<Input>) {
        let brightness = self.brightness;
        self.set_brightness(brightness)
            .unwrap_or_else(|fault| tracing::error!("{fault}"));
        self.begin();
        loop {
            let input = match self.wake_at() {
                None => inputs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => inputs.recv_timeout(at.saturating_duration_since(Instant::now())),
            };
            match input {
                Ok(Input::Command(Command::Stop)) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Input::Command(command)) => self.obey(command),
                Ok(Input::Prepared(prepared)) => self.receive(prepared),
                Err(RecvTimeoutError::Timeout) => {}
            }
            self.tick(Instant::now());
        }
    }

    /// When there is something to do without anybody asking.
    fn wake_at(&self) -> Option<Instant> {
        let picture = match self.ready.front() {
            Some(_) if self.chosen => Some(Instant::now()),
            Some(_) => self.timeline.due(),
            None => None,
        };
        [picture, self.stage.retry_at(), self.boot_until]
            .into_iter()
            .flatten()
            .min()
    }

    fn tick(&mut self, now: Instant) {
        if self.stage.retry_at().is_some_and(|at| at <= now) {
            self.stage.present(now);
        }
        if self.boot_until.is_some_and(|until| until <= now) {
            self.boot_until = None;
            self.show_screen(now);
        }
        if self.chosen && !self.ready.is_empty() {
            self.timeline.restart(now);
        }
        self.play(now);
    }

    /// Shows the picture that is due; of several the last, with what the others changed.
    fn play(&mut self, now: Instant) {
        while self.is_due(now) {
            let Some((segment, frame)) = self.ready.pop_front() else {
                return;
            };
            let lateness = if self.chosen {
                Duration::ZERO
            } else {
                self.timeline.lateness(now)
            };
            self.enter(segment, &frame);
            self.stage.apply(&frame.record);
            let shown_for = if frame.clip.frame_count() == 1 {
                self.still
            } else {
                frame.duration
            };
            self.timeline.take(shown_for);
            self.readahead.give_back(frame.record);
            if !self.chosen && self.is_due(now) {
                self.stage.counters().dropped.add_one();
                continue;
            }
            self.stage.present(now);
            self.stage.counters().late_by(lateness);
            if std::mem::take(&mut self.chosen) {
                self.answer_waiting(now);
            }
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        !self.ready.is_empty() && (self.chosen || self.timeline.due().is_some_and(|due| due <= now))
    }

    /// Takes note of the frame that comes on the glass.
    fn enter(&mut self, segment: SegmentId, frame: &PreparedFrame) {
        let goes_on = self
            .playing
            .as_mut()
            .filter(|playing| playing.segment == segment);
        if let Some(playing) = goes_on {
            playing.next_frame = (frame.frame + 1) % playing.frame_count;
            if frame.frame == 0 {
                playing.passes_done += 1;
                self.timeline.begin_pass();
            }
            return;
        }
        let Some((_, entry)) = self.asked.pop_front() else {
            return;
        };
        if !self.chosen {
            self.playlist.advance();
        }
        self.timeline.begin_pass();
        let frame_count = frame.clip.frame_count();
        let total = if frame_count == 1 {
            self.still
        } else {
            frame.clip.total()
        };
        self.playing = Some(Playing {
            segment,
            entry,
            frame_count,
            total,
            next_frame: 1 % frame_count,
            passes_done: 0,
        });
        self.boot_until = None;
        self.ask_following();
        self.publish();
    }

    pub(super) fn show_screen(&mut self, now: Instant) {
        if self.playing.is_some()
            || (!self.playlist.is_empty() && self.playlist.current().is_some())
        {
            return;
        }
        let screen = if !self.playlist.is_empty() {
            let title = "Nothing can be played".to_owned();
            Screen::Error {
                title,
                detail: self.last_failure.clone(),
            }
        } else if self.boot_until.is_some() {
            self.boot.clone()
        } else {
            Screen::NoMedia {
                address: self.address.clone(),
            }
        };
        self.stage.show(&screen, now);
    }

    pub(super) fn state(&self, now: Instant) -> PlayerState {
        let current = self.playing.as_ref().map(|playing| {
            let index = self.playlist.current().map_or(0, |(at, _)| at);
            NowPlaying {
                slug: playing.entry.slug.clone(),
                clip: playing.entry.clip,
                index: u32::try_from(index).unwrap_or(u32::MAX),
                frame_count: playing.frame_count,
                duration: playing.total,
                position: self.timeline.position(now).min(playing.total),
                as_of: monotonic(),
            }
        });
        PlayerState {
            playback: self.playback,
            repeat: self.playlist.repeat,
            current,
        }
    }

    pub(super) fn publish(&self) -> PlayerState {
        let state = self.state(Instant::now());
        self.publisher.publish(Change::Player(state.clone()));
        state
    }

    pub(super) fn answer_waiting(&mut self, now: Instant) {
        let state = self.state(now);
        self.waiting
            .drain(..)
            .for_each(|reply| answer(reply, Ok(state.clone())));
    }
}

pub(super) fn answer<T>(reply: Reply<T>, result: Result<T, Fault>) {
    // Whoever asked may have gone; what was asked for is in force all the same.
    drop(reply.send(result));
}
