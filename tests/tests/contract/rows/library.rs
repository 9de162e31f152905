//! The library and the loop's order.

use loop_tests::media::{film, frames_zip};
use serde_json::{Value, json};

use crate::row::{Row, row};
use crate::shape::EACH;
use crate::types::{A, B, media_item};

const UPLOAD: (&str, &str) = ("POST", "/api/media");
const ADD: (&str, &str) = ("POST", "/api/loop");
const REORDER: (&str, &str) = ("PUT", "/api/loop");
const REMOVE: (&str, &str) = ("DELETE", "/api/loop/{slug}");
const DELETE: (&str, &str) = ("DELETE", "/api/media/{slug}");

fn original_and_frames(name: &'static str) -> crate::row::Files {
    let (original, zip) = match name {
        "a" => ("a.mp4", "a_frames.zip"),
        _ => ("b.mp4", "b_frames.zip"),
    };
    vec![
        ("files", original, film(name)),
        ("files", zip, frames_zip(name, &[1, 2])),
    ]
}

fn stored(slug: &str, duplicate: bool) -> Value {
    json!({"slug": slug, "job_ids": [], "duplicate": duplicate})
}

/// Uploads, good and bad.
pub(super) fn filling() -> Vec<Row> {
    let bad =
        |id, original| row(id, UPLOAD, original).differs("a refusal has a status that says so");
    vec![
        row(
            "upload",
            UPLOAD,
            "200, the slug of metadata.json; job_ids always empty",
        )
        .uploads(original_and_frames("a"))
        .gets("Processed 2 files", stored(A, false)),
        row(
            "upload.frames-first",
            UPLOAD,
            "either file may be the first",
        )
        .uploads(original_and_frames("b").into_iter().rev().collect())
        .gets("Processed 2 files", stored(B, false)),
        row(
            "upload.again",
            UPLOAD,
            "500 or 200 and no item; job_ids always empty",
        )
        .uploads(original_and_frames("a"))
        .gets("Processed 2 files", stored(A, true))
        .differs("what is there already is a success that says so, and the item is there"),
        bad("upload.no-files", "500 {detail}")
            .uploads(vec![("files", "x.mp4", Vec::new())])
            .refuses(422, "EMPTY_FILE"),
        bad(
            "upload.half-a-zip",
            "500 {detail} with a path of the device",
        )
        .uploads(vec![
            ("files", "x.mp4", film("x")),
            ("files", "x_frames.zip", b"PK\x03\x04".to_vec()),
        ])
        .refuses(422, "BAD_FRAMES"),
        bad("upload.page", "stored, and served as a page of ours")
            .uploads(vec![
                (
                    "files",
                    "x.html",
                    b"<!doctype html><script>x()</script>".to_vec(),
                ),
                ("files", "x_frames.zip", frames_zip("x", &[1])),
            ])
            .refuses(415, "NOT_MEDIA"),
        bad("upload.wrong-field", "422 {detail:[...]}")
            .uploads(vec![("file", "x.mp4", film("x"))])
            .refuses(400, "WRONG_FIELD"),
        row(
            "media",
            ("GET", "/api/media"),
            "raw items; the polling line: a list of slugs, unannounced",
        )
        .gets(
            Value::Null,
            json!({"media": {EACH: media_item()}, "active": "text?", "last_updated": "int"}),
        ),
        row(
            "media.cleanup",
            ("POST", "/api/media/cleanup"),
            "no data; deletes .gitkeep, too",
        )
        .gets(
            "Cleaned up 0 orphaned files",
            json!({"files": 0, "bytes": 0, "uploads": 0, "trash": 0}),
        )
        .differs("data tells what was done"),
    ]
}

/// The loop's order. It begins with A, B.
pub(super) fn ordering() -> Vec<Row> {
    let order = |slugs: &[&str]| json!({"loop": slugs});
    vec![
        row("loop", ("GET", "/api/loop"), "the order").gets(Value::Null, order(&[A, B])),
        row("loop.reorder", REORDER, "answered with the old order and forgot the new one; drops unknown names")
            .sends(json!({"loop": [B, "nobody", "../x", A]}))
            .gets("Loop reordered", order(&[B, A]))
            .differs("it sticks"),
        row("loop.reordered", ("GET", "/api/loop"), "the old order again")
            .gets(Value::Null, order(&[B, A]))
            .differs("it sticks"),
        row("loop.reorder.no-list", REORDER, "422 {detail:[...]}")
            .sends(json!({"loop": "x"}))
            .refuses(422, "INVALID_FIELD")
            .differs("one shape for all refusals; detail is a text, which page and scripts show as it is"),
        row("loop.remove", REMOVE, "200, and it was there again at the next look")
            .gets("Removed from loop", order(&[B]))
            .differs("it sticks"),
        row("loop.remove.unknown", REMOVE, "200")
            .at("/api/loop/nobody")
            .gets("Removed from loop", order(&[B])),
        row("loop.add", ADD, "200, and it was gone again at the next look")
            .sends(json!({"slug": A}))
            .gets("Added to loop", order(&[B, A]))
            .differs("it sticks"),
        row("loop.add.twice", ADD, "200, once in the loop")
            .sends(json!({"slug": A}))
            .gets("Added to loop", order(&[B, A])),
        row("loop.add.unknown", ADD, "404 {detail:\"Media not found\"}; the polling line 200")
            .sends(json!({"slug": "nobody"}))
            .refuses(404, "NOT_FOUND"),
        row("loop.add.nothing", ADD, "422 {detail:[...]}")
            .sends(json!({}))
            .refuses(422, "INVALID_FIELD"),
        row("media.activate", ("POST", "/api/media/{slug}/activate"), "no data; adds to the loop, plays it")
            .gets(format!("Activated media: {A}"), json!({"slug": A}))
            .differs("data names what plays"),
        row("media.activate.unknown", ("POST", "/api/media/{slug}/activate"), "404 {detail}")
            .at("/api/media/nobody/activate")
            .refuses(404, "NOT_FOUND"),
    ]
}

/// Ends with an empty library.
pub(super) fn emptying() -> Vec<Row> {
    let gone = "no trace of what was deleted may be in the way of its return";
    vec![
        row("media.delete.unknown", DELETE, "200")
            .at("/api/media/nobody")
            .gets("Deleted media: nobody", Value::Null),
        row(
            "media.delete.all",
            DELETE,
            "deleted everything on the device",
        )
        .at("/api/media/%2e%2e%2fraw")
        .refuses(400, "INVALID_SLUG")
        .differs("a name is no path"),
        row("media.delete", DELETE, "200").gets(format!("Deleted media: {A}"), Value::Null),
        row(
            "upload.after-delete",
            UPLOAD,
            "200 and a slug, and nothing in the library for 24 hours",
        )
        .uploads(original_and_frames("a"))
        .gets("Processed 2 files", stored(A, false))
        .differs(gone),
        row("loop.after-delete", ("GET", "/api/loop"), "without it")
            .gets(Value::Null, json!({"loop": [B, A]}))
            .differs(gone),
        row("media.delete.a", DELETE, "200").gets(format!("Deleted media: {A}"), Value::Null),
        row("media.delete.b", DELETE, "200")
            .at(format!("/api/media/{B}"))
            .gets(format!("Deleted media: {B}"), Value::Null),
    ]
}
