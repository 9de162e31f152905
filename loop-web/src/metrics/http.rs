//! Requests and connections.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::http;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::counters;

/// From what is ready in memory to what waits for the card.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// What a request wants to do; whatever else somebody makes up is one.
pub(crate) fn method_name(method: &http::Method) -> &'static str {
    match *method {
        http::Method::GET => "GET",
        http::Method::HEAD => "HEAD",
        http::Method::POST => "POST",
        http::Method::PUT => "PUT",
        http::Method::PATCH => "PATCH",
        http::Method::DELETE => "DELETE",
        http::Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Why a request or a connection was not let in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// So many were under way and so many waited.
    Queue,
    /// It took too long.
    Timeout,
    /// There was no place for another connection.
    Connections,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: Arc<str>,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: Arc<str>,
}

/// What is kept for one route, found once for a request.
#[derive(Debug)]
pub(crate) struct Place {
    name: Arc<str>,
    seconds: Histogram,
}

/// See the texts of the metrics.
#[derive(Debug)]
pub(crate) struct Http {
    requests: Family<Answered, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    places: RwLock<HashMap<Arc<str>, Arc<Place>>>,
    pub(crate) in_flight: Gauge,
    pub(crate) connections: Gauge,
    refusals: [Counter; 3],
    bytes: [Counter; 2],
    cache: [Counter; 2],
}

impl Http {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let seconds: fn() -> Histogram = || Histogram::new(SECONDS);
        let (refusals, bytes, cache) = (Family::default(), Family::default(), Family::default());
        let http = Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(seconds),
            places: RwLock::default(),
            in_flight: Gauge::default(),
            connections: Gauge::default(),
            refusals: counters(&refusals, "reason", ["queue", "timeout", "connections"]),
            bytes: counters(&bytes, "encoding", ["identity", "gzip"]),
            cache: counters(&cache, "result", ["hit", "miss"]),
        };
        registry.register(
            "http_requests",
            "Requests that were answered",
            http.requests.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "From a request's head to its answer's head",
            Unit::Seconds,
            http.seconds.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests under way",
            http.in_flight.clone(),
        );
        let help = "Connections that are open, WebSockets among them";
        registry.register("http_connections", help, http.connections.clone());
        let help = "Requests and connections that were turned away, by what there was too much of";
        registry.register("http_refusals", help, refusals);
        let help = "Bytes of bodies whose length is told in the head of their answer, by encoding";
        registry.register("http_response_body_bytes", help, bytes);
        let help =
            "Answers with a validator: the client had that version (hit), or was sent it (miss)";
        registry.register("http_cache_answers", help, cache);
        http
    }

    /// Where requests to this route are counted.
    pub(crate) fn place(&self, route: &str) -> Arc<Place> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(route) {
            return Arc::clone(place);
        }
        drop(places);
        let name: Arc<str> = route.into();
        let seconds = self.seconds.get_or_create_owned(&Route {
            route: Arc::clone(&name),
        });
        let place = Arc::new(Place {
            name: Arc::clone(&name),
            seconds,
        });
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        places.insert(name, Arc::clone(&place));
        place
    }

    /// A request has been answered.
    pub(crate) fn answered(
        &self,
        place: &Place,
        method: &'static str,
        status: u16,
        took: Duration,
    ) {
        let route = Arc::clone(&place.name);
        self.requests
            .get_or_create(&Answered {
                method,
                route,
                status,
            })
            .inc();
        place.seconds.observe(took.as_secs_f64());
    }

    /// So many bytes are on their way to a client.
    pub(crate) fn sends(&self, bytes: u64, packed: bool) {
        let [identity, gzip] = &self.bytes;
        let counter = if packed { gzip } else { identity };
        counter.inc_by(bytes);
    }

    /// Something with a validator was asked for.
    pub(crate) fn validated(&self, is_known: bool) {
        let [hit, miss] = &self.cache;
        let counter = if is_known { hit } else { miss };
        counter.inc();
    }

    pub(crate) fn refused(&self, reason: Refusal) {
        let [queue, timeout, connections] = &self.refusals;
        let counter = match reason {
            Refusal::Queue => queue,
            Refusal::Timeout => timeout,
            Refusal::Connections => connections,
        };
        counter.inc();
    }
}

/// Something that is one more while it is there.
#[derive(Debug)]
pub(crate) struct Counted(&'static Gauge);

impl Counted {
    pub(crate) fn into(gauge: &'static Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.dec();
    }
}
