//! The log of the pretend board (`tests/vm/board/loopboard.c`): every byte on its SPI bus and every edge of its lines.

/// Bytes of an entry's header.
const HEADER: usize = 16;

/// What happened on the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bytes went to a chip.
    Transfer {
        /// Its chip select.
        chip: u8,
        /// Whether the data/command line told data.
        data: bool,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// A line changed its level.
    Edge {
        /// Its number.
        line: u8,
        /// The new level.
        high: bool,
    },
}

/// One entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Nanoseconds of the board's clock.
    pub at: u64,
    /// Entries before this one are missing.
    pub after_gap: bool,
    /// What happened.
    pub event: Event,
}

/// Reads a log. The last entry may be cut off, where reading stopped; it is left out.
///
/// # Errors
/// When it is not a log.
pub fn read(mut log: &[u8]) -> Result<Vec<Entry>, String> {
    let mut entries = Vec::new();
    while let Some((header, rest)) = log.split_first_chunk::<HEADER>() {
        let at = u64::from_le_bytes(header[..8].try_into().unwrap());
        let length = u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
        let [kind, number, level, lost] = header[12..].try_into().unwrap();
        let Some((bytes, rest)) = rest.split_at_checked(length) else {
            break;
        };
        let event = match kind {
            0 => Event::Transfer {
                chip: number,
                data: level != 0,
                bytes: bytes.to_vec(),
            },
            1 => Event::Edge {
                line: number,
                high: level != 0,
            },
            other => return Err(format!("entry {} is of kind {other}", entries.len())),
        };
        entries.push(Entry {
            at,
            after_gap: lost != 0,
            event,
        });
        log = rest;
    }
    Ok(entries)
}
