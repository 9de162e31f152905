//! The library as a value: each change makes the next one. Pure.

use std::collections::BTreeMap;
use std::sync::Arc;

use loop_proto::Slug;

use super::Item;

/// All items and the order in which they loop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Library {
    items: BTreeMap<Slug, Arc<Item>>,
    order: Vec<Slug>,
}

impl Library {
    /// Names in the order that no item has, and repeated ones, are left out.
    pub(super) fn new(items: impl IntoIterator<Item = Item>, order: Vec<Slug>) -> Self {
        let items = items
            .into_iter()
            .map(|item| (item.slug.clone(), Arc::new(item)))
            .collect();
        Self {
            items,
            order: Vec::new(),
        }
        .with_order(order)
    }

    /// As [`new`](Self::new), for tests elsewhere.
    #[cfg(test)]
    pub(crate) fn of(items: impl IntoIterator<Item = Item>, order: Vec<Slug>) -> Self {
        Self::new(items, order)
    }

    /// All items, the oldest first.
    #[must_use]
    pub fn items(&self) -> Vec<Arc<Item>> {
        let mut items: Vec<_> = self.items.values().cloned().collect();
        // Stable: items of the same second stay in the order of their names.
        items.sort_by(|a, b| a.uploaded_at.cmp(&b.uploaded_at));
        items
    }

    /// The item of this name.
    #[must_use]
    pub fn item(&self, slug: &Slug) -> Option<Arc<Item>> {
        self.items.get(slug).cloned()
    }

    /// Whether there is an item of this name.
    #[must_use]
    pub fn contains(&self, slug: &Slug) -> bool {
        self.items.contains_key(slug)
    }

    /// The names in the order in which they loop.
    #[must_use]
    pub fn order(&self) -> &[Slug] {
        &self.order
    }

    /// The items in the order in which they loop.
    pub fn looping(&self) -> impl Iterator<Item = &Arc<Item>> {
        self.order.iter().filter_map(|slug| self.items.get(slug))
    }

    /// Bytes of all files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.items.values().map(|item| item.bytes).sum()
    }

    /// Number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// An item of the same content, whatever its name.
    pub(super) fn twin_of(&self, item: &Item) -> Option<Arc<Item>> {
        let mut items = self.items.values();
        items.find(|other| other.is_same_content(item)).cloned()
    }

    /// The item whose original has this sha256, in hexadecimal digits.
    #[must_use]
    pub fn item_of_original(&self, sha256: &str) -> Option<Arc<Item>> {
        let is_it = |item: &&Arc<Item>| item.original_sha256.as_deref() == Some(sha256);
        self.items.values().find(is_it).cloned()
    }

    /// With this item, last in the loop unless it loops already: who adds something wants to see it.
    pub(super) fn with_item(&self, item: Arc<Item>) -> Self {
        let mut next = self.clone();
        let slug = item.slug.clone();
        if !next.order.contains(&slug) {
            next.order.push(slug.clone());
        }
        next.items.insert(slug, item);
        next
    }

    /// With this item, at this place in the loop or not in it.
    pub(super) fn with_item_at(&self, item: Arc<Item>, place: Option<usize>) -> Self {
        let mut next = self.clone();
        if let Some(place) = place {
            next.order
                .insert(place.min(next.order.len()), item.slug.clone());
        }
        next.items.insert(item.slug.clone(), item);
        next
    }

    /// With this item in the place of the one of its name; the loop stays as it is.
    pub(super) fn with_changed(&self, item: Arc<Item>) -> Self {
        let mut next = self.clone();
        next.items.insert(item.slug.clone(), item);
        next
    }

    pub(super) fn without_item(&self, slug: &Slug) -> Self {
        let mut next = self.clone();
        next.items.remove(slug);
        next.order.retain(|other| other != slug);
        next
    }

    pub(super) fn with_order(&self, order: Vec<Slug>) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        let wanted = |slug: &Slug| self.items.contains_key(slug) && seen.insert(slug.clone());
        let mut next = self.clone();
        next.order = order;
        next.order.retain(wanted);
        next
    }
}
