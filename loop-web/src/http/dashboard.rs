//! What is known, all at once or by part.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};

use super::App;
use super::error::{ApiResult, success};
use crate::clock::{unix_millis, unix_seconds};
use crate::view::{Player, active};

pub(crate) async fn dashboard(State(app): State<App>, headers: HeaderMap) -> Response {
    app.board.ready().dashboard.respond(&headers)
}

pub(crate) async fn storage(State(app): State<App>) -> ApiResult {
    let usage = app.store.usage()?;
    // With what the file system has set aside for bytes to come: it counts that as used.
    let uploads = app.resumable.pending_bytes();
    let ours = [usage.media, usage.trash, uploads];
    let system = usage.used.saturating_sub(ours.iter().sum());
    let answer = json!({"total": usage.total, "used": usage.used, "free": usage.free, "system": system, "app": 0,
        "media": usage.media, "uploads": uploads, "trash": usage.trash, "reserved": usage.promised,
        "min_free": usage.min_free, "units": "bytes"});
    Ok(Json(answer).into_response())
}

/// The original reports its buffer pools here. There are none: frames are read one at a time.
pub(crate) async fn memory() -> ApiResult {
    let frame_size = loop_proto::pixel::FRAME_BYTES;
    let frames = json!({"pool_size": 0, "available": 0, "in_use": 0, "frame_size": frame_size});
    let chunks = json!({"pool_size": 0, "available": 0, "chunk_size": 4096});
    success(
        Value::Null,
        json!({"frame_buffer_pool": frames, "spi_chunk_pool": chunks}),
    )
}

pub(crate) async fn poll_status(State(app): State<App>) -> ApiResult {
    let (library, link) = (app.store.library(), app.link.state());
    let jobs = app.board.jobs();
    let player = link.snapshot().map(|snapshot| Player::new(snapshot));
    let media = json!({"total_count": library.len(), "loop_count": library.order().len(), "active": active(&link),
        "has_media": !library.is_empty()});
    let processing = json!({"active_jobs": jobs.len(), "jobs": *jobs});
    let data = json!({"timestamp": unix_millis() / 1000, "player": player, "wifi": null, "updates": null,
        "media": media, "processing": processing});
    success(Value::Null, data)
}

pub(crate) async fn poll_progress(State(app): State<App>) -> ApiResult {
    success(
        Value::Null,
        json!({"active_jobs": *app.board.jobs(), "timestamp": unix_millis() / 1000}),
    )
}

pub(crate) async fn poll_health(State(app): State<App>) -> ApiResult {
    let usage = app.store.usage()?;
    let free_percent = usage
        .free
        .saturating_mul(100)
        .checked_div(usage.total)
        .unwrap_or(0);
    let display = app.link.state().snapshot().is_some();
    let (memory_percent, memory_available_mb) = memory_use();
    let metrics = json!({"timestamp": unix_seconds(), "memory_percent": memory_percent,
        "memory_available_mb": memory_available_mb, "disk_free_percent": free_percent,
        "disk_free_gb": usage.free / 1_000_000_000,
        "components": {"display": display, "wifi": false, "updater": false}});
    let healthy = memory_percent < 80 && free_percent > 10 && display;
    success(Value::Null, json!({"healthy": healthy, "metrics": metrics}))
}

/// Percent of the machine's memory that is used, and megabytes that are available.
fn memory_use() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes = |name: &str| -> u64 {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok())
            .unwrap_or(0)
    };
    let (total, available) = (kilobytes("MemTotal:"), kilobytes("MemAvailable:"));
    let used = total
        .saturating_sub(available)
        .saturating_mul(100)
        .checked_div(total)
        .unwrap_or(0);
    (used, available / 1000)
}
