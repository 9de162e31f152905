//! HTTP: which request goes where.

mod address;
pub(crate) mod alive;
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
mod impatient;
mod limits;
mod lobby;
mod media;
mod metrics;
mod observe;
pub mod openapi;
mod page;
mod places;
mod playback;
mod playlist;
pub mod portions;
mod rate;
mod request_id;
mod seats;
pub mod serve;
mod system;
#[cfg(test)]
pub(crate) mod tests;
pub mod uploads;
mod websocket;
mod whole;
mod wifi;

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get};
use axum::{Router, middleware};
use loop_proto::config::Config;
use tokio::sync::Semaphore;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::openapi::{behind, refusals};
use self::seats::Seats;
use crate::board::Board;
use crate::glass::GlassView;
use crate::hw::Link;
use crate::ingest::Ingest;
use crate::store::Store;
use crate::uploads::Uploads;

/// Longest body of a request that is not an upload: the order of the most items takes 0.4 MB.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Longest body of what takes no turn: the name of a network and how to join it.
const MAX_WORDS_BYTES: usize = 8 * 1024;

/// Uploads at a time: each holds a connection, a folder, and 256 KiB at the most. What takes a core, or
/// more memory, has its own limit.
const UPLOADS: usize = 16;

/// Of uploads that can be resumed, those to which bytes come at a time; each holds as much as one by form.
const RESUMING: usize = 64;

/// What the handlers work with. Each layer and handler of a request gets a clone: it must be one count, not one for each part.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

/// What there is for each handler.
#[derive(Debug)]
pub struct Parts {
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
    pub(crate) sockets: Seats,
    pub(crate) requests: limits::Requests,
    pub(crate) writes: rate::Writes,
    pub(crate) hosts: guard::Hosts,
    pub(crate) observers: metrics::Observers,
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
        Self(Arc::new(Parts {
            ingest,
            resumable,
            resuming: Arc::new(Semaphore::new(RESUMING)),
            store,
            link,
            board,
            glass,
            uploads: places::Places::new(UPLOADS),
            exports: Arc::new(Semaphore::new(archive::EXPORTS)),
            sockets: Seats::new(config.web.max_websockets.as_usize()),
            requests: limits::Requests::new(config.web.max_concurrent_requests.as_usize()),
            writes: rate::Writes::new(&config.web),
            hosts: guard::Hosts::new(&config),
            observers: metrics::Observers::default(),
            config,
        }))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Every route there is.
pub fn router(app: App) -> Router {
    let limited = Router::from(hurried())
        // The daemon itself
        .route("/health", get(system::health))
        .route("/health/ready", get(system::ready))
        // Originals
        .route("/media/raw/{name}", get(files::original_by_name))
        .route("/media/raw/{slug}/{name}", get(files::original))
        // The page
        .route("/favicon.ico", get(page::favicon))
        .route("/assets/{*path}", get(page::asset))
        .route("/", get(page::index))
        .route("/view", get(page::view))
        .fallback(page::other)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(middleware::from_fn_with_state(app.clone(), limits::limit_requests));
    let lasting = Router::from(lasting())
        .route("/ws", get(websocket::websocket))
        // It takes no turn of a request: it tells why there are none.
        .route("/metrics", get(metrics::metrics))
        .layer(DefaultBodyLimit::max(MAX_WORDS_BYTES));
    let unhurried = Router::from(unhurried()).layer(DefaultBodyLimit::disable());
    limited
        .merge(lasting)
        .layer(middleware::from_fn_with_state(
            app.clone(),
            limits::limit_time,
        ))
        .merge(unhurried)
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(middleware::from_fn_with_state(
            app.clone(),
            rate::limit_writes,
        ))
        .layer(middleware::from_fn_with_state(app.clone(), guard::check))
        .layer(limits::catch_panics())
        .layer(middleware::from_fn(observe::observe))
        .with_state(app)
}

/// All of them that are described, which are those below `/api`.
fn described() -> OpenApiRouter<App> {
    let in_time = behind::<refusals::Clock>(behind::<refusals::Turns>(hurried()).merge(lasting()));
    behind::<refusals::Door>(in_time.merge(unhurried()))
}

/// Requests that are answered in a moment, so many at a time.
fn hurried() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        // The library
        .routes(routes!(media::list))
        .routes(routes!(media::clean_up))
        .routes(routes!(media::delete_many))
        .routes(routes!(media::restore))
        .routes(routes!(media::delete, media::edit))
        .routes(routes!(media::activate))
        .routes(routes!(convert::convert))
        .routes(routes!(files::thumbnail))
        .routes(routes!(clips::clip))
        // The loop's order
        .routes(routes!(playlist::order, playlist::add, playlist::reorder))
        .routes(routes!(playlist::remove))
        // What is known
        .routes(routes!(dashboard::dashboard))
        .routes(routes!(dashboard::storage))
        .routes(routes!(dashboard::memory))
        .routes(routes!(dashboard::poll_status))
        .routes(routes!(dashboard::poll_progress))
        .routes(routes!(dashboard::poll_health))
        .routes(routes!(system::websockets))
        .routes(routes!(openapi::openapi))
        // Playback
        .routes(routes!(playback::toggle))
        .routes(routes!(playback::pause))
        .routes(routes!(playback::resume))
        .routes(routes!(playback::next))
        .routes(routes!(playback::previous))
        .routes(routes!(playback::select))
        .routes(routes!(playback::loop_mode))
        .routes(routes!(playback::force_stop_progress))
        // Work that goes on
        .routes(routes!(uploads::cancel_job))
        // The display
        .routes(routes!(display::brightness, display::set_brightness))
        .routes(routes!(display::snapshot))
        // Networks
        .routes(routes!(wifi::wifi))
        .routes(routes!(wifi::disconnect))
        .routes(routes!(wifi::save_current))
        .routes(routes!(wifi::forget))
        .routes(routes!(display::show_message, display::clear_message))
        // Not part of this version; the original's page asks for them
        .routes(routes!(system::wifi_hotspot))
        .routes(routes!(system::updates_check))
        .routes(routes!(system::updates_install))
}

/// A download takes its time, a WebSocket stays, and the air is slow: all have limits of their own.
fn lasting() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(archive::export))
        .routes(routes!(wifi::scan))
        .routes(routes!(wifi::connect))
}

/// These take as long as bytes keep coming, and what is made of them has a limit of its own.
fn unhurried() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(uploads::Operations::openapi())
        .routes(routes!(form::upload))
        .routes(routes!(archive::import))
        .route("/api/uploads", any(uploads::collection))
        .route("/api/uploads/{id}", any(uploads::one))
}
