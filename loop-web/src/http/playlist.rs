//! The loop's order. It is ours: it changes while loop-hw is away, too.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use loop_proto::Slug;
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::error::{ApiResult, success};
use super::extract::{ApiJson, SlugPath};

pub(crate) async fn order(State(app): State<App>, headers: HeaderMap) -> Response {
    app.board.ready().order().respond(&headers)
}

#[derive(Deserialize)]
pub(crate) struct Add {
    slug: String,
}

pub(crate) async fn add(State(app): State<App>, ApiJson(request): ApiJson<Add>) -> ApiResult {
    let slug: Slug = request
        .slug
        .parse()
        .map_err(|_| super::error::ApiError::not_found("Media not found"))?;
    let library = app.store.add_to_order(slug).await?;
    app.board.refresh();
    success("Added to loop", json!({"loop": library.order()}))
}

#[derive(Deserialize)]
pub(crate) struct Reorder {
    #[serde(rename = "loop")]
    order: Vec<String>,
}

pub(crate) async fn reorder(
    State(app): State<App>,
    ApiJson(request): ApiJson<Reorder>,
) -> ApiResult {
    // What is no name is the name of nothing, and is left out like any other unknown one.
    let order = request
        .order
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    let library = app.store.set_order(order).await?;
    app.board.refresh();
    success("Loop reordered", json!({"loop": library.order()}))
}

pub(crate) async fn remove(State(app): State<App>, SlugPath(slug): SlugPath) -> ApiResult {
    let library = app.store.remove_from_order(slug).await?;
    app.board.refresh();
    success("Removed from loop", json!({"loop": library.order()}))
}
