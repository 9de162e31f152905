//! What plays.

use axum::extract::State;
use loop_proto::Slug;
use loop_proto::service::{Step, Switch};
use loop_proto::snapshot::Playback;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::error::{ApiResult, success};
use super::extract::ApiJson;
use crate::view::{Player, loop_mode as mode_name};

pub(crate) async fn toggle(State(app): State<App>) -> ApiResult {
    set(app, Switch::Over).await
}

pub(crate) async fn pause(State(app): State<App>) -> ApiResult {
    set(app, Switch::To(Playback::Paused)).await
}

pub(crate) async fn resume(State(app): State<App>) -> ApiResult {
    set(app, Switch::To(Playback::Playing)).await
}

async fn set(app: App, to: Switch<Playback>) -> ApiResult {
    let state = app.link.client()?.set_playback(to).await?;
    let paused = state.playback == Playback::Paused;
    success(
        if paused { "Paused" } else { "Resumed" },
        json!({"paused": paused}),
    )
}

pub(crate) async fn next(State(app): State<App>) -> ApiResult {
    app.link.client()?.step(Step::Next).await?;
    success("Switched to next media", Value::Null)
}

pub(crate) async fn previous(State(app): State<App>) -> ApiResult {
    app.link.client()?.step(Step::Previous).await?;
    success("Switched to previous media", Value::Null)
}

#[derive(Deserialize)]
pub(crate) struct Select {
    slug: Slug,
}

/// Plays an item of the loop now.
pub(crate) async fn select(State(app): State<App>, ApiJson(request): ApiJson<Select>) -> ApiResult {
    let state = app.link.client()?.select(request.slug).await?;
    let total = app.store.library().order().len();
    success(
        "Playing",
        json!({"player": Player::with_total(&state, total)}),
    )
}

pub(crate) async fn loop_mode(State(app): State<App>) -> ApiResult {
    let state = app.link.client()?.set_repeat(Switch::Over).await?;
    let mode = mode_name(state.repeat);
    success(
        format!("Loop mode set to: {mode}"),
        json!({"loop_mode": mode}),
    )
}

/// The original can leave a progress bar on the glass. Ours is never stale: one of an upload under way comes back with its
/// next step, and without loop-hw there is none.
pub(crate) async fn force_stop_progress(State(app): State<App>) -> ApiResult {
    if let Ok(client) = app.link.client() {
        client.show_progress(None).await?;
    }
    success("Force stopped stale progress display", Value::Null)
}
