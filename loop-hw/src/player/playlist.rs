//! What is played, and what comes after it. Pure: no clock, no files.

use loop_proto::Slug;
use loop_proto::service::Step;
use loop_proto::snapshot::{Entry, Repeat};

/// How the playlist goes on by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    /// Passes of an animation before the next entry.
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

    /// The entry that follows by itself, and after how many passes; `None` if this one stays for ever.
    pub(crate) fn following(&self) -> Option<(u32, &Entry)> {
        let (at, _) = self.current()?;
        let next = self.playable_from(at + 1)?;
        if next == at || self.repeat == Repeat::One || !self.rules.auto_advance {
            return None;
        }
        self.entries
            .get(next)
            .map(|item| (self.rules.passes, &item.entry))
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
        let is_it = |item: &&mut Item| item.entry == *entry;
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

    /// Takes over other entries. The current one stays current if it is among them; else the first one after it that is.
    pub(crate) fn replace(&mut self, entries: Vec<Entry>) -> Fate {
        let old = std::mem::replace(
            &mut self.entries,
            entries.into_iter().map(Item::new).collect(),
        );
        let was = std::mem::take(&mut self.current);
        let Some(playing) = old.get(was).map(|item| &item.entry) else {
            return Fate::Replaced;
        };
        let same = |entry: &Entry| self.entries.iter().position(|item| item.entry == *entry);
        if let Some(at) = same(playing) {
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
mod tests {
    use loop_proto::ClipId;
    use proptest::prelude::*;

    use super::*;

    const RULES: Rules = Rules {
        passes: 2,
        auto_advance: true,
    };

    fn entry(name: &str) -> Entry {
        Entry {
            slug: Slug::nearest(name),
            clip: ClipId::from_sha256(&[1; 32]),
        }
    }

    fn playlist(names: &str, start: &str) -> Playlist {
        let entries = names.chars().map(|name| entry(&name.to_string())).collect();
        Playlist::new(entries, Some(&Slug::nearest(start)), Repeat::All, RULES)
    }

    fn now(list: &Playlist) -> Option<&str> {
        list.current().map(|(_, entry)| entry.slug.as_str())
    }

    #[test]
    fn after_the_last_comes_the_first() {
        let mut list = playlist("abc", "c");
        assert_eq!(list.following().unwrap().1, &entry("a"));
        list.advance();
        assert_eq!(now(&list), Some("a"));
        list.step(Step::Previous);
        assert_eq!(now(&list), Some("c"));
    }

    #[test]
    fn nothing_follows_when_alone_when_repeating_one_or_when_told_not_to() {
        assert!(playlist("a", "a").following().is_none());
        let mut one = playlist("ab", "a");
        one.repeat = Repeat::One;
        assert!(one.following().is_none());
        let mut manual = playlist("ab", "a");
        manual.rules.auto_advance = false;
        assert!(manual.following().is_none());
        assert!(manual.step(Step::Next));
    }

    #[test]
    fn broken_entries_are_passed_over_until_there_are_others() {
        let mut list = playlist("abc", "a");
        list.give_up(&entry("b"));
        list.advance();
        assert_eq!(now(&list), Some("c"));
        list.give_up(&entry("a"));
        list.give_up(&entry("c"));
        assert_eq!(now(&list), None);
        assert!(!list.step(Step::Next));
        list.replace(vec![entry("a"), entry("b")]);
        assert_eq!(now(&list), Some("a"));
    }

    #[test]
    fn another_chance_does_not_move_what_is_current() {
        let mut list = playlist("abc", "a");
        assert!(!list.has_broken());
        list.give_up(&entry("a"));
        assert!(list.has_broken());
        list.forgive();
        assert_eq!(now(&list), Some("b"));
        assert!(!list.has_broken());
        list.step(Step::Previous);
        assert_eq!(now(&list), Some("a"));
        for name in ["a", "b", "c"] {
            list.give_up(&entry(name));
        }
        assert_eq!(now(&list), None);
        list.forgive();
        assert_eq!(now(&list), Some("a"));
    }

    #[test]
    fn a_replaced_playlist_keeps_its_current_entry_or_goes_to_the_one_after_it() {
        let mut list = playlist("abcd", "b");
        assert_eq!(
            list.replace(vec![entry("d"), entry("b"), entry("a")]),
            Fate::GoesOn
        );
        assert_eq!(list.current().unwrap().0, 1);
        assert_eq!(list.replace(vec![entry("d"), entry("a")]), Fate::Replaced);
        assert_eq!(now(&list), Some("a"));
        let other = Entry {
            clip: ClipId::from_sha256(&[2; 32]),
            ..entry("a")
        };
        assert_eq!(list.replace(vec![entry("d"), other]), Fate::Replaced);
        assert_eq!(now(&list), Some("a"));
        assert_eq!(list.replace(vec![]), Fate::Replaced);
        assert_eq!(now(&list), None);
    }

    proptest! {
        #[test]
        fn stepping_through_n_entries_n_times_comes_back(count in 1usize..9, start in 0usize..9, back: bool) {
            let entries = (0..count).map(|n| entry(&n.to_string())).collect();
            let start = Slug::nearest(&(start % count).to_string());
            let mut list = Playlist::new(entries, Some(&start), Repeat::All, RULES);
            let mut seen = Vec::new();
            for _ in 0..count {
                seen.push(list.current().unwrap().0);
                list.step(if back { Step::Previous } else { Step::Next });
            }
            prop_assert_eq!(&list.current().unwrap().1.slug, &start);
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..count).collect::<Vec<_>>());
        }
    }
}
