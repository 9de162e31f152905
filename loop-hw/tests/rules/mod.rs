//! Entries with rules of their own, and rules that change while they are on the glass.

use std::time::{Duration, Instant};

use loop_proto::snapshot::{Entry, HwSnapshot, Playback};

use crate::TICK;
use crate::daemon::Daemon;

fn passes(count: u32, entry: Entry) -> Entry {
    Entry {
        repeat: Some(count.try_into().unwrap()),
        ..entry
    }
}

fn still(millis: u64, entry: Entry) -> Entry {
    Entry {
        still: Some(Duration::from_millis(millis).try_into().unwrap()),
        ..entry
    }
}

fn plays(name: &str) -> impl Fn(&HwSnapshot) -> bool {
    move |state| {
        let now = state.player.current.as_ref();
        now.is_some_and(|now| now.slug.as_str() == name)
    }
}

#[tokio::test]
async fn each_entry_has_its_own_passes() {
    let daemon = Daemon::start().await;
    let (a, b) = (
        daemon.clip("a", &[1, 2], TICK),
        daemon.clip("b", &[3, 4], TICK),
    );
    let mut glass = daemon.glass();
    let entries = vec![passes(3, a), passes(1, b)];
    daemon.client.set_playlist(entries).await.unwrap();
    glass.until(4).await;
    let seen = glass.shades(9).await;
    assert_eq!(seen, [1, 2, 1, 2, 1, 2, 3, 4, 1]);
    daemon.finish().await;
}

#[tokio::test]
async fn other_rules_for_what_plays_do_not_restart_it_and_passes_count_on() {
    let daemon = Daemon::start().await;
    let tick = TICK * 3;
    let (a, b) = (
        daemon.clip("a", &[1, 2, 3], tick),
        daemon.clip("b", &[9], tick),
    );
    let mut glass = daemon.glass();
    let entries = vec![passes(1000, a.clone()), b.clone()];
    daemon.client.set_playlist(entries).await.unwrap();
    glass.until(3).await;
    glass.until(2).await;
    // In the middle of its second pass.
    let entries = vec![passes(3, a), b];
    daemon.client.set_playlist(entries.clone()).await.unwrap();
    assert_eq!(glass.shades(5).await, [3, 1, 2, 3, 9]);
    let state = daemon.follow().until(|_| true).await;
    assert_eq!(state.playlist, entries);
    daemon.finish().await;
}

#[tokio::test]
async fn what_has_had_more_than_its_passes_ends_with_the_one_it_is_in() {
    let daemon = Daemon::start().await;
    let (a, b) = (
        daemon.clip("a", &[1, 2, 3], TICK * 3),
        daemon.clip("b", &[9], TICK),
    );
    let mut glass = daemon.glass();
    let entries = vec![passes(1000, a.clone()), b.clone()];
    daemon.client.set_playlist(entries).await.unwrap();
    for shade in [3, 3, 2] {
        glass.until(shade).await;
        glass.until(1).await;
    }
    daemon
        .client
        .set_playlist(vec![passes(1, a), b])
        .await
        .unwrap();
    let seen = glass.shades(3).await;
    assert_eq!(seen, [2, 3, 9]);
    daemon.finish().await;
}

#[tokio::test]
async fn a_still_follows_the_time_it_is_given_counted_from_when_it_came() {
    let daemon = Daemon::start().await;
    let (a, b) = (daemon.clip("a", &[1], TICK), daemon.clip("b", &[2], TICK));
    let mut follower = daemon.follow();
    let entries = vec![still(60_000, a.clone()), still(500, b.clone())];
    daemon.client.set_playlist(entries).await.unwrap();
    let came = Instant::now();
    let state = follower.until(plays("a")).await;
    assert_eq!(
        state.player.current.unwrap().duration,
        Duration::from_secs(60)
    );
    tokio::time::sleep(Duration::from_millis(400)).await;
    let entries = vec![still(1500, a.clone()), still(500, b.clone())];
    daemon.client.set_playlist(entries).await.unwrap();
    let is_told = |state: &HwSnapshot| {
        let now = state.player.current.as_ref();
        now.is_some_and(|now| now.duration == Duration::from_millis(1500))
    };
    follower.until(is_told).await;
    follower.until(plays("b")).await;
    assert!((1.4..2.2).contains(&came.elapsed().as_secs_f64()));
    follower.until(plays("a")).await;
    // What is over already goes at once.
    tokio::time::sleep(Duration::from_millis(800)).await;
    daemon
        .client
        .set_playlist(vec![still(500, a), still(60_000, b)])
        .await
        .unwrap();
    let told = Instant::now();
    follower.until(plays("b")).await;
    assert!(told.elapsed() < Duration::from_millis(400));
    assert_eq!(daemon.client.health().await.unwrap().frames_dropped, 0);
    daemon.finish().await;
}

#[tokio::test]
async fn rules_survive_the_program() {
    let mut daemon = Daemon::start().await;
    let entries = vec![
        passes(7, daemon.clip("a", &[1, 2], TICK)),
        still(2500, daemon.clip("b", &[3], TICK)),
    ];
    daemon.client.set_playlist(entries.clone()).await.unwrap();
    daemon.kill_and_restart().await;
    let state = daemon.follow().until(|_| true).await;
    assert_eq!(
        (state.playlist, state.player.playback),
        (entries, Playback::Playing)
    );
    daemon.finish().await;
}
