//! The content of a file, and where it has holes.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// A file system keeps a file in pieces of this size: each is there, or a hole that is read as zeros.
pub const BLOCK: usize = 4096;

/// The content of a file, and a number that tells it from others.
#[derive(Clone, Debug)]
pub struct Content {
    /// The bytes.
    pub bytes: Arc<Vec<u8>>,
    /// Blocks that are not there.
    pub holes: Arc<BTreeSet<usize>>,
    /// Its hash.
    pub hash: u64,
}

impl From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        let holes = BTreeSet::new();
        Draft { bytes, holes }.into()
    }
}

impl From<Draft> for Content {
    fn from(draft: Draft) -> Self {
        let mut hasher = DefaultHasher::new();
        (hash_of(&draft.bytes), &draft.holes).hash(&mut hasher);
        Self {
            hash: hasher.finish(),
            bytes: Arc::new(draft.bytes),
            holes: Arc::new(draft.holes),
        }
    }
}

/// The hash of a file's bytes.
#[must_use]
pub fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// A content that is being changed.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The bytes.
    pub bytes: Vec<u8>,
    holes: BTreeSet<usize>,
}

impl Draft {
    /// Begins with what is there.
    #[must_use]
    pub fn of(content: &Content) -> Self {
        Self {
            bytes: content.bytes.to_vec(),
            holes: (*content.holes).clone(),
        }
    }

    /// Makes it this long. What it grows by is zeros: in its last block, and holes behind that.
    pub fn resize(&mut self, length: usize) {
        let before = self.bytes.len().div_ceil(BLOCK);
        let after = length.div_ceil(BLOCK);
        self.bytes.resize(length, 0);
        self.holes.retain(|block| *block < after);
        self.holes.extend(before..after);
    }

    /// Writes, behind a hole if need be.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        if self.bytes.len() < end {
            self.resize(end);
        }
        self.bytes[at..end].copy_from_slice(bytes);
        let touched = at / BLOCK..end.div_ceil(BLOCK);
        self.holes.retain(|block| !touched.contains(block));
    }

    /// Takes bytes away: whole blocks become holes, and what is left of others zeros.
    pub fn punch(&mut self, at: usize, length: usize) {
        let all = self.bytes.len();
        let (at, end) = (at.min(all), at.saturating_add(length).min(all));
        self.bytes[at..end].fill(0);
        let last = if end == all {
            end.div_ceil(BLOCK)
        } else {
            end / BLOCK
        };
        self.holes.extend(at.div_ceil(BLOCK)..last);
    }

    /// Carries out what makes one content of another, whatever is there.
    pub fn change_as(&mut self, before: &Content, after: &Content) {
        self.resize(after.bytes.len());
        for (at, byte) in after.bytes.iter().enumerate() {
            if before.bytes.get(at) != Some(byte) {
                self.bytes[at] = *byte;
                if !after.holes.contains(&(at / BLOCK)) {
                    self.holes.remove(&(at / BLOCK));
                }
            }
        }
        self.holes.extend(after.holes.difference(&before.holes));
    }

    /// The beginning is that of another content.
    pub fn begin_as(&mut self, other: &Content, length: usize) {
        let kept = length.min(other.bytes.len());
        if self.bytes.len() < kept {
            self.resize(kept);
        }
        self.bytes[..kept].copy_from_slice(&other.bytes[..kept]);
        // A block of which each has a part is there.
        self.holes.retain(|block| *block >= kept.div_ceil(BLOCK));
        let theirs = other.holes.iter().filter(|block| **block < kept / BLOCK);
        self.holes.extend(theirs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holes(draft: &Draft) -> Vec<usize> {
        draft.holes.iter().copied().collect()
    }

    #[test]
    fn only_blocks_that_were_never_written_or_punched_whole_are_holes() {
        let mut draft = Draft::of(&vec![7; 100].into());
        draft.resize(3 * BLOCK);
        assert_eq!(holes(&draft), [1, 2]);
        draft.write(2 * BLOCK - 1, b"ab");
        assert_eq!(holes(&draft), Vec::<usize>::new());
        draft.punch(50, 2 * BLOCK);
        assert_eq!((holes(&draft), draft.bytes[49]), (vec![1], 7));
        assert!(
            draft.bytes[50..50 + 2 * BLOCK]
                .iter()
                .all(|byte| *byte == 0)
        );
        draft.write(5 * BLOCK, b"c");
        assert_eq!(holes(&draft), [1, 3, 4]);
        draft.punch(5 * BLOCK, 100);
        assert_eq!(
            holes(&draft),
            [1, 3, 4, 5],
            "up to the end is a whole block"
        );
        draft.resize(BLOCK);
        assert_eq!(holes(&draft), Vec::<usize>::new());
    }

    #[test]
    fn a_change_can_be_carried_out_without_the_one_before_it() {
        let first: Content = vec![1; 2 * BLOCK].into();
        let mut draft = Draft::of(&first);
        draft.write(2 * BLOCK, &[2; BLOCK]);
        let second = Content::from(draft.clone());
        draft.write(3 * BLOCK, &[3; BLOCK]);
        let third = Content::from(draft);
        let mut alone = Draft::of(&first);
        alone.change_as(&second, &third);
        assert_eq!((holes(&alone), alone.bytes[3 * BLOCK]), (vec![2], 3));
        assert_eq!(alone.bytes[2 * BLOCK], 0);
    }
}
