//! Whether a library is what had been acknowledged.

use std::collections::{BTreeMap, BTreeSet};

use super::Bounds;
use crate::power::content::hash_of;
use crate::power::opened::{Library, Resumable};
use crate::power::recorder::{ANY_TIME, META};
use crate::power::script::{Act, Known, Tus};

type Files = BTreeMap<String, u64>;

pub(super) fn library_fault(found: &Library, bounds: Bounds<'_>) -> Option<String> {
    let fault = found.faults.first().cloned();
    fault
        .or_else(|| item_fault(found, bounds))
        .or_else(|| order_fault(found, bounds))
        .or_else(|| {
            let mut ids = bounds.old.uploads.keys().chain(found.uploads.keys());
            ids.find_map(|id| upload_fault(found, bounds, id))
        })
}

fn item_fault(found: &Library, bounds: Bounds<'_>) -> Option<String> {
    let Bounds { old, new, .. } = bounds;
    let all = old.items.keys().chain(new.items.keys());
    let mut slugs = all.chain(found.items.keys());
    let slug = slugs.find(|slug| {
        let is = found.items.get(*slug);
        !is_same(is, old.items.get(*slug)) && !is_same(is, new.items.get(*slug))
    })?;
    let is = found.items.get(slug);
    Some(format!(
        "{slug} is neither the old nor the new one, but {is:?}"
    ))
}

/// Compares the descriptions as the one that is found is told.
fn is_same(found: Option<&Files>, known: Option<&Files>) -> bool {
    let (Some(found), Some(known)) = (found, known) else {
        return found.is_none() && known.is_none();
    };
    let other = if found.contains_key(META) {
        ANY_TIME
    } else {
        META
    };
    let known = known.iter().filter(|(name, _)| *name != other);
    found.iter().eq(known)
}

fn order_fault(found: &Library, bounds: Bounds<'_>) -> Option<String> {
    let Bounds { old, new, .. } = bounds;
    // A name in the order that no item has is not taken for anything.
    let there = |order: &[String]| {
        let there = order.iter().filter(|slug| found.items.contains_key(*slug));
        there.cloned().collect::<Vec<_>>()
    };
    let (before, after) = (there(&old.order), there(&new.order));
    // Of an import the item that comes next may have got to the library only.
    let next = after.iter().rev().find(|slug| !old.order.contains(*slug));
    let in_part: Vec<_> = after
        .iter()
        .filter(|slug| Some(*slug) != next)
        .cloned()
        .collect();
    let is_in_part = bounds.under_way == Some(Act::Import) && found.order == in_part;
    if found.order == before || found.order == after || is_in_part {
        return None;
    }
    Some(format!(
        "the loop is {:?}, neither {:?} nor {:?}",
        found.order, old.order, new.order
    ))
}

/// What is wrong with an upload that was under way or is found.
fn upload_fault(found: &Library, bounds: Bounds<'_>, id: &str) -> Option<String> {
    let Bounds { old, new, .. } = bounds;
    let known = |known: &Known| known.uploads.contains_key(id);
    let Some(upload) = found.uploads.get(id) else {
        return gone(found, bounds, id);
    };
    let begins = matches!(bounds.under_way, Some(Act::Tus(_, Tus::Create(..))));
    if !known(old) && !known(new) && !begins {
        return Some(format!("upload {id} is over, and goes on"));
    }
    if let Some(files) = old.uploads.get(id)
        && !has_arrived(upload, files)
    {
        return Some(format!(
            "of upload {id} not all is there that was acknowledged"
        ));
    }
    let sent = bounds.parcels.get(&upload.filename);
    let is_right = sent.is_some_and(|sent| sent.starts_with(&upload.bytes));
    if !is_right || upload.bytes.len() != upload.offset {
        return Some(format!(
            "of upload {id} there is something that was never sent, or not taken"
        ));
    }
    None
}

/// An upload that is not there any more has been given up, or all that was to come of it is there.
fn gone(found: &Library, bounds: Bounds<'_>, id: &str) -> Option<String> {
    let given_up = matches!(bounds.under_way, Some(Act::Tus(_, Tus::Terminate)));
    let Bounds { old, new, .. } = bounds;
    let slugs = |known: &BTreeMap<String, Files>| known.keys().cloned().collect::<BTreeSet<_>>();
    let is_over = !new.uploads.contains_key(id) && slugs(&found.items) == slugs(&new.items);
    let must_be = old.uploads.contains_key(id);
    (must_be && !given_up && !is_over).then(|| {
        format!("of upload {id} not all is there that was acknowledged, and nothing came of it")
    })
}

/// Whether an upload begins with what had arrived of it: of the original first.
fn has_arrived(upload: &Resumable, files: &BTreeMap<String, (usize, u64)>) -> bool {
    let mut from = 0;
    ["original", "frames"].iter().all(|name| {
        let Some((length, hash)) = files.get(*name) else {
            return true;
        };
        let bytes = upload.bytes.get(from..from + length);
        from += length;
        bytes.is_some_and(|bytes| hash_of(bytes) == *hash)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrived(bytes: &[u8]) -> BTreeMap<String, (usize, u64)> {
        BTreeMap::from([("original".to_owned(), (bytes.len(), hash_of(bytes)))])
    }

    fn with_upload(bytes: &str, offset: usize) -> Library {
        let upload = Resumable {
            filename: "f".to_owned(),
            offset,
            bytes: bytes.into(),
        };
        Library {
            uploads: BTreeMap::from([("u".to_owned(), upload)]),
            ..Library::default()
        }
    }

    fn fault(found: &Library, old: &Known, new: &Known, under_way: Option<Act>) -> Option<String> {
        let parcels = BTreeMap::from([("f".to_owned(), b"abcdef".to_vec())]);
        let bounds = Bounds {
            old,
            new,
            settled: old,
            under_way,
            parcels: &parcels,
        };
        library_fault(found, bounds)
    }

    #[test]
    fn what_was_acknowledged_of_an_upload_must_be_there_and_more_of_the_same_may_be() {
        let known = Known {
            uploads: BTreeMap::from([("u".to_owned(), arrived(b"abc"))]),
            ..Known::default()
        };
        for (bytes, offset, right) in [
            ("abc", 3, true),
            ("abcde", 5, true),
            ("ab", 2, false),
            ("ab\0", 3, false),
            ("abc\0", 4, false),
            ("abcd", 3, false),
        ] {
            let found = with_upload(bytes, offset);
            assert_eq!(
                fault(&found, &known, &known, None).is_none(),
                right,
                "{bytes}"
            );
        }
        assert!(fault(&Library::default(), &known, &known, None).is_some());
    }

    #[test]
    fn one_that_is_over_neither_goes_on_nor_has_gone_without_what_came_of_it() {
        let before = Known {
            uploads: BTreeMap::from([("u".to_owned(), arrived(b"abc"))]),
            ..Known::default()
        };
        let item = BTreeMap::from([("i".to_owned(), BTreeMap::new())]);
        let item_only = Known {
            items: item.clone(),
            ..Known::default()
        };
        let terminate = Some(Act::Tus("u", Tus::Terminate));
        let send = Some(Act::Tus("u", Tus::Send(6)));
        let (nothing, lies) = (Library::default(), with_upload("abc", 3));
        let none = Known::default();
        assert_eq!(fault(&nothing, &before, &none, terminate), None);
        assert!(fault(&lies, &none, &none, None).is_some());
        assert!(fault(&nothing, &before, &item_only, send).is_some());
        let made = Library {
            items: item,
            ..Library::default()
        };
        assert_eq!(fault(&made, &before, &item_only, send), None);
        assert!(fault(&nothing, &item_only, &item_only, None).is_some());
    }
}
