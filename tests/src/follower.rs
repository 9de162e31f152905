//! A client that believes the first whole state it is told, and then only what it hears.

use serde_json::{Value, json};

/// What a client knows.
#[derive(Clone, Debug)]
pub struct Follower {
    dashboard: Value,
    /// Number of the last message that is in it.
    pub revision: u64,
    /// Whole states it has had.
    pub wholes: usize,
}

impl Follower {
    /// Starts from the first whole state.
    #[must_use]
    pub fn new(initial: &Value) -> Self {
        assert_eq!(initial["type"], "initial_dashboard");
        Self {
            dashboard: initial["data"].clone(),
            revision: number(initial),
            wholes: 1,
        }
    }

    /// Hears a message; nothing may be missing before it, and it may not be in what is known already.
    pub fn hear(&mut self, message: &Value) {
        let kind = message["type"].as_str().unwrap();
        let data = &message["data"];
        if message["revision"].is_null() {
            return;
        }
        let revision = number(message);
        if kind == "dashboard_update" {
            assert!(
                revision >= self.revision,
                "an old state: {revision} after {}",
                self.revision
            );
            self.dashboard = data.clone();
            self.wholes += 1;
        } else {
            assert_eq!(
                revision,
                self.revision + 1,
                "a gap, or twice the same: {message}"
            );
            self.apply(kind, data);
        }
        self.revision = revision;
    }

    fn apply(&mut self, kind: &str, data: &Value) {
        let dashboard = &mut self.dashboard;
        let media = dashboard["media"].as_array_mut().unwrap();
        match kind {
            "media_uploaded" | "media_changed" => {
                match media.iter_mut().find(|item| item["slug"] == data["slug"]) {
                    Some(item) => *item = data.clone(),
                    None => media.push(data.clone()),
                }
            }
            "media_deleted" => media.retain(|item| item["slug"] != data["slug"]),
            "loop_updated" => dashboard["loop"] = data["loop"].clone(),
            "brightness_changed" => dashboard["display"] = data.clone(),
            "playback_changed" => {
                dashboard["active"] = data["player"]["current_media"].clone();
                dashboard["status"]["player"] = data["player"].clone();
            }
            "system_status_changed" => {
                dashboard["status"]["hardware"] = data["hardware"].clone();
                if data["hardware"]["connected"] == false {
                    dashboard["status"]["player"] = Value::Null;
                    dashboard["active"] = Value::Null;
                    dashboard["display"] = Value::Null;
                }
            }
            other => panic!("a message of type {other}"),
        }
    }

    /// What is known, to be compared with [`gist`] of a dashboard.
    #[must_use]
    pub fn gist(&self) -> Value {
        gist(&self.dashboard)
    }
}

fn number(message: &Value) -> u64 {
    message["revision"].as_u64().unwrap()
}

/// All of a dashboard that is told by events: neither uploads under way nor moments.
#[must_use]
pub fn gist(dashboard: &Value) -> Value {
    let mut media = dashboard["media"].as_array().unwrap().clone();
    media.sort_by_key(|item| item["slug"].as_str().unwrap().to_owned());
    let mut player = dashboard["status"]["player"].clone();
    if let Some(player) = player.as_object_mut() {
        // Worked out from two clocks each time.
        player.remove("position_at");
    }
    json!({"media": media, "loop": dashboard["loop"], "active": dashboard["active"], "player": player,
        "display": dashboard["display"], "hardware": dashboard["status"]["hardware"]})
}
