//! The library.

use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use loop_proto::Slug;
use serde_json::{Value, json};

use super::App;
use super::error::{ApiError, ApiResult, success};
use super::extract::SlugPath;
use crate::hw::LinkState;

/// How long loop-hw may take to get to know an item that was just added to the loop.
const INTRODUCTION: Duration = Duration::from_secs(5);

pub(crate) async fn list(State(app): State<App>, headers: HeaderMap) -> Response {
    app.board.ready().media.respond(&headers)
}

/// Plays an item now, and adds it to the loop if it is not in it.
pub(crate) async fn activate(State(app): State<App>, SlugPath(slug): SlugPath) -> ApiResult {
    if !app.store.library().contains(&slug) {
        return Err(ApiError::not_found("Media not found"));
    }
    // First: without loop-hw nothing is changed.
    let client = app.link.client()?;
    app.store.add_to_order(slug.clone()).await?;
    app.board.refresh();
    wait_until_known(&app, &slug).await?;
    client.select(slug.clone()).await?;
    success(format!("Activated media: {slug}"), json!({"slug": slug}))
}

async fn wait_until_known(app: &App, slug: &Slug) -> Result<(), ApiError> {
    let clip = app.store.library().item(slug).map(|item| item.clip);
    let knows = |state: &LinkState| {
        let snapshot = state.snapshot();
        snapshot.is_none_or(|state| {
            state
                .playlist
                .iter()
                .any(|entry| entry.slug == *slug && Some(entry.clip) == clip)
        })
    };
    let mut states = app.link.watch();
    match tokio::time::timeout(INTRODUCTION, states.wait_for(knows)).await {
        Ok(_) => Ok(()),
        Err(_) => Err(ApiError::busy(
            "the display has not taken the item into its loop yet",
        )),
    }
}

pub(crate) async fn delete(State(app): State<App>, SlugPath(slug): SlugPath) -> ApiResult {
    app.store.delete(vec![slug.clone()]).await?;
    app.board.refresh();
    success(format!("Deleted media: {slug}"), Value::Null)
}

pub(crate) async fn clean_up(State(app): State<App>) -> ApiResult {
    let swept = app.store.clean_up().await?;
    let data =
        json!({"files": swept.files, "bytes": swept.bytes, "uploads": 0, "trash": swept.trash});
    success(format!("Cleaned up {} orphaned files", swept.files), data)
}
