//! `POST /api/media/{slug}/convert`: an item's clip, made anew from its original.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Json;
use loop_proto::Slug;
use loop_proto::clip::Quality;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::App;
use super::error::{ApiError, ApiResult};
use super::extract::{ApiJson, SlugPath};
use super::openapi::refusals::{Conversions, Unknown};
use crate::cancel::Cancel;
use crate::ingest::{self, hex};
use crate::jobs::Stage;
use crate::look::{Fit, Look};
use crate::news::News;
use crate::store::Item;
use crate::view::Envelope;

/// What the ids of these jobs begin with.
const CONVERSION: &str = "convert_";

/// Conversions that may wait; each has a folder and room of its own.
const MOST: usize = 16;

/// What is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Conversion)]
pub(crate) struct Wanted {
    #[schema(value_type = Option<Fit>)]
    fit: Option<String>,
    #[schema(value_type = Option<Quality>)]
    quality: Option<String>,
}

/// Work that has begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct Begun {
    job_id: String,
}

/// Makes an item's clip anew from its original.
///
/// It answers when that has begun; how it goes and ends is told as of every job.
#[utoipa::path(post, path = "/api/media/{slug}/convert", tag = "media", params(SlugPath), request_body = Wanted,
    responses((status = 202, description = "It has begun.", body = Envelope<Begun>), SlugPath, ApiJson<Wanted>, Unknown,
        Conversions))]
pub(crate) async fn convert(
    State(app): State<App>,
    SlugPath(slug): SlugPath,
    ApiJson(wanted): ApiJson<Wanted>,
) -> ApiResult<(StatusCode, Json<Envelope<Begun>>)> {
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
    let id = job_id(&app, &slug)?;
    let mut news = News::new(app.board.clone(), Some(&id), Cancel::default());
    news.name(&item.filename);
    news.all_received(0);
    let job_id = news.id().to_owned();
    tokio::spawn(async move { work(&app, &item, look, news).await });
    let begun = Envelope::saying("Converting", Begun { job_id });
    Ok((StatusCode::ACCEPTED, Json(begun)))
}

/// Names the job, if there may be one.
fn job_id(app: &App, slug: &Slug) -> Result<String, ApiError> {
    let jobs = app.board.jobs();
    let hash = hex(&Sha256::digest(slug.as_str()));
    let id = format!("{CONVERSION}{}", hash.get(..16).unwrap_or_default());
    if jobs.contains_key(&id) {
        let message = "this item is being converted already";
        return Err(ApiError::new(StatusCode::CONFLICT, "BUSY", message));
    }
    if jobs.keys().filter(|id| id.starts_with(CONVERSION)).count() >= MOST {
        let message = "many items wait to be converted, try again when some are done";
        let busy = StatusCode::TOO_MANY_REQUESTS;
        return Err(ApiError::new(busy, "TOO_MANY_CONVERSIONS", message).retry(60));
    }
    Ok(id)
}

async fn work(app: &App, item: &Item, look: Look, mut news: News) {
    let made = app.ingest.convert_again(item, look, news.teller());
    match news.cancel().unless_asked(made).await {
        Some(Ok(_)) => news.end(Stage::Complete, 100, "Converted"),
        Some(Err(error)) => {
            let error = ApiError::from(error);
            news.end(Stage::Error, 0, error.message());
        }
        None => news.end(Stage::Error, 0, "Cancelled"),
    }
}
