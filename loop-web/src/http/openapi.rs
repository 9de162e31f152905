//! `GET /api/openapi.json`: the description of everything below `/api`, made of the handlers and their types.
//!
//! A route of ours gets there by its `utoipa::path`, so that neither can be without the other. What a request may be refused
//! with is said by cause: see [`refusals`].

mod close;
pub(super) mod refusals;

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::response::Response;
use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::{IntoResponses, Modify};
use utoipa_axum::router::OpenApiRouter;

use super::App;
use super::extract::{Known, Unchanged};
use crate::board::Answer;
use crate::view::{AllMedia, MediaPage, Refusal};

/// What does not come from a handler.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "LOOP",
        description = "The HTTP interface of LOOP, a small display that plays pictures, GIFs and videos.\n\n\
            What changes is also told over the WebSocket at `/ws`, whose messages are JSON: after a greeting the whole \
            dashboard, and then what changes in the rooms a client has subscribed to.",
        license(name = "MIT", identifier = "MIT")
    ),
    // Those a list of alternatives hides from the derive, and the one in every refusal.
    components(schemas(AllMedia<'static>, MediaPage<'static>, Refusal)),
    tags(
        (name = "status", description = "What is known of the device."),
        (name = "media", description = "The library."),
        (name = "loop", description = "What plays, in which order."),
        (name = "playback", description = "Pause, next, previous."),
        (name = "display", description = "The backlight and the picture."),
        (name = "wifi", description = "Networks without a cable."),
        (name = "uploads", description = "Uploads that can be resumed, by tus 1.0.0, and other work that goes on."),
        (name = "absent", description = "What the original had and this version has not."),
    )
)]
struct Description;

/// Made when it is first asked for, once.
static DOCUMENT: LazyLock<Answer> = LazyLock::new(|| Answer::bare(&document()));

/// The document.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Description::openapi();
    document.merge(super::described().into_openapi());
    for modifier in [&refusals::Described as &dyn Modify, &close::Closed] {
        modifier.modify(&mut document);
    }
    document
}

/// This description.
#[utoipa::path(get, path = "/api/openapi.json", tag = "status", operation_id = "openapi",
    params(Known), responses((status = 200, description = "OpenAPI 3.1", body = Object), Unchanged))]
pub(super) async fn openapi(headers: HeaderMap) -> Response {
    DOCUMENT.respond(&headers)
}

/// These routes, whose requests all go through something that may refuse them.
pub(super) fn behind<Cause: IntoResponses>(mut routes: OpenApiRouter<App>) -> OpenApiRouter<App> {
    let described = routes.get_openapi_mut();
    for operation in described.paths.paths.values_mut().flat_map(operations) {
        operation.responses.responses.extend(Cause::responses());
    }
    routes
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let all = [
        &mut path.get,
        &mut path.put,
        &mut path.post,
        &mut path.delete,
        &mut path.options,
        &mut path.head,
        &mut path.patch,
    ];
    all.into_iter().flatten()
}
