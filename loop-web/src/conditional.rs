//! Conditional requests.

use axum::http::HeaderMap;
use axum::http::header::IF_NONE_MATCH;
use sha2::{Digest, Sha256};

/// A validator of this content.
pub(crate) fn etag_of(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    let digits: String = hash
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{digits}\"")
}

/// Whether the client says that it has this version.
pub(crate) fn is_known(request: &HeaderMap, etag: &str) -> bool {
    let known = request
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    known
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_several_weak_or_any_version_is_known() {
        for (header, known) in [
            ("\"a\"", true),
            ("\"x\", W/\"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, header.parse().unwrap());
            assert_eq!(is_known(&headers, "\"a\""), known, "{header}");
        }
        assert!(!is_known(&HeaderMap::new(), "\"a\""));
    }
}
