//! The 512 bytes before each file of a tar.

use tar::{EntryType, Header};

/// Everything in a tar is in blocks of this size.
pub(super) const BLOCK: u64 = 512;

/// A block.
pub(super) type Block = [u8; 512];

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) kind: EntryType,
    pub(super) bytes: u64,
}

/// Before a file of this name; `seconds` is its time. Who unpacks it may read and write it.
pub(super) fn write(name: &str, bytes: u64, seconds: u64) -> std::io::Result<Block> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(seconds);
    header.set_size(bytes);
    header.set_cksum();
    Ok(*header.as_bytes())
}

/// Reads a header; `None` is the end of the archive.
pub(super) fn read(block: &Block) -> Result<Option<Head>, &'static str> {
    if block.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let header = Header::from_byte_slice(block);
    if header.cksum().ok() != Some(sum(block)) {
        return Err("the header after this file is damaged");
    }
    Ok(Some(Head {
        name: String::from_utf8_lossy(&header.path_bytes()).into_owned(),
        kind: header.entry_type(),
        bytes: header
            .entry_size()
            .map_err(|_| "the header after this file has no size")?,
    }))
}

/// With its own place taken for spaces.
fn sum(block: &Block) -> u32 {
    let bytes = block.iter().enumerate();
    let counted = bytes.map(|(at, byte)| match at {
        148..156 => u32::from(b' '),
        _ => u32::from(*byte),
    });
    counted.sum()
}

/// Up to the next block.
pub(super) fn padded(bytes: u64) -> Option<u64> {
    bytes.checked_next_multiple_of(BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_also_of_the_longest_names_and_sizes() {
        let long = format!("media/{}/original.webm", "x".repeat(96));
        for (name, bytes) in [
            ("loop-library.json", 0),
            (&long, 1 << 33),
            (&long, u64::MAX / 2),
        ] {
            let block = write(name, bytes, 1_700_000_000).unwrap();
            let head = Head {
                name: name.to_owned(),
                kind: EntryType::Regular,
                bytes,
            };
            assert_eq!(read(&block), Ok(Some(head)));
        }
        assert_eq!(read(&[0; 512]), Ok(None));
    }

    #[test]
    fn no_flipped_bit_is_overlooked() {
        let block = write("media/a/clip", 1234, 0).unwrap();
        let good = read(&block);
        for at in 0..512 {
            for bit in 0..8 {
                let mut flipped = block;
                flipped[at] ^= 1 << bit;
                assert!(
                    read(&flipped).is_err() || read(&flipped) == good,
                    "{at} {bit}"
                );
            }
        }
    }
}
