//! What is told to everybody in a room, and what makes it be told.

use loop_tests::rig::Daemon;
use serde_json::{Value, json};

use crate::shape::{EACH, MORE};
use crate::types::{A, B, dashboard, job, media_item, player_status};

const C: &str = "c_0123456789abcdef";

/// What makes the server send something.
pub(super) enum Cause {
    Post(&'static str, Value),
    Put(&'static str, Value),
    Delete(String),
    Upload(&'static str, &'static [u8]),
    Stop(Daemon),
    Start(Daemon),
    /// The row before, or time.
    ItGoesOn,
}

/// A message that is sent to everybody in a room.
pub(super) struct Event {
    pub(super) id: &'static str,
    pub(super) cause: Cause,
    pub(super) kind: &'static str,
    /// Which of the messages of that type.
    pub(super) pick: fn(&Value) -> bool,
    pub(super) data: Value,
    pub(super) original: &'static str,
}

const NEVER: &str = "promised, never sent";

fn event(
    id: &'static str,
    cause: Cause,
    kind: &'static str,
    pick: fn(&Value) -> bool,
    data: Value,
    original: &'static str,
) -> Event {
    Event {
        id,
        cause,
        kind,
        pick,
        data,
        original,
    }
}

/// A and B loop, both films.
pub(super) fn events() -> Vec<Event> {
    let mut events = uploads();
    events.extend(library());
    events.extend(player());
    events.extend(daemons());
    events
}

fn uploads() -> Vec<Event> {
    let (upload, any) = (Cause::Upload, |_: &Value| true);
    let bytes = json!({"bytes_received": "int", "total_bytes": "int", "percent": 100});
    let stage = |stage: &str, percent: Value| {
        json!({"filename": "text", "percent": percent, "progress": percent,
        "stage": stage, MORE: ["message", "upload_id"]})
    };
    vec![
        event(
            "uploaded",
            upload("c", &[5, 6]),
            "media_uploaded",
            any,
            media_item(),
            "an item",
        ),
        event(
            "upload.bytes",
            upload("d", &[7; 10]),
            "upload_progress",
            |data| data["bytes_received"].is_u64() && data["bytes_received"] == data["total_bytes"],
            bytes,
            "each MiB of the body",
        ),
        event(
            "upload.finalizing",
            upload("e", &[8]),
            "upload_progress",
            |data| data["stage"] == "finalizing",
            stage("finalizing", json!("int")),
            "stage finalizing",
        ),
        event(
            "upload.complete",
            Cause::ItGoesOn,
            "upload_progress",
            |data| data["stage"] == "complete",
            stage("complete", json!(100)),
            "stage complete",
        ),
        event(
            "upload.job",
            upload("f", &[9]),
            "processing_progress",
            |data| data["status"] == "completed",
            job(),
            "20 to 100, complete",
        ),
    ]
}

fn library() -> Vec<Event> {
    let item = |name: &str| format!("/api/media/{name}_0123456789abcdef");
    let order = json!({"loop": {EACH: "text"}});
    let mut events: Vec<_> = ["d", "e", "f"]
        .into_iter()
        .map(|name| {
            event(
                "media.deleted",
                Cause::Delete(item(name)),
                "media_deleted",
                |_| true,
                json!({"slug": format!("{name}_0123456789abcdef")}),
                NEVER,
            )
        })
        .collect();
    events.extend([
        event(
            "loop.reordered",
            Cause::Put("/api/loop", json!({"loop": [C, B, A]})),
            "loop_updated",
            |data| data["loop"] == json!([C, B, A]),
            order.clone(),
            "the old order",
        ),
        event(
            "loop.removed",
            Cause::Delete(format!("/api/loop/{C}")),
            "loop_updated",
            |data| data["loop"] == json!([B, A]),
            order.clone(),
            NEVER,
        ),
        event(
            "loop.added",
            Cause::Post("/api/loop", json!({"slug": C})),
            "loop_updated",
            |data| data["loop"] == json!([B, A, C]),
            order,
            "the order",
        ),
    ]);
    events
}

fn player() -> Vec<Event> {
    let player = || json!({"player": player_status()});
    let post = |path| Cause::Post(path, json!({}));
    let playback = "playback_changed";
    vec![
        event(
            "next-by-itself",
            Cause::ItGoesOn,
            playback,
            |data| data["player"]["current_media"] == A,
            player(),
            NEVER,
        ),
        event(
            "and-the-next",
            Cause::ItGoesOn,
            playback,
            |data| data["player"]["current_media"] == C,
            player(),
            NEVER,
        ),
        event(
            "paused",
            post("/api/playback/toggle"),
            playback,
            |data| data["player"]["is_playing"] == false,
            player(),
            "the player",
        ),
        event(
            "activated",
            post("/api/media/b_0123456789abcdef/activate"),
            playback,
            |data| data["player"]["current_media"] == B,
            player(),
            "the player",
        ),
        event(
            "next",
            post("/api/playback/next"),
            playback,
            |data| data["player"]["current_media"] == A,
            player(),
            "the player",
        ),
        event(
            "previous",
            post("/api/playback/previous"),
            playback,
            |data| data["player"]["current_media"] == B,
            player(),
            "the player",
        ),
        event(
            "loop-mode",
            post("/api/playback/loop-mode"),
            playback,
            |data| data["player"]["loop_mode"] == "one",
            player(),
            NEVER,
        ),
        event(
            "loop-mode.back",
            post("/api/playback/loop-mode"),
            playback,
            |data| data["player"]["loop_mode"] == "all",
            player(),
            NEVER,
        ),
        event(
            "resumed",
            post("/api/playback/toggle"),
            playback,
            |data| data["player"]["is_playing"] == true,
            player(),
            "the player",
        ),
        event(
            "brightness",
            Cause::Post("/api/display/brightness", json!({"brightness": 30})),
            "brightness_changed",
            |_| true,
            json!({"brightness": 30, MORE: ["rotation"]}),
            NEVER,
        ),
    ]
}

fn daemons() -> Vec<Event> {
    let hardware = |connected: bool, reason: &str, panel: Value| {
        json!({"hardware": {"connected": connected, "breaker": "text",
        "reason": reason, "panel": panel}})
    };
    let mut without_player = dashboard();
    without_player["status"]["player"] = Value::Null;
    without_player["status"]["wifi"] = Value::Null;
    let connected = |data: &Value| data["hardware"]["connected"] == true;
    vec![
        event(
            "display.away",
            Cause::Stop(Daemon::Hw),
            "system_status_changed",
            |data| data["hardware"]["connected"] == false,
            hardware(false, "text", Value::Null),
            NEVER,
        ),
        event(
            "dashboard.without-player",
            Cause::ItGoesOn,
            "dashboard_update",
            |_| true,
            without_player,
            "the dashboard",
        ),
        event(
            "display.back",
            Cause::Start(Daemon::Hw),
            "system_status_changed",
            connected,
            hardware(true, "any", json!("object")),
            NEVER,
        ),
        event(
            "dashboard",
            Cause::ItGoesOn,
            "dashboard_update",
            |data| data["status"]["player"].is_object(),
            dashboard(),
            "the dashboard",
        ),
    ]
}
