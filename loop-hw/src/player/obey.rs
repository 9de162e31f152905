//! What the director does when it is told to.

use loop_proto::service::{Step, Switch};
use loop_proto::snapshot::{Change, DisplayState, Entry, Playback, PlayerState, Repeat};
use loop_proto::units::Brightness;
use loop_proto::{Fault, FaultCode, Slug};

use super::director::{Director, answer};
use super::plan::FIRST_CHANCE;
use super::playlist::Fate;
use super::rings::{Answer, Order};
use super::{Command, Reply, stopping};

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
                self.go_on();
                self.publish();
            }
            Fate::Replaced => self.begin(),
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
