//! What the player has read for it, and what it makes of the answers.

use std::time::Instant;

use loop_proto::snapshot::Entry;
use loop_proto::{Fault, FaultCode};

use super::readahead::{Content, Prepared, Segment, SegmentId};
use super::thread::{Player, answer};

impl Player {
    /// Begins the playlist's current entry from its first picture, or shows why there is none.
    pub(super) fn begin(&mut self) {
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
    pub(super) fn replan(&mut self) {
        if self.chosen {
            // Not on the glass yet, and asked for by rules that are no longer true.
            self.begin();
            return;
        }
        let Some(playing) = self.playing.as_ref() else {
            return;
        };
        let (segment, entry) = (playing.segment, playing.entry.clone());
        let (next, done, frames) = (playing.next_frame, playing.passes_done, playing.frame_count);
        self.drop_ready();
        let passes = self
            .playlist
            .following()
            .map(|(passes, _)| passes.saturating_sub(done));
        // With the last picture of the last pass on the glass, only the next entry is left to come.
        let is_through = frames == 1 || (next == 0 && passes.is_some_and(|left| left <= 1));
        if !is_through {
            self.ask(entry, next, Some(segment), passes.map(|left| left.max(1)));
        }
        self.ask_following();
    }

    /// Asks for the entry that follows by itself, to be read when the present one is through.
    pub(super) fn ask_following(&mut self) {
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

    pub(super) fn receive(&mut self, prepared: Prepared) {
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
}
