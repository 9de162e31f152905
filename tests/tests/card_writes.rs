//! A card wears out by being written to: what each change writes is counted.

use loop_tests::power::counts::{Writes, writes};
use loop_tests::power::recorder::record;
use loop_tests::power::script::Act;

/// What is active is what was chosen.
const STILL: &[(&str, &str)] = &[("LOOP_PLAYBACK_AUTO_ADVANCE", "false")];

async fn cost(script: &[Act]) -> Vec<(Act, u64, Writes)> {
    let steps = writes(&record(script, STILL).await);
    for (act, sent, writes) in &steps {
        println!("{act:?} sent {sent}: {writes:?}");
    }
    steps
}

#[tokio::test]
async fn what_is_uploaded_is_written_once() {
    let steps = cost(&[
        Act::Upload("a", &[1, 2, 3, 4]),
        Act::UploadClip("c", 4),
        Act::UploadNoise("n", 20),
    ])
    .await;
    for (act, sent, writes) in &steps {
        let received = writes.bytes_of("/original") + writes.bytes_of("/frames");
        // Thumbnail, descriptions, order: of noise the thumbnail is as large as it gets.
        let small = writes.bytes() - received - writes.bytes_of("/clip");
        assert!(small < 60_000, "{act:?} {writes:?}");
        // Of frames that nothing packs the clip has one more than came: the one that leads back to the first.
        let written = writes.bytes() - small;
        assert!(written * 10 < sent * 11, "{act:?} {writes:?}");
        // Four files of the item, its folder, and the one it comes to; two files that name it, and their folders.
        let first = if *act == steps[0].0 { 2 } else { 0 };
        assert_eq!(writes.syncs, 10 + first, "{act:?} {writes:?}");
    }
    let [zip, clip, noise] = [0, 1, 2].map(|step| &steps[step].2);
    assert!(noise.bytes() * 10 < steps[2].1 * 11, "{noise:?}");
    assert!(
        zip.bytes_of("/clip") * 100 < steps[0].1,
        "what can be packed is"
    );
    for zip in [zip, noise] {
        assert_eq!(
            zip.bytes_of("/frames"),
            0,
            "a ZIP becomes a clip while it comes"
        );
    }
    assert_eq!(
        clip.bytes_of("/clip"),
        0,
        "a finished clip gets another name"
    );
    assert_eq!(
        clip.bytes_of("/original") + clip.bytes_of("/frames"),
        steps[1].1
    );
}

#[tokio::test]
async fn a_change_of_the_loop_or_of_a_setting_writes_small_files_only() {
    let steps = cost(&[
        Act::Upload("a", &[1]),
        Act::Upload("b", &[2]),
        Act::Put(
            "/api/loop",
            r#"{"loop": ["b_0123456789abcdef", "a_0123456789abcdef"]}"#,
        ),
        Act::Put(
            "/api/loop",
            r#"{"loop": ["b_0123456789abcdef", "a_0123456789abcdef"]}"#,
        ),
        Act::Post("/api/display/brightness", r#"{"brightness": 40}"#),
        Act::Post("/api/display/brightness", r#"{"brightness": 40}"#),
        Act::Post("/api/playback/next", "{}"),
        Act::Patch("/api/media/a_0123456789abcdef", r#"{"title": "A"}"#),
        Act::Delete("/api/media/a_0123456789abcdef"),
        Act::Upload("b", &[2]),
    ])
    .await;
    let (order, state, label) = (
        "data/loop.new",
        "data/hw/state.json.new",
        "data/media/a_0123456789abcdef/meta.new",
    );
    let expected: [(usize, &[&str], usize); 7] = [
        (2, &[order, state], 4),
        (3, &[], 0),
        (4, &[state], 2),
        (5, &[], 0),
        (6, &[state], 2),
        (7, &[label], 2),
        (8, &[order, state], 5),
    ];
    for (step, files, syncs) in expected {
        let (act, _, writes) = &steps[step];
        let mut files: Vec<_> = files.iter().map(ToString::to_string).collect();
        files.sort();
        let written: Vec<_> = writes.files.keys().cloned().collect();
        assert_eq!(written, files, "{act:?}");
        assert_eq!(writes.syncs, syncs, "{act:?}");
        assert!(
            writes.bytes() < 2048 * files.len() as u64 + 1,
            "{act:?} {writes:?}"
        );
    }
    // What is there already is received and compared; the library stays as it is.
    let again = &steps[9].2;
    assert!(
        again.syncs <= 3 && !again.files.contains_key(order),
        "{again:?}"
    );
}

#[tokio::test]
async fn playing_writes_nothing() {
    let script = [
        Act::Upload("a", &[1, 101]),
        Act::Upload("b", &[2, 102]),
        Act::UploadClip("c", 2),
        Act::Play(4000),
    ];
    // Each is played once, which takes less than a tenth of a second.
    let steps = writes(&record(&script, &[("LOOP_PLAYBACK_LOOP_COUNT", "1")]).await);
    assert_eq!(steps[3].2, Writes::default());
}
