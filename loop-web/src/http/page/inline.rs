//! What an HTML file carries in itself: scripts, styles and style attributes, each by its hash.
//!
//! Pages that somebody else has built start from such scripts. A policy that names their hashes lets these run and no
//! other, so that text which finds its way into the page from outside still stays text.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// Hashes as a policy writes them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inline {
    pub(super) scripts: BTreeSet<String>,
    pub(super) styles: BTreeSet<String>,
    pub(super) style_attributes: BTreeSet<String>,
}

impl Inline {
    /// Looks through a file. What it does not understand has no hash and does not run.
    pub(super) fn of(html: &str) -> Self {
        // As a browser reads it, and hashes are of what a browser has read.
        let html = html.replace("\r\n", "\n").replace('\r', "\n");
        let mut found = Self::default();
        let mut rest = html.as_str();
        while let Some((_, after)) = rest.split_once('<') {
            rest = found.element(after);
        }
        found
    }

    /// Takes in what begins after a `<`; gives what comes after it.
    fn element<'a>(&mut self, text: &'a str) -> &'a str {
        if let Some(comment) = text.strip_prefix("!--") {
            return comment.split_once("-->").map_or("", |(_, after)| after);
        }
        let Some(tag) = Tag::read(text) else {
            return text;
        };
        for (name, value) in &tag.attributes {
            if name == "style" {
                self.style_attributes.insert(hash(value));
            }
        }
        if tag.name != "script" && tag.name != "style" {
            return tag.after;
        }
        let (content, after) = until_end(&tag.name, tag.after);
        if tag.name == "style" {
            self.styles.insert(hash(content));
        } else if tag.attributes.iter().all(|(name, _)| name != "src") {
            self.scripts.insert(hash(content));
        }
        after
    }
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// A start tag.
struct Tag<'a> {
    name: String,
    attributes: Vec<(String, String)>,
    after: &'a str,
}

impl<'a> Tag<'a> {
    /// Of the text after its `<`; `None` if no start tag is there.
    fn read(text: &'a str) -> Option<Self> {
        if !text.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return None;
        }
        let (name, mut after) = split_where(text, |c| c.is_ascii_whitespace() || "/>".contains(c));
        let mut attributes = Vec::new();
        loop {
            after = after.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
            if let Some(after) = after.strip_prefix('>') {
                let name = name.to_ascii_lowercase();
                return Some(Self {
                    name,
                    attributes,
                    after,
                });
            }
            let ends_name = |c: char| c.is_ascii_whitespace() || "/>=".contains(c);
            let (name, rest) = split_where(after, ends_name);
            let (value, rest) = attribute_value(rest);
            // No step, no end: a tag that is cut off, or one that no generator writes.
            if rest.len() == after.len() {
                return None;
            }
            attributes.push((name.to_ascii_lowercase(), value));
            after = rest;
        }
    }
}

/// The value at the beginning of what follows an attribute's name, and what comes after.
fn attribute_value(text: &str) -> (String, &str) {
    let Some(value) = text.trim_ascii_start().strip_prefix('=') else {
        return (String::new(), text);
    };
    let value = value.trim_ascii_start();
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let (value, after) = value.strip_prefix(quote)?.split_once(quote)?;
        Some((value, after))
    });
    let bare = || split_where(value, |c| c.is_ascii_whitespace() || c == '>');
    let (value, after) = quoted.unwrap_or_else(bare);
    (unescape(value), after)
}

/// The references that generators write into attributes.
fn unescape(value: &str) -> String {
    let plain = [
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        // Last, so that what it brings forth is not read again.
        ("&amp;", "&"),
    ];
    let value = value.to_owned();
    plain.iter().fold(value, |value, (reference, text)| {
        value.replace(reference, text)
    })
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(ends).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// The text of a script or style, and what comes after its end tag.
fn until_end<'a>(name: &str, text: &'a str) -> (&'a str, &'a str) {
    let end = format!("</{name}");
    let ends_here = |at: &usize| {
        let tag = text.get(*at..at.saturating_add(end.len()));
        tag.is_some_and(|tag| tag.eq_ignore_ascii_case(&end))
    };
    let found = text.match_indices('<').map(|(at, _)| at).find(ends_here);
    found
        .and_then(|at| text.split_at_checked(at))
        .unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| hash(text)).collect()
    }

    #[test]
    fn the_hash_is_the_one_a_browser_computes() {
        // Of the policy's own specification.
        let known = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='";
        assert_eq!(hash("alert('Hello, world.');"), known);
    }

    #[test]
    fn scripts_styles_and_style_attributes_of_an_exported_page_are_found() {
        let page = "<!DOCTYPE html><html><head><meta charSet=\"utf-8\"/><script src=\"/x.js\" async=\"\"></script>\
            <style data-x>a>b{color:red}</style></head><body class='c d'><p title=\"<script>no\">2 < 3</p>\
            <!-- <script>gone()</script> --><input style=\"margin:0;font:&quot;A&quot;\" disabled/>\
            <SCRIPT>push([1,\"a<b</scr\"])\r\nx()</Script ><script id=_R_>y()</script></body></html>";
        let found = Inline::of(page);
        assert_eq!(
            found.scripts,
            hashes(&["push([1,\"a<b</scr\"])\nx()", "y()"])
        );
        assert_eq!(found.styles, hashes(&["a>b{color:red}"]));
        assert_eq!(found.style_attributes, hashes(&["margin:0;font:\"A\""]));
    }

    #[test]
    fn a_file_that_is_cut_off_anywhere_is_read_to_its_end() {
        let page = "<p a=b><script>x()</script><a style='m' b = \"c\"><!-- é --><style>é</style>";
        for (end, _) in page.char_indices() {
            Inline::of(&page[..end]);
        }
        assert_eq!(Inline::of("<a =>"), Inline::default());
    }
}
