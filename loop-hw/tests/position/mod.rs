//! Whether the published position is true: browsers play the same clip by it.

use std::time::Duration;

use loop_proto::clock::monotonic;
use loop_proto::service::Switch;
use loop_proto::snapshot::{HwSnapshot, Playback};

use crate::TICK;
use crate::daemon::Daemon;

/// The frame that somebody who only knows the published state thinks is on the glass at this moment.
fn reckoned(state: &HwSnapshot, now: Duration) -> u128 {
    let current = state.player.current.as_ref().unwrap();
    let passed = match state.player.playback {
        Playback::Playing => now.saturating_sub(current.as_of),
        Playback::Paused => Duration::ZERO,
    };
    let position = (current.position + passed).as_nanos() % current.duration.as_nanos();
    position * u128::from(current.frame_count) / current.duration.as_nanos()
}

/// The glass shows what the published state lets one reckon, from now on for a while.
async fn assert_true(daemon: &Daemon, state: &HwSnapshot, shades: &[u8]) {
    let late = Duration::from_millis(30);
    for _ in 0..20 {
        let before = reckoned(state, monotonic().saturating_sub(late));
        let shade = daemon.glass().now().await;
        let after = reckoned(state, monotonic());
        let shown = shades.iter().position(|known| *known == shade).unwrap() as u128;
        let steps = |from: u128, to: u128| (to + 5 - from) % 5;
        assert!(
            steps(before, shown) <= steps(before, after),
            "{before} to {after}, not {shown}"
        );
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
}

#[tokio::test]
async fn what_is_on_the_glass_can_be_reckoned_from_the_state_whatever_happens() {
    let daemon = Daemon::start().await;
    let shades = [1, 2, 3, 4, 5];
    let clip = daemon.clip("a", &shades, TICK * 2);
    daemon.client.set_playlist(vec![clip]).await.unwrap();
    let mut follower = daemon.follow();
    let state = follower.until(|state| state.player.current.is_some()).await;
    assert_true(&daemon, &state, &shades).await;

    // Longer than frames are caught up with: all deadlines move, by about half a pass.
    daemon.stall(Duration::from_millis(1400)).await;
    let was = state.player.current.unwrap().as_of;
    let moved = |state: &HwSnapshot| state.player.current.as_ref().unwrap().as_of > was;
    let state = follower.until(moved).await;
    assert_true(&daemon, &state, &shades).await;

    for playback in [Playback::Paused, Playback::Playing] {
        let to = Switch::To(playback);
        daemon.client.set_playback(to).await.unwrap();
        let is_so = |state: &HwSnapshot| state.player.playback == playback;
        let state = follower.until(is_so).await;
        assert_true(&daemon, &state, &shades).await;
    }
    daemon.finish().await;
}
