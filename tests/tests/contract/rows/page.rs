//! Files: of a page built as the original's is, and of the library.

use crate::row::{Row, row};
use crate::types::A;

/// Names of files below these folders carry a hash of their content.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = page();
    rows.extend(media());
    rows
}

fn page() -> Vec<Row> {
    let chunk = "/_next/static/chunks/main-app-5b1f0c9d2e7a4836.js";
    let script = "text/javascript; charset=utf-8";
    vec![
        row("page", ("GET", "/"), "the page, no HEAD")
            .gets_file("text/html; charset=utf-8", b"<!DOCTYPE html>")
            .with_header("cache-control", "no-cache"),
        row("page.favicon", ("GET", "/favicon.ico"), "204")
            .gets_file("image/x-icon", &[0, 0, 1, 0])
            .differs("204 only where the page has none; see the built-in page's test"),
        row(
            "page.next",
            ("GET", "/_next/*"),
            "no cache header, packed anew for each request",
        )
        .at(chunk)
        .gets_file(script, b"//")
        .with_header("cache-control", FOR_EVER)
        .differs("the name carries a hash: it may be kept for ever"),
        row("page.next.css", ("GET", "/_next/*"), "no cache header")
            .at("/_next/static/css/7c0e4b2a91d3f685.css")
            .gets_file("text/css; charset=utf-8", b"/* Of")
            .with_header("cache-control", FOR_EVER),
        row("page.next.gone", ("GET", "/_next/*"), "404")
            .at("/_next/static/chunks/older.js")
            .refuses(404, "NOT_FOUND"),
        row(
            "page.assets",
            ("GET", "/assets/*"),
            "the page's own folder by another name",
        )
        .at("/assets/placeholder.svg")
        .gets_file("image/svg+xml", b"<svg")
        .with_header("cache-control", "no-cache"),
        row("page.assets.up", ("GET", "/assets/*"), "404")
            .at("/assets/%2e%2e/rows.rs")
            .refuses(404, "NOT_FOUND"),
        row(
            "page.ffmpeg",
            ("GET", "/ffmpeg/*"),
            "404, though its page asks for it",
        )
        .at("/ffmpeg/ffmpeg-core.js")
        .gets_file(script, b"//")
        .differs("what lies in the page's folder is served, the converter too"),
        row(
            "page.placeholder",
            ("GET", "/placeholder.svg"),
            "404, though its page asks for it",
        )
        .gets_file("image/svg+xml", b"<svg")
        .differs("what lies in the page's folder is served"),
    ]
}

fn media() -> Vec<Row> {
    let raw = ("GET", "/media/raw/*");
    let film = b"\0\0\0\x18ftypmp42";
    vec![
        row("raw", raw, "the original by its name, to be kept an hour, no parts")
            .at("/media/raw/a.mp4")
            .gets_file("video/mp4", film)
            .with_header("cache-control", "no-cache")
            .with_header("accept-ranges", "bytes")
            .differs("another upload of that name is another file: asked each time, not sent twice; players may seek"),
        row("raw.url", raw, "the item's url")
            .at(format!("/media/raw/{A}/a.mp4"))
            .gets_file("video/mp4", film)
            .with_header("content-security-policy", "default-src 'none'; sandbox")
            .differs("nothing in a file from outside may run"),
        row("raw.gone", raw, "404").at("/media/raw/b.gif").refuses(404, "NOT_FOUND"),
        row("processed", ("GET", "/media/processed/*"), "frames as files, which nobody asks for")
            .at(format!("/media/processed/{A}/frames/frame_000001.rgb"))
            .refuses(404, "NOT_FOUND")
            .differs("frames are not kept one by one; the clip is at /api/media/{slug}/clip"),
    ]
}
