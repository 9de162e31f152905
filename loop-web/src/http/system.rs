//! The daemon itself.

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Json, Response};
use loop_proto::launch::report;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::App;
use super::error::{ApiError, Enveloped, tell};
use super::openapi::refusals::Absent;
use crate::hw::LinkState;
use crate::live::hub::Hub;
use crate::view::Envelope;

/// Who listens to the WebSocket.
#[derive(Serialize, ToSchema)]
pub(crate) struct Listeners {
    connections: Connections,
    /// The names of the connections in each room.
    detailed_rooms: BTreeMap<&'static str, Vec<String>>,
}

#[derive(Serialize, ToSchema)]
struct Connections {
    total_connections: usize,
    /// How many are in each room.
    rooms: BTreeMap<&'static str, usize>,
    healthy_connections: usize,
}

/// Who listens to the WebSocket.
#[utoipa::path(get, path = "/api/websocket/status", tag = "status", operation_id = "websockets",
    responses((status = 200, description = "All connections.", body = Envelope<Listeners>)))]
pub(crate) async fn websockets(State(app): State<App>) -> Enveloped<Listeners> {
    let look = |hub: &mut Hub, _: &_| (hub.len(), hub.healthy(), hub.rooms());
    let (total, healthy, detailed_rooms) = app.board.with_hub(look);
    let rooms = detailed_rooms.iter().map(|(room, ids)| (*room, ids.len()));
    tell(Listeners {
        connections: Connections {
            total_connections: total,
            rooms: rooms.collect(),
            healthy_connections: healthy,
        },
        detailed_rooms,
    })
}

/// The daemon answers: that is all that can be said without anybody else.
pub(crate) async fn health() -> Json<Value> {
    Json(json!({"status": "ok"}))
}

/// Whether it can do all it is there for. What only keeps it from taking more in is a warning: it plays, and whoever
/// restarts it changes nothing.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    let away = match app.link.state() {
        LinkState::Connected(_) => None,
        LinkState::Away(reason) => Some(format!("loop-hw is away: {reason}")),
    };
    let sealed = app.store.check_writable().err().map(|error| report(&error));
    let reasons: Vec<String> = [away, sealed].into_iter().flatten().collect();
    let full = app
        .store
        .disk()
        .check_room(1)
        .err()
        .map(|error| report(&error));
    let warnings: Vec<String> = full.into_iter().collect();
    let ready = reasons.is_empty();
    let body = Json(
        json!({"ready": ready, "reasons": reasons, "warnings": warnings,
        "breaker": app.link.breaker()}),
    );
    if ready {
        return body.into_response();
    }
    let retry = [(RETRY_AFTER, "2")];
    (StatusCode::SERVICE_UNAVAILABLE, retry, body).into_response()
}

/// What the original's page asks for and this version has not.
macro_rules! not_available {
    ($($name:ident: $method:ident $path:literal $about:literal;)+) => {$(
        #[doc = $about]
        #[utoipa::path($method, path = $path, tag = "absent", responses(Absent))]
        pub(crate) async fn $name() -> ApiError {
            not_available()
        }
    )+};
}

not_available! {
    wifi_hotspot: post "/api/wifi/hotspot" "Would open a network of its own, or close it.";
    updates_check: get "/api/updates/check" "Would look for another version.";
    updates_install: post "/api/updates/install" "Would install another version.";
}

/// Not 503: that says "in a moment", and the original's page then asks three times more.
fn not_available() -> ApiError {
    let message = "this version of LOOP does not manage hotspots or updates";
    ApiError::new(StatusCode::NOT_IMPLEMENTED, "NOT_AVAILABLE", message)
}
