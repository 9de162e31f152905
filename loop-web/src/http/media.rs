//! The library.

mod edit;
mod question;

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use loop_proto::Slug;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use self::edit::{Changes, Edit};
use self::question::Question;
use super::App;
use super::error::{ApiError, ApiResult, Enveloped, done};
use super::extract::{ApiJson, Known, SlugPath, Unchanged, invalid_parameter};
use super::openapi::refusals::{Disk, Parameter, Player, Unknown};
use crate::board::Answer;
use crate::clock::unix_millis;
use crate::hw::LinkState;
use crate::view::{Envelope, MediaItem, MediaList, MediaPage, Nothing, active, media_list};

/// How long loop-hw may take to get to know an item that was just added to the loop.
const INTRODUCTION: Duration = Duration::from_secs(5);

/// All items, or with a question those that answer it, page by page.
#[utoipa::path(get, path = "/api/media", tag = "media", operation_id = "media", params(Question, Known),
    responses((status = 200, description = "All, or a page.", body = MediaList<'static>), Unchanged, Parameter))]
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
    let link = app.link.state();
    let answer = Answer::bare(&MediaList::Page(Envelope::around(MediaPage {
        media: &media_list(&page.items, app.ingest.abilities()),
        total: page.total,
        offset: page.offset,
        limit: page.limit,
        tags: page.tags,
        active: active(&link),
        last_updated: unix_millis() / 1000,
    })));
    Ok(answer.respond(&headers))
}

/// The item that plays.
#[derive(Serialize, ToSchema)]
pub(crate) struct Activated {
    slug: Slug,
}

/// Plays an item now, and adds it to the loop if it is not in it.
#[utoipa::path(post, path = "/api/media/{slug}/activate", tag = "media", params(SlugPath),
    responses((status = 200, description = "It plays.", body = Envelope<Activated>), SlugPath, Unknown, Disk, Player))]
pub(crate) async fn activate(
    State(app): State<App>,
    SlugPath(slug): SlugPath,
) -> Enveloped<Activated> {
    if !app.store.library().contains(&slug) {
        return Err(ApiError::not_found("Media not found"));
    }
    // First: without loop-hw nothing is changed.
    let client = app.link.client()?;
    app.store.add_to_order(slug.clone()).await?;
    app.board.refresh();
    wait_until_known(&app, &slug).await?;
    client.select(slug.clone()).await?;
    done(format!("Activated media: {slug}"), Activated { slug })
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

/// Deletes an item, whether there is one of this name or not.
#[utoipa::path(delete, path = "/api/media/{slug}", tag = "media", operation_id = "delete", params(SlugPath),
    responses((status = 200, description = "There is none of this name now.", body = Envelope<Nothing>), SlugPath, Disk))]
pub(crate) async fn delete(State(app): State<App>, SlugPath(slug): SlugPath) -> Enveloped<Nothing> {
    app.store.delete(vec![slug.clone()]).await?;
    app.board.refresh();
    done(format!("Deleted media: {slug}"), Nothing)
}

/// Names of items.
#[derive(Deserialize, ToSchema)]
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

/// What was deleted.
#[derive(Serialize, ToSchema)]
pub(crate) struct Deleted {
    deleted: Vec<Slug>,
    /// There is nothing of these names.
    unknown: Vec<String>,
    /// So long it can be brought back, unless its room is needed.
    undo_seconds: u64,
}

/// Deletes several items.
#[utoipa::path(post, path = "/api/media/delete", tag = "media", request_body = Slugs,
    responses((status = 200, description = "What was deleted.", body = Envelope<Deleted>), ApiJson<Slugs>, Disk))]
pub(crate) async fn delete_many(
    State(app): State<App>,
    ApiJson(request): ApiJson<Slugs>,
) -> Enveloped<Deleted> {
    let (slugs, others) = request.parse();
    let deleted = app.store.delete(slugs).await?;
    app.board.refresh();
    let unknown = with_others(&deleted.unknown, others);
    let message = format!("Deleted {} media", deleted.deleted.len());
    let data = Deleted {
        deleted: deleted.deleted,
        unknown,
        undo_seconds: app.config.media.undo_seconds.get(),
    };
    done(message, data)
}

/// What was brought back.
#[derive(Serialize, ToSchema)]
pub(crate) struct Restored {
    restored: Vec<Slug>,
    /// These cannot be brought back any more.
    gone: Vec<String>,
}

/// Brings back what was deleted a moment ago.
#[utoipa::path(post, path = "/api/media/restore", tag = "media", request_body = Slugs,
    responses((status = 200, description = "What was brought back.", body = Envelope<Restored>), ApiJson<Slugs>, Disk))]
pub(crate) async fn restore(
    State(app): State<App>,
    ApiJson(request): ApiJson<Slugs>,
) -> Enveloped<Restored> {
    let (slugs, others) = request.parse();
    let restored = app.store.restore(slugs).await?;
    app.board.refresh();
    let gone = with_others(&restored.gone, others);
    let message = format!("Restored {} media", restored.restored.len());
    let restored = restored.restored;
    done(message, Restored { restored, gone })
}

/// The item as it is now.
#[derive(Serialize, ToSchema)]
struct Edited<'a> {
    media: MediaItem<'a>,
}

/// Changes what is said about an item.
#[utoipa::path(patch, path = "/api/media/{slug}", tag = "media", operation_id = "edit", params(SlugPath),
    request_body = Changes,
    responses((status = 200, description = "The item.", body = Envelope<Edited<'static>>), SlugPath, ApiJson<Changes>,
        Unknown, Disk))]
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
    let media = MediaItem::new(&item, app.ingest.abilities());
    let edited = done(format!("Changed media: {slug}"), Edited { media })?;
    Ok(edited.into_response())
}

/// What was cleaned up.
#[derive(Serialize, ToSchema)]
pub(crate) struct CleanedUp {
    files: usize,
    bytes: u64,
    /// Uploads that were too old.
    uploads: usize,
    /// Items that were deleted, and cannot be brought back now.
    trash: usize,
}

/// Removes what belongs to nothing from the disk.
#[utoipa::path(post, path = "/api/media/cleanup", tag = "media",
    responses((status = 200, description = "What was removed.", body = Envelope<CleanedUp>), Disk))]
pub(crate) async fn clean_up(State(app): State<App>) -> Enveloped<CleanedUp> {
    let swept = app.store.clean_up().await?;
    let uploads = app.resumable.remove_stale().await;
    let cleaned = CleanedUp {
        files: swept.files,
        bytes: swept.bytes,
        uploads,
        trash: swept.trash,
    };
    done(
        format!("Cleaned up {} orphaned files", swept.files),
        cleaned,
    )
}
