//! `POST /api/media/{slug}/convert`: an item's clip, made anew from its original.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Json;
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::error::{ApiError, ApiResult};
use super::extract::{ApiJson, SlugPath};
use crate::ingest;
use crate::jobs::Stage;
use crate::look::Look;
use crate::news::News;
use crate::store::Item;

/// What is absent stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    fit: Option<String>,
    quality: Option<String>,
}

/// Answers when it has begun; how it goes and ends is told as of every job.
pub(crate) async fn convert(
    State(app): State<App>,
    SlugPath(slug): SlugPath,
    ApiJson(wanted): ApiJson<Wanted>,
) -> ApiResult {
    let item = app.store.library().item(&slug);
    let item = item.ok_or_else(|| ApiError::not_found("Media not found"))?;
    let look = Look::from_words(wanted.fit.as_deref(), wanted.quality.as_deref())?;
    let look = Look {
        fit: wanted.fit.map_or(item.look.fit, |_| look.fit),
        quality: wanted.quality.map_or(item.look.quality, |_| look.quality),
    };
    if item.original.is_none() {
        return Err(ingest::Error::NoOriginal(item.filename.clone()).into());
    }
    app.ingest.check_convertible(&item)?;
    let id = format!("convert_{slug}")
        .chars()
        .take(64)
        .collect::<String>();
    if app.board.jobs().contains_key(&id) {
        let message = "this item is being converted already";
        return Err(ApiError::new(StatusCode::CONFLICT, "BUSY", message));
    }
    let mut news = News::new(app.board.clone(), Some(&id));
    news.name(&item.filename);
    news.all_received(0);
    let data = json!({"job_id": news.id()});
    tokio::spawn(async move { work(&app, &item, look, news).await });
    let envelope = json!({"success": true, "message": "Converting", "data": data, "errors": null});
    Ok((StatusCode::ACCEPTED, Json(envelope)).into_response())
}

async fn work(app: &App, item: &Item, look: Look, mut news: News) {
    let made = app.ingest.convert_again(item, look, news.teller());
    match news.unless_cancelled(made).await {
        Some(Ok(_)) => news.end(Stage::Complete, 100, "Converted"),
        Some(Err(error)) => {
            let error = ApiError::from(error);
            news.end(Stage::Error, 0, error.message());
        }
        None => news.end(Stage::Error, 0, "Cancelled"),
    }
}
