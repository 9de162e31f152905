//! What a request is known by, in its answer and in the log.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Longer ones are not taken over.
const LONGEST: usize = 64;

/// The client's, if it has a plain one; else one of ours.
#[derive(Clone, Debug)]
pub(super) struct RequestId(HeaderValue);

impl RequestId {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let theirs = headers
            .get(X_REQUEST_ID)
            .filter(|id| is_plain(id.as_bytes()));
        theirs.map_or_else(Self::made, |id| Self(id.clone()))
    }

    /// Not the same again, also after a restart.
    fn made() -> Self {
        static RUN: LazyLock<u32> = LazyLock::new(|| getrandom::u32().unwrap_or_default());
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let id = HeaderValue::try_from(format!("{:08x}-{count}", *RUN));
        // Hexadecimal digits always make a header.
        Self(id.unwrap_or(HeaderValue::from_static("unknown")))
    }

    pub(super) fn into_header(self) -> HeaderValue {
        self.0
    }
}

fn is_plain(id: &[u8]) -> bool {
    (1..=LONGEST).contains(&id.len())
        && id
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id_for(theirs: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(X_REQUEST_ID, HeaderValue::from_str(theirs).unwrap());
        RequestId::of(&headers).to_string()
    }

    #[test]
    fn a_plain_id_is_taken_over_and_no_other() {
        let longest = "a".repeat(LONGEST);
        for id in ["7", "A-z_0.9", longest.as_str()] {
            assert_eq!(id_for(id), id);
        }
        let too_long = "a".repeat(LONGEST + 1);
        for id in ["", "a b", "a\tb", "<script>", "a=\"b\"", too_long.as_str()] {
            assert_ne!(id_for(id), id);
        }
    }

    #[test]
    fn ours_are_plain_short_and_never_the_same() {
        let ids: std::collections::BTreeSet<_> =
            (0..100).map(|_| RequestId::made().to_string()).collect();
        assert_eq!(ids.len(), 100);
        assert!(
            ids.iter()
                .all(|id| is_plain(id.as_bytes()) && id.len() < 30)
        );
    }
}
