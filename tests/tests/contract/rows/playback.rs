//! What plays, and how bright. The rows begin with A and B in the loop, playing.

use serde_json::{Value, json};

use crate::row::{Row, row};

const BRIGHTNESS: (&str, &str) = ("GET", "/api/display/brightness");
const SET_BRIGHTNESS: (&str, &str) = ("POST", "/api/display/brightness");
const TOGGLE: (&str, &str) = ("POST", "/api/playback/toggle");
const LOOP_MODE: (&str, &str) = ("POST", "/api/playback/loop-mode");

pub(super) fn rows() -> Vec<Row> {
    let mut rows = player();
    rows.extend(display());
    rows
}

fn player() -> Vec<Row> {
    let mode = |mode: &str| json!({"loop_mode": mode});
    let ram_only = "kept over restarts, and told to every client";
    vec![
        row("toggle", TOGGLE, "pauses").gets("Paused", json!({"paused": true})),
        row("toggle.back", TOGGLE, "goes on").gets("Resumed", json!({"paused": false})),
        row(
            "next",
            ("POST", "/api/playback/next"),
            "nothing happens when there is no other",
        )
        .gets("Switched to next media", Value::Null),
        row("previous", ("POST", "/api/playback/previous"), "as next")
            .gets("Switched to previous media", Value::Null),
        row("loop-mode", LOOP_MODE, "in memory only, nobody is told")
            .gets("Loop mode set to: one", mode("one"))
            .differs(ram_only),
        row(
            "loop-mode.back",
            LOOP_MODE,
            "in memory only, nobody is told",
        )
        .gets("Loop mode set to: all", mode("all"))
        .differs(ram_only),
        row(
            "force-stop",
            ("POST", "/api/playback/force-stop-progress"),
            "takes a stale progress bar off the glass",
        )
        .gets("Force stopped stale progress display", Value::Null),
    ]
}

fn display() -> Vec<Row> {
    let percent = |percent: u8| json!({"brightness": percent});
    vec![
        row("brightness", BRIGHTNESS, "100 at first").gets(Value::Null, percent(100)),
        row(
            "brightness.set",
            SET_BRIGHTNESS,
            "clamped to 0-100; rewrites config.json",
        )
        .sends(json!({"brightness": 250}))
        .gets("Brightness set to 100", percent(100)),
        row("brightness.set.low", SET_BRIGHTNESS, "clamped to 0-100")
            .sends(json!({"brightness": -3}))
            .gets("Brightness set to 0", percent(0)),
        row("brightness.is-set", BRIGHTNESS, "as set").gets(Value::Null, percent(0)),
        row("brightness.set.nothing", SET_BRIGHTNESS, "as it is")
            .sends(json!({}))
            .gets(Value::Null, percent(0)),
        row("brightness.set.text", SET_BRIGHTNESS, "422 {detail:[...]}")
            .sends(json!({"brightness": "high"}))
            .refuses(422, "INVALID_FIELD"),
    ]
}
