//! The difference of two moments as messages.

use std::sync::Arc;

use bytes::Bytes;
use loop_proto::snapshot::HwSnapshot;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::{Facts, Shelf};
use crate::convert::Abilities;
use crate::live::hub::{Hub, Room, message};
use crate::store::Item;
use crate::view::{Display, Hardware, MediaItem, Player, Wifi, WifiStatus};

/// The rooms of events everybody should hear.
const ALL: [Room; 1] = [Room::Dashboard];

const WIFI: &str = "wifi_status_changed";
const SYSTEM: &str = "system_status_changed";

/// Sends each difference; what has no message of its own goes out as the whole dashboard.
pub(super) fn tell(hub: &mut Hub, before: &Facts, after: &Facts, dashboard: &Bytes) {
    let mut whole = false;
    if !Arc::ptr_eq(&before.shelf, &after.shelf) {
        whole |= tell_library(hub, &before.shelf, &after.shelf);
    }
    match (before.link.snapshot(), after.link.snapshot()) {
        (Some(old), Some(new)) => {
            if old.player != new.player || old.playlist.len() != new.playlist.len() {
                hub.send(
                    &ALL,
                    "playback_changed",
                    &json!({"player": Player::new(new)}),
                );
            }
            if old.display != new.display {
                hub.send(&ALL, "brightness_changed", &Display::new(new));
            }
            if old.panel != new.panel {
                tell_system(hub, after);
            }
            if old.wifi != new.wifi {
                tell_wifi(hub, new);
                // What everybody is told of it is in the dashboard.
                whole |= WifiStatus::new(&old.wifi) != WifiStatus::new(&new.wifi);
            }
        }
        (None, None) => {
            // Away for another reason.
            if before.link != after.link {
                tell_system(hub, after);
            }
        }
        (_, new) => {
            tell_system(hub, after);
            // Back with a state of its own: whoever follows the single events gets it all.
            if let Some(new) = new {
                tell_player(hub, new);
                hub.send(&ALL, "brightness_changed", &Display::new(new));
                tell_wifi(hub, new);
            }
            whole = true;
        }
    }
    if whole && let Ok(data) = serde_json::from_slice::<&RawValue>(dashboard) {
        hub.send(&ALL, "dashboard_update", &data);
    }
}

/// Whether something changed that only the whole list tells.
fn tell_library(hub: &mut Hub, before: &Shelf, after: &Shelf) -> bool {
    let abilities = after.abilities;
    let (before, after) = (&before.library, &after.library);
    let mut replaced = false;
    for item in before.items() {
        if !after.contains(&item.slug) {
            hub.send(&ALL, "media_deleted", &json!({"slug": item.slug}));
        }
    }
    for item in after.items() {
        match before.item(&item.slug) {
            Some(old) if Arc::ptr_eq(&old, &item) => {}
            Some(old) if old.clip == item.clip => {
                hub.send(&ALL, "media_changed", &MediaItem::new(&item, abilities));
            }
            Some(_) => {
                replaced = true;
                tell_item(hub, &item, abilities);
            }
            None => tell_item(hub, &item, abilities),
        }
    }
    if before.order() != after.order() {
        hub.send(&ALL, "loop_updated", &json!({"loop": after.order()}));
    }
    replaced
}

fn tell_item(hub: &mut Hub, item: &Item, abilities: Abilities) {
    hub.send(&ALL, "media_uploaded", &MediaItem::new(item, abilities));
}

fn tell_player(hub: &mut Hub, snapshot: &HwSnapshot) {
    hub.send(
        &ALL,
        "playback_changed",
        &json!({"player": Player::new(snapshot)}),
    );
}

fn tell_wifi(hub: &mut Hub, snapshot: &HwSnapshot) {
    hub.send(&[Room::Wifi], WIFI, &Wifi::new(&snapshot.wifi));
}

fn tell_system(hub: &mut Hub, facts: &Facts) {
    hub.send(&[Room::Dashboard, Room::System], SYSTEM, &hardware(facts));
}

fn hardware(facts: &Facts) -> Value {
    json!({"hardware": Hardware::new(&facts.link)})
}

/// All of the room `wifi`, for who has missed some of it.
pub(super) fn wifi(snapshot: &HwSnapshot) -> Utf8Bytes {
    message(WIFI, &Wifi::new(&snapshot.wifi), None)
}

/// All of the room `system`, likewise.
pub(super) fn system(facts: &Facts) -> Utf8Bytes {
    message(SYSTEM, &hardware(facts), None)
}
