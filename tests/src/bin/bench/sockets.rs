//! How long a change takes to reach those who listen.

use std::time::{Duration, Instant};

use loop_tests::frames::{TEXT, Wire};
use loop_tests::rig::Rig;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::original;
use super::row;

/// Changes that are timed.
const TOGGLES: usize = 200;

/// Clients that stop reading, and how much they miss.
const STALLED: usize = 8;
const EVENTS: usize = 600;

/// All figures, with the device as it is.
pub(crate) async fn all(rig: &Rig) {
    for (crowd, median_before, slow_before) in original::TOGGLES {
        let (median, slow) = toggles(rig, crowd).await;
        let figure = format!("toggle to its event, median, {crowd} WebSockets");
        row(&figure, median, Some(median_before), "ms", true);
        let figure = format!("its 99th percentile, {crowd} WebSockets");
        row(&figure, slow, Some(slow_before), "ms", true);
    }
    let (lost, before) = (lost(rig).await, original::LOST_PERCENT);
    println!(
        "| of {EVENTS} events, lost by one who reads beside {STALLED} who do not | {lost} | {before} % | - |"
    );
}

/// Reads everything; what it is interested in it hands on with the moment at which it came.
fn listen(mut wire: Wire, heard: mpsc::UnboundedSender<(Instant, Value)>) {
    tokio::spawn(async move {
        while let Some(frame) = wire.next().await {
            let at = Instant::now();
            if frame.opcode == TEXT {
                let message = serde_json::from_slice(&frame.payload).unwrap();
                drop(heard.send((at, message)));
            }
        }
    });
}

/// From the request to the event at one of so many who listen: the median and the 99th percentile, in milliseconds.
async fn toggles(rig: &Rig, crowd: usize) -> (f64, f64) {
    let (others, mut rest) = mpsc::unbounded_channel();
    tokio::spawn(async move { while rest.recv().await.is_some() {} });
    for _ in 0..crowd / 2 {
        listen(Wire::greeted(rig).await, others.clone());
    }
    // In the middle: the daemon sends to some before it, and to some after.
    let (watched, mut heard) = mpsc::unbounded_channel();
    listen(Wire::greeted(rig).await, watched);
    for _ in crowd / 2 + 1..crowd {
        listen(Wire::greeted(rig).await, others.clone());
    }
    let mut took = Vec::new();
    for _ in 0..TOGGLES {
        let asked = Instant::now();
        let paused = rig
            .post("/api/playback/toggle", &json!({}))
            .await
            .unwrap()
            .ok();
        let at = loop {
            let (at, message) = heard.recv().await.unwrap();
            let player = &message["data"]["player"];
            if message["type"] == "playback_changed" && player["paused"] == paused["data"]["paused"]
            {
                break at;
            }
        };
        took.push(at.duration_since(asked).as_secs_f64() * 1000.0);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    took.sort_by(f64::total_cmp);
    (took[TOGGLES / 2], took[TOGGLES * 99 / 100])
}

/// Events that somebody who reads does not get while others do not read.
async fn lost(rig: &Rig) -> usize {
    let mut stalled = Vec::new();
    for _ in 0..STALLED {
        stalled.push(Wire::greeted(rig).await);
    }
    let (heard, mut events) = mpsc::unbounded_channel();
    listen(Wire::greeted(rig).await, heard);
    let order = rig.get("/api/loop").await.unwrap().ok()["data"]["loop"].take();
    let mut order = order.as_array().unwrap().clone();
    for _ in 0..EVENTS {
        order.rotate_left(1);
        rig.put("/api/loop", &json!({"loop": order}))
            .await
            .unwrap()
            .ok();
    }
    let mut missing = EVENTS;
    let wait = Duration::from_secs(5);
    while missing > 0
        && let Ok(Some((_, message))) = tokio::time::timeout(wait, events.recv()).await
    {
        missing -= usize::from(message["type"] == "loop_updated");
    }
    missing
}
