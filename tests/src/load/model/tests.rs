use proptest::prelude::*;

use super::{Change, Edit, Possible, State};
use crate::load::content::Print;
use crate::load::dice::Dice;
use crate::load::journal::Line;

fn print_of(content: &str) -> Print {
    Print {
        original: Some(content.to_owned()),
        pixels: content.to_owned(),
    }
}

fn add(slug: &str) -> Change {
    edition(slug, slug)
}

fn edition(slug: &str, content: &str) -> Change {
    Change::Add {
        slug: slug.to_owned(),
        print: print_of(content),
        title: slug.to_owned(),
    }
}

fn names(list: &str) -> Vec<String> {
    list.split_whitespace().map(str::to_owned).collect()
}

fn begin(n: u64, change: Change) -> Line {
    Line::Begin {
        n,
        change,
        content: None,
    }
}

fn done(n: u64) -> Line {
    Line::Done {
        n,
        change: None,
        order: None,
    }
}

/// One after the other, each acknowledged.
fn told(changes: &[Change]) -> Vec<Line> {
    let first = Line::Seen {
        state: State::default(),
    };
    let lines = changes
        .iter()
        .zip(1..)
        .flat_map(|(change, n)| [begin(n, change.clone()), done(n)]);
    std::iter::once(first).chain(lines).collect()
}

/// The only state these lead to.
fn after(changes: &[Change]) -> State {
    let mut state = State::default();
    for change in changes {
        state = change.made(&state).remove(0);
    }
    state
}

fn faults(lines: &[Line], seen: &State) -> Vec<String> {
    let possible = Possible::of(lines).unwrap();
    possible.explain(seen).err().unwrap_or_default()
}

#[test]
fn what_was_acknowledged_must_be_there_unchanged_and_in_its_place() {
    let lines = told(&[add("a"), add("b"), add("c")]);
    let right = after(&[add("a"), add("b"), add("c")]);
    assert_eq!(faults(&lines, &right), Vec::<String>::new());
    let missing = after(&[add("a"), add("c")]);
    assert_eq!(faults(&lines, &missing)[0], "b is missing");
    let changed = after(&[add("a"), edition("b", "x"), add("c")]);
    assert_eq!(
        faults(&lines, &changed),
        [
            "the original of b is another",
            "the clip of b shows something else"
        ]
    );
    let turned = after(&[add("a"), add("c"), add("b")]);
    let said = faults(&lines, &turned);
    assert!(
        said.len() == 1 && said[0].starts_with("the loop is"),
        "{said:?}"
    );
    let more = after(&[add("a"), add("b"), add("c"), add("d")]);
    assert_eq!(faults(&lines, &more)[0], "d should not be there");
    let mut dark = right;
    dark.brightness = Some(3);
    assert_eq!(faults(&lines, &dark), Vec::<String>::new(), "nobody set it");
}

#[test]
fn what_was_not_acknowledged_may_be_there_or_not_or_only_in_the_library() {
    let mut lines = told(&[add("a")]);
    lines.push(begin(9, add("b")));
    let mut in_part = after(&[add("a"), add("b")]);
    in_part.order.pop();
    for seen in [after(&[add("a")]), after(&[add("a"), add("b")]), in_part] {
        assert_eq!(faults(&lines, &seen), Vec::<String>::new());
    }
    lines.push(begin(
        10,
        Change::Delete {
            slugs: names("a b"),
        },
    ));
    assert_eq!(faults(&lines, &after(&[add("b")])), Vec::<String>::new());
    assert_eq!(faults(&lines, &State::default()), Vec::<String>::new());
    lines.push(done(10));
    assert_eq!(faults(&lines, &after(&[add("b")])), Vec::<String>::new());
    assert!(!faults(&lines, &after(&[add("a")])).is_empty());
}

#[test]
fn what_was_refused_must_not_be_there_and_what_was_promised_must() {
    let mut lines = told(&[add("a")]);
    lines.push(begin(9, add("b")));
    let (without, with) = (after(&[add("a")]), after(&[add("a"), add("b")]));
    let mut refused = lines.clone();
    refused.push(Line::Never {
        n: 9,
        status: 503,
        message: String::new(),
    });
    assert_eq!(faults(&refused, &without), Vec::<String>::new());
    assert!(!faults(&refused, &with).is_empty());
    lines.push(Line::Owed { n: 9 });
    assert_eq!(
        faults(&lines, &without),
        [
            "b is missing",
            "the loop is [\"a\"], it should be [\"a\", \"b\"]"
        ]
    );
    assert_eq!(faults(&lines, &with), Vec::<String>::new());
}

#[test]
fn of_two_at_a_time_either_may_have_been_first_until_somebody_looks() {
    let mut lines = told(&[]);
    lines.extend([begin(1, add("a")), begin(2, add("b")), done(2), done(1)]);
    let orders = [after(&[add("a"), add("b")]), after(&[add("b"), add("a")])];
    for seen in &orders {
        assert_eq!(faults(&lines, seen), Vec::<String>::new());
    }
    lines.push(begin(3, Change::Look));
    lines.push(Line::Done {
        n: 3,
        change: None,
        order: Some(names("b a")),
    });
    assert!(!faults(&lines, &orders[0]).is_empty());
    assert_eq!(faults(&lines, &orders[1]), Vec::<String>::new());
    assert_eq!(Possible::of(&lines).unwrap().count(), 1);
}

#[test]
fn acknowledgements_that_contradict_each_other_are_found_without_a_look_at_the_device() {
    let one = || Line::Done {
        n: 2,
        change: Some(Change::Mode {
            to: Some("one".to_owned()),
        }),
        order: None,
    };
    let mut lines = told(&[Change::Mode {
        to: Some("one".to_owned()),
    }]);
    lines.push(begin(2, Change::Mode { to: None }));
    lines.push(one());
    let said = Possible::of(&lines).unwrap_err();
    assert!(said.starts_with("no order of events explains"), "{said}");
    let mut lines = told(&[add("a")]);
    lines.push(begin(2, Change::Look));
    lines.push(Line::Done {
        n: 2,
        change: None,
        order: Some(Vec::new()),
    });
    assert!(Possible::of(&lines).is_err());
}

#[test]
fn what_comes_back_from_the_trash_is_as_it_was_anywhere_in_the_loop() {
    let title = Change::Edit {
        slug: "b".to_owned(),
        edit: Edit::Title("B!".to_owned()),
    };
    let changes = [
        add("a"),
        add("b"),
        title,
        add("c"),
        Change::Delete { slugs: names("b") },
        Change::Restore { slugs: names("b") },
    ];
    let lines = told(&changes);
    let mut seen = after(&changes);
    seen.adrift.clear();
    for order in ["a b c", "b a c", "a c b"] {
        seen.order = names(order);
        assert_eq!(faults(&lines, &seen), Vec::<String>::new());
    }
    for order in ["c b a", "a c", "a b b c"] {
        seen.order = names(order);
        assert!(!faults(&lines, &seen).is_empty(), "{order}");
    }
    seen.order = names("a b c");
    seen.items.get_mut("b").unwrap().title = Some("b".to_owned());
    assert_eq!(
        faults(&lines, &seen),
        ["the title of b is \"b\", it should be \"B!\""]
    );
}

#[test]
fn a_return_that_was_cut_off_may_have_got_to_the_library_only() {
    let delete = Change::Delete {
        slugs: names("a b"),
    };
    let changes = [add("a"), add("b"), add("c"), delete];
    let mut lines = told(&changes);
    lines.push(begin(
        9,
        Change::Restore {
            slugs: names("a b"),
        },
    ));
    let whole = after(&[add("a"), add("b"), add("c")]);
    for (back, order, is_right) in [
        ("a b c", "a b c", true),
        ("a b c", "c", true),
        ("b c", "c", true),
        ("b c", "b c", true),
        ("c", "c", true),
        ("a b c", "a b", false),
        ("a b", "a b", false),
    ] {
        let mut seen = whole.clone();
        seen.items.retain(|slug, _| back.contains(slug.as_str()));
        seen.order = names(order);
        assert_eq!(faults(&lines, &seen).is_empty(), is_right, "{order}");
    }
}

/// A device that works at several changes at a time, and stops in the middle of it.
fn live(seed: u64) -> (Vec<Line>, State) {
    let mut dice = Dice::new(seed);
    let mut state = State {
        mode: Some("all".to_owned()),
        ..State::default()
    };
    let mut lines = vec![Line::Seen {
        state: state.clone(),
    }];
    // Sent, and whether it has been made.
    let mut under_way: Vec<(u64, Change, Option<Line>)> = Vec::new();
    for n in 1..40 {
        let change = any_change(&mut dice);
        lines.push(begin(n, change.clone()));
        under_way.push((n, change, None));
        while under_way.len() > 3 || (dice.chance(40) && !under_way.is_empty()) {
            let at = usize::try_from(dice.throw(under_way.len() as u64)).unwrap();
            let (n, change, answer) = &mut under_way[at];
            match answer.take() {
                Some(answer) => {
                    lines.push(answer);
                    under_way.remove(at);
                }
                None => *answer = Some(make(*n, change, &mut state)),
            }
        }
    }
    (lines, state)
}

fn make(n: u64, change: &Change, state: &mut State) -> Line {
    let Some(next) = change.made(state).pop() else {
        return Line::Never {
            n,
            status: 404,
            message: String::new(),
        };
    };
    *state = next;
    state.adrift.clear();
    let told = match change {
        Change::Mode { .. } => Some(Change::Mode {
            to: state.mode.clone(),
        }),
        _ => None,
    };
    let tells_order = matches!(change, Change::Look | Change::Order { .. });
    Line::Done {
        n,
        change: told,
        order: tells_order.then(|| state.order.clone()),
    }
}

fn any_change(dice: &mut Dice) -> Change {
    let mut all = names("a b c d e");
    dice.shuffle(&mut all);
    let slug = all[0].clone();
    match dice.throw(9) {
        0 | 1 => edition(&slug, &format!("{slug}{}", dice.throw(2))),
        2 => Change::Delete {
            slugs: all[..1 + usize::try_from(dice.throw(2)).unwrap()].to_vec(),
        },
        3 => Change::Restore { slugs: vec![slug] },
        4 => Change::Order { order: all },
        5 => Change::Join { slug },
        6 => Change::Leave { slug },
        7 => Change::Mode { to: None },
        _ => Change::Look,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_device_that_does_as_it_is_told_is_never_blamed(seed: u64) {
        let (lines, state) = live(seed);
        let possible = Possible::of(&lines).unwrap();
        prop_assert_eq!(possible.explain(&state).err(), None);
    }

    #[test]
    fn a_device_that_loses_or_turns_something_is_blamed(seed: u64) {
        let (mut lines, mut state) = live(seed);
        lines.push(begin(100, add("z")));
        lines.push(make(100, &add("z"), &mut state));
        lines.push(begin(101, add("y")));
        lines.push(make(101, &add("y"), &mut state));
        let possible = Possible::of(&lines).unwrap();
        prop_assert_eq!(possible.explain(&state).err(), None);
        let mut lost = state.clone();
        lost.items.remove("z");
        lost.order.retain(|slug| slug != "z");
        prop_assert!(possible.explain(&lost).is_err());
        let mut changed = state.clone();
        changed.items.get_mut("y").unwrap().print = print_of("another");
        prop_assert!(possible.explain(&changed).is_err());
        let mut turned = state;
        let last = turned.order.len() - 1;
        // Of those under way none can move just these two, but for an order that names neither.
        turned.order.swap(last - 1, last);
        prop_assert!(possible.explain(&turned).is_err());
    }
}
