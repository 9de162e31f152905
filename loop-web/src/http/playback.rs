//! What plays.

use axum::extract::State;
use axum::response::IntoResponse;
use loop_proto::Slug;
use loop_proto::service::{Step, Switch};
use loop_proto::snapshot::Playback;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::App;
use super::error::{ApiResult, Enveloped, done};
use super::extract::ApiJson;
use super::openapi::refusals::{Hardware, Player as AskedPlayer};
use crate::view::{Envelope, LoopMode, Nothing, Player};

/// Whether pictures stand still.
#[derive(Serialize, ToSchema)]
pub(crate) struct Paused {
    paused: bool,
}

/// Pauses, or goes on.
#[utoipa::path(post, path = "/api/playback/toggle", tag = "playback",
    responses((status = 200, description = "What it is now.", body = Envelope<Paused>), Hardware))]
pub(crate) async fn toggle(State(app): State<App>) -> Enveloped<Paused> {
    set(app, Switch::Over).await
}

/// Pauses.
#[utoipa::path(post, path = "/api/playback/pause", tag = "playback",
    responses((status = 200, description = "It is paused.", body = Envelope<Paused>), Hardware))]
pub(crate) async fn pause(State(app): State<App>) -> Enveloped<Paused> {
    set(app, Switch::To(Playback::Paused)).await
}

/// Goes on.
#[utoipa::path(post, path = "/api/playback/resume", tag = "playback",
    responses((status = 200, description = "It plays.", body = Envelope<Paused>), Hardware))]
pub(crate) async fn resume(State(app): State<App>) -> Enveloped<Paused> {
    set(app, Switch::To(Playback::Playing)).await
}

async fn set(app: App, to: Switch<Playback>) -> Enveloped<Paused> {
    let state = app.link.client()?.set_playback(to).await?;
    let paused = state.playback == Playback::Paused;
    done(if paused { "Paused" } else { "Resumed" }, Paused { paused })
}

/// Plays the next item of the loop.
#[utoipa::path(post, path = "/api/playback/next", tag = "playback",
    responses((status = 200, description = "It plays.", body = Envelope<Nothing>), Hardware))]
pub(crate) async fn next(State(app): State<App>) -> Enveloped<Nothing> {
    app.link.client()?.step(Step::Next).await?;
    done("Switched to next media", Nothing)
}

/// Plays the item of the loop before.
#[utoipa::path(post, path = "/api/playback/previous", tag = "playback",
    responses((status = 200, description = "It plays.", body = Envelope<Nothing>), Hardware))]
pub(crate) async fn previous(State(app): State<App>) -> Enveloped<Nothing> {
    app.link.client()?.step(Step::Previous).await?;
    done("Switched to previous media", Nothing)
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct Select {
    slug: Slug,
}

/// What plays now.
#[derive(Serialize, ToSchema)]
pub(crate) struct Playing<'a> {
    player: Player<'a>,
}

/// Plays an item of the loop now.
#[utoipa::path(post, path = "/api/playback/select", tag = "playback", request_body = Select,
    responses((status = 200, description = "It plays.", body = Envelope<Playing<'static>>), ApiJson<Select>, AskedPlayer))]
pub(crate) async fn select(State(app): State<App>, ApiJson(request): ApiJson<Select>) -> ApiResult {
    let state = app.link.client()?.select(request.slug).await?;
    let total = app.store.library().order().len();
    let player = Player::with_total(&state, total);
    Ok(done("Playing", Playing { player })?.into_response())
}

/// What comes after an item.
#[derive(Serialize, ToSchema)]
pub(crate) struct Mode {
    loop_mode: LoopMode,
}

/// Switches between all items of the loop and one again and again.
#[utoipa::path(post, path = "/api/playback/loop-mode", tag = "playback",
    responses((status = 200, description = "What it is now.", body = Envelope<Mode>), Hardware))]
pub(crate) async fn loop_mode(State(app): State<App>) -> Enveloped<Mode> {
    let state = app.link.client()?.set_repeat(Switch::Over).await?;
    let loop_mode = LoopMode::from(state.repeat);
    done(
        format!("Loop mode set to: {}", loop_mode.name()),
        Mode { loop_mode },
    )
}

/// Takes the bar off the glass that says how far an upload is.
///
/// The original can leave one there. Ours is never stale: one of an upload under way comes back with its next step, and
/// without loop-hw there is none.
#[utoipa::path(post, path = "/api/playback/force-stop-progress", tag = "playback",
    responses((status = 200, description = "It is gone.", body = Envelope<Nothing>), Hardware))]
pub(crate) async fn force_stop_progress(State(app): State<App>) -> Enveloped<Nothing> {
    if let Ok(client) = app.link.client() {
        client.show_progress(None).await?;
    }
    done("Force stopped stale progress display", Nothing)
}
