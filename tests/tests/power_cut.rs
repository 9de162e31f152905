//! The power is cut after every single step of every change: what was acknowledged is there, and nothing is half there.

use std::collections::{BTreeMap, HashMap};

use loop_tests::power::cut::{cut_everywhere, first_loss};
use loop_tests::power::follow::{What, follow};
use loop_tests::power::operation::Operation;
use loop_tests::power::recorder::record;
use loop_tests::power::script::{ALL, Act, Cargo, Display, Known, Recording, Step, Tus};
use loop_tests::power::trace::{Log, escape};

/// Everything that is acknowledged. Each line is a change of its own.
const SCRIPT: &[Act] = &[
    Act::Upload("a", &[1, 101]),
    Act::Upload("b", &[2]),
    Act::UploadClip("c", 1),
    // Another content under the same name, and one that is there already.
    Act::Upload("a", &[4, 104]),
    Act::Upload("b", &[2]),
    Act::Patch(
        "/api/media/a_0123456789abcdef",
        r#"{"title": "A", "tags": ["x"]}"#,
    ),
    Act::Put(
        "/api/loop",
        r#"{"loop": ["b_0123456789abcdef", "a_0123456789abcdef"]}"#,
    ),
    Act::Post("/api/display/brightness", r#"{"brightness": 40}"#),
    Act::Post("/api/playback/loop-mode", "{}"),
    Act::Post("/api/playback/loop-mode", "{}"),
    Act::Post("/api/playback/next", "{}"),
    Act::Post("/api/playback/pause", "{}"),
    Act::Delete("/api/loop/a_0123456789abcdef"),
    Act::Post("/api/loop", r#"{"slug": "a_0123456789abcdef"}"#),
    Act::Delete("/api/media/b_0123456789abcdef"),
    Act::Post("/api/media/restore", r#"{"slugs": ["b_0123456789abcdef"]}"#),
    Act::Delete("/api/media/b_0123456789abcdef"),
    Act::Upload("b", &[2]),
    Act::Post(
        "/api/media/delete",
        r#"{"slugs": ["a_0123456789abcdef", "b_0123456789abcdef"]}"#,
    ),
    Act::Post("/api/media/restore", r#"{"slugs": ["b_0123456789abcdef"]}"#),
    Act::Post("/api/media/cleanup", "{}"),
    Act::CutOff,
    Act::Post("/api/media/b_0123456789abcdef/activate", "{}"),
    // The original is shorter than a block, so that almost nothing begins where one does.
    Act::Tus("t", Tus::Create(Cargo::Film(&[9]), 0)),
    Act::Tus("t", Tus::Send(1_000)),
    Act::Tus("t", Tus::Send(3_000)),
    Act::Tus("t", Tus::SendDamaged(60_000)),
    Act::Tus("t", Tus::SendChecked(60_000)),
    Act::Tus("t", Tus::CutOff(120_000)),
    Act::Tus("t", Tus::Send(ALL)),
    Act::Tus("u", Tus::Create(Cargo::Film(&[8]), 1_000)),
    Act::Tus("u", Tus::Terminate),
    Act::Tus("v", Tus::Create(Cargo::Still(1), ALL)),
    Act::UploadStill("w", 2),
    Act::Convert("w", r#"{"fit": "fit"}"#),
    Act::Export,
    Act::Post("/api/media/delete", GONE),
    Act::Post("/api/media/cleanup", "{}"),
    Act::Import,
    Act::Post("/api/media/delete", GONE),
    Act::Post("/api/media/cleanup", "{}"),
    Act::Tus("l", Tus::Create(Cargo::Library, 30_000)),
    Act::Tus("l", Tus::Send(ALL)),
];

/// Items that come back with the library.
const GONE: &str = r#"{"slugs": ["b_0123456789abcdef", "t_0123456789abcdef"]}"#;

/// What is active is what was chosen.
const SETTINGS: &[(&str, &str)] = &[("LOOP_PLAYBACK_AUTO_ADVANCE", "false")];

#[tokio::test]
async fn every_acknowledged_change_survives_a_power_cut_at_every_step() {
    let recording = record(SCRIPT, SETTINGS).await;
    let cut = move || cut_everywhere(&recording);
    let report = tokio::task::spawn_blocking(cut).await.unwrap();
    println!(
        "cut at {} moments: {} states; {} libraries and {} displays that differ, each started on",
        report.moments, report.states, report.libraries, report.displays
    );
    assert_eq!(report.faults, Vec::<String>::new());
    let enough = report.libraries > 500 && report.displays > 50;
    assert!(enough, "the model has lost sight of the disk: {report:?}");
}

/// A part of the script that needs each kind of sync there is.
const SHORT: &[Act] = &[
    Act::Upload("a", &[1]),
    Act::UploadClip("c", 1),
    Act::Patch("/api/media/a_0123456789abcdef", r#"{"title": "A"}"#),
    Act::Post("/api/display/brightness", r#"{"brightness": 40}"#),
    Act::Delete("/api/media/a_0123456789abcdef"),
];

/// Ends of the paths that are synced, as they are opened.
const SYNCED: &[&str] = &[
    "/clip",
    "/original.mp4",
    "/thumb.png",
    "/meta.json",
    "/meta.new",
    "/item",
    "data/media",
    "/loop.new",
    "data",
    "/state.json.new",
    "data/hw",
];

#[tokio::test]
async fn each_sync_is_needed_and_without_it_the_loss_is_found() {
    each_is_needed(SHORT, SYNCED).await;
}

/// A part of the script that needs each kind of sync of uploads that can be resumed.
const SHORT_UPLOADS: &[Act] = &[
    Act::Tus("t", Tus::Create(Cargo::Film(&[9]), 1_000)),
    Act::Tus("t", Tus::SendDamaged(60_000)),
    Act::Tus("t", Tus::Send(60_000)),
    Act::Tus("t", Tus::Send(ALL)),
    Act::Export,
    Act::Delete("/api/media/t_0123456789abcdef"),
    Act::Tus("l", Tus::Create(Cargo::Library, 0)),
    Act::Tus("l", Tus::Send(ALL)),
    Act::Tus("u", Tus::Create(Cargo::Film(&[8]), 1_000)),
    Act::Tus("u", Tus::Terminate),
];

/// As above; a star is any name.
const SYNCED_UPLOADS: &[&str] = &[
    "data/incoming",
    "data/incoming/*",
    "/upload.json",
    "/unchecked",
    "/original",
    "/frames",
];

#[tokio::test]
async fn each_sync_of_an_upload_is_needed_and_without_it_the_loss_is_found() {
    each_is_needed(SHORT_UPLOADS, SYNCED_UPLOADS).await;
}

async fn each_is_needed(script: &[Act], synced: &'static [&str]) {
    let recording = record(script, SETTINGS).await;
    let cut = move || {
        let loss = |end: &&'static str| (*end, first_loss(&without_syncs_of(&recording, end)));
        let whole = first_loss(&recording);
        (whole, synced.iter().map(loss).collect::<Vec<_>>())
    };
    let (whole, losses) = tokio::task::spawn_blocking(cut).await.unwrap();
    assert_eq!(whole, None);
    for (end, loss) in losses {
        println!(
            "without syncs of {end}: {:.200}",
            loss.as_deref().unwrap_or("no loss")
        );
        assert!(loss.is_some(), "nothing is lost without the syncs of {end}");
    }
}

/// As if nobody had waited for what is opened by a path with this end.
fn without_syncs_of(recording: &Recording, end: &str) -> Recording {
    let is_meant = |path: &str| match end.strip_suffix("/*") {
        Some(folder) => path
            .rsplit_once('/')
            .is_some_and(|(above, _)| above == folder),
        None => path.ends_with(end),
    };
    let mut paths = HashMap::new();
    let mut forgotten = recording.clone();
    let before = forgotten.events.len();
    forgotten.events.retain(|event| match &event.what {
        What::Disk(Operation::Open { file, path, .. }) => {
            paths.insert(*file, path.clone());
            true
        }
        What::Disk(Operation::SyncEnds { file, .. }) => !is_meant(&paths[file]),
        _ => true,
    });
    assert!(forgotten.events.len() < before, "nobody syncs {end}");
    forgotten
}

/// The log of somebody who saves the brightness, with or without waiting for the card.
fn writer(root: &str, careful: bool) -> Recording {
    let at = |path: &str| format!("\"{}\"", escape(&format!("{root}{path}")));
    let opened = |file: i32, path: &str| format!("{file}<{}>", escape(&format!("{root}{path}")));
    let sync = |file: i32, path: &str| match careful {
        true => vec![
            format!(
                "openat(AT_FDCWD</>, {}, O_RDONLY) = {}",
                at(path),
                opened(file, path)
            ),
            format!("fsync({}) = 0", opened(file, path)),
        ],
        false => Vec::new(),
    };
    let text = r#"{"version":1,"playlist":[],"current":null,"repeat":"All","playback":"Playing","brightness":40}"#;
    let (fresh, saved) = ("/data/hw/state.json.new", "/data/hw/state.json");
    let mut calls = vec![format!("mkdir({}, 0777) = 0", at("/data"))];
    calls.extend(sync(3, ""));
    calls.push(format!("mkdir({}, 0777) = 0", at("/data/hw")));
    calls.extend(sync(4, "/data"));
    calls.push(format!(
        "openat(AT_FDCWD</>, {}, O_WRONLY|O_CREAT|O_TRUNC, 0644) = {}",
        at(fresh),
        opened(5, fresh)
    ));
    calls.push(format!(
        "write({}, \"{}\", {}) = {}",
        opened(5, fresh),
        escape(text),
        text.len(),
        text.len()
    ));
    if careful {
        calls.push(format!("fsync({}) = 0", opened(5, fresh)));
    }
    calls.push(format!("rename({}, {}) = 0", at(fresh), at(saved)));
    calls.extend(sync(6, "/data/hw"));
    calls.push(format!(
        "write(9<TCP:[1]>, \"{}\", 12) = 12",
        escape("HTTP/1.1 200")
    ));
    let lines = calls
        .iter()
        .zip(1..)
        .map(|(call, second)| format!("7  {second}.000000 {call} <0.000001>\n"));
    let log = Log::parse(&lines.collect::<String>());
    let known = |brightness| Known {
        display: Display {
            brightness,
            modes: "All Playing".to_owned(),
            ..Display::default()
        },
        ..Known::default()
    };
    let act = Act::Post("/api/display/brightness", "{}");
    let step = Step {
        act,
        began: 0,
        answered: u64::MAX,
        sent: 0,
        after: known(40),
    };
    Recording {
        events: follow(&log, 0, root),
        steps: vec![step],
        before: known(100),
        parcels: BTreeMap::new(),
    }
}

#[test]
fn a_writer_who_does_not_wait_for_the_card_is_found_out() {
    let careless = cut_everywhere(&writer("/somewhere", false)).faults;
    assert!(
        careless
            .iter()
            .any(|fault| fault.contains("the brightness is 100, neither 40 nor 40")),
        "{careless:?}"
    );
    assert!(
        careless
            .iter()
            .any(|fault| fault.contains("changes what it remembers")),
        "{careless:?}"
    );
    assert_eq!(
        cut_everywhere(&writer("/somewhere", true)).faults,
        Vec::<String>::new()
    );
}
