//! What is known, all at once or by part.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Json, Response};
use loop_proto::snapshot::HwSnapshot;
use loop_proto::wifi;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;
use super::error::{ApiResult, Enveloped, tell};
use super::extract::{Known, Unchanged};
use super::openapi::refusals::Disk;
use crate::clock::unix_seconds;
use crate::view::{Dashboard, Envelope, PolledProgress, PolledStatus};

/// All that is known, as one answer.
#[utoipa::path(get, path = "/api/dashboard", tag = "status", params(Known),
    responses((status = 200, description = "Without an envelope.", body = Dashboard<'static>), Unchanged))]
pub(crate) async fn dashboard(State(app): State<App>, headers: HeaderMap) -> Response {
    app.board.ready().dashboard.respond(&headers)
}

/// Who uses how many bytes of the disk.
#[derive(Serialize, ToSchema)]
pub(crate) struct Storage {
    total: u64,
    used: u64,
    free: u64,
    /// By all others.
    system: u64,
    /// By the program itself: nothing that counts.
    app: u64,
    /// By the library.
    media: u64,
    /// By uploads under way, with what the file system has set aside for bytes to come: it counts that as used.
    uploads: u64,
    /// By what was deleted a moment ago.
    trash: u64,
    /// Of what is free, for bytes that were promised.
    reserved: u64,
    /// Of what is free, what has to stay so.
    min_free: u64,
    units: Units,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Units {
    Bytes,
}

/// How full the disk is, and of what.
#[utoipa::path(get, path = "/api/dashboard/storage", tag = "status",
    responses((status = 200, description = "Without an envelope.", body = Storage), Disk))]
pub(crate) async fn storage(State(app): State<App>) -> ApiResult<Json<Storage>> {
    let usage = app.store.usage()?;
    let uploads = app.resumable.pending_bytes();
    let ours = [usage.media, usage.trash, uploads];
    Ok(Json(Storage {
        total: usage.total,
        used: usage.used,
        free: usage.free,
        system: usage.used.saturating_sub(ours.iter().sum()),
        app: 0,
        media: usage.media,
        uploads,
        trash: usage.trash,
        reserved: usage.promised,
        min_free: usage.min_free,
        units: Units::Bytes,
    }))
}

/// Where the original has its buffers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Memory {
    frame_buffer_pool: FramePool,
    spi_chunk_pool: ChunkPool,
}

#[derive(Serialize, ToSchema)]
struct FramePool {
    pool_size: usize,
    available: usize,
    in_use: usize,
    frame_size: usize,
}

#[derive(Serialize, ToSchema)]
struct ChunkPool {
    pool_size: usize,
    available: usize,
    chunk_size: usize,
}

/// The original's buffer pools.
///
/// There are none here: frames are read one at a time.
#[utoipa::path(get, path = "/api/dashboard/memory", tag = "status",
    responses((status = 200, description = "Empty pools.", body = Envelope<Memory>)))]
pub(crate) async fn memory() -> Enveloped<Memory> {
    tell(Memory {
        frame_buffer_pool: FramePool {
            pool_size: 0,
            available: 0,
            in_use: 0,
            frame_size: loop_proto::pixel::FRAME_BYTES,
        },
        spi_chunk_pool: ChunkPool {
            pool_size: 0,
            available: 0,
            chunk_size: 4096,
        },
    })
}

/// What plays and what goes on, for clients without a WebSocket.
#[utoipa::path(get, path = "/api/poll/status", tag = "status",
    responses((status = 200, description = "The state.", body = Envelope<PolledStatus<'static>>)))]
pub(crate) async fn poll_status(State(app): State<App>) -> Response {
    let (library, link) = (app.store.library(), app.link.state());
    let jobs = app.board.jobs();
    let status = PolledStatus::new(&library, &link, &jobs);
    Json(Envelope::around(status)).into_response()
}

/// How far work is that goes on.
#[utoipa::path(get, path = "/api/poll/progress", tag = "status",
    responses((status = 200, description = "All jobs.", body = Envelope<PolledProgress<'static>>)))]
pub(crate) async fn poll_progress(State(app): State<App>) -> Response {
    let jobs = app.board.jobs();
    let progress = PolledProgress::new(&jobs);
    Json(Envelope::around(progress)).into_response()
}

/// Whether the device is well.
#[derive(Serialize, ToSchema)]
pub(crate) struct PolledHealth {
    healthy: bool,
    metrics: Metrics,
}

#[derive(Serialize, ToSchema)]
struct Metrics {
    /// Unix time in seconds.
    timestamp: f64,
    #[schema(maximum = 100)]
    memory_percent: u64,
    memory_available_mb: u64,
    #[schema(maximum = 100)]
    disk_free_percent: u64,
    disk_free_gb: u64,
    components: Parts,
}

/// Which parts are there.
#[derive(Serialize, ToSchema)]
#[schema(as = PartsThere)]
struct Parts {
    display: bool,
    wifi: bool,
    updater: bool,
}

/// Whether the device is well: with memory, a disk with room, and its display.
#[utoipa::path(get, path = "/api/poll/health", tag = "status",
    responses((status = 200, description = "How it is.", body = Envelope<PolledHealth>), Disk))]
pub(crate) async fn poll_health(State(app): State<App>) -> Enveloped<PolledHealth> {
    let usage = app.store.usage()?;
    let free = usage.free.saturating_mul(100).checked_div(usage.total);
    let disk_free_percent = free.unwrap_or(0);
    let display = app.link.state().snapshot().is_some();
    let (memory_percent, memory_available_mb) = memory_use();
    let metrics = Metrics {
        timestamp: unix_seconds(),
        memory_percent,
        memory_available_mb,
        disk_free_percent,
        disk_free_gb: usage.free / 1_000_000_000,
        components: Parts {
            display,
            wifi: app.link.state().snapshot().is_some_and(has_wifi),
            updater: false,
        },
    };
    let healthy = memory_percent < 80 && disk_free_percent > 10 && display;
    tell(PolledHealth { healthy, metrics })
}

fn has_wifi(snapshot: &Arc<HwSnapshot>) -> bool {
    !matches!(snapshot.wifi.link, wifi::Link::Unavailable(_))
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
