//! What is known, and both ways to hear of changes.

use serde_json::{Value, json};

use crate::row::{Row, row};
use crate::shape::{EACH, MORE};
use crate::types::{UPDATE_STATUS, dashboard, player_status, wifi_status};

/// Why requests about hotspots and updates are refused with 501.
const LATER: &str = "not managed by this version; 503 would say \"in a moment\", and its page would ask again and again";

pub(super) fn rows() -> Vec<Row> {
    let mut rows = dashboards();
    rows.extend(polls());
    rows.extend(sockets());
    rows.extend(networks());
    rows.extend(not_managed());
    rows
}

fn dashboards() -> Vec<Row> {
    let storage = json!({"total": "int", "used": "int", "free": "int", "system": "int", "app": "int", "media": "int",
        "units": "bytes", MORE: ["uploads", "trash", "reserved", "min_free"]});
    let pool =
        json!({"pool_size": "int", "available": "int", "in_use": "int", "frame_size": 153_600});
    let chunks = json!({"pool_size": "int", "available": "int", "chunk_size": "int"});
    vec![
        row(
            "dashboard",
            ("GET", "/api/dashboard"),
            "bare, up to 5 s old, and 30 s without internet",
        )
        .gets_bare(dashboard())
        .with_header("content-type", "application/json")
        .differs("as of now, at once"),
        row(
            "dashboard.storage",
            ("GET", "/api/dashboard/storage"),
            "bare, from a scan each hour",
        )
        .gets_bare(storage)
        .differs("as of now"),
        row(
            "dashboard.memory",
            ("GET", "/api/dashboard/memory"),
            "its pools of buffers",
        )
        .gets(
            Value::Null,
            json!({"frame_buffer_pool": pool, "spi_chunk_pool": chunks}),
        ),
    ]
}

fn polls() -> Vec<Row> {
    let media =
        json!({"total_count": "int", "loop_count": "int", "active": "text?", "has_media": "bool"});
    let status = json!({"timestamp": "int", "player": player_status(), "wifi": wifi_status(), "updates": UPDATE_STATUS,
        "media": media, "processing": {"active_jobs": 0, "jobs": {}}});
    let components = json!({"display": "bool", "wifi": "bool", "updater": "bool"});
    let metrics = json!({"timestamp": "number", "memory_percent": "number", "memory_available_mb": "number",
        "disk_free_percent": "number", "disk_free_gb": "number", "components": components});
    vec![
        row("poll.status", ("GET", "/api/poll/status"), "env").gets(Value::Null, status),
        row(
            "poll.progress",
            ("GET", "/api/poll/progress"),
            "env; see the jobs' own test",
        )
        .gets(Value::Null, json!({"active_jobs": {}, "timestamp": "int"})),
        row("poll.health", ("GET", "/api/poll/health"), "env")
            .gets(Value::Null, json!({"healthy": "bool", "metrics": metrics})),
    ]
}

fn sockets() -> Vec<Row> {
    let none = json!({"total_connections": 0, "rooms": {}, "healthy_connections": 0});
    vec![
        row(
            "websocket.status",
            ("GET", "/api/websocket/status"),
            "who is in which room",
        )
        .gets(
            Value::Null,
            json!({"connections": none, "detailed_rooms": {}}),
        ),
        row("websocket", ("GET", "/ws"), "404 to what is no WebSocket")
            .refuses(400, "NOT_A_WEBSOCKET")
            .differs("a caller that forgot to upgrade is told so"),
    ]
}

/// With a mock of NetworkManager that hears `X`.
fn networks() -> Vec<Row> {
    let network = json!({"ssid": "X", "signal": "int", "secured": true,
        MORE: ["id", "security", "band", "frequency_mhz", "saved"]});
    let connect = ("POST", "/api/wifi/connect");
    vec![
        row(
            "wifi.scan",
            ("GET", "/api/wifi/scan"),
            "data:{networks:[{ssid,signal,secured}]}; nothing else is answered meanwhile",
        )
        .gets(Value::Null, json!({"networks": {EACH: network}}))
        .differs("hinders nobody"),
        row("wifi.save.none", ("POST", "/api/wifi/save-current"), "400")
            .refuses(400, "NOT_CONNECTED"),
        row("wifi.connect.wrong", connect, "500, Internal server error")
            .sends(json!({"ssid": "X", "password": "not this one"}))
            .refuses(422, "INVALID_FIELD")
            .differs("tells what is wrong"),
        row("wifi.connect", connect, "Connected to X")
            .sends(json!({"ssid": "X", "password": "12345678"}))
            .gets("Connected to X", Value::Null),
        row(
            "wifi.save",
            ("POST", "/api/wifi/save-current"),
            "data:{configured_ssid}; blanks the password it has stored",
        )
        .gets("text", json!({"configured_ssid": "X"}))
        .differs("the password is NetworkManager's, which keeps it"),
    ]
}

fn not_managed() -> Vec<Row> {
    let later = |id, route, original| {
        row(id, route, original)
            .refuses(501, "NOT_AVAILABLE")
            .differs(LATER)
    };
    vec![
        later(
            "wifi.hotspot",
            ("POST", "/api/wifi/hotspot"),
            "data:{hotspot_active}",
        ),
        later(
            "updates.check",
            ("GET", "/api/updates/check"),
            "data:{updates_available:{git,timestamp}}",
        ),
        later(
            "updates.install",
            ("POST", "/api/updates/install"),
            "success:false, No updates available",
        ),
    ]
}
