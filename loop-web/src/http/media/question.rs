//! Which items a client asks for, and in which order.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use loop_proto::config::Bounded;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::store::{Item, Library};
use crate::view::TagCount;

/// Most items of an answer.
const MAX_LIMIT: u64 = 200;

/// The answer repeats it, and beyond this not every reader of JSON has all integers.
const MAX_OFFSET: u64 = (1 << 53) - 1;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Question {
    /// A text that is in the title, the file's name or a tag.
    #[serde(default)]
    q: String,
    /// A tag the items have.
    tag: Option<String>,
    /// Whether they loop.
    in_loop: Option<bool>,
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    #[serde(default)]
    #[param(inline)]
    order: Direction,
    /// So many are left out from the beginning.
    #[serde(default = "Bounded::new::<0>")]
    #[param(value_type = u64, minimum = 0, maximum = 9_007_199_254_740_991_i64, default = 0)]
    offset: Bounded<0, MAX_OFFSET>,
    /// So many are in the answer at the most.
    #[serde(default = "Bounded::new::<MAX_LIMIT>")]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 200)]
    limit: Bounded<1, MAX_LIMIT>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Sort {
    #[default]
    Added,
    Title,
    Size,
    Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Direction {
    #[default]
    Asc,
    Desc,
}

/// The answer to a question.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) items: Vec<Arc<Item>>,
    /// Of all that answer it.
    pub(super) total: usize,
    pub(super) offset: usize,
    pub(super) limit: usize,
    /// Of the whole library.
    pub(super) tags: Vec<TagCount>,
}

impl Question {
    /// Looks for the items.
    pub(super) fn ask(self, library: &Library) -> Page {
        let looping: BTreeSet<_> = library.order().iter().collect();
        let everything = library.items();
        let tags = tags(&everything);
        let text = self.q.trim().to_lowercase();
        let is_asked_for = |item: &Arc<Item>| {
            let loops = looping.contains(&item.slug);
            let has_tag = |wanted: &String| item.label.tags.contains(wanted);
            self.in_loop.is_none_or(|wanted| loops == wanted)
                && self.tag.as_ref().is_none_or(has_tag)
                && says(item, &text)
        };
        let mut items: Vec<_> = everything.into_iter().filter(is_asked_for).collect();
        // Stable: what is equal stays in the order in which it was added.
        items.sort_by(|a, b| self.sort.compare(a, b));
        if self.order == Direction::Desc {
            items.reverse();
        }
        let (total, limit) = (items.len(), self.limit.as_usize());
        let offset = self.offset.as_usize();
        let items = items.into_iter().skip(offset).take(limit);
        Page {
            items: items.collect(),
            total,
            offset,
            limit,
            tags,
        }
    }
}

/// Whether a text in lower case is anywhere in what an item is called.
fn says(item: &Item, text: &str) -> bool {
    let names = [item.title(), &item.filename];
    let tags = item.label.tags.iter().map(String::as_str);
    names
        .into_iter()
        .chain(tags)
        .any(|name| name.to_lowercase().contains(text))
}

impl Sort {
    fn compare(self, a: &Item, b: &Item) -> Ordering {
        match self {
            Self::Added => Ordering::Equal,
            Self::Title => a.title().to_lowercase().cmp(&b.title().to_lowercase()),
            Self::Size => a.bytes.cmp(&b.bytes),
            Self::Duration => a.length().cmp(&b.length()),
        }
    }
}

fn tags(items: &[Arc<Item>]) -> Vec<TagCount> {
    let mut counts = BTreeMap::new();
    for tag in items.iter().flat_map(|item| &item.label.tags) {
        *counts.entry(tag).or_insert(0) += 1;
    }
    let counts = counts.into_iter();
    counts
        .map(|(tag, count)| TagCount {
            tag: tag.clone(),
            count,
        })
        .collect()
}

#[cfg(test)]
mod tests;
