//! The loop's order. It is ours: it changes while loop-hw is away, too.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use loop_proto::Slug;
use serde::Deserialize;
use utoipa::ToSchema;

use super::App;
use super::error::{ApiError, Enveloped, done};
use super::extract::{ApiJson, Known, SlugPath, Unchanged};
use super::openapi::refusals::{Disk, Unknown};
use crate::view::{Envelope, Order};

/// What loops, in its order.
#[utoipa::path(get, path = "/api/loop", tag = "loop", operation_id = "order", params(Known),
    responses((status = 200, description = "The order.", body = Envelope<Order>), Unchanged))]
pub(crate) async fn order(State(app): State<App>, headers: HeaderMap) -> Response {
    app.board.ready().order().respond(&headers)
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Add {
    slug: String,
}

/// Adds an item to the end of the loop.
#[utoipa::path(post, path = "/api/loop", tag = "loop", operation_id = "add_to_loop", request_body = Add,
    responses((status = 200, description = "It loops.", body = Envelope<Order>), ApiJson<Add>, Unknown, Disk))]
pub(crate) async fn add(
    State(app): State<App>,
    ApiJson(request): ApiJson<Add>,
) -> Enveloped<Order> {
    let slug: Slug = request
        .slug
        .parse()
        .map_err(|_| ApiError::not_found("Media not found"))?;
    let library = app.store.add_to_order(slug).await?;
    app.board.refresh();
    done("Added to loop", Order::of(&library))
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Reorder {
    #[serde(rename = "loop")]
    order: Vec<String>,
}

/// Puts the loop in this order, whose unknown names are left out.
#[utoipa::path(put, path = "/api/loop", tag = "loop", operation_id = "reorder", request_body = Reorder,
    responses((status = 200, description = "The new order.", body = Envelope<Order>), ApiJson<Reorder>, Disk))]
pub(crate) async fn reorder(
    State(app): State<App>,
    ApiJson(request): ApiJson<Reorder>,
) -> Enveloped<Order> {
    // What is no name is the name of nothing, and is left out like any other unknown one.
    let order = request
        .order
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    let library = app.store.set_order(order).await?;
    app.board.refresh();
    done("Loop reordered", Order::of(&library))
}

/// Takes an item out of the loop, whether it was in it or not.
#[utoipa::path(delete, path = "/api/loop/{slug}", tag = "loop", operation_id = "remove_from_loop", params(SlugPath),
    responses((status = 200, description = "The new order.", body = Envelope<Order>), SlugPath, Disk))]
pub(crate) async fn remove(State(app): State<App>, SlugPath(slug): SlugPath) -> Enveloped<Order> {
    let library = app.store.remove_from_order(slug).await?;
    app.board.refresh();
    done("Removed from loop", Order::of(&library))
}
