//! How long a change takes to reach those who listen.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use loop_tests::frames::{TEXT, Wire};
use loop_tests::rig::Rig;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

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

/// A WebSocket that has been greeted. They come from two addresses: one alone may not have all places.
pub(crate) async fn guest(rig: &Rig, number: usize) -> Wire {
    let host = if number.is_multiple_of(2) { 1 } else { 2 };
    Wire::greeted_from(Ipv4Addr::new(127, 0, 0, host), rig).await
}

/// Those who listen, until it is dropped.
#[derive(Default)]
struct Crowd(JoinSet<()>);

impl Crowd {
    /// Sends them home.
    async fn leave(mut self, rig: &Rig) {
        self.0.shutdown().await;
        rig.until_nobody_listens().await;
    }

    /// Reads everything; what it is interested in it hands on with the moment at which it came.
    fn listen(&mut self, mut wire: Wire, heard: mpsc::UnboundedSender<(Instant, Value)>) {
        self.0.spawn(async move {
            while let Some(frame) = wire.next().await {
                let at = Instant::now();
                if frame.opcode == TEXT {
                    let message = serde_json::from_slice(&frame.payload).unwrap();
                    drop(heard.send((at, message)));
                }
            }
        });
    }
}

/// From the request to the event at one of so many who listen: the median and the 99th percentile, in milliseconds.
async fn toggles(rig: &Rig, crowd: usize) -> (f64, f64) {
    let (others, mut rest) = mpsc::unbounded_channel();
    tokio::spawn(async move { while rest.recv().await.is_some() {} });
    // In the middle: the daemon sends to some before it, and to some after.
    let (watched, mut heard) = mpsc::unbounded_channel();
    let mut guests = Crowd::default();
    for number in 0..crowd {
        let hears = if number == crowd / 2 {
            &watched
        } else {
            &others
        };
        guests.listen(guest(rig, number).await, hears.clone());
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
    guests.leave(rig).await;
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
    let mut healthy = Crowd::default();
    healthy.listen(Wire::greeted(rig).await, heard);
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
    drop(stalled);
    healthy.leave(rig).await;
    missing
}
