use loop_proto::ClipId;
use proptest::prelude::*;

use super::*;

const RULES: Rules = Rules {
    passes: 2,
    auto_advance: true,
};

fn entry(name: &str) -> Entry {
    Entry::new(Slug::nearest(name), ClipId::from_sha256(&[1; 32]))
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
    assert_eq!(list.following().unwrap(), &entry("a"));
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

    #[test]
    fn each_entry_stays_for_its_own_passes_or_those_configured(
        rules in prop::collection::vec(repeats(), 2..9),
        turns in 1usize..20,
    ) {
        let mut list = Playlist::new(ruled(&rules), None, Repeat::All, RULES);
        for turn in 0..turns {
            let expected = rules[turn % rules.len()].unwrap_or(RULES.passes);
            let (_, current) = list.current().unwrap();
            prop_assert_eq!(list.passes(current), expected);
            let next = list.following().unwrap();
            prop_assert_eq!(next.slug.as_str(), ((turn + 1) % rules.len()).to_string());
            list.advance();
        }
    }

    #[test]
    fn other_rules_alone_never_change_what_is_current(
        before in prop::collection::vec(repeats(), 1..9),
        start in 0usize..9,
        broken in prop::collection::vec(0usize..9, 0..3),
        after in prop::collection::vec(repeats(), 9),
    ) {
        let start = Slug::nearest(&(start % before.len()).to_string());
        let mut list = Playlist::new(ruled(&before), Some(&start), Repeat::All, RULES);
        let others = broken.iter().map(usize::to_string).filter(|name| *name != start.as_str());
        others.for_each(|name| list.give_up(&entry(&name)));
        let was = list.current().map(|(at, entry)| (at, entry.clone())).unwrap();
        let after = ruled(&after[..before.len()]);
        prop_assert_eq!(list.replace(after.clone()), Fate::GoesOn);
        let (at, now) = list.current().unwrap();
        prop_assert_eq!((at, &now.slug), (was.0, &was.1.slug));
        prop_assert_eq!(now, &after[at]);
    }

    #[test]
    fn another_clip_of_the_same_name_begins_anew_whatever_its_rules(rule in repeats()) {
        let mut list = playlist("abc", "b");
        let other = Entry { clip: ClipId::from_sha256(&[2; 32]), ..entry("b") };
        let ruled = Entry { repeat: rule.map(|passes| passes.try_into().unwrap()), ..other };
        prop_assert_eq!(list.replace(vec![entry("a"), ruled.clone()]), Fate::Replaced);
        prop_assert_eq!(list.current(), Some((1, &ruled)));
    }
}

fn repeats() -> impl Strategy<Value = Option<u32>> {
    prop::option::of(1..=Repeats::MOST)
}

/// Entries named by their place, with these passes.
fn ruled(rules: &[Option<u32>]) -> Vec<Entry> {
    let ruled = |(at, passes): (usize, &Option<u32>)| Entry {
        repeat: passes.map(|passes| passes.try_into().unwrap()),
        ..entry(&at.to_string())
    };
    rules.iter().enumerate().map(ruled).collect()
}
