//! A library of thousands of items.

use std::path::Path;
use std::time::Instant;

use loop_tests::rig::{Daemon, Rig};
use serde_json::{Value, json};

use crate::{load, memory_of, row};

const ITEMS: usize = 2000;

/// Starts with it and asks for it.
pub(crate) async fn large() {
    let mut rig = Rig::start().await;
    let first = rig.upload("first", &[1, 2]).await;
    let alone = start(&mut rig).await;
    rig.stop(Daemon::Web).await;
    multiply(&rig.data, &first);
    let together = start(&mut rig).await;
    row(
        "start with 2,000 items: to the first answer",
        together,
        None,
        "ms",
        true,
    );
    row("start with one item", alone, None, "ms", true);
    let memory = memory_of(&rig, Daemon::Web, "VmRSS:");
    row("memory of loop-web, 2,000 items", memory, None, "MB", true);
    let size = |bytes: usize| f64::from(u32::try_from(bytes).unwrap()) / 1e3;
    let dashboard = rig.get("/api/dashboard").await.unwrap();
    assert_eq!(dashboard.json["media_total"], ITEMS);
    row(
        "dashboard, 2,000 items",
        size(dashboard.body.len()),
        None,
        "KB",
        true,
    );
    for gzip in [false, true] {
        let how = if gzip { ", gzip" } else { "" };
        let Some(seen) = load::get(&rig, "/api/dashboard", 1, gzip) else {
            continue;
        };
        row(
            &format!("dashboard, 2,000 items{how}: median"),
            seen.median_ms,
            None,
            "ms",
            true,
        );
        row(
            &format!("dashboard, 2,000 items{how}: 99th percentile"),
            seen.slow_ms,
            None,
            "ms",
            true,
        );
    }
    let asked = Instant::now();
    let path = "/api/media?q=copy&sort=title&order=desc&offset=1000&limit=50";
    let page = rig.get(path).await.unwrap().ok();
    assert_eq!(page["data"]["total"], ITEMS - 1);
    let took = asked.elapsed().as_secs_f64() * 1000.0;
    row(
        "a page of 50 of 2,000 items, searched and sorted",
        took,
        None,
        "ms",
        true,
    );
    rig.finish().await;
}

/// Milliseconds from the start of loop-web to its first answer.
async fn start(rig: &mut Rig) -> f64 {
    let mut times = Vec::new();
    for _ in 0..5 {
        rig.kill(Daemon::Web).await;
        let started = Instant::now();
        rig.launch(Daemon::Web).await;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    times[2]
}

/// Makes many items of one, each with its own original and a place in the loop.
fn multiply(data: &Path, first: &str) {
    let from = data.join("media").join(first);
    let text = std::fs::read(from.join("meta.json")).unwrap();
    let mut order = vec![first.to_owned()];
    for number in 1..ITEMS {
        let slug = format!("copy{number:04}_0123456789abcdef");
        let to = data.join("media").join(&slug);
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(&from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
        let mut meta: Value = serde_json::from_slice(&text).unwrap();
        meta["slug"] = slug.as_str().into();
        meta["filename"] = format!("copy{number:04}.mp4").into();
        meta["original_sha256"] = format!("{number:064x}").into();
        std::fs::write(to.join("meta.json"), meta.to_string()).unwrap();
        order.push(slug);
    }
    let order = json!({"version": 1, "loop": order}).to_string();
    std::fs::write(data.join("loop.json"), order).unwrap();
}
