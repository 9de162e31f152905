//! `GET /metrics`, for Prometheus.
//!
//! It is answered when others wait for their turn: it takes none. So many scrapes go on at a time; they share one call to
//! loop-hw, for whose answer they do not wait long.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use loop_proto::health::Process;
use loop_proto::snapshot::Health;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, timeout};

use super::App;
use super::error::{ApiError, ApiResult};
use crate::hw::Link;
use crate::metrics::{device, scrape};

/// What Prometheus knows the format by.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Scrapes at a time; one is usual.
const SCRAPES: usize = 8;

/// How long loop-hw has to say how it does; it takes less than a millisecond.
const PATIENCE: Duration = Duration::from_millis(500);

/// Those who look, and what one of them was told of loop-hw last.
#[derive(Clone, Debug)]
pub(crate) struct Observers {
    places: Arc<Semaphore>,
    last: Arc<Mutex<Option<Told>>>,
}

#[derive(Clone, Copy, Debug)]
struct Told {
    asked: Instant,
    health: Option<Health>,
}

impl Default for Observers {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(SCRAPES)),
            last: Arc::default(),
        }
    }
}

impl Observers {
    /// How loop-hw does. Who waits for another's call takes its answer, if the call was made after one had come.
    async fn health(&self, link: &Link) -> Option<Health> {
        let came = Instant::now();
        let mut last = self.last.lock().await;
        if let Some(told) = *last
            && told.asked >= came
        {
            return told.health;
        }
        let asked = Instant::now();
        let health = match link.client() {
            Ok(client) => timeout(PATIENCE, client.health())
                .await
                .ok()
                .and_then(Result::ok),
            Err(_) => None,
        };
        *last = Some(Told { asked, health });
        health
    }
}

pub(crate) async fn metrics(State(app): State<App>) -> ApiResult {
    let Ok(_place) = app.observers.places.try_acquire() else {
        return Err(ApiError::busy("too many scrapes at a time"));
    };
    let hardware = app.observers.health(&app.link).await;
    let looked = tokio::task::spawn_blocking(|| {
        (
            Process::own(),
            device::temperatures(Path::new("/sys/class")),
        )
    });
    let (process, temperatures) = looked.await.unwrap_or_default();
    let (clients, rooms) = app.board.with_hub(|hub, _| (hub.len(), hub.rooms()));
    let library = app.store.library();
    let scraped = scrape::Scrape {
        clients: narrow(clients),
        rooms: rooms
            .iter()
            .map(|(room, ids)| (*room, narrow(ids.len())))
            .collect(),
        jobs: narrow(app.board.jobs().len()),
        items: narrow(library.len()),
        looping: narrow(library.order().len()),
        disk: app.store.usage().ok(),
        uploads_bytes: app.resumable.pending_bytes(),
        breaker: app.link.breaker(),
        hardware,
        process,
        temperatures,
    };
    let text = scrape::text(scraped).map_err(|_| {
        let message = "the metrics cannot be written";
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message)
    })?;
    let headers = [(CONTENT_TYPE, OPEN_METRICS), (CACHE_CONTROL, "no-store")];
    Ok::<Response, _>((headers, text).into_response())
}

fn narrow(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
