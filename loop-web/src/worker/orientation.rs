//! How a camera was held, as EXIF says.

/// EXIF's number, 1 to 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orientation(u8);

/// The tag of the orientation, and the type of its value: a number of 16 bits.
const TAG: u16 = 0x0112;
const SHORT: u16 = 3;

/// The first folder has a few dozen entries.
const MAX_ENTRIES: u16 = 512;

impl Orientation {
    pub(super) const UPRIGHT: Self = Self(1);

    /// From an EXIF block, which is a TIFF file. What cannot be understood is upright.
    pub(super) fn of_exif(exif: &[u8]) -> Self {
        let found = find(exif).filter(|number| (1..=8).contains(number));
        found
            .and_then(|number| u8::try_from(number).ok())
            .map_or(Self::UPRIGHT, Self)
    }

    /// Whether the picture is stored lying on its side.
    pub(super) fn turns(self) -> bool {
        self.0 >= 5
    }

    /// Where the pixel that the viewer sees at (`x`, `y`) is stored, with width and height as the viewer sees them.
    pub(super) fn stored(self, x: u16, y: u16, width: u16, height: u16) -> (u16, u16) {
        let (right, bottom) = (width - 1 - x, height - 1 - y);
        match self.0 {
            2 => (right, y),
            3 => (right, bottom),
            4 => (x, bottom),
            5 => (y, x),
            6 => (y, right),
            7 => (bottom, right),
            8 => (bottom, x),
            _ => (x, y),
        }
    }
}

fn find(exif: &[u8]) -> Option<u16> {
    let big = match exif.get(..2)? {
        b"MM" => true,
        b"II" => false,
        _ => return None,
    };
    let u16_at = |at: usize| {
        let bytes = exif.get(at..)?.first_chunk()?;
        Some(if big {
            u16::from_be_bytes(*bytes)
        } else {
            u16::from_le_bytes(*bytes)
        })
    };
    let bytes = exif.get(4..)?.first_chunk()?;
    let folder = if big {
        u32::from_be_bytes(*bytes)
    } else {
        u32::from_le_bytes(*bytes)
    };
    let folder = usize::try_from(folder).ok()?;
    let entries = u16_at(folder)?.min(MAX_ENTRIES);
    (0..usize::from(entries))
        .filter_map(|entry| folder.checked_add(2 + 12 * entry))
        .find(|&at| u16_at(at) == Some(TAG) && u16_at(at + 2) == Some(SHORT))
        .and_then(|at| u16_at(at + 8))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn exif(number: u8, big: bool) -> Vec<u8> {
        let mut bytes = if big {
            b"MM\0*\0\0\0\x08".to_vec()
        } else {
            b"II*\0\x08\0\0\0".to_vec()
        };
        let entries = [(0x0100u16, 640u16), (TAG, u16::from(number))];
        let both = |value: u16| {
            if big {
                value.to_be_bytes()
            } else {
                value.to_le_bytes()
            }
        };
        bytes.extend(both(2));
        for (tag, value) in entries {
            bytes.extend(both(tag));
            bytes.extend(both(SHORT));
            bytes.extend(if big {
                1u32.to_be_bytes()
            } else {
                1u32.to_le_bytes()
            });
            bytes.extend(both(value));
            bytes.extend([0; 2]);
        }
        bytes
    }

    #[test]
    fn both_byte_orders_are_read() {
        for number in 1..=8 {
            for big in [true, false] {
                assert_eq!(
                    Orientation::of_exif(&exif(number, big)),
                    Orientation(number)
                );
            }
        }
    }

    #[test]
    fn nonsense_is_upright() {
        for number in [0, 9, 255] {
            assert_eq!(
                Orientation::of_exif(&exif(number, true)),
                Orientation::UPRIGHT
            );
        }
        assert_eq!(
            Orientation::of_exif(b"MM\0*\xff\xff\xff\xff"),
            Orientation::UPRIGHT
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_some_orientation(bytes: Vec<u8>) {
            prop_assert!((1..=8).contains(&Orientation::of_exif(&bytes).0));
        }

        #[test]
        fn every_stored_pixel_is_seen_once(number in 1u8..=8, width in 1u16..9, height in 1u16..9) {
            let orientation = Orientation(number);
            let seen = (0..height).flat_map(|y| (0..width).map(move |x| orientation.stored(x, y, width, height)));
            let mut stored: Vec<_> = seen.collect();
            let (across, down) = if orientation.turns() { (height, width) } else { (width, height) };
            prop_assert!(stored.iter().all(|&(x, y)| x < across && y < down));
            stored.sort_unstable();
            stored.dedup();
            prop_assert_eq!(stored.len(), usize::from(width) * usize::from(height));
        }
    }
}
