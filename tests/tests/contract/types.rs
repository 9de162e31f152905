//! The contract's types. What stands behind [`MORE`] is ours.

use serde_json::{Value, json};

use crate::shape::{EACH, MORE};

/// The item the rows are about.
pub(crate) const A: &str = "a_0123456789abcdef";

/// Another one.
pub(crate) const B: &str = "b_0123456789abcdef";

pub(crate) fn envelope(message: Value, data: Value) -> Value {
    json!({"success": true, "message": message, "data": data, "errors": null})
}

/// The original has two shapes of refusals; ours is both of them.
pub(crate) fn refusal(code: &str) -> Value {
    json!({"success": false, "message": "text", "detail": "text", "code": code, "errors": "any",
        "timestamp": "int", "retry_after": "int?"})
}

pub(crate) fn media_item() -> Value {
    json!({"slug": "text", "filename": "text", "type": "text", "size": "int", "uploadedAt": "time",
        "url": "text?", "duration": "number?", "width": 320, "height": 240, "frame_count": "int",
        "processing_status": "completed",
        MORE: ["title", "tags", "thumbnail", "quality", "settings", "convertible", "sha256"]})
}

pub(crate) fn player_status() -> Value {
    json!({"is_playing": "bool", "current_media": "text?", "loop_index": "int", "total_media": "int",
        "frame_rate": "number", "loop_mode": "text", "showing_progress": "bool",
        MORE: ["paused", "frame_count", "duration_ms", "position_ms", "position_at"]})
}

pub(crate) fn wifi_status() -> Value {
    let info = json!({"ssid": "text?", "ip_address": "text?", "signal_strength": "text?", "connected": "bool",
        "interface": "text?"});
    json!({"connected": "bool", "hotspot_active": "bool", "current_ssid": "text?", "ip_address": "text?",
        "configured_ssid": "text?", "hotspot_ssid": "text?", "signal_strength": "text?", "network_info": info,
        "interface": "text?", "state": "text", MORE: ["reason"]})
}

/// Updates are not managed by this version, and the original's clients take null for "not known".
pub(crate) const UPDATE_STATUS: Value = Value::Null;

/// An upload under way; where the contract leaves out the first two, its clients have no use for them.
pub(crate) fn job() -> Value {
    json!({"job_id": "text", "filename": "text", "status": "text", "progress": "int", "stage": "text",
        "message": "text", "timestamp": "number"})
}

pub(crate) fn dashboard() -> Value {
    let status = json!({"system": "text", "status": "running", "timestamp": "int", "player": player_status(),
        "wifi": wifi_status(), "updates": UPDATE_STATUS, MORE: ["name", "hardware"]});
    json!({"status": status, "media": {EACH: media_item()}, "active": "text?", "loop": {EACH: "text"},
        "last_updated": "int?", "processing": "object?", MORE: ["media_total", "display"]})
}
