//! kill -9 of either program at random moments: the other goes on, and what was acknowledged is there afterwards.

use loop_tests::rig::{Daemon, Rig};
use serde_json::{Value, json};

/// Fewer in the everyday run; `make crash` asks for many.
fn rounds() -> u64 {
    std::env::var("LOOP_CRASH_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(20)
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What the device acknowledged last.
#[derive(Debug)]
struct Acknowledged {
    order: Vec<String>,
    active: String,
    brightness: u64,
    mode: String,
}

async fn with_three() -> (Rig, Acknowledged) {
    // Nothing advances by itself, so that what is active is what was chosen.
    let rig = Rig::start_with(&[("LOOP_PLAYBACK_AUTO_ADVANCE", "false")]).await;
    let mut order = Vec::new();
    for (name, shade) in [("a", 1), ("b", 2), ("c", 3)] {
        order.push(rig.upload(name, &[shade, shade + 100]).await);
    }
    rig.until(|dashboard| dashboard["status"]["player"]["total_media"] == 3)
        .await;
    let active = order[0].clone();
    (
        rig,
        Acknowledged {
            order,
            active,
            brightness: 100,
            mode: "all".to_owned(),
        },
    )
}

/// Changes something, and takes note of it only when it is acknowledged.
async fn change(rig: &Rig, dice: &mut Dice, known: &mut Acknowledged) {
    match dice.throw(4) {
        0 => {
            known.order.rotate_left(1);
            rig.put("/api/loop", &json!({"loop": known.order}))
                .await
                .unwrap()
                .ok();
        }
        1 => {
            let chosen = known.order[usize::try_from(dice.throw(3)).unwrap()].clone();
            rig.post(&format!("/api/media/{chosen}/activate"), &json!({}))
                .await
                .unwrap()
                .ok();
            known.active = chosen;
        }
        2 => {
            known.brightness = dice.throw(101);
            rig.post(
                "/api/display/brightness",
                &json!({"brightness": known.brightness}),
            )
            .await
            .unwrap()
            .ok();
        }
        _ => {
            let answer = rig
                .post("/api/playback/loop-mode", &json!({}))
                .await
                .unwrap()
                .ok();
            known.mode = answer["data"]["loop_mode"].as_str().unwrap().to_owned();
        }
    }
}

fn is_as_acknowledged(dashboard: &Value, known: &Acknowledged) -> bool {
    dashboard["loop"] == json!(known.order)
        && dashboard["active"] == known.active
        && dashboard["display"]["brightness"] == known.brightness
        && dashboard["status"]["player"]["loop_mode"] == known.mode
}

#[tokio::test]
async fn killed_at_any_moment_either_comes_back_to_what_was_acknowledged() {
    let (mut rig, mut known) = with_three().await;
    let mut dice = Dice(42);
    for round in 0..rounds() {
        change(&rig, &mut dice, &mut known).await;
        tokio::time::sleep(std::time::Duration::from_millis(dice.throw(60))).await;
        let victim = if dice.throw(2) == 0 {
            Daemon::Hw
        } else {
            Daemon::Web
        };
        rig.kill(victim).await;
        survivor_goes_on(&rig, victim).await;
        rig.launch(victim).await;
        if victim == Daemon::Hw {
            let first = rig.health().await.first_frame_us;
            assert!(
                first < 1_000_000,
                "round {round}: {first} us to the first picture"
            );
        }
        rig.until(|dashboard| is_as_acknowledged(dashboard, &known))
            .await;
        assert_eq!(rig.leftovers(), Vec::<String>::new());
    }
    rig.finish().await;
}

async fn survivor_goes_on(rig: &Rig, victim: Daemon) {
    match victim {
        Daemon::Hw => {
            let dashboard = rig
                .until(|dashboard| dashboard["status"]["hardware"]["connected"] == false)
                .await;
            assert_eq!(dashboard["media"].as_array().unwrap().len(), 3);
            let refused = rig.post("/api/playback/next", &json!({})).await.unwrap();
            assert_eq!(
                (refused.status, refused.json["code"].as_str()),
                (503, Some("HARDWARE_AWAY"))
            );
        }
        Daemon::Web => {
            let hardware = rig.hardware().await;
            let serial = hardware.glass_after(None).await.unwrap().serial;
            let next = hardware.glass_after(Some(serial)).await.unwrap();
            assert!(
                next.serial > serial && next.pixels.is_some(),
                "playback goes on"
            );
        }
    }
}

#[tokio::test]
async fn killed_during_a_change_the_old_or_the_new_is_there_and_the_acknowledged_for_sure() {
    let (mut rig, mut known) = with_three().await;
    let mut dice = Dice(5);
    // The web daemon was killed after it had passed this on: it may still come true.
    let mut late = None;
    for _ in 0..rounds() {
        let (victim, other) = (dice.throw(2), dice.throw(101));
        let mut turned = known.order.clone();
        turned.rotate_left(1);
        let changes = async {
            let brightness = rig
                .post("/api/display/brightness", &json!({"brightness": other}))
                .await;
            let order = rig.put("/api/loop", &json!({"loop": turned})).await;
            (
                brightness.is_ok_and(|answer| answer.status == 200),
                order.is_ok_and(|answer| answer.status == 200),
            )
        };
        let moment = tokio::time::sleep(std::time::Duration::from_micros(dice.throw(12_000)));
        let (bright, turned_sure) =
            tokio::select! { done = changes => done, () = moment => (false, false) };
        let victim = if victim == 0 { Daemon::Hw } else { Daemon::Web };
        rig.kill(victim).await;
        rig.launch(victim).await;
        let dashboard = rig
            .until(|dashboard| dashboard["display"]["brightness"].is_u64())
            .await;
        let now = dashboard["display"]["brightness"].as_u64().unwrap();
        assert!(
            now == other || (!bright && (now == known.brightness || late == Some(now))),
            "{now} is neither {other} nor {late:?} nor {known:?}"
        );
        late = (!bright && victim == Daemon::Web).then_some(other);
        let order = &dashboard["loop"];
        assert!(
            *order == json!(turned) || (!turned_sure && *order == json!(known.order)),
            "{order} {known:?}"
        );
        known.brightness = now;
        known.order = serde_json::from_value(order.clone()).unwrap();
    }
    rig.finish().await;
}

#[tokio::test]
async fn killed_during_an_upload_there_is_the_whole_item_or_nothing() {
    let (mut rig, _) = with_three().await;
    let mut dice = Dice(7);
    for round in 0..rounds() / 2 {
        let name = format!("u{round}");
        let upload = async {
            let files = vec![
                ("files", "u.mp4", loop_tests::media::film(&name)),
                (
                    "files",
                    "u_frames.zip",
                    loop_tests::media::frames_zip(&name, &[1, 2, 3, 4, 5, 6]),
                ),
            ];
            rig.upload_files(files)
                .await
                .is_ok_and(|answer| answer.status == 200)
        };
        let wait = tokio::time::sleep(std::time::Duration::from_millis(dice.throw(80)));
        let acknowledged = tokio::select! { done = upload => done, () = wait => false };
        rig.kill(Daemon::Web).await;
        rig.launch(Daemon::Web).await;
        let dashboard = rig.get("/api/dashboard").await.unwrap().ok();
        let slug = format!("{name}_0123456789abcdef");
        let is_there = dashboard["media"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["slug"] == *slug);
        assert!(
            is_there || !acknowledged,
            "{slug} was acknowledged and is gone"
        );
        assert_eq!(rig.items_on_disk().contains(&slug), is_there);
        assert_eq!(rig.leftovers(), Vec::<String>::new());
    }
    rig.finish().await;
}
