//! HTTP: which request goes where.

mod archive;
mod body;
mod clips;
mod convert;
mod dashboard;
mod display;
mod error;
mod extract;
mod files;
mod form;
mod guard;
mod limits;
mod media;
mod page;
mod places;
mod playback;
mod playlist;
pub mod portions;
pub mod serve;
mod system;
#[cfg(test)]
pub(crate) mod tests;
pub mod uploads;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{any, delete, get, post};
use axum::{Router, middleware};
use loop_proto::config::Config;
use tokio::sync::Semaphore;

use crate::board::Board;
use crate::glass::GlassView;
use crate::hw::Link;
use crate::ingest::Ingest;
use crate::store::Store;
use crate::uploads::Uploads;

/// Longest body of a request that is not an upload: the order of the most items takes 0.4 MB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Uploads at a time: each holds a connection, a folder, and 256 KiB at the most. What takes a core, or
/// more memory, has its own limit.
const UPLOADS: usize = 16;

/// Of uploads that can be resumed, those to which bytes come at a time; each holds as much as one by form.
const RESUMING: usize = 64;

/// What the handlers work with; cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) config: Arc<Config>,
    pub(crate) store: Store,
    pub(crate) link: Link,
    pub(crate) board: Board,
    pub(crate) glass: GlassView,
    pub(crate) ingest: Ingest,
    pub(crate) uploads: places::Places,
    pub(crate) resumable: Uploads,
    pub(crate) resuming: Arc<Semaphore>,
    pub(crate) exports: Arc<Semaphore>,
    pub(crate) sockets: Arc<Semaphore>,
    pub(crate) requests: Arc<limits::Requests>,
    pub(crate) hosts: Arc<guard::Hosts>,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        config: Arc<Config>,
        store: Store,
        link: Link,
        board: Board,
        glass: GlassView,
        ingest: Ingest,
        resumable: Uploads,
    ) -> Self {
        Self {
            ingest,
            resumable,
            resuming: Arc::new(Semaphore::new(RESUMING)),
            store,
            link,
            board,
            glass,
            uploads: places::Places::new(UPLOADS),
            exports: Arc::new(Semaphore::new(archive::EXPORTS)),
            sockets: Arc::new(Semaphore::new(config.web.max_websockets.as_usize())),
            requests: Arc::new(limits::Requests::new(
                config.web.max_concurrent_requests.as_usize(),
            )),
            hosts: Arc::new(guard::Hosts::new(&config)),
            config,
        }
    }
}

/// Every route there is.
pub fn router(app: App) -> Router {
    let limited = library_routes()
        // What is known
        .route("/api/dashboard", get(dashboard::dashboard))
        .route("/api/dashboard/storage", get(dashboard::storage))
        .route("/api/dashboard/memory", get(dashboard::memory))
        .route("/api/poll/status", get(dashboard::poll_status))
        .route("/api/poll/progress", get(dashboard::poll_progress))
        .route("/api/poll/health", get(dashboard::poll_health))
        // Playback
        .route("/api/playback/toggle", post(playback::toggle))
        .route("/api/playback/pause", post(playback::pause))
        .route("/api/playback/resume", post(playback::resume))
        .route("/api/playback/next", post(playback::next))
        .route("/api/playback/previous", post(playback::previous))
        .route("/api/playback/select", post(playback::select))
        .route("/api/playback/loop-mode", post(playback::loop_mode))
        .route("/api/playback/force-stop-progress", post(playback::force_stop_progress))
        // Work that goes on
        .route("/api/jobs/{id}", delete(uploads::cancel_job))
        // The display
        .route("/api/display/brightness", get(display::brightness).post(display::set_brightness))
        .route("/api/display/snapshot.png", get(display::snapshot))
        // Not part of this version; the original's page asks for them
        .route("/api/wifi/{*rest}", get(system::not_available).post(system::not_available))
        .route("/api/updates/{*rest}", get(system::not_available).post(system::not_available))
        // The daemon itself
        .route("/api/websocket/status", get(system::websockets))
        .route("/health", get(system::health))
        .route("/health/ready", get(system::ready))
        // The page
        .route("/favicon.ico", get(page::favicon))
        .route("/assets/{*path}", get(page::asset))
        .route("/", get(page::index))
        .route("/view", get(page::view))
        .fallback(page::other)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), limits::limit_requests));
    // A download takes its time, and a WebSocket stays: both have limits of their own.
    let lasting = Router::new()
        .route("/api/media/export", get(archive::export))
        .route("/ws", get(system::websocket));
    // These take as long as bytes keep coming, and what is made of them has a limit of its own.
    let unhurried = Router::new()
        .route("/api/media", post(form::upload))
        .route("/api/media/import", post(archive::import))
        .route("/api/uploads", any(uploads::collection))
        .route("/api/uploads/{id}", any(uploads::one))
        .layer(DefaultBodyLimit::disable());
    limited
        .merge(lasting)
        .layer(middleware::from_fn_with_state(
            app.clone(),
            limits::limit_time,
        ))
        .merge(unhurried)
        .layer(middleware::from_fn_with_state(app.clone(), guard::check))
        .layer(limits::catch_panics())
        .with_state(app)
}

/// The items and their order.
fn library_routes() -> Router<App> {
    Router::new()
        // The library
        .route("/api/media", get(media::list))
        .route("/api/media/cleanup", post(media::clean_up))
        .route("/api/media/delete", post(media::delete_many))
        .route("/api/media/restore", post(media::restore))
        .route("/api/media/{slug}", delete(media::delete).patch(media::edit))
        .route("/api/media/{slug}/activate", post(media::activate))
        .route("/api/media/{slug}/convert", post(convert::convert))
        .route("/api/media/{slug}/thumbnail", get(files::thumbnail))
        .route("/api/media/{slug}/clip", get(clips::clip))
        .route("/media/raw/{name}", get(files::original_by_name))
        .route("/media/raw/{slug}/{name}", get(files::original))
        // The loop's order
        .route("/api/loop", get(playlist::order).post(playlist::add).put(playlist::reorder))
        .route("/api/loop/{slug}", delete(playlist::remove))
}
