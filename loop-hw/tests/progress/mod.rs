//! The bar over the picture.

use std::time::Duration;

use loop_proto::pixel::{Frame, ROW_BYTES};
use loop_proto::progress::{Label, Progress};
use loop_proto::service::Switch;

use crate::TICK;
use crate::daemon::Daemon;

/// Rows from the viewer's bottom edge that may be another picture's: those of the bar and its label.
const COVERED: usize = 23;

fn progress(percent: u8) -> Option<Progress> {
    Some(Progress {
        percent: percent.try_into().unwrap(),
        label: Label::nearest("cat.mp4"),
    })
}

/// The shade of the picture, and whether a bar is over it.
async fn look(daemon: &Daemon) -> (u8, bool) {
    let glass = daemon.client.glass_after(None).await.unwrap();
    let frame = Frame::from_bytes(glass.pixels.unwrap()).unwrap();
    let shade = frame.as_bytes()[0];
    let rows = frame.as_bytes().chunks_exact(ROW_BYTES);
    let free = ROW_BYTES - COVERED * 2;
    for row in rows.clone() {
        assert!(row[..free].iter().all(|byte| *byte == shade), "torn");
    }
    let mut covered = rows.map(|row| row[free..].iter().any(|byte| *byte != shade));
    let first = covered.next().unwrap();
    assert!(covered.all(|covered| covered == first));
    (shade, first)
}

fn state_file(daemon: &Daemon) -> Vec<u8> {
    std::fs::read(daemon.socket().with_file_name("data/hw/state.json")).unwrap()
}

#[tokio::test]
async fn the_bar_lies_over_what_plays_and_leaves_it_as_it_was() {
    let daemon = Daemon::start().await;
    let shades = [1, 2, 3, 4, 5];
    let clip = daemon.clip("a", &shades, TICK / 2);
    daemon.client.set_playlist(vec![clip]).await.unwrap();
    daemon.glass().until(1).await;
    let (saved, mut follower) = (state_file(&daemon), daemon.follow());
    for percent in 0..=100 {
        daemon
            .client
            .show_progress(progress(percent))
            .await
            .unwrap();
        let (shade, bar) = look(&daemon).await;
        assert!(bar && shades.contains(&shade));
    }
    let state = follower.until(|state| state.player.showing_progress).await;
    assert_eq!(state.player.current.unwrap().slug.as_str(), "a");
    daemon.client.show_progress(None).await.unwrap();
    follower.until(|state| !state.player.showing_progress).await;
    for _ in 0..10 {
        assert!(!look(&daemon).await.1);
        tokio::time::sleep(TICK / 3).await;
    }
    assert_eq!(state_file(&daemon), saved);
    daemon.finish().await;
}

#[tokio::test]
async fn paused_on_a_still_and_on_a_screen_the_bar_comes_moves_and_goes_at_once() {
    let daemon = Daemon::start().await;
    daemon
        .client
        .show_progress(progress(3))
        .await
        .expect("also while there is nothing to play");
    let entries = vec![
        daemon.clip("a", &[1, 2], Duration::from_secs(60)),
        daemon.clip("b", &[7], TICK),
    ];
    daemon.client.set_playlist(entries).await.unwrap();
    daemon.client.set_playback(Switch::Over).await.unwrap();
    for (slug, shade) in [("a", 1), ("b", 7)] {
        daemon.client.select(slug.parse().unwrap()).await.unwrap();
        assert_eq!(look(&daemon).await, (shade, true), "it stays over all");
        let mut seen = None;
        for percent in [10, 11, 90] {
            daemon
                .client
                .show_progress(progress(percent))
                .await
                .unwrap();
            let glass = daemon.client.glass_after(seen).await.unwrap();
            assert!(glass.pixels.is_some(), "who waits for a picture gets it");
            seen = Some(glass.serial);
        }
        daemon.client.show_progress(None).await.unwrap();
        assert_eq!(look(&daemon).await, (shade, false));
        daemon.client.show_progress(progress(5)).await.unwrap();
    }
    daemon.finish().await;
}

#[tokio::test]
async fn where_no_bar_is_wanted_there_is_none() {
    let settings = [
        ("LOOP_PANEL_KIND", "simulated"),
        ("LOOP_PLAYBACK_SHOW_PROGRESS", "false"),
    ];
    let daemon = Daemon::start_with(&settings).await;
    let clip = daemon.clip("a", &[1], TICK);
    daemon.client.set_playlist(vec![clip]).await.unwrap();
    daemon.glass().until(1).await;
    daemon.client.show_progress(progress(50)).await.unwrap();
    assert_eq!(look(&daemon).await, (1, false));
    let state = daemon.follow().until(|_| true).await;
    assert!(!state.player.showing_progress);
    daemon.finish().await;
}

#[tokio::test]
async fn a_bar_of_which_nothing_is_heard_goes_by_itself() {
    let daemon = Daemon::start().await;
    let clip = daemon.clip("a", &[1], TICK);
    daemon.client.set_playlist(vec![clip]).await.unwrap();
    let mut follower = daemon.follow();
    follower.until(|state| state.player.current.is_some()).await;
    let start = std::time::Instant::now();
    daemon.client.show_progress(progress(50)).await.unwrap();
    follower.until(|state| state.player.showing_progress).await;
    follower.until(|state| !state.player.showing_progress).await;
    assert!((29.0..33.0).contains(&start.elapsed().as_secs_f64()));
    assert_eq!(look(&daemon).await, (1, false));
    daemon.finish().await;
}
