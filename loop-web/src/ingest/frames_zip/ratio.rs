//! How much a ZIP may unpack to: what Deflate can do, and each byte of the file counted once.
//!
//! Deflate writes at most 258 bytes for two bits, 1032 times its size; an entry that says more lies. Entries that lie on
//! top of each other would be that many times more, so all of them together must find room in the file. A clip of black
//! frames comes near the first limit and meets both. What is let through is also bounded by the frames of a clip, and is
//! unpacked one frame at a time.

use super::Fault;

/// Most that Deflate makes of a byte.
const MOST: u64 = 1032;

/// Least that an entry takes beside its content: its local header and its line in the directory.
const HEADERS: u64 = 30 + 46;

/// Counts what the entries of a file take of it.
#[derive(Debug, Default)]
pub(super) struct Ratio {
    taken: u64,
}

impl Ratio {
    /// Counts an entry of a file that has so many bytes.
    pub(super) fn check(
        &mut self,
        name: &str,
        packed: u64,
        unpacked: u64,
        bytes: u64,
    ) -> Result<(), Fault> {
        if unpacked > packed.saturating_mul(MOST) {
            return Err(Fault::Ratio {
                name: name.to_owned(),
                packed,
                unpacked,
            });
        }
        let taken = packed.saturating_add(HEADERS);
        self.taken = self.taken.saturating_add(taken);
        if self.taken > bytes {
            return Err(Fault::Overlap);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_cannot_be_more_than_deflate_makes_of_it() {
        let mut ratio = Ratio::default();
        ratio.check("a", 149, 153_600, 10_000).unwrap();
        let refused = ratio.check("b", 148, 153_600, 10_000).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "b cannot unpack from 148 bytes to 153600"
        );
        ratio.check("empty", 0, 0, 10_000).unwrap();
    }

    #[test]
    fn entries_cannot_be_more_than_the_file() {
        let mut ratio = Ratio::default();
        let bytes = 3 * (HEADERS + 149);
        for _ in 0..3 {
            ratio.check("a", 149, 153_600, bytes).unwrap();
        }
        let refused = ratio.check("a", 149, 153_600, bytes).unwrap_err();
        assert!(refused.to_string().contains("more bytes than the file"));
    }
}
