//! What tus says in headers, read strictly: all of it comes from outside.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub use crate::uploads::Checksum;

/// Longest `Upload-Metadata`. A file name has 255 bytes at the most.
pub const MAX_METADATA_BYTES: usize = 4096;

/// Most keys in it; we know eight.
const MAX_KEYS: usize = 32;

const MAX_KEY_BYTES: usize = 64;

/// A header that says something that cannot be; the text says what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {fault}")]
pub struct Malformed {
    /// Of the header.
    pub name: &'static str,
    fault: String,
}

fn malformed<T>(name: &'static str, fault: impl Into<String>) -> Result<T, Malformed> {
    let fault = fault.into();
    Err(Malformed { name, fault })
}

/// A number of bytes.
///
/// # Errors
/// When it is no plain decimal number, or one that no file has.
pub fn parse_count(name: &'static str, value: &[u8]) -> Result<u64, Malformed> {
    let is_plain = (1..=19).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| is_plain);
    match text.and_then(|text| text.parse::<u64>().ok()) {
        Some(count) if i64::try_from(count).is_ok() => Ok(count),
        _ => malformed(name, "it must be a number of bytes"),
    }
}

/// `Upload-Metadata`: keys with values of any bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(BTreeMap<String, Vec<u8>>);

const METADATA: &str = "Upload-Metadata";

impl Metadata {
    /// Reads the header.
    ///
    /// # Errors
    /// When it is too long or not as tus wants it: keys, each with a value in Base64, and commas between them.
    pub fn parse(header: &[u8]) -> Result<Self, Malformed> {
        if header.len() > MAX_METADATA_BYTES {
            return malformed(
                METADATA,
                format!("it has more than {MAX_METADATA_BYTES} bytes"),
            );
        }
        let Ok(text) = std::str::from_utf8(header) else {
            return malformed(METADATA, "it is not text");
        };
        let mut fields = BTreeMap::new();
        if trim(text).is_empty() {
            return Ok(Self::default());
        }
        for pair in text.split(',').map(trim) {
            let (key, value) = pair.split_once(' ').unwrap_or((pair, ""));
            let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b',';
            if !(1..=MAX_KEY_BYTES).contains(&key.len()) || !key.bytes().all(is_plain) {
                return malformed(METADATA, "a key is no short word");
            }
            let Ok(value) = STANDARD.decode(trim(value)) else {
                return malformed(METADATA, format!("the value of {key} is not Base64"));
            };
            if fields.insert(key.to_owned(), value).is_some() {
                return malformed(METADATA, format!("{key} comes twice"));
            }
            if fields.len() > MAX_KEYS {
                return malformed(METADATA, format!("it has more than {MAX_KEYS} keys"));
            }
        }
        Ok(Self(fields))
    }

    /// The value of a key, if it is there.
    ///
    /// # Errors
    /// When it is not a text.
    pub fn text(&self, key: &str) -> Result<Option<&str>, Malformed> {
        let Some(value) = self.0.get(key) else {
            return Ok(None);
        };
        match std::str::from_utf8(value) {
            Ok(text) => Ok(Some(text)),
            Err(_) => malformed(METADATA, format!("the value of {key} is not text")),
        }
    }
}

impl fmt::Display for Metadata {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (key, value)) in self.0.iter().enumerate() {
            let comma = if number > 0 { "," } else { "" };
            write!(formatter, "{comma}{key}")?;
            if !value.is_empty() {
                write!(formatter, " {}", STANDARD.encode(value))?;
            }
        }
        Ok(())
    }
}

fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

const CHECKSUM: &str = "Upload-Checksum";

/// `Upload-Checksum`: an algorithm and a hash in Base64.
///
/// # Errors
/// When we do not know the algorithm, or its hashes have another length.
pub fn parse_checksum(header: &[u8]) -> Result<Checksum, Malformed> {
    let text = std::str::from_utf8(header).unwrap_or_default();
    let (name, value) = trim(text).split_once(' ').unwrap_or_default();
    let hash = STANDARD.decode(value).unwrap_or_default();
    let checksum = match name {
        "sha1" => hash.try_into().ok().map(Checksum::Sha1),
        "sha256" => hash.try_into().ok().map(Checksum::Sha256),
        _ => return malformed(CHECKSUM, "the algorithm must be sha1 or sha256"),
    };
    match checksum {
        Some(checksum) => Ok(checksum),
        None => malformed(CHECKSUM, format!("it is no Base64 of a {name} hash")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn metadata_is_keys_with_values_in_base64() {
        let read =
            Metadata::parse(b"filename Y2F0LmdpZg==, is_confidential,fit\tZml0").unwrap_err();
        assert!(read.to_string().contains("no short word"), "{read}");
        let read = Metadata::parse(b"filename Y2F0LmdpZg==, is_confidential,fit Zml0").unwrap();
        assert_eq!(read.text("filename"), Ok(Some("cat.gif")));
        assert_eq!(read.text("is_confidential"), Ok(Some("")));
        assert_eq!(read.text("other"), Ok(None));
        assert_eq!(Metadata::parse(b""), Ok(Metadata::default()));
    }

    #[test]
    fn metadata_that_is_not_as_tus_wants_it_is_refused() {
        let long = format!("a {}", "QUFB".repeat(MAX_METADATA_BYTES / 4));
        let many: Vec<_> = (0..=MAX_KEYS).map(|key| format!("k{key}")).collect();
        let many = many.join(",");
        let cases: [&[u8]; 10] = [
            b"a YQ==,a YQ==",
            b"a YQ",
            b"a Y Q==",
            b"a ****",
            b",",
            b"a YQ==,",
            b"\xff YQ==",
            "\u{e4} YQ==".as_bytes(),
            long.as_bytes(),
            many.as_bytes(),
        ];
        for case in cases {
            assert!(Metadata::parse(case).is_err(), "{case:?}");
        }
        assert!(Metadata::parse(b"a /w==").unwrap().text("a").is_err());
    }

    #[test]
    fn numbers_are_plain() {
        assert_eq!(parse_count("x", b"0"), Ok(0));
        assert_eq!(
            parse_count("x", b"9223372036854775807"),
            Ok(i64::MAX.cast_unsigned())
        );
        for bad in [
            "",
            "-1",
            "+1",
            " 1",
            "1 ",
            "1.0",
            "1e3",
            "9223372036854775808",
            "abc",
        ] {
            assert!(parse_count("x", bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn checksums_are_of_known_kinds_and_lengths() {
        assert!(parse_checksum(b"sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").is_ok());
        for bad in [
            "",
            "sha1",
            "md5 AAAA",
            "sha1 AAAA",
            "sha1 ***",
            "SHA1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
        ] {
            assert!(parse_checksum(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_was_read_is_written_and_read_the_same(
            fields in proptest::collection::btree_map("[!-+.-~]{1,20}", proptest::collection::vec(any::<u8>(), 0..40), 0..20)
        ) {
            let metadata = Metadata(fields);
            let text = metadata.to_string();
            prop_assert_eq!(Metadata::parse(text.as_bytes()).unwrap(), metadata);
        }

        #[test]
        fn no_bytes_are_too_odd(header in proptest::collection::vec(any::<u8>(), 0..5000)) {
            if let Ok(metadata) = Metadata::parse(&header) {
                prop_assert_eq!(Metadata::parse(metadata.to_string().as_bytes()), Ok(metadata));
            }
            if let Ok(checksum) = parse_checksum(&header) {
                prop_assert_eq!(parse_checksum(checksum.to_string().as_bytes()), Ok(checksum));
            }
        }
    }
}
