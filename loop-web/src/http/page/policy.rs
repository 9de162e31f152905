//! What a page of somebody else's may do beyond what ours may.

use axum::http::HeaderValue;
use loop_proto::config::Web;

use super::super::guard::PAGE_POLICY;
use super::inline::Inline;

/// Most hashes of one kind in a policy: a header has its limits, and a page with more was not made to be guarded.
const MOST: usize = 200;

/// The policy of a file in `web.page_dir`; `html` is its text if it is a page.
pub(super) fn policy(web: &Web, html: Option<&str>) -> HeaderValue {
    let inline = html.map(Inline::of).unwrap_or_default();
    let mut scripts: Vec<_> = inline.scripts.into_iter().take(MOST).collect();
    let mut styles: Vec<_> = inline.styles.into_iter().take(MOST).collect();
    if !inline.style_attributes.is_empty() {
        // So that hashes count for attributes, too. Only of styles: there are no event handlers of ours to keep apart.
        styles.push("'unsafe-hashes'".to_owned());
        styles.extend(inline.style_attributes.into_iter().take(MOST));
    }
    let mut connections = Vec::new();
    for source in &web.page_sources {
        scripts.push(source.to_string());
        connections.push(source.to_string());
    }
    if !web.page_sources.is_empty() {
        scripts.push("'wasm-unsafe-eval'".to_owned());
    }
    let directives = PAGE_POLICY.split("; ").map(|directive| {
        let name = directive.split(' ').next().unwrap_or_default();
        let more: &[String] = match name {
            "script-src" => &scripts,
            "style-src" => &styles,
            "connect-src" => &connections,
            _ => &[],
        };
        let words = more.iter().map(String::as_str);
        let words: Vec<_> = std::iter::once(directive).chain(words).collect();
        words.join(" ")
    });
    let text = directives.collect::<Vec<_>>().join("; ");
    // Hashes and origins are plain text; if not, what is left is what our own page may do.
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(PAGE_POLICY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_anything_of_its_own_has_the_policy_of_ours() {
        let plain = Some("<script src=\"/x.js\"></script>");
        for html in [None, plain] {
            assert_eq!(policy(&Web::default(), html), PAGE_POLICY);
        }
    }

    #[test]
    fn only_what_is_in_the_page_or_named_in_the_configuration_is_added() {
        let web = Web {
            page_sources: vec!["https://unpkg.com".parse().unwrap()],
            ..Web::default()
        };
        let html = "<script>a()</script><p style=\"margin:0\">";
        let policy = policy(&web, Some(html));
        let policy = policy.to_str().unwrap();
        let directive = |name: &str| {
            let found = policy.split("; ").find(|text| text.starts_with(name));
            found.unwrap().split(' ').collect::<Vec<_>>()
        };
        let scripts = directive("script-src ");
        assert_eq!(scripts[..2], ["script-src", "'self'"]);
        assert!(scripts[2].starts_with("'sha256-"));
        assert_eq!(scripts[3..], ["https://unpkg.com", "'wasm-unsafe-eval'"]);
        let styles = directive("style-src ");
        assert_eq!(styles[..3], ["style-src", "'self'", "'unsafe-hashes'"]);
        assert!(directive("connect-src ").contains(&"https://unpkg.com"));
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"));
    }
}
