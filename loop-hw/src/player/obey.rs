//! What the director does when it is told to.

use std::time::Duration;

use loop_proto::clock::monotonic;
use loop_proto::message::Message;
use loop_proto::progress::Progress;
use loop_proto::service::{Step, Switch};
use loop_proto::snapshot::{Change, DisplayState, Entry, Playback, PlayerState, Repeat};
use loop_proto::units::{Brightness, StillTime};
use loop_proto::{Fault, FaultCode, Slug};

use super::director::{Director, Playing, answer};
use super::plan::FIRST_CHANCE;
use super::playlist::Fate;
use super::rings::{Answer, Order};
use super::{Command, Reply, stopping};
use crate::screens::{self, Cover};

impl Director {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::SetPlaylist(entries, reply) => {
                self.set_playlist(entries);
                answer(reply, Ok(()));
            }
            Command::Select(slug, reply) => self.select(&slug, reply),
            Command::Step(step, reply) => self.step(step, reply),
            Command::SetPlayback(to, reply) => answer(reply, Ok(self.set_playback(to))),
            Command::SetRepeat(to, reply) => answer(reply, Ok(self.set_repeat(to))),
            Command::SetBrightness(to, reply) => answer(reply, self.set_brightness(to)),
            Command::ShowProgress(progress, reply) => answer(reply, self.show_progress(progress)),
            Command::ShowMessage(message, reply) => answer(reply, self.show_message(message)),
            Command::Picture(frame, reply) => {
                let copied = match self.call(Order::Copy(frame)) {
                    Some(Answer::Frame(serial, frame)) => Ok((serial, frame)),
                    _ => Err(stopping()),
                };
                answer(reply, copied);
            }
            Command::Address(address) => {
                self.address = address;
                self.show_screen();
            }
            Command::Stop => {}
        }
    }

    fn set_playlist(&mut self, entries: Vec<Entry>) {
        self.halt();
        self.publisher.publish(Change::Playlist(entries.clone()));
        (self.second_chance, self.chance_after) = (None, FIRST_CHANCE);
        match self.playlist.replace(entries) {
            Fate::GoesOn => {
                self.take_rules();
                self.go_on();
                self.publish();
            }
            Fate::Replaced => self.begin(),
        }
    }

    /// Halted, has the entry on the glass go on by the rules it has in the playlist now.
    fn take_rules(&mut self) {
        let entry = self.playlist.current().map(|(_, entry)| entry.clone());
        let Some(entry) = entry else { return };
        let is_it = |playing: &&mut Playing| playing.entry.is_same_clip(&entry);
        let Some(playing) = self.playing.as_mut().filter(is_it) else {
            return;
        };
        let still = entry.still.map_or(self.still, StillTime::get);
        playing.entry = entry;
        if playing.frame_count == 1 && playing.total != still {
            playing.total = still;
            self.call(Order::Last(still));
        }
    }

    fn select(&mut self, slug: &Slug, reply: Reply<PlayerState>) {
        if !self.playlist.holds(slug) {
            let message = format!("{slug} is not in the loop");
            answer(reply, Err(Fault::new(FaultCode::NotFound, message)));
            return;
        }
        self.halt();
        self.playlist.select(slug);
        self.waiting.push(reply);
        self.begin();
    }

    fn step(&mut self, step: Step, reply: Reply<PlayerState>) {
        self.halt();
        if self.playlist.step(step) {
            self.waiting.push(reply);
            self.begin();
        } else {
            self.go_on();
            answer(reply, Ok(self.state()));
        }
    }

    fn set_playback(&mut self, to: Switch<Playback>) -> PlayerState {
        self.playback = match (to, self.playback) {
            (Switch::To(playback), _) => playback,
            (Switch::Over, Playback::Playing) => Playback::Paused,
            (Switch::Over, Playback::Paused) => Playback::Playing,
        };
        self.call(Order::Playback(self.playback));
        self.publish()
    }

    fn set_repeat(&mut self, to: Switch<Repeat>) -> PlayerState {
        self.halt();
        self.playlist.repeat = match (to, self.playlist.repeat) {
            (Switch::To(repeat), _) => repeat,
            (Switch::Over, Repeat::All) => Repeat::One,
            (Switch::Over, Repeat::One) => Repeat::All,
        };
        self.go_on();
        self.publish()
    }

    /// Lays the bar over the picture, moves it or takes it away.
    pub(super) fn show_progress(&mut self, progress: Option<Progress>) -> Result<(), Fault> {
        let was_shown = self.progress.now().is_some();
        if !self.progress.tell(progress, monotonic()) {
            return Ok(());
        }
        // There is no room for both, and a person's words come first.
        if self.message.now().is_none() {
            self.lay_over()?;
        }
        if was_shown != self.progress.now().is_some() {
            self.publish();
        }
        Ok(())
    }

    /// Shows a message instead of the picture, or takes it away.
    pub(super) fn show_message(&mut self, message: Option<Message>) -> Result<(), Fault> {
        let before = self.message.clone();
        self.message.tell(message, monotonic());
        if let Err(fault) = self.lay_over() {
            self.message = before;
            return Err(fault);
        }
        if before.now().is_some() != self.message.now().is_some() {
            self.publish();
        }
        Ok(())
    }

    /// Takes the message away whose time is over.
    pub(super) fn end_message(&mut self, now: Duration) {
        if self.message.until().is_some_and(|until| until <= now) {
            // Refused only when there is nobody any more to show it.
            self.show_message(None).unwrap_or_default();
        }
    }

    /// Has what is to lie over the picture laid over it.
    fn lay_over(&mut self) -> Result<(), Fault> {
        let cover = match (self.message.now(), self.progress.now()) {
            (Some(message), _) => screens::message(message),
            (None, Some(progress)) => screens::bar(progress),
            (None, None) => Cover::default(),
        };
        match self.call(Order::Cover(cover)) {
            // The panel's thread frees nothing.
            Some(Answer::Cover(before)) => drop(before),
            _ => return Err(stopping()),
        }
        Ok(())
    }

    /// Takes the bar away of which nobody has said anything for long.
    pub(super) fn end_progress(&mut self, now: Duration) {
        if self.progress.until().is_some_and(|until| until <= now) {
            // Refused only when there is nobody any more to show it.
            self.show_progress(None).unwrap_or_default();
        }
    }

    pub(super) fn set_brightness(&mut self, brightness: Brightness) -> Result<(), Fault> {
        match self.call(Order::Brightness(brightness)) {
            Some(Answer::Brightness(set)) => {
                set.map_err(|error| Fault::new(FaultCode::Busy, error.to_string()))?;
            }
            _ => return Err(stopping()),
        }
        self.brightness = brightness;
        let rotation = self.publisher.snapshot().display.rotation;
        self.publisher.publish(Change::Display(DisplayState {
            brightness,
            rotation,
        }));
        Ok(())
    }
}
