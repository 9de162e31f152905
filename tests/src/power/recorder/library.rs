//! The library as a whole: out, in again, and what of it is on the disk.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::{Recorder, paths_in};
use crate::power::content::hash_of;
use crate::rig::Answer;

/// An item's description.
pub const META: &str = "meta.json";

/// Stands for an item's description, whenever the item was made.
pub const ANY_TIME: &str = "meta.json at any time";

impl Recorder {
    pub(super) async fn export(&mut self) {
        let answer = self.rig.get("/api/media/export").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.json);
        self.exported = answer.body;
    }

    pub(super) async fn import(&self) -> reqwest::Result<Answer> {
        let headers = [("content-type", "application/x-tar")];
        let body = self.exported.clone();
        self.rig
            .send("POST", "/api/media/import", &headers, body)
            .await
    }

    /// Has an item converted, and waits until there is another clip.
    pub(super) async fn convert(&self, name: &str, wanted: &Value) {
        let mut slugs = items_below(&self.rig.data).into_keys();
        let slug = slugs.find(|slug| slug.starts_with(&format!("{name}_")));
        let slug = slug.unwrap();
        let clip = || items_below(&self.rig.data)[&slug]["clip"];
        let before = clip();
        let path = format!("/api/media/{slug}/convert");
        self.rig.post(&path, wanted).await.unwrap().ok();
        while clip() == before {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The files of all items below a data folder.
#[must_use]
pub fn items_below(data: &Path) -> BTreeMap<String, BTreeMap<String, u64>> {
    let items = paths_in(&data.join("media"))
        .into_iter()
        .map(|(slug, folder)| {
            let mut files = BTreeMap::new();
            for (name, path) in paths_in(&folder) {
                let bytes = std::fs::read(&path).unwrap();
                if name == META {
                    files.insert(ANY_TIME.to_owned(), hash_at_any_time(&bytes));
                }
                files.insert(name, hash_of(&bytes));
            }
            (slug, files)
        });
    items.collect()
}

/// The hash of a description without its time: an upload that is taken up again after a power cut is of another one.
fn hash_at_any_time(description: &[u8]) -> u64 {
    let Ok(mut about) = serde_json::from_slice::<Value>(description) else {
        return hash_of(description);
    };
    if let Some(fields) = about.as_object_mut() {
        fields.remove("uploaded_at");
    }
    hash_of(about.to_string().as_bytes())
}
