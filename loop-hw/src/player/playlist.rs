//! What is played, and what comes after it. Pure: no clock, no files.

use loop_proto::Slug;
use loop_proto::service::Step;
use loop_proto::snapshot::{Entry, Repeat};
use loop_proto::units::Repeats;

/// How the playlist goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Passes of an animation before the next entry, if the entry does not say.
    pub(crate) passes: u32,
    /// Whether the next entry follows at all.
    pub(crate) auto_advance: bool,
}

/// What becomes of the entry being played when the playlist is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes on where it is.
    GoesOn,
    /// Another one, or another clip of the same name, begins.
    Replaced,
}

/// The entries with the place in them.
#[derive(Debug)]
pub(crate) struct Playlist {
    entries: Vec<Item>,
    current: usize,
    pub(crate) repeat: Repeat,
    rules: Rules,
}

#[derive(Clone, Debug)]
struct Item {
    entry: Entry,
    /// Its clip could not be played; passed over until it gets another chance.
    broken: bool,
}

impl Playlist {
    /// Begins at the entry with this name, if there is one.
    pub(crate) fn new(
        entries: Vec<Entry>,
        start: Option<&Slug>,
        repeat: Repeat,
        rules: Rules,
    ) -> Self {
        let entries: Vec<Item> = entries.into_iter().map(Item::new).collect();
        let is_start = |item: &Item| Some(&item.entry.slug) == start;
        let current = entries.iter().position(is_start).unwrap_or(0);
        Self {
            entries,
            current,
            repeat,
            rules,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry to play: the current one, or the next that is not broken.
    pub(crate) fn current(&self) -> Option<(usize, &Entry)> {
        let at = self.playable_from(self.current)?;
        self.entries.get(at).map(|item| (at, &item.entry))
    }

    /// The entry that follows by itself; `None` if this one stays for ever.
    pub(crate) fn following(&self) -> Option<&Entry> {
        let (at, _) = self.current()?;
        let next = self.playable_from(at + 1)?;
        if next == at || self.repeat == Repeat::One || !self.rules.auto_advance {
            return None;
        }
        self.entries.get(next).map(|item| &item.entry)
    }

    /// Passes of an entry before the one that follows it.
    pub(crate) fn passes(&self, entry: &Entry) -> u32 {
        entry.repeat.map_or(self.rules.passes, Repeats::get)
    }

    /// Goes to the entry that follows.
    pub(crate) fn advance(&mut self) {
        if let Some(next) = self
            .current()
            .and_then(|(at, _)| self.playable_from(at + 1))
        {
            self.current = next;
        }
    }

    /// Goes to the neighbour; `false` if there is no other that can be played.
    pub(crate) fn step(&mut self, step: Step) -> bool {
        let Some((at, _)) = self.current() else {
            return false;
        };
        let count = self.entries.len();
        let place = |distance: usize| match step {
            Step::Next => (at + distance) % count,
            Step::Previous => (at + count - distance) % count,
        };
        let plays = |at: &usize| self.entries.get(*at).is_some_and(|item| !item.broken);
        match (1..count).map(place).find(plays) {
            Some(next) => {
                self.current = next;
                true
            }
            None => false,
        }
    }

    /// Whether there is an entry with this name.
    pub(crate) fn holds(&self, slug: &Slug) -> bool {
        self.entries.iter().any(|item| item.entry.slug == *slug)
    }

    /// Goes to the entry with this name, if there is one, and gives it another chance.
    pub(crate) fn select(&mut self, slug: &Slug) {
        let mut items = self.entries.iter_mut().enumerate();
        if let Some((at, item)) = items.find(|(_, item)| item.entry.slug == *slug) {
            item.broken = false;
            self.current = at;
        }
    }

    /// Passes over this entry until it gets another chance.
    pub(crate) fn give_up(&mut self, entry: &Entry) {
        let is_it = |item: &&mut Item| item.entry.is_same_clip(entry);
        self.entries
            .iter_mut()
            .filter(is_it)
            .for_each(|item| item.broken = true);
    }

    /// Whether entries are passed over.
    pub(crate) fn has_broken(&self) -> bool {
        self.entries.iter().any(|item| item.broken)
    }

    /// Gives all entries that are passed over another chance. The current one stays current if there is one.
    pub(crate) fn forgive(&mut self) {
        if let Some((at, _)) = self.current() {
            self.current = at;
        }
        self.entries.iter_mut().for_each(|item| item.broken = false);
    }

    /// Takes over other entries. The current one stays current if its clip is among them, by the rules it has there; else the
    /// first one after it that is.
    pub(crate) fn replace(&mut self, entries: Vec<Entry>) -> Fate {
        let old = std::mem::replace(
            &mut self.entries,
            entries.into_iter().map(Item::new).collect(),
        );
        let was = std::mem::take(&mut self.current);
        let Some(playing) = old.get(was).map(|item| &item.entry) else {
            return Fate::Replaced;
        };
        let mut items = self.entries.iter();
        if let Some(at) = items.position(|item| item.entry.is_same_clip(playing)) {
            self.current = at;
            return if old.get(was).is_some_and(|item| item.broken) {
                Fate::Replaced
            } else {
                Fate::GoesOn
            };
        }
        let named = |slug: &Slug| {
            self.entries
                .iter()
                .position(|item| item.entry.slug == *slug)
        };
        let order = old.iter().cycle().skip(was).take(old.len());
        self.current = order
            .into_iter()
            .find_map(|item| named(&item.entry.slug))
            .unwrap_or(0);
        Fate::Replaced
    }

    fn playable_from(&self, start: usize) -> Option<usize> {
        let count = self.entries.len();
        (start..start + count)
            .map(|at| at % count)
            .find(|at| self.entries.get(*at).is_some_and(|item| !item.broken))
    }
}

impl Item {
    fn new(entry: Entry) -> Self {
        Self {
            entry,
            broken: false,
        }
    }
}

#[cfg(test)]
mod tests;
