//! The library in order: names, tags, settings, searching, deleting several and bringing them back.

use loop_tests::rig::{Daemon, Rig};
use serde_json::{Value, json};

async fn with_items(names: &[&str]) -> (Rig, Vec<String>) {
    let rig = Rig::start().await;
    let mut slugs = Vec::new();
    for (number, name) in (1..).zip(names) {
        slugs.push(rig.upload(name, &[number, number + 50]).await);
    }
    (rig, slugs)
}

fn slugs(answer: &Value) -> Vec<String> {
    let media = answer["data"]["media"].as_array().unwrap();
    media
        .iter()
        .map(|item| item["slug"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_is_said_of_an_item_is_shown_found_and_kept() {
    let (mut rig, slugs_of) = with_items(&["a", "b"]).await;
    let path = format!("/api/media/{}", slugs_of[0]);
    let mut socket = rig.websocket().await;
    socket.subscribe("dashboard").await;
    let change =
        json!({"title": "Mein Kätzchen 🐈", "tags": ["pets"], "repeat": 3, "still_seconds": 2.5});
    let item = rig.patch(&path, &change).await.unwrap().ok()["data"]["media"].clone();
    assert_eq!(item["title"], "Mein Kätzchen 🐈");
    assert_eq!(item["settings"]["repeat"], 3);
    assert_eq!(socket.next("media_changed").await["data"], item);
    let wrong = rig.patch(&path, &json!({"repeat": 0})).await.unwrap();
    assert_eq!(
        (wrong.status, wrong.json["code"].as_str()),
        (422, Some("INVALID_FIELD"))
    );
    assert!(wrong.json["errors"][0]["repeat"].is_string());
    let unknown = rig.patch("/api/media/nobody", &change).await.unwrap();
    assert_eq!(unknown.status, 404);
    rig.kill(Daemon::Web).await;
    rig.launch(Daemon::Web).await;
    for query in ["q=k%C3%A4tz", "tag=pets", "sort=title&order=desc&limit=1"] {
        let found = rig.get(&format!("/api/media?{query}")).await.unwrap().ok();
        assert_eq!(slugs(&found), slugs_of[..1], "{query}");
        assert_eq!(found["data"]["media"][0], item, "{query}");
        assert_eq!(found["data"]["tags"], json!([{"tag": "pets", "count": 1}]));
    }
    let wrong = rig.get("/api/media?limit=0").await.unwrap();
    assert_eq!(
        (wrong.status, wrong.json["code"].as_str()),
        (400, Some("INVALID_PARAMETER"))
    );
    rig.finish().await;
}

#[tokio::test]
async fn several_are_deleted_at_once_and_come_back_where_they_were() {
    let (rig, all) = with_items(&["a", "b", "c", "d"]).await;
    rig.delete(&format!("/api/loop/{}", all[3]))
        .await
        .unwrap()
        .ok();
    let gone = json!({"slugs": [all[0], "nobody", all[2], "../x", all[3]]});
    let deleted = rig.post("/api/media/delete", &gone).await.unwrap().ok();
    assert_eq!(deleted["data"]["deleted"], json!([all[0], all[2], all[3]]));
    assert_eq!(deleted["data"]["unknown"], json!(["../x", "nobody"]));
    assert_eq!(deleted["data"]["undo_seconds"], 60);
    assert_eq!(rig.items_on_disk(), [all[1].clone()]);
    let storage = rig.get("/api/dashboard/storage").await.unwrap().ok();
    assert!(storage["trash"].as_u64().unwrap() > 0);
    let back = rig.post("/api/media/restore", &gone).await.unwrap().ok();
    assert_eq!(back["data"]["restored"], json!([all[0], all[2], all[3]]));
    let dashboard = rig
        .until(|dashboard| dashboard["status"]["player"]["total_media"] == 3)
        .await;
    assert_eq!(dashboard["loop"], json!(all[..3]));
    assert_eq!(dashboard["media"].as_array().unwrap().len(), 4);
    rig.delete(&format!("/api/media/{}", all[0]))
        .await
        .unwrap()
        .ok();
    let swept = rig
        .post("/api/media/cleanup", &json!({}))
        .await
        .unwrap()
        .ok();
    assert_eq!(swept["data"]["trash"], 1);
    let late = json!({"slugs": [all[0]]});
    let late = rig.post("/api/media/restore", &late).await.unwrap().ok();
    assert_eq!(late["data"], json!({"restored": [], "gone": [all[0]]}));
    rig.finish().await;
}

#[tokio::test]
async fn a_large_library_comes_page_by_page_and_the_dashboard_stays_small() {
    let rig = Rig::start().await;
    let names: Vec<_> = (0..230).map(|number| format!("item{number:03}")).collect();
    for (number, name) in names.iter().enumerate() {
        rig.upload(name, &[u8::try_from(number).unwrap()]).await;
    }
    let dashboard = rig.get("/api/dashboard").await.unwrap().ok();
    assert_eq!(dashboard["media"].as_array().unwrap().len(), 200);
    assert_eq!(dashboard["media_total"], 230);
    assert_eq!(dashboard["loop"].as_array().unwrap().len(), 230);
    let all = rig.get("/api/media").await.unwrap().ok();
    assert_eq!(slugs(&all).len(), 230);
    let mut paged = Vec::new();
    for offset in (0..230).step_by(100) {
        let path = format!("/api/media?offset={offset}&limit=100");
        let page = rig.get(&path).await.unwrap().ok();
        assert_eq!(page["data"]["total"], 230);
        paged.extend(slugs(&page));
    }
    assert_eq!(paged, slugs(&all));
    rig.finish().await;
}
