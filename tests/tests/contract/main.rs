//! The original's interface, row by row: what its clients send and what they must get, on its line with the WebSocket and
//! on the one that polls. Each row says what the original did and, where ours does something else, why.

mod headers;
mod jobs;
mod original;
mod player;
mod row;
mod rows;
mod shape;
mod socket;
mod types;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use loop_tests::network::{Network, WPA2};
use loop_tests::rig::Rig;

use crate::original::ROUTES;
use crate::shape::check;
use crate::types::{A, dashboard, media_item};

/// A page built as the original's is.
fn page_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("original_page")
}

/// The player follows the order; the next row may need it there.
async fn settle(rig: &Rig) {
    let order = rig.get("/api/loop").await.unwrap().ok();
    let count = order["data"]["loop"].as_array().unwrap().len();
    rig.until(|dashboard| {
        let follows = dashboard["status"]["player"]["total_media"] == count;
        follows && (dashboard["active"].is_string() == (count > 0))
    })
    .await;
}

#[tokio::test]
async fn every_request_is_answered_as_its_row_says() {
    let page = page_dir().display().to_string();
    let network = Network::hearing(&[(b"X", 70, WPA2, Some("12345678"))]).await;
    let rig = network.rig(&[("LOOP_WEB_PAGE_DIR", &page)]).await;
    rig.until(|dashboard| dashboard["status"]["wifi"]["state"] == "disconnected")
        .await;
    let mut faults = Vec::new();
    for row in rows::all() {
        if let Err(fault) = row.hold(&rig).await {
            faults.push(fault);
        }
        settle(&rig).await;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
    rig.finish().await;
}

#[test]
fn every_route_of_the_original_has_a_row_and_every_row_is_of_a_route_of_the_original() {
    let rows = rows::all();
    let routes: BTreeSet<_> = rows.iter().map(|row| row.route).collect();
    assert_eq!(routes, BTreeSet::from(ROUTES));
    let ids: BTreeSet<_> = rows.iter().map(|row| row.id).collect();
    assert_eq!(ids.len(), rows.len(), "two rows have the same id");
}

#[tokio::test]
async fn a_film_and_a_still_have_the_originals_fields_and_types() {
    let rig = Rig::start().await;
    rig.upload("a", &[1, 2]).await;
    rig.upload("b", &[3]).await;
    let dashboard_now = rig
        .until(|dashboard| dashboard["status"]["player"]["total_media"] == 2)
        .await;
    assert_eq!(check(&dashboard_now, &dashboard()), Ok(()));
    let player = &dashboard_now["status"]["player"];
    assert_eq!(player["current_media"], A);
    assert_eq!(player["frame_rate"], 25.0);
    for (item, duration, frames) in [(0, Some(0.08), 2), (1, None, 1)] {
        let item = &dashboard_now["media"][item];
        assert_eq!(check(item, &media_item()), Ok(()));
        // Its page writes out any duration but null.
        assert_eq!(item["duration"].as_f64(), duration, "{item}");
        assert_eq!(item["frame_count"], frames);
        assert_eq!(item["type"], "video/mp4");
    }
    rig.finish().await;
}

#[tokio::test]
async fn a_device_with_its_own_page_has_nothing_at_the_addresses_of_the_others() {
    let rig = Rig::start().await;
    for (path, status) in [
        ("/favicon.ico", 204),
        ("/placeholder.svg", 404),
        ("/ffmpeg/ffmpeg-core.js", 404),
        ("/_next/static/chunks/main.js", 404),
        ("/", 200),
    ] {
        assert_eq!(rig.get(path).await.unwrap().status, status, "{path}");
    }
    rig.finish().await;
}
