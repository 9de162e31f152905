//! The power is cut after every single step of every change: what was acknowledged is there, and nothing is half there.

use loop_tests::power::cut::cut_everywhere;
use loop_tests::power::script::{Act, record};

/// Everything that is acknowledged. Each line is a change of its own.
const SCRIPT: &[Act] = &[
    Act::Upload("a", &[1, 101]),
    Act::Upload("b", &[2]),
    Act::Upload("c", &[3]),
    // Another content under the same name, and one that is there already.
    Act::Upload("a", &[4, 104]),
    Act::Upload("b", &[2]),
    Act::Put(
        "/api/loop",
        r#"{"loop": ["c_0123456789abcdef", "a_0123456789abcdef", "b_0123456789abcdef"]}"#,
    ),
    Act::Post("/api/display/brightness", r#"{"brightness": 40}"#),
    Act::Post("/api/playback/loop-mode", "{}"),
    Act::Post("/api/playback/loop-mode", "{}"),
    Act::Post("/api/playback/next", "{}"),
    Act::Post("/api/playback/pause", "{}"),
    Act::Delete("/api/loop/a_0123456789abcdef"),
    Act::Post("/api/loop", r#"{"slug": "a_0123456789abcdef"}"#),
    Act::Delete("/api/media/b_0123456789abcdef"),
    Act::Upload("b", &[2]),
    Act::Delete("/api/media/b_0123456789abcdef"),
    Act::Post("/api/media/cleanup", "{}"),
    Act::CutOff,
    Act::Post("/api/media/a_0123456789abcdef/activate", "{}"),
];

/// What is active is what was chosen.
const SETTINGS: &[(&str, &str)] = &[("LOOP_PLAYBACK_AUTO_ADVANCE", "false")];

#[tokio::test]
async fn every_acknowledged_change_survives_a_power_cut_at_every_step() {
    let recording = record(SCRIPT, SETTINGS).await;
    let report = tokio::task::spawn_blocking(move || cut_everywhere(&recording))
        .await
        .unwrap();
    println!(
        "cut at {} moments: {} states; {} libraries and {} displays that differ, each started on",
        report.moments, report.states, report.libraries, report.displays
    );
    assert_eq!(report.faults, Vec::<String>::new());
    assert!(
        report.libraries > 500 && report.displays > 50,
        "the model has lost sight of the disk"
    );
}
