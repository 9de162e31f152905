//! Which reads of profiles still count: of several of one profile the last that was begun, and none once it is gone.

use std::collections::BTreeMap;

use crate::wifi::facts::Path;

#[derive(Debug, Default)]
pub(super) struct Reads {
    last: u64,
    under_way: BTreeMap<Path, Read>,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read(u64);

impl Reads {
    /// Begins one; `None` while so many are under way.
    pub(super) fn begin(&mut self, path: &Path, most: usize) -> Option<Read> {
        if self.under_way.len() >= most && !self.under_way.contains_key(path) {
            return None;
        }
        self.last += 1;
        let read = Read(self.last);
        self.under_way.insert(path.clone(), read);
        Some(read)
    }

    /// It has come to its end; whether what it found is so.
    pub(super) fn end(&mut self, path: &Path, read: Read) -> bool {
        let counts = self.under_way.get(path) == Some(&read);
        if counts {
            self.under_way.remove(path);
        }
        counts
    }

    /// The profile is gone, whatever those who still read find.
    pub(super) fn forget(&mut self, path: &str) {
        self.under_way.remove(path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_reads_the_last_counts_whichever_ends_first() {
        let (mut reads, path) = (Reads::default(), Path::from("/1"));
        let [old, new] = [(); 2].map(|()| reads.begin(&path, 9).unwrap());
        assert!(!reads.end(&path, old));
        assert!(reads.end(&path, new));
        assert!(!reads.end(&path, new));
    }

    #[test]
    fn what_is_read_of_a_profile_that_has_gone_does_not_bring_it_back() {
        let (mut reads, path) = (Reads::default(), Path::from("/1"));
        let before = reads.begin(&path, 9).unwrap();
        reads.forget(&path);
        assert!(!reads.end(&path, before));
        let again = reads.begin(&path, 9).unwrap();
        assert!(!reads.end(&path, before));
        assert!(reads.end(&path, again));
    }

    #[test]
    fn no_more_are_under_way_than_may_be() {
        let (mut reads, paths) = (Reads::default(), ["/1", "/2"].map(Path::from));
        assert!(reads.begin(&paths[0], 1).is_some());
        assert_eq!(reads.begin(&paths[1], 1), None);
        let again = reads.begin(&paths[0], 1).unwrap();
        assert!(reads.end(&paths[0], again));
        assert!(reads.begin(&paths[1], 1).is_some());
    }
}
