//! loop-hw as its clients see it: the real program on the simulated panel, over the real socket.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test ends at the first surprise"
)]

mod daemon;
mod panels;
mod position;
mod progress;
mod rules;

use std::time::Duration;

use loop_proto::FaultCode;
use loop_proto::client::Error;
use loop_proto::service::{Step, Switch};
use loop_proto::snapshot::{HwSnapshot, Playback, Repeat};
use loop_proto::units::Brightness;

use daemon::Daemon;

const TICK: Duration = Duration::from_millis(40);

#[tokio::test]
async fn the_frames_of_a_clip_are_on_the_glass_in_order_and_exact() {
    let daemon = Daemon::start().await;
    let clip = daemon.clip("cat", &[1, 2, 3, 4], TICK * 4);
    daemon.client.set_playlist(vec![clip]).await.unwrap();
    let mut glass = daemon.glass();
    let mut seen = glass.shades(9).await;
    let first = seen.iter().position(|shade| *shade == 1).unwrap();
    seen.drain(..first);
    let expected: Vec<u8> = [1, 2, 3, 4].into_iter().cycle().take(seen.len()).collect();
    assert_eq!(seen, expected);
    daemon.finish().await;
}

#[tokio::test]
async fn after_its_passes_an_animation_makes_room_for_the_next_entry() {
    let daemon = Daemon::start().await;
    let entries = vec![
        daemon.clip("a", &[1, 2], TICK),
        daemon.clip("b", &[3, 4], TICK),
    ];
    daemon.client.set_playlist(entries).await.unwrap();
    let mut follower = daemon.follow();
    for name in ["a", "b", "a"] {
        follower
            .until(|state| {
                state
                    .player
                    .current
                    .as_ref()
                    .is_some_and(|now| now.slug.as_str() == name)
            })
            .await;
    }
    daemon.finish().await;
}

#[tokio::test]
async fn repeating_one_stays_and_repeating_all_goes_on() {
    let daemon = Daemon::start().await;
    let entries = vec![
        daemon.clip("a", &[1, 2], TICK),
        daemon.clip("b", &[3, 4], TICK),
    ];
    let mut glass = daemon.glass();
    daemon
        .client
        .set_repeat(Switch::To(Repeat::One))
        .await
        .unwrap();
    daemon.client.set_playlist(entries).await.unwrap();
    let seen = glass.shades(14).await;
    assert!(!seen.contains(&3), "{seen:?}");
    assert_eq!(
        daemon.client.set_repeat(Switch::Over).await.unwrap().repeat,
        Repeat::All
    );
    glass.until(3).await;
    daemon.finish().await;
}

#[tokio::test]
async fn paused_the_picture_stays_and_a_choice_shows_its_first_picture() {
    let daemon = Daemon::start().await;
    let entries = vec![
        daemon.clip("a", &[1, 2], TICK),
        daemon.clip("b", &[3, 4], TICK),
    ];
    daemon.client.set_playlist(entries).await.unwrap();
    let mut glass = daemon.glass();
    glass.until(2).await;
    let paused = daemon.client.set_playback(Switch::Over).await.unwrap();
    assert_eq!(paused.playback, Playback::Paused);
    let presented = daemon.client.health().await.unwrap().frames_presented;
    let state = daemon.client.select("b".parse().unwrap()).await.unwrap();
    assert_eq!(
        (state.current.unwrap().slug.as_str(), state.playback),
        ("b", Playback::Paused)
    );
    assert_eq!(glass.now().await, 3);
    assert_eq!(
        daemon.client.health().await.unwrap().frames_presented,
        presented + 1
    );
    daemon
        .client
        .set_playback(Switch::To(Playback::Playing))
        .await
        .unwrap();
    glass.until(4).await;
    daemon.finish().await;
}

#[tokio::test]
async fn next_and_previous_go_round_and_do_nothing_alone() {
    let daemon = Daemon::start().await;
    let slow = Duration::from_secs(60);
    let entries: Vec<_> = ["a", "b", "c"]
        .map(|name| daemon.clip(name, &[1, 2], slow))
        .into();
    daemon.client.set_playlist(entries.clone()).await.unwrap();
    for (step, name) in [
        (Step::Next, "b"),
        (Step::Next, "c"),
        (Step::Next, "a"),
        (Step::Previous, "c"),
    ] {
        let state = daemon.client.step(step).await.unwrap();
        assert_eq!(state.current.unwrap().slug.as_str(), name);
    }
    daemon
        .client
        .set_playlist(entries[..1].to_vec())
        .await
        .unwrap();
    let mut follower = daemon.follow();
    follower
        .until(|state| {
            state
                .player
                .current
                .as_ref()
                .is_some_and(|now| now.slug.as_str() == "a")
        })
        .await;
    assert_eq!(
        daemon
            .client
            .step(Step::Next)
            .await
            .unwrap()
            .current
            .unwrap()
            .index,
        0
    );
    daemon.finish().await;
}

#[tokio::test]
async fn a_replaced_playlist_goes_on_playing_what_it_still_holds() {
    let daemon = Daemon::start().await;
    let (a, b) = (
        daemon.clip("a", &[1, 2, 3, 4, 5, 6], TICK),
        daemon.clip("b", &[7], TICK),
    );
    daemon
        .client
        .set_repeat(Switch::To(Repeat::One))
        .await
        .unwrap();
    daemon.client.set_playlist(vec![a.clone()]).await.unwrap();
    let mut glass = daemon.glass();
    glass.until(3).await;
    daemon
        .client
        .set_playlist(vec![b.clone(), a])
        .await
        .unwrap();
    let seen = glass.shades(3).await;
    assert!(
        seen.iter().all(|shade| (3..=6).contains(shade)),
        "no restart: {seen:?}"
    );
    daemon.client.set_playlist(vec![b]).await.unwrap();
    glass.until(7).await;
    daemon.finish().await;
}

#[tokio::test]
async fn what_cannot_be_played_is_passed_over_with_a_reason() {
    let daemon = Daemon::start().await;
    let (good, bad) = (
        daemon.clip("good", &[5, 6], TICK),
        daemon.clip("bad", &[1, 2], TICK),
    );
    daemon.damage("bad");
    let mut glass = daemon.glass();
    daemon
        .client
        .set_playlist(vec![bad.clone(), good])
        .await
        .unwrap();
    glass.until(5).await;
    let Err(Error::Refused(fault)) = daemon.client.select(bad.slug.clone()).await else {
        panic!("it plays")
    };
    assert!(fault.message.contains("bad cannot be played"), "{fault}");
    let missing = daemon.client.select("nobody".parse().unwrap()).await;
    assert!(matches!(missing, Err(Error::Refused(fault)) if fault.code == FaultCode::NotFound));
    daemon.client.set_playlist(vec![bad]).await.unwrap();
    let mut follower = daemon.follow();
    follower.until(|state| state.player.current.is_none()).await;
    assert!(daemon.client.health().await.unwrap().clip_errors >= 3);
    daemon.finish().await;
}

#[tokio::test]
async fn what_could_not_be_read_for_a_moment_plays_again_by_itself() {
    let daemon = Daemon::start().await;
    let (good, bad) = (
        daemon.clip("good", &[5, 6], TICK),
        daemon.clip("bad", &[1, 2], TICK),
    );
    for entries in [vec![bad.clone()], vec![good, bad]] {
        daemon.damage("bad");
        let before = daemon.client.health().await.unwrap().clip_errors;
        daemon.client.set_playlist(entries).await.unwrap();
        while daemon.client.health().await.unwrap().clip_errors == before {
            tokio::time::sleep(TICK).await;
        }
        daemon.clip("bad", &[1, 2], TICK);
        let mut glass = daemon.glass();
        glass.until(1).await;
        glass.until(2).await;
    }
    daemon.finish().await;
}

#[tokio::test]
async fn a_clip_deleted_while_it_plays_does_not_disturb_the_glass() {
    let daemon = Daemon::start().await;
    let clip = daemon.clip("a", &[1, 2], TICK);
    daemon.client.set_playlist(vec![clip]).await.unwrap();
    let mut glass = daemon.glass();
    glass.until(2).await;
    daemon.delete("a");
    glass.until(1).await;
    daemon.client.set_playlist(Vec::new()).await.unwrap();
    let mut follower = daemon.follow();
    follower.until(|state| state.player.current.is_none()).await;
    daemon.finish().await;
}

#[tokio::test]
async fn killed_at_any_moment_it_comes_back_as_it_was_without_anybody() {
    let mut daemon = Daemon::start().await;
    let entries = vec![
        daemon.clip("a", &[1, 2], TICK),
        daemon.clip("b", &[3, 4], TICK),
    ];
    daemon.client.set_playlist(entries.clone()).await.unwrap();
    daemon
        .client
        .set_brightness(Brightness::clamped(37))
        .await
        .unwrap();
    daemon
        .client
        .set_repeat(Switch::To(Repeat::One))
        .await
        .unwrap();
    daemon.client.select("b".parse().unwrap()).await.unwrap();
    for playback in [Playback::Playing, Playback::Paused] {
        daemon
            .client
            .set_playback(Switch::To(playback))
            .await
            .unwrap();
        daemon.kill_and_restart().await;
        let mut follower = daemon.follow();
        let state = follower.until(|state| state.player.current.is_some()).await;
        assert_eq!(state.player.current.unwrap().slug.as_str(), "b");
        assert_eq!(
            (state.player.repeat, state.player.playback),
            (Repeat::One, playback)
        );
        assert_eq!(
            (state.display.brightness.percent(), state.playlist),
            (37, entries.clone())
        );
    }
    assert_eq!(daemon.glass().now().await, 3, "paused on the first picture");
    daemon.finish().await;
}

#[tokio::test]
async fn a_second_daemon_on_the_same_socket_is_refused() {
    let daemon = Daemon::start().await;
    let output = daemon.command().output().await.unwrap();
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("another loop-hw is running"), "{log}");
    daemon.finish().await;
}

#[tokio::test]
async fn asked_to_stop_it_stops() {
    let mut daemon = Daemon::start().await;
    assert!(daemon.terminate().await.success());
    assert!(!daemon.socket().exists());
}

#[tokio::test]
async fn an_entry_added_before_the_first_picture_is_shown_gets_its_turn() {
    let daemon = Daemon::start().await;
    let (a, b) = (
        daemon.clip("a", &[1, 2], TICK),
        daemon.clip("b", &[3, 4], TICK),
    );
    let mut glass = daemon.glass();
    for _ in 0..20 {
        // Back to back, so that some of them meet the player between the order and the picture.
        daemon.client.set_playlist(Vec::new()).await.unwrap();
        let first = daemon.client.set_playlist(vec![a.clone()]);
        let second = daemon.client.set_playlist(vec![a.clone(), b.clone()]);
        let (first, second) = tokio::join!(first, second);
        first.and(second).unwrap();
    }
    glass.until(3).await;
    glass.until(1).await;
    daemon.finish().await;
}

#[tokio::test]
async fn killed_after_an_automatic_advance_it_comes_back_to_the_entry_that_was_on() {
    let mut daemon = Daemon::start().await;
    let entries = vec![
        daemon.clip("a", &[1, 2], TICK),
        daemon.clip("b", &[3, 4], TICK * 250),
    ];
    daemon.client.set_playlist(entries).await.unwrap();
    let on_b = |state: &HwSnapshot| {
        state
            .player
            .current
            .as_ref()
            .is_some_and(|now| now.slug.as_str() == "b")
    };
    daemon.follow().until(on_b).await;
    // Noted beside the socket by a task of its own.
    while std::fs::read_to_string(daemon.socket().with_file_name("position")).unwrap() != "b" {
        tokio::task::yield_now().await;
    }
    daemon.kill_and_restart().await;
    let state = daemon
        .follow()
        .until(|state| state.player.current.is_some())
        .await;
    assert_eq!(state.player.current.unwrap().slug.as_str(), "b");
    daemon.finish().await;
}
