//! What the director has read for it, and what it makes of the answers.
//!
//! Before it plans anew it halts: then nothing moves on the glass, and it knows which frame is on it.

use std::time::Duration;

use loop_proto::clock::monotonic;
use loop_proto::snapshot::Entry;
use loop_proto::units::StillTime;
use loop_proto::{Fault, FaultCode};

use super::director::{Asked, Director, answer};
use super::readahead::{Content, Prepared, PreparedFrame, Segment, SegmentId};
use super::rings::{Cue, Message, Order, Place};

/// After this, what could not be played is tried again: the card may have failed for a moment only.
pub(super) const FIRST_CHANCE: Duration = Duration::from_secs(1);

/// Each further chance takes twice as long to come, up to this.
const LAST_CHANCES: Duration = Duration::from_secs(64);

impl Director {
    /// Stops what is under way to the glass. Then `playing` says which frame is on it, and it stays until there is another
    /// plan.
    pub(super) fn halt(&mut self) {
        self.call(Order::Halt);
        // After the answer: until then an entry may have begun, and asked for the one that follows it.
        self.readahead.halt();
        self.asked.clear();
        self.halted = self.last_segment;
    }

    /// Halted, begins the playlist's current entry from its first picture, or shows why there is none.
    pub(super) fn begin(&mut self) {
        let Some(entry) = self.playlist.current().map(|(_, entry)| entry.clone()) else {
            self.rest();
            return;
        };
        self.chosen = true;
        let passes = self.playlist.following();
        let passes = passes.map(|_| self.playlist.passes(&entry));
        self.ask(entry, 0, Continues::No, passes);
    }

    /// Nothing can be played.
    fn rest(&mut self) {
        self.playing = None;
        self.chosen = false;
        self.show_screen();
        self.publish();
        self.answer_waiting();
    }

    /// Halted, asks for what comes after the picture on the glass, which stays.
    pub(super) fn go_on(&mut self) {
        if self.chosen {
            // Not on the glass yet, and asked for by rules that are no longer true.
            self.begin();
            return;
        }
        let Some(playing) = self.playing.as_ref() else {
            return;
        };
        let entry = playing.entry.clone();
        let (next, done, frames) = (playing.next_frame, playing.passes_done, playing.frame_count);
        let passes = self.playlist.following();
        let passes = passes.map(|_| self.playlist.passes(&entry).saturating_sub(done));
        // With the last picture of the last pass on the glass, only the next entry is left to come.
        let is_through = frames == 1 || (next == 0 && passes.is_some_and(|left| left <= 1));
        if !is_through {
            self.ask(entry, next, Continues::Yes, passes.map(|left| left.max(1)));
        }
        self.ask_following();
    }

    /// Asks for the entry that follows by itself, to be read when the present one is through.
    pub(super) fn ask_following(&mut self) {
        if let Some(entry) = self.playlist.following().cloned() {
            let passes = self.playlist.passes(&entry);
            self.ask(entry, 0, Continues::No, Some(passes));
        }
    }

    /// Has a segment read.
    fn ask(&mut self, entry: Entry, from: u32, continues: Continues, passes: Option<u32>) {
        self.last_segment += 1;
        let id = self.last_segment;
        match (continues, self.playing.as_mut()) {
            (Continues::Yes, Some(playing)) => playing.segment = id,
            _ => self.asked.push_back(Asked {
                id,
                entry: entry.clone(),
                clip: None,
                is_chosen: self.chosen && self.asked.is_empty(),
            }),
        }
        self.readahead.read(Segment {
            id,
            entry,
            from,
            continues: continues == Continues::Yes,
            passes,
        });
    }

    pub(super) fn receive(&mut self, prepared: Prepared) {
        let id = prepared.segment;
        let is_wanted = id > self.halted;
        match prepared.content {
            Content::Frame(frame) if is_wanted => self.cue(id, frame),
            Content::Frame(frame) => self.readahead.give_back(frame.record),
            Content::Broken(reason) if is_wanted => self.give_up(id, &reason),
            Content::Broken(_) => {}
        }
    }

    /// Hands a frame to the presenter.
    fn cue(&mut self, segment: SegmentId, frame: PreparedFrame) {
        let is_still = frame.clip.frame_count() == 1;
        let mut place = if frame.frame == 0 {
            Place::First
        } else {
            Place::Within
        };
        let mut still = self.still;
        if let Some(asked) = self.asked.iter_mut().find(|asked| asked.id == segment) {
            still = asked.entry.still.map_or(still, StillTime::get);
            if asked.clip.is_none() {
                let total = if is_still { still } else { frame.clip.total() };
                asked.clip = Some((frame.clip.frame_count(), total));
                if asked.is_chosen {
                    place = Place::Chosen;
                }
            }
        }
        self.send(Message::Cue(Cue {
            segment,
            frame: frame.frame,
            record: frame.record,
            duration: if is_still { still } else { frame.duration },
            place,
        }));
    }

    /// Passes over an entry that cannot be played.
    fn give_up(&mut self, id: SegmentId, reason: &str) {
        let asked = self.asked.iter().find(|asked| asked.id == id);
        let playing = self
            .playing
            .as_ref()
            .filter(|playing| playing.segment == id);
        let entry = asked.map(|asked| asked.entry.clone());
        let Some(entry) = entry.or_else(|| playing.map(|playing| playing.entry.clone())) else {
            return;
        };
        tracing::warn!(slug = %entry.slug, "passed over: {reason}");
        self.counters.clip_errors.add_one();
        self.halt();
        self.playlist.give_up(&entry);
        if self.second_chance.is_none() {
            self.second_chance = Some(monotonic() + self.chance_after);
            self.chance_after = (self.chance_after * 2).min(LAST_CHANCES);
        }
        self.last_failure = format!("{}: {reason}", entry.slug);
        let follows = !self.chosen
            && self
                .playing
                .as_ref()
                .is_some_and(|playing| playing.segment != id);
        if follows {
            self.go_on();
            return;
        }
        for reply in self.waiting.drain(..) {
            let message = format!("{} cannot be played: {reason}", entry.slug);
            answer(reply, Err(Fault::new(FaultCode::Invalid, message)));
        }
        self.begin();
    }

    /// When it is time, has what could not be played tried again.
    pub(super) fn give_chance(&mut self, now: Duration) {
        if self.second_chance.is_none_or(|at| now < at) {
            return;
        }
        self.second_chance = None;
        if !self.playlist.has_broken() {
            return;
        }
        self.halt();
        let plays = self.playlist.current().is_some();
        self.playlist.forgive();
        if plays {
            self.go_on();
        } else {
            self.begin();
        }
    }
}

/// Whether a segment goes on with the entry on the glass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Continues {
    Yes,
    No,
}
