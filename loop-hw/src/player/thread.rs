//! The player's thread.

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::time::{Duration, Instant};

use loop_proto::service::Switch;
use loop_proto::snapshot::{
    Change, DisplayState, Entry, NowPlaying, Playback, PlayerState, Repeat,
};
use loop_proto::units::Brightness;
use loop_proto::{Fault, FaultCode, Slug};

use super::playlist::{Fate, Playlist, Rules};
use super::readahead::{
    self, Content, Prepared, PreparedFrame, RECORDS, ReadAhead, Segment, SegmentId,
};
use super::stage::Stage;
use super::timeline::Timeline;
use super::{Command, Input, PlayerHandle, PlayerThreads, Reply, WAITING};
use crate::media::Library;
use crate::panel::Panel;
use crate::screens::Screen;
use crate::state::Publisher;
use crate::sys::monotonic;

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

struct Player {
    stage: Stage,
    playlist: Playlist,
    timeline: Timeline,
    readahead: ReadAhead,
    publisher: Publisher,
    playback: Playback,
    brightness: Brightness,
    still: Duration,
    /// Frames that are ready, in the order they are due.
    ready: VecDeque<(SegmentId, PreparedFrame)>,
    /// Segments asked for and not begun, the first in front.
    asked: VecDeque<(SegmentId, Entry)>,
    last_segment: SegmentId,
    playing: Option<Playing>,
    /// The segment in front was chosen, so its first picture is due as soon as it is ready, also while paused.
    chosen: bool,
    /// Who waits for the chosen entry to appear.
    waiting: Vec<Reply<PlayerState>>,
    address: Option<String>,
    boot: Screen,
    boot_until: Option<Instant>,
    /// Why the last entry that could not be played could not.
    last_failure: String,
}

/// The entry on the glass.
struct Playing {
    segment: SegmentId,
    entry: Entry,
    frame_count: u32,
    total: Duration,
    next_frame: u32,
    passes_done: u32,
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

    fn obey(&mut self, command: Command) {
        match command {
            Command::SetPlaylist(entries, reply) => answer(reply, Ok(self.set_playlist(entries))),
            Command::Select(slug, reply) => self.select(&slug, reply),
            Command::Step(step, reply) => {
                if self.playlist.step(step) {
                    self.waiting.push(reply);
                    self.begin();
                } else {
                    answer(reply, Ok(self.state(Instant::now())));
                }
            }
            Command::SetPlayback(to, reply) => answer(reply, Ok(self.set_playback(to))),
            Command::SetRepeat(to, reply) => answer(reply, Ok(self.set_repeat(to))),
            Command::SetBrightness(to, reply) => answer(reply, self.set_brightness(to)),
            Command::Picture(mut frame, reply) => {
                let serial = self.stage.copy_glass(&mut frame);
                answer(reply, Ok((serial, frame)));
            }
            Command::Address(address) => {
                self.address = address;
                self.show_screen(Instant::now());
            }
            Command::Stop => {}
        }
    }

    fn set_playlist(&mut self, entries: Vec<Entry>) {
        self.publisher.publish(Change::Playlist(entries.clone()));
        match self.playlist.replace(entries) {
            // It is on its way already.
            Fate::GoesOn if self.chosen => {}
            Fate::GoesOn => {
                self.replan();
                self.publish();
            }
            Fate::Replaced => self.begin(),
        }
    }

    fn select(&mut self, slug: &Slug, reply: Reply<PlayerState>) {
        if self.playlist.select(slug) {
            self.waiting.push(reply);
            self.begin();
        } else {
            answer(
                reply,
                Err(Fault::new(
                    FaultCode::NotFound,
                    format!("{slug} is not in the loop"),
                )),
            );
        }
    }

    fn set_playback(&mut self, to: Switch<Playback>) -> PlayerState {
        let now = Instant::now();
        self.playback = match (to, self.playback) {
            (Switch::To(playback), _) => playback,
            (Switch::Over, Playback::Playing) => Playback::Paused,
            (Switch::Over, Playback::Paused) => Playback::Playing,
        };
        match self.playback {
            Playback::Playing => self.timeline.resume(now),
            Playback::Paused => self.timeline.pause(now),
        }
        self.publish()
    }

    fn set_repeat(&mut self, to: Switch<Repeat>) -> PlayerState {
        self.playlist.repeat = match (to, self.playlist.repeat) {
            (Switch::To(repeat), _) => repeat,
            (Switch::Over, Repeat::All) => Repeat::One,
            (Switch::Over, Repeat::One) => Repeat::All,
        };
        self.replan();
        self.publish()
    }

    fn set_brightness(&mut self, brightness: Brightness) -> Result<(), Fault> {
        let set = self.stage.set_brightness(brightness);
        set.map_err(|error| Fault::new(FaultCode::Busy, error.to_string()))?;
        self.brightness = brightness;
        let rotation = self.publisher.snapshot().display.rotation;
        self.publisher.publish(Change::Display(DisplayState {
            brightness,
            rotation,
        }));
        Ok(())
    }

    /// Begins the playlist's current entry from its first picture, or shows why there is none.
    fn begin(&mut self) {
        self.drop_ready();
        let Some(entry) = self.playlist.current().map(|(_, entry)| entry.clone()) else {
            self.rest();
            return;
        };
        self.chosen = true;
        let passes = self.playlist.following().map(|(passes, _)| passes);
        self.ask(entry, 0, None, passes);
    }

    /// Nothing can be played.
    fn rest(&mut self) {
        self.playing = None;
        self.chosen = false;
        let now = Instant::now();
        self.show_screen(now);
        self.publish();
        self.answer_waiting(now);
    }

    /// Asks anew for what comes after the picture on the glass, which stays.
    fn replan(&mut self) {
        let Some(playing) = self.playing.as_ref().filter(|_| !self.chosen) else {
            return;
        };
        let (segment, entry) = (playing.segment, playing.entry.clone());
        let (next, done, frames) = (playing.next_frame, playing.passes_done, playing.frame_count);
        self.drop_ready();
        if frames > 1 {
            let passes = self
                .playlist
                .following()
                .map(|(passes, _)| passes.saturating_sub(done).max(1));
            self.ask(entry, next, Some(segment), passes);
        }
        self.ask_following();
    }

    /// Asks for the entry that follows by itself, to be read when the present one is through.
    fn ask_following(&mut self) {
        if let Some((passes, entry)) = self.playlist.following() {
            let entry = entry.clone();
            self.ask(entry, 0, None, Some(passes));
        }
    }

    /// Orders a segment; one that goes on with the present entry keeps its id.
    fn ask(&mut self, entry: Entry, from: u32, same: Option<SegmentId>, passes: Option<u32>) {
        self.last_segment += 1;
        let id = self.last_segment;
        match (same, self.playing.as_mut()) {
            (Some(_), Some(playing)) => playing.segment = id,
            _ => self.asked.push_back((id, entry.clone())),
        }
        self.readahead.read(Segment {
            id,
            entry,
            from,
            continues: same.is_some(),
            passes,
        });
    }

    fn drop_ready(&mut self) {
        self.readahead.halt();
        self.asked.clear();
        for (_, frame) in self.ready.drain(..) {
            self.readahead.give_back(frame.record);
        }
    }

    fn receive(&mut self, prepared: Prepared) {
        let id = prepared.segment;
        let continues = self
            .playing
            .as_ref()
            .is_some_and(|playing| playing.segment == id)
            && !self.chosen;
        let is_known = continues || self.asked.iter().any(|(asked, _)| *asked == id);
        match prepared.content {
            Content::Frame(frame) if is_known => self.ready.push_back((id, frame)),
            Content::Frame(frame) => self.readahead.give_back(frame.record),
            Content::Broken(reason) if is_known => self.give_up(id, &reason),
            Content::Broken(_) => {}
        }
    }

    /// Passes over an entry that cannot be played.
    fn give_up(&mut self, id: SegmentId, reason: &str) {
        let asked = self
            .asked
            .iter()
            .find(|(asked, _)| *asked == id)
            .map(|(_, entry)| entry.clone());
        let playing = self
            .playing
            .as_ref()
            .filter(|playing| playing.segment == id);
        let Some(entry) = asked.or_else(|| playing.map(|playing| playing.entry.clone())) else {
            return;
        };
        tracing::warn!(slug = %entry.slug, "passed over: {reason}");
        self.stage.counters().clip_errors.add_one();
        self.playlist.give_up(&entry);
        self.last_failure = format!("{}: {reason}", entry.slug);
        let follows = !self.chosen
            && self
                .playing
                .as_ref()
                .is_some_and(|playing| playing.segment != id);
        if follows {
            self.replan();
            return;
        }
        for reply in self.waiting.drain(..) {
            let message = format!("{} cannot be played: {reason}", entry.slug);
            answer(reply, Err(Fault::new(FaultCode::Invalid, message)));
        }
        self.begin();
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

    fn show_screen(&mut self, now: Instant) {
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

    fn state(&self, now: Instant) -> PlayerState {
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

    fn publish(&self) -> PlayerState {
        let state = self.state(Instant::now());
        self.publisher.publish(Change::Player(state.clone()));
        state
    }

    fn answer_waiting(&mut self, now: Instant) {
        let state = self.state(now);
        self.waiting
            .drain(..)
            .for_each(|reply| answer(reply, Ok(state.clone())));
    }
}

fn answer<T>(reply: Reply<T>, result: Result<T, Fault>) {
    // Whoever asked may have gone; what was asked for is in force all the same.
    drop(reply.send(result));
}
