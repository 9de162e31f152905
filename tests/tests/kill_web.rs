//! kill -9 of loop-web under load, at random moments: what was acknowledged is there afterwards, and nothing half-done.

use std::time::{Duration, Instant};

use loop_tests::load::content::{Content, Kind};
use loop_tests::load::dice::Dice;
use loop_tests::load::journal::{Journal, Line};
use loop_tests::load::model::Change;
use loop_tests::load::{End, Load};
use loop_tests::rig::{Daemon, Rig};

/// Longest time from the beginning of the load to the kill.
const MOMENT: Duration = Duration::from_millis(150);

/// More than the load ever takes until it is stopped.
const LONG: Duration = Duration::from_secs(60);

fn rounds() -> u64 {
    std::env::var("LOOP_KILL_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(100)
}

async fn loaded() -> (Rig, Load) {
    let rig = Rig::start_with(&[("LOOP_PLAYBACK_AUTO_ADVANCE", "false")]).await;
    let load = Load::open(&rig.url(), &rig.journal()).await.unwrap();
    for missing in load.features.missing() {
        eprintln!("not there yet, and left out: {missing}");
    }
    (rig, load)
}

/// Uploads that were cut off are there to be resumed; nobody will.
async fn end_uploads(rig: &Rig) {
    while !rig.leftovers().is_empty() {
        let uploads = rig.get("/api/uploads").await.unwrap().ok();
        for upload in uploads["data"]["uploads"].as_array().unwrap() {
            let id = upload["id"].as_str().unwrap();
            // One that is being stored ends by itself.
            rig.tus("DELETE", &format!("/api/uploads/{id}"), &[], b"")
                .await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn killed_at_any_moment_under_load_all_that_was_acknowledged_is_there() {
    let (mut rig, load) = loaded().await;
    load.check().await.unwrap();
    let (mut dice, start) = (Dice::new(11), Instant::now());
    let mut most = 0;
    for round in 0..rounds() {
        let moment = Duration::from_micros(dice.throw(MOMENT.as_micros().try_into().unwrap()));
        let kill = async {
            tokio::time::sleep(moment).await;
            rig.kill(Daemon::Web).await;
        };
        let (end, ()) = tokio::join!(load.work(round, LONG), kill);
        assert!(matches!(end, Ok(End::Gone(_))), "round {round}: {end:?}");
        rig.launch(Daemon::Web).await;
        let report = load.check().await;
        let report = report.unwrap_or_else(|faults| panic!("round {round}: {faults:#?}"));
        most = most.max(report.possible);
        let leftovers = rig.leftovers().into_iter();
        let strays: Vec<_> = leftovers
            .filter(|name| !report.uploads.contains(&format!("/api/uploads/{name}")))
            .collect();
        assert_eq!(strays, Vec::<String>::new(), "round {round}");
        assert_eq!(rig.items_on_disk().len(), report.items, "round {round}");
    }
    let lines = Journal::open(&rig.journal()).unwrap().lines().unwrap();
    let count = |wanted: fn(&Line) -> bool| lines.iter().filter(|line| wanted(line)).count();
    let asked = count(|line| matches!(line, Line::Begin { .. }));
    let done = count(|line| matches!(line, Line::Done { .. }));
    let lost = count(|line| matches!(line, Line::Lost { .. }));
    eprintln!(
        "{} rounds in {:?}: {asked} asked for, {done} acknowledged, {lost} lost; at most {most} states would have been right",
        rounds(),
        start.elapsed()
    );
    assert!(done as u64 > rounds() && lost as u64 > rounds());
    end_uploads(&rig).await;
    rig.finish().await;
}

/// Loads the device for a while, stops it, does something to its disk, and checks it.
async fn spoilt(spoil: impl Fn(&Rig)) -> String {
    let (mut rig, load) = loaded().await;
    load.check().await.unwrap();
    for name in ["x", "y", "z"] {
        rig.upload(name, &[1, 2]).await;
    }
    drop(std::fs::remove_file(rig.journal()));
    let load = Load::open(&rig.url(), &rig.journal()).await.unwrap();
    load.check().await.unwrap();
    let worked = load.work(3, Duration::from_millis(300)).await;
    assert_eq!(worked, Ok(End::Time));
    rig.kill(Daemon::Web).await;
    spoil(&rig);
    rig.launch(Daemon::Web).await;
    load.check()
        .await
        .map_or_else(|faults| faults.join("; "), |report| format!("{report:?}"))
}

#[tokio::test]
async fn a_check_finds_what_is_missing_what_has_changed_and_what_is_in_the_wrong_place() {
    let first = |rig: &Rig| rig.data.join("media").join(&rig.items_on_disk()[0]);
    let right = spoilt(|_| {}).await;
    assert!(right.starts_with("Report"), "{right}");
    let said = spoilt(|rig| std::fs::remove_dir_all(first(rig)).unwrap()).await;
    assert!(said.contains("is missing"), "{said}");
    let said = spoilt(|rig| {
        let original = first(rig).join("original.mp4");
        let mut bytes = std::fs::read(&original).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(original, bytes).unwrap();
    })
    .await;
    assert!(
        said.contains("the original of") && said.contains("is another"),
        "{said}"
    );
    let said = spoilt(|rig| {
        let clip = first(rig).join("clip");
        let mut bytes = std::fs::read(&clip).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(clip, bytes).unwrap();
    })
    .await;
    assert!(said.contains("does not match its sha256"), "{said}");
    let said = spoilt(|rig| {
        let path = rig.data.join("loop.json");
        let mut file: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        file["loop"].as_array_mut().unwrap().reverse();
        std::fs::write(path, file.to_string()).unwrap();
    })
    .await;
    assert!(said.contains("the loop is"), "{said}");
}

#[tokio::test]
async fn an_upload_that_had_all_its_bytes_and_is_gone_is_held_to_its_item() {
    let (rig, load) = loaded().await;
    load.check().await.unwrap();
    let journal = Journal::open(&rig.journal()).unwrap();
    let content = Content {
        name: "load1x1".to_owned(),
        edition: 0,
        bytes: 10,
        frames: 1,
        kind: Kind::Film,
    };
    let (n, length) = (1, 100);
    let change = Change::Add {
        slug: content.slug(),
        print: content.print(),
        title: content.name.clone(),
    };
    let create = Line::Create {
        n,
        content: content.clone(),
        length,
    };
    let created = Line::Created {
        n,
        location: format!("/api/uploads/{}", "0".repeat(32)),
    };
    let begin = Line::Begin {
        n,
        change,
        content: Some(content.clone()),
    };
    for line in [create, created, begin, Line::Sending { n, to: length }] {
        journal.write(line).await;
    }
    // Nobody acknowledged the last bytes, but an upload does not go without them.
    let faults = load.check().await.unwrap_err().join("; ");
    let wanted = format!("{} is missing", content.slug());
    assert!(faults.contains(&wanted), "{faults}");
}
