//! What the player does when it is told to.

use std::time::Instant;

use loop_proto::service::Switch;
use loop_proto::snapshot::{Change, DisplayState, Entry, Playback, PlayerState, Repeat};
use loop_proto::units::Brightness;
use loop_proto::{Fault, FaultCode, Slug};

use super::playlist::Fate;
use super::thread::{Player, answer};
use super::{Command, Reply};

impl Player {
    pub(super) fn obey(&mut self, command: Command) {
        match command {
            Command::SetPlaylist(entries, reply) => {
                self.set_playlist(entries);
                answer(reply, Ok(()));
            }
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

    pub(super) fn set_brightness(&mut self, brightness: Brightness) -> Result<(), Fault> {
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
}
