//! The library.

mod edit;
mod question;

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, RawQuery, State};
use axum::http::HeaderMap;
use loop_proto::Slug;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::edit::Edit;
use self::question::Question;
use super::App;
use super::error::{ApiError, ApiResult, success};
use super::extract::{ApiJson, SlugPath, invalid_parameter};
use crate::board::Answer;
use crate::clock::unix_millis;
use crate::hw::LinkState;
use crate::view::{MediaItem, active, media_list};

/// How long loop-hw may take to get to know an item that was just added to the loop.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// All items, or with a question those that answer it, page by page.
pub(crate) async fn list(
    State(app): State<App>,
    RawQuery(query): RawQuery,
    question: Result<Query<Question>, QueryRejection>,
    headers: HeaderMap,
) -> ApiResult {
    if query.is_none_or(|query| query.is_empty()) {
        return Ok(app.board.ready().media().respond(&headers));
    }
    let Query(question) = question.map_err(|error| invalid_parameter(error.body_text()))?;
    let page = question.ask(&app.store.library());
    let data = json!({"media": media_list(&page.items, app.ingest.abilities()), "total": page.total, "offset": page.offset, "limit": page.limit,
        "tags": page.tags, "active": active(&app.link.state()), "last_updated": unix_millis() / 1000});
    Ok(Answer::enveloped(data).respond(&headers))
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

/// Names of items.
#[derive(Deserialize)]
pub(crate) struct Slugs {
    slugs: Vec<String>,
}

impl Slugs {
    /// The names, and what is no name and so the name of nothing.
    fn parse(self) -> (Vec<Slug>, Vec<String>) {
        let (mut slugs, mut others) = (Vec::new(), Vec::new());
        for text in self.slugs {
            match text.parse() {
                Ok(slug) => slugs.push(slug),
                Err(_) => others.push(text),
            }
        }
        (slugs, others)
    }
}

fn with_others(slugs: &[Slug], mut others: Vec<String>) -> Vec<String> {
    others.extend(slugs.iter().map(ToString::to_string));
    others
}

pub(crate) async fn delete_many(
    State(app): State<App>,
    ApiJson(request): ApiJson<Slugs>,
) -> ApiResult {
    let (slugs, others) = request.parse();
    let deleted = app.store.delete(slugs).await?;
    app.board.refresh();
    let unknown = with_others(&deleted.unknown, others);
    let data = json!({"deleted": deleted.deleted, "unknown": unknown,
        "undo_seconds": app.config.media.undo_seconds.get()});
    success(format!("Deleted {} media", deleted.deleted.len()), data)
}

/// Brings back what was deleted a moment ago.
pub(crate) async fn restore(State(app): State<App>, ApiJson(request): ApiJson<Slugs>) -> ApiResult {
    let (slugs, others) = request.parse();
    let restored = app.store.restore(slugs).await?;
    app.board.refresh();
    let gone = with_others(&restored.gone, others);
    success(
        format!("Restored {} media", restored.restored.len()),
        json!({"restored": restored.restored, "gone": gone}),
    )
}

/// Changes what is said about an item.
pub(crate) async fn edit(
    State(app): State<App>,
    SlugPath(slug): SlugPath,
    ApiJson(fields): ApiJson<Map<String, Value>>,
) -> ApiResult {
    let edit = Edit::parse(fields)?;
    let item = app
        .store
        .edit(slug.clone(), move |label| edit.apply(label))
        .await?;
    app.board.refresh();
    success(
        format!("Changed media: {slug}"),
        json!({"media": MediaItem::new(&item, app.ingest.abilities())}),
    )
}

pub(crate) async fn clean_up(State(app): State<App>) -> ApiResult {
    let swept = app.store.clean_up().await?;
    let uploads = app.resumable.remove_stale().await;
    let data = json!({"files": swept.files, "bytes": swept.bytes, "uploads": uploads, "trash": swept.trash});
    success(format!("Cleaned up {} orphaned files", swept.files), data)
}
