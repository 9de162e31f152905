//! The original's interface, row by row: what its clients send and what they must get.

use loop_tests::rig::Rig;
use serde_json::{Value, json};

const A: &str = "a_0123456789abcdef";

/// A request, and the shape of its answer.
struct Row {
    method: &'static str,
    path: String,
    body: Value,
    status: u16,
    /// What `data` of the envelope must be, `null` among them; names of types stand for any value of that type.
    data: Value,
    message: Value,
}

fn row(
    method: &'static str,
    path: impl Into<String>,
    body: Value,
    data: Value,
    message: Value,
) -> Row {
    Row {
        method,
        path: path.into(),
        body,
        status: 200,
        data,
        message,
    }
}

fn rows() -> Vec<Row> {
    let none = Value::Null;
    let (post, get, put, delete) = ("POST", "GET", "PUT", "DELETE");
    vec![
        row(
            get,
            "/api/dashboard/memory",
            none.clone(),
            json!({"frame_buffer_pool": {"pool_size": "int", "available": "int", "in_use": "int", "frame_size": "int"}, "spi_chunk_pool": {"pool_size": "int", "available": "int", "chunk_size": "int"}}),
            none.clone(),
        ),
        row(
            get,
            "/api/media",
            none.clone(),
            json!({"media": "list", "active": "any", "last_updated": "int"}),
            none.clone(),
        ),
        row(
            post,
            format!("/api/media/{A}/activate"),
            json!({}),
            json!({"slug": A}),
            json!(format!("Activated media: {A}")),
        ),
        row(
            post,
            "/api/media/cleanup",
            json!({}),
            json!({"files": 0, "bytes": 0, "uploads": 0, "trash": 0}),
            json!("Cleaned up 0 orphaned files"),
        ),
        row(
            get,
            "/api/loop",
            none.clone(),
            json!({"loop": [A]}),
            none.clone(),
        ),
        row(
            delete,
            format!("/api/loop/{A}"),
            none.clone(),
            json!({"loop": []}),
            json!("Removed from loop"),
        ),
        row(
            delete,
            "/api/loop/nobody",
            none.clone(),
            json!({"loop": []}),
            json!("Removed from loop"),
        ),
        row(
            post,
            "/api/loop",
            json!({"slug": A}),
            json!({"loop": [A]}),
            json!("Added to loop"),
        ),
        row(
            put,
            "/api/loop",
            json!({"loop": ["nobody", A, "../x"]}),
            json!({"loop": [A]}),
            json!("Loop reordered"),
        ),
        row(
            post,
            "/api/playback/toggle",
            json!({}),
            json!({"paused": true}),
            json!("Paused"),
        ),
        row(
            post,
            "/api/playback/toggle",
            json!({}),
            json!({"paused": false}),
            json!("Resumed"),
        ),
        row(
            post,
            "/api/playback/pause",
            json!({}),
            json!({"paused": true}),
            json!("Paused"),
        ),
        row(
            post,
            "/api/playback/resume",
            json!({}),
            json!({"paused": false}),
            json!("Resumed"),
        ),
        row(
            post,
            "/api/playback/next",
            json!({}),
            none.clone(),
            json!("Switched to next media"),
        ),
        row(
            post,
            "/api/playback/previous",
            json!({}),
            none.clone(),
            json!("Switched to previous media"),
        ),
        row(
            post,
            "/api/playback/loop-mode",
            json!({}),
            json!({"loop_mode": "one"}),
            json!("Loop mode set to: one"),
        ),
        row(
            post,
            "/api/playback/loop-mode",
            json!({}),
            json!({"loop_mode": "all"}),
            json!("Loop mode set to: all"),
        ),
        row(
            post,
            "/api/playback/force-stop-progress",
            json!({}),
            none.clone(),
            json!("Force stopped stale progress display"),
        ),
        row(
            get,
            "/api/display/brightness",
            none.clone(),
            json!({"brightness": 100}),
            none.clone(),
        ),
        row(
            post,
            "/api/display/brightness",
            json!({"brightness": 250}),
            json!({"brightness": 100}),
            json!("Brightness set to 100"),
        ),
        row(
            post,
            "/api/display/brightness",
            json!({"brightness": -3}),
            json!({"brightness": 0}),
            json!("Brightness set to 0"),
        ),
        row(
            get,
            "/api/websocket/status",
            none.clone(),
            json!({"connections": {"total_connections": 0, "rooms": {}, "healthy_connections": 0}, "detailed_rooms": {}}),
            none.clone(),
        ),
        row(
            get,
            "/api/poll/status",
            none.clone(),
            json!({"timestamp": "int", "player": "object", "wifi": null, "updates": null, "media": {"total_count": 1, "loop_count": 1, "active": A, "has_media": true}, "processing": {"active_jobs": 0, "jobs": {}}}),
            none.clone(),
        ),
        row(
            get,
            "/api/poll/progress",
            none.clone(),
            json!({"active_jobs": {}, "timestamp": "int"}),
            none.clone(),
        ),
        row(
            get,
            "/api/poll/health",
            none.clone(),
            json!({"healthy": "bool", "metrics": "object"}),
            none.clone(),
        ),
        row(
            delete,
            "/api/media/nobody",
            none.clone(),
            none.clone(),
            json!("Deleted media: nobody"),
        ),
        row(
            delete,
            format!("/api/media/{A}"),
            none.clone(),
            none.clone(),
            json!(format!("Deleted media: {A}")),
        ),
    ]
}

/// Whether a value is as described, without anything more.
fn fits(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (_, Value::String(kind)) if kind == "any" => true,
        (Value::Number(number), Value::String(kind)) if kind == "int" => {
            number.is_u64() || number.is_i64()
        }
        (Value::Number(_), Value::String(kind)) if kind == "number" => true,
        (Value::Bool(_), Value::String(kind)) if kind == "bool" => true,
        (Value::Array(_), Value::String(kind)) if kind == "list" => true,
        (Value::Object(_), Value::String(kind)) if kind == "object" => true,
        (Value::String(_), Value::String(kind)) if kind == "text" => true,
        (Value::Object(value), Value::Object(wanted)) => {
            value.len() == wanted.len()
                && wanted
                    .iter()
                    .all(|(key, wanted)| value.get(key).is_some_and(|value| fits(value, wanted)))
        }
        (value, wanted) => value == wanted,
    }
}

/// As [`fits`], but more keys are no fault: clients of the original pass over them.
fn holds(value: &Value, wanted: &Value) -> bool {
    let (Value::Object(fields), Value::Object(wanted)) = (value, wanted) else {
        return fits(value, wanted);
    };
    wanted
        .iter()
        .all(|(key, wanted)| fields.get(key).is_some_and(|value| holds(value, wanted)))
}

async fn ask(rig: &Rig, row: &Row) -> loop_tests::rig::Answer {
    match row.method {
        "GET" => rig.get(&row.path).await,
        "PUT" => rig.put(&row.path, &row.body).await,
        "DELETE" => rig.delete(&row.path).await,
        _ => rig.post(&row.path, &row.body).await,
    }
    .unwrap()
}

#[tokio::test]
async fn every_row_of_the_interface_is_answered_as_the_original_did() {
    let rig = Rig::start().await;
    rig.upload("a", &[1]).await;
    rig.until(|dashboard| dashboard["active"] == A).await;
    for row in rows() {
        let answer = ask(&rig, &row).await;
        let what = format!(
            "{} {}: {} {}",
            row.method, row.path, answer.status, answer.json
        );
        assert_eq!(answer.status, row.status, "{what}");
        let envelope =
            json!({"success": true, "message": row.message, "data": row.data, "errors": null});
        assert!(fits(&answer.json, &envelope), "{what}");
        // The player follows the order; the next row may need it there.
        let order = rig.get("/api/loop").await.unwrap().ok()["data"]["loop"]
            .as_array()
            .unwrap()
            .len();
        rig.until(|dashboard| dashboard["status"]["player"]["total_media"] == order)
            .await;
    }
    rig.finish().await;
}

#[tokio::test]
async fn the_dashboard_has_the_originals_fields_and_types() {
    let rig = Rig::start().await;
    rig.upload("a", &[1, 2]).await;
    rig.until(|dashboard| dashboard["active"] == A).await;
    let player = json!({"is_playing": true, "current_media": A, "loop_index": 0, "total_media": 1, "frame_rate": 25.0,
        "loop_mode": "all", "showing_progress": false});
    let item = json!({"slug": A, "filename": "a.mp4", "type": "video/mp4", "size": "int", "uploadedAt": "text",
        "url": "text", "duration": 0.08, "width": 320, "height": 240, "frame_count": 2, "processing_status": "completed"});
    let wanted = json!({"status": {"system": "text", "status": "running", "timestamp": "int", "player": player,
        "wifi": null, "updates": null}, "active": A, "loop": [A], "last_updated": "int", "processing": null});
    let dashboard = rig.get("/api/dashboard").await.unwrap().ok();
    assert!(holds(&dashboard, &wanted), "{dashboard:#}");
    assert!(holds(&dashboard["media"][0], &item), "{dashboard:#}");
    let storage = rig.get("/api/dashboard/storage").await.unwrap().ok();
    let wanted = json!({"total": "int", "used": "int", "free": "int", "system": "int", "app": "int", "media": "int",
        "units": "bytes"});
    assert!(holds(&storage, &wanted), "{storage:#}");
    rig.finish().await;
}

#[tokio::test]
async fn refusals_have_one_shape_and_the_field_old_clients_read() {
    let rig = Rig::start().await;
    let cases = [
        (
            "POST",
            "/api/media/nobody/activate",
            json!({}),
            404,
            "NOT_FOUND",
        ),
        (
            "POST",
            "/api/loop",
            json!({"slug": "nobody"}),
            404,
            "NOT_FOUND",
        ),
        ("POST", "/api/loop", json!({}), 422, "INVALID_FIELD"),
        (
            "PUT",
            "/api/loop",
            json!({"loop": "x"}),
            422,
            "INVALID_FIELD",
        ),
        (
            "POST",
            "/api/display/brightness",
            json!({"brightness": "high"}),
            422,
            "INVALID_FIELD",
        ),
        (
            "POST",
            "/api/playback/select",
            json!({"slug": "nobody"}),
            404,
            "NOT_FOUND",
        ),
        (
            "POST",
            "/api/playback/select",
            json!({"slug": "../x"}),
            422,
            "INVALID_FIELD",
        ),
        ("GET", "/api/nothing", Value::Null, 404, "NOT_FOUND"),
        (
            "DELETE",
            "/api/dashboard",
            Value::Null,
            405,
            "METHOD_NOT_ALLOWED",
        ),
        ("GET", "/api/wifi/scan", Value::Null, 501, "NOT_AVAILABLE"),
    ];
    for (method, path, body, status, code) in cases {
        let row = Row {
            method,
            path: path.to_owned(),
            body,
            status,
            data: Value::Null,
            message: Value::Null,
        };
        let answer = ask(&rig, &row).await;
        assert_eq!(
            (answer.status, answer.json["code"].as_str()),
            (status, Some(code)),
            "{path} {}",
            answer.json
        );
        let shape = json!({"success": false, "message": "text", "detail": answer.json["message"], "code": code,
            "errors": null, "timestamp": "int", "retry_after": "any"});
        assert!(fits(&answer.json, &shape), "{path} {}", answer.json);
    }
    rig.finish().await;
}
