//! What can be asked for, and what comes of it.

use serde::{Deserialize, Serialize};

use super::state::{Item, State};
use crate::load::content::Print;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// An upload.
    Add {
        /// The item it makes.
        slug: String,
        /// Its content.
        print: Print,
        /// The title it gets.
        title: String,
    },
    /// One item or several go.
    Delete {
        /// Which.
        slugs: Vec<String>,
    },
    /// Deleted items come back.
    Restore {
        /// Which.
        slugs: Vec<String>,
    },
    /// The loop gets this order.
    Order {
        /// Unknown and repeated ones are left out.
        order: Vec<String>,
    },
    /// An item enters the loop.
    Join {
        /// Which.
        slug: String,
    },
    /// An item leaves the loop.
    Leave {
        /// Which.
        slug: String,
    },
    /// What is known of an item changes.
    Edit {
        /// Which.
        slug: String,
        /// How.
        edit: Edit,
    },
    /// In percent.
    Brightness {
        /// How bright.
        percent: u64,
    },
    /// The loop mode becomes the other one.
    Mode {
        /// The one that was acknowledged.
        to: Option<String>,
    },
    /// Nothing; the answer carries the loop's order.
    Look,
}

/// What of an item changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Its title.
    Title(String),
    /// Its tags.
    Tags(Vec<String>),
    /// How often it repeats; 0 for the device's default.
    Repeat(u64),
}

impl Change {
    /// The states it leads to. None if it cannot be acknowledged in this one.
    pub(super) fn made(&self, state: &State) -> Vec<State> {
        let mut next = state.clone();
        match self {
            Self::Add { slug, print, title } => {
                add(&mut next, slug, print, title);
                enter(&mut next, slug);
            }
            Self::Delete { slugs } => slugs.iter().for_each(|slug| delete(&mut next, slug)),
            Self::Restore { slugs } => return restore(&next, slugs),
            Self::Order { order } => set_order(&mut next, order),
            Self::Join { slug } if next.items.contains_key(slug) => enter(&mut next, slug),
            Self::Join { .. } => return Vec::new(),
            Self::Leave { slug } => leave(&mut next, slug),
            Self::Edit { slug, edit } => match next.items.get_mut(slug) {
                Some(item) => edit.make(item),
                None => return Vec::new(),
            },
            Self::Brightness { percent } => next.brightness = Some(*percent),
            Self::Mode { to } => {
                let turned = next.mode.as_deref().map(other_mode);
                match (to, turned) {
                    (Some(to), Some(turned)) if to != turned => return Vec::new(),
                    (Some(to), _) => next.mode = Some(to.clone()),
                    (None, turned) => next.mode = turned.map(str::to_owned),
                }
            }
            Self::Look => {}
        }
        vec![next]
    }

    /// The states it may have been stopped in: on the way from one durable step to the next.
    pub(super) fn made_in_part(&self, state: &State) -> Vec<State> {
        match self {
            // It is in the library before it is in the loop.
            Self::Add { slug, print, title } => {
                let mut next = state.clone();
                add(&mut next, slug, print, title);
                vec![next]
            }
            Self::Delete { slugs } => parts(slugs)
                .flat_map(|slugs| Self::Delete { slugs }.made(state))
                .collect(),
            Self::Restore { slugs } => restore_in_part(state, slugs),
            _ => Vec::new(),
        }
    }
}

impl Edit {
    fn make(&self, item: &mut Item) {
        match self.clone() {
            Self::Title(title) => item.title = Some(title),
            Self::Tags(tags) => item.tags = Some(tags),
            Self::Repeat(repeat) => item.repeat = Some(repeat),
        }
    }
}

/// Some of them, neither none nor all.
fn parts(slugs: &[String]) -> impl Iterator<Item = Vec<String>> {
    (1..(1_usize << slugs.len()) - 1).map(|chosen| {
        let of_them = slugs.iter().enumerate();
        let chosen = of_them.filter(|(at, _)| chosen >> at & 1 == 1);
        chosen.map(|(_, slug)| slug.clone()).collect()
    })
}

fn add(state: &mut State, slug: &str, print: &Print, title: &str) {
    let there = state.items.get(slug);
    if there.is_some_and(|item| item.print == *print) {
        return;
    }
    // What was told of an item says nothing of the one that takes its place.
    let known = there.is_none();
    let item = Item {
        print: print.clone(),
        title: known.then(|| title.to_owned()),
        tags: known.then(Vec::new),
        repeat: known.then_some(0),
    };
    state.items.insert(slug.to_owned(), item);
}

fn enter(state: &mut State, slug: &str) {
    if !state.order.iter().any(|other| other == slug) {
        state.order.push(slug.to_owned());
    }
}

fn leave(state: &mut State, slug: &str) {
    state.order.retain(|other| other != slug);
    state.adrift.remove(slug);
}

fn delete(state: &mut State, slug: &str) {
    if let Some(item) = state.items.remove(slug) {
        let looped = state.order.iter().any(|other| other == slug);
        let kept = state.trash.entry(slug.to_owned()).or_default();
        kept.insert((item, looped));
        leave(state, slug);
    }
}

fn restore(state: &State, slugs: &[String]) -> Vec<State> {
    slugs.iter().fold(vec![state.clone()], |states, slug| {
        let next = states.iter().flat_map(|state| restore_one(state, slug));
        next.collect()
    })
}

/// Each may be back, or in the library and not yet in the loop, or still in the trash.
fn restore_in_part(state: &State, slugs: &[String]) -> Vec<State> {
    slugs.iter().fold(vec![state.clone()], |mut states, slug| {
        let back: Vec<_> = states
            .iter()
            .filter(|state| !state.items.contains_key(slug))
            .flat_map(|state| restore_one(state, slug))
            .collect();
        states.extend(back.iter().cloned());
        states.extend(back.into_iter().map(|mut state| {
            leave(&mut state, slug);
            state
        }));
        states
    })
}

fn restore_one(state: &State, slug: &str) -> Vec<State> {
    if state.items.contains_key(slug) {
        return vec![state.clone()];
    }
    let kept = state.trash.get(slug).into_iter().flatten();
    let back = kept.map(|(item, looped)| {
        let mut next = state.clone();
        next.trash.remove(slug);
        next.items.insert(slug.to_owned(), item.clone());
        if *looped {
            enter(&mut next, slug);
            next.adrift.insert(slug.to_owned());
        }
        next
    });
    back.collect()
}

fn set_order(state: &mut State, order: &[String]) {
    state.order.clear();
    state.adrift.clear();
    for slug in order {
        if state.items.contains_key(slug) {
            enter(state, slug);
        }
    }
}

fn other_mode(mode: &str) -> &'static str {
    if mode == "all" { "one" } else { "all" }
}
