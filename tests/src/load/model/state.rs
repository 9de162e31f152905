//! What a device holds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::load::content::Print;

/// An item. What is `None` is not known, or nothing the device knows of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// Its content.
    pub print: Print,
    /// Its title.
    pub title: Option<String>,
    /// Its tags.
    pub tags: Option<Vec<String>>,
    /// How often it repeats; 0 is the device's default.
    pub repeat: Option<u64>,
}

/// All that is judged.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct State {
    /// By their slugs.
    pub items: BTreeMap<String, Item>,
    /// The loop.
    pub order: Vec<String>,
    /// Of those in the loop, the ones whose place in it is not known: they came back from the trash.
    #[serde(default)]
    pub adrift: BTreeSet<String>,
    /// What was deleted, and whether it looped. Of one slug there may be several that could come back.
    #[serde(skip)]
    pub trash: BTreeMap<String, BTreeSet<(Item, bool)>>,
    /// In percent.
    pub brightness: Option<u64>,
    /// The contract's word.
    pub mode: Option<String>,
}

impl State {
    /// What is wrong with a device that holds `seen` and should hold this.
    #[must_use]
    pub fn differences(&self, seen: &Self) -> Vec<String> {
        let mut faults = Vec::new();
        for (slug, item) in &self.items {
            match seen.items.get(slug) {
                None => faults.push(format!("{slug} is missing")),
                Some(found) => item.differences(slug, found, &mut faults),
            }
        }
        let others = seen.items.keys();
        let others = others.filter(|slug| !self.items.contains_key(*slug));
        faults.extend(others.map(|slug| format!("{slug} should not be there")));
        if !self.clone().settle_order(&seen.order) {
            faults.push(format!(
                "the loop is {:?}, it should be {:?}",
                seen.order, self.order
            ));
        }
        differ(
            "the brightness",
            &self.brightness,
            &seen.brightness,
            &mut faults,
        );
        differ("the loop mode", &self.mode, &seen.mode, &mut faults);
        faults
    }

    /// Whether the loop may be this, and if so, it is.
    pub fn settle_order(&mut self, order: &[String]) -> bool {
        let firm = |order: &[String]| -> Vec<String> {
            let firm = order.iter().filter(|slug| !self.adrift.contains(*slug));
            firm.cloned().collect()
        };
        let fits = firm(&self.order) == firm(order)
            && self.adrift.iter().all(|slug| order.contains(slug))
            && order.len() == self.order.len();
        if fits {
            self.order = order.to_vec();
            self.adrift.clear();
        }
        fits
    }
}

impl Item {
    fn differences(&self, slug: &str, found: &Self, faults: &mut Vec<String>) {
        if self.print.original != found.print.original {
            faults.push(format!("the original of {slug} is another"));
        }
        if self.print.pixels != found.print.pixels {
            faults.push(format!("the clip of {slug} shows something else"));
        }
        differ(
            &format!("the title of {slug}"),
            &self.title,
            &found.title,
            faults,
        );
        differ(
            &format!("the tags of {slug}"),
            &self.tags,
            &found.tags,
            faults,
        );
        differ(
            &format!("the repeats of {slug}"),
            &self.repeat,
            &found.repeat,
            faults,
        );
    }
}

fn differ<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: &Option<T>,
    found: &Option<T>,
    faults: &mut Vec<String>,
) {
    if let (Some(expected), Some(found)) = (expected, found)
        && expected != found
    {
        faults.push(format!("{what} is {found:?}, it should be {expected:?}"));
    }
}
