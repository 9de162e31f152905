//! What a device must hold and what it may hold, from what was asked of it and what it acknowledged. Pure.
//!
//! Several things are asked at a time, so their order is known only where one was acknowledged before another was sent.
//! Followed here are all states to which some order leads that explains every acknowledgement. A change without one may
//! have been made or not, at any moment since it was sent, and those that take several steps may have been made in part.

mod change;
mod state;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

pub use change::{Change, Edit};
pub use state::{Item, State};

use super::journal::Line;

/// States followed at a time; more means that more was asked at a time than this can judge.
const MOST: usize = 50_000;

/// A state, and which of the changes under way have been made in it.
type Course = (State, BTreeSet<u64>);

/// A change under way.
#[derive(Debug)]
struct Pending {
    change: Change,
    /// The order the acknowledgement will come with.
    order: Option<Vec<String>>,
    acknowledged: bool,
    owed: bool,
}

/// All states a device may be in.
#[derive(Debug)]
pub struct Possible {
    courses: BTreeSet<Course>,
    pending: BTreeMap<u64, Pending>,
    /// How often each is still asked back from the trash; nothing else in there is worth remembering.
    wanted: BTreeMap<String, usize>,
}

impl Possible {
    /// Of these lines, from the last check on.
    ///
    /// # Errors
    /// When no order of the changes explains the acknowledgements: the device has told something wrong already.
    pub fn of(lines: &[Line]) -> Result<Self, String> {
        let seen = lines
            .iter()
            .rposition(|line| matches!(line, Line::Seen { .. }));
        let (start, lines) = match seen {
            Some(at) => (&lines[at], &lines[at + 1..]),
            None => return Err("the journal has no first look at the device".to_owned()),
        };
        let Line::Seen { state } = start else {
            return Err("unreadable".to_owned());
        };
        let mut possible = Self {
            courses: BTreeSet::from([(state.clone(), BTreeSet::new())]),
            pending: BTreeMap::new(),
            wanted: BTreeMap::new(),
        };
        for slug in lines.iter().flat_map(Line::asked_back) {
            *possible.wanted.entry(slug.clone()).or_default() += 1;
        }
        let mut asked_back: BTreeMap<u64, &[String]> = BTreeMap::new();
        // Known beforehand, so that only what agrees with the answer is followed.
        let fates: BTreeMap<_, _> = lines.iter().filter_map(fate).collect();
        for line in lines {
            possible.take(line, &fates)?;
            match line {
                Line::Begin { n, .. } => drop(asked_back.insert(*n, line.asked_back())),
                Line::Done { n, .. } | Line::Never { n, .. } => {
                    possible.forget(asked_back.remove(n).unwrap_or_default());
                }
                _ => {}
            }
        }
        possible.spread(None)?;
        Ok(possible)
    }

    fn take(&mut self, line: &Line, fates: &BTreeMap<u64, &Line>) -> Result<(), String> {
        match line {
            Line::Begin { n, change, .. } => {
                if let Some(pending) = Pending::new(change, fates.get(n).copied()) {
                    self.pending.entry(*n).or_insert(pending);
                }
            }
            Line::Owed { n } => {
                if let Some(pending) = self.pending.get_mut(n) {
                    pending.owed = true;
                }
            }
            Line::Done { n, .. } if self.pending.contains_key(n) => {
                self.spread(Some(*n))?;
                self.pending.remove(n);
            }
            _ => {}
        }
        Ok(())
    }

    /// These have been asked back once more.
    fn forget(&mut self, slugs: &[String]) {
        for slug in slugs {
            if let Some(count) = self.wanted.get_mut(slug) {
                *count -= 1;
            }
        }
        self.wanted.retain(|_, count| *count > 0);
    }

    /// Lets changes under way be made, in every order: up to the one that must have been made by now, or, at the end, all.
    fn spread(&mut self, due: Option<u64>) -> Result<(), String> {
        let mut work: Vec<_> = std::mem::take(&mut self.courses).into_iter().collect();
        let mut been = BTreeSet::new();
        while let Some(course) = work.pop() {
            if !been.insert(course.clone()) {
                continue;
            }
            if been.len() > MOST {
                return Err("too much was asked at a time to be judged".to_owned());
            }
            let (state, mut made) = course;
            if due.is_some_and(|due| made.remove(&due)) {
                self.courses.insert((state, made));
                continue;
            }
            for (n, pending) in self.pending.iter().filter(|(n, _)| !made.contains(n)) {
                let made: BTreeSet<_> = made.iter().copied().chain([*n]).collect();
                for mut state in pending.outcomes(&state, due.is_none()) {
                    let wanted = |slug: &String| self.wanted.contains_key(slug);
                    state.trash.retain(|slug, _| wanted(slug));
                    work.push((state, made.clone()));
                }
            }
            let owed = |n: &u64, pending: &Pending| pending.owed && !made.contains(n);
            if due.is_none() && !self.pending.iter().any(|(n, pending)| owed(n, pending)) {
                self.courses.insert((state, made));
            }
        }
        if self.courses.is_empty() {
            let what = due.and_then(|due| self.pending.get(&due));
            return Err(match what {
                Some(pending) => {
                    format!("no order of events explains that this was acknowledged: {pending:?}")
                }
                None => "what was promised cannot be kept".to_owned(),
            });
        }
        Ok(())
    }

    /// Explains what a device holds.
    ///
    /// # Errors
    /// With all that is wrong, as seen from the state that comes nearest.
    pub fn explain(&self, seen: &State) -> Result<(), Vec<String>> {
        let mut nearest: Option<Vec<String>> = None;
        for (state, _) in &self.courses {
            let faults = state.differences(seen);
            if faults.is_empty() {
                return Ok(());
            }
            if nearest
                .as_ref()
                .is_none_or(|best| faults.len() < best.len())
            {
                nearest = Some(faults);
            }
        }
        Err(nearest.unwrap_or_default())
    }

    /// How many states there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.courses.len()
    }
}

impl Pending {
    /// `None` if it is known that nothing came of it.
    fn new(change: &Change, fate: Option<&Line>) -> Option<Self> {
        let asked = Self {
            change: change.clone(),
            order: None,
            acknowledged: false,
            owed: false,
        };
        match fate {
            Some(Line::Never { .. }) => None,
            Some(Line::Done { change, order, .. }) => Some(Self {
                change: change.clone().unwrap_or(asked.change),
                order: order.clone(),
                acknowledged: true,
                ..asked
            }),
            _ => Some(asked),
        }
    }

    fn outcomes(&self, state: &State, in_part: bool) -> Vec<State> {
        let mut outcomes = self.change.made(state);
        if let Some(order) = &self.order {
            outcomes.retain_mut(|state| state.settle_order(order));
        }
        // Only the end of everything stops a change in its middle.
        if in_part && !self.acknowledged && !self.owed {
            outcomes.extend(self.change.made_in_part(state));
        }
        outcomes
    }
}

fn fate(line: &Line) -> Option<(u64, &Line)> {
    match line {
        Line::Done { n, .. } | Line::Never { n, .. } => Some((*n, line)),
        _ => None,
    }
}
