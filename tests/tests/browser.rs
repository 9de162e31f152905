//! The page in Chromium on a running device: `make browser`. It needs the page's modules, Chromium and ffmpeg.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use loop_tests::rig::Rig;
use loop_tests::watch::{Place, Reference, Sights, likely, watch};
use tokio::process::Command;

/// What the page's test drops, in this order.
const NAMES: [&str; 3] = ["dance", "glide", "portrait"];

/// How long a still is shown, and how often a moving clip plays before the next.
const STILL: Duration = Duration::from_secs(2);
const PASSES: usize = 2;

/// At most 8 levels of 255 on average in any channel.
const LIMIT: f64 = 8.0;

/// Runs those of the page's tests that these options choose.
async fn playwright(rig: &Rig, media: &Path, options: &[&str]) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let tests = Command::new("npx")
        .args(["playwright", "test"])
        .args(options)
        .current_dir(root.join("spa"))
        .env("LOOP_URL", rig.url())
        .env("LOOP_MEDIA", media)
        .status()
        .await
        .unwrap();
    assert!(tests.success(), "npx playwright test {options:?}");
}

async fn start(media: &Path) -> Rig {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let made = Command::new(root.join("tests/media/make.sh"))
        .arg(media)
        .status()
        .await
        .unwrap();
    assert!(made.success(), "tests/media/make.sh");
    let page = root.join("spa/dist").display().to_string();
    Rig::start_with(&[
        ("LOOP_WEB_PAGE_DIR", &page),
        ("LOOP_PLAYBACK_STATIC_IMAGE_DURATION_SEC", "2"),
    ])
    .await
}

#[tokio::test]
#[ignore = "needs what `make browser` installs"]
async fn the_page_does_what_it_says() {
    let media = tempfile::TempDir::new().unwrap();
    let rig = start(media.path()).await;
    let ours = ["--project", "secure", "--project", "plain-http"];
    playwright(&rig, media.path(), &ours).await;
    rig.finish().await;
}

/// Not the original's own, which is not ours to keep: one that is built and speaks as it does.
#[tokio::test]
#[ignore = "needs what `make browser` installs"]
async fn the_originals_page_runs_here_on_both_of_its_lines() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("original_page");
    let page = page.display().to_string();
    let rig = Rig::start_with(&[("LOOP_WEB_PAGE_DIR", &page)]).await;
    let theirs = ["--project", "original", "--project", "original-plain-http"];
    playwright(&rig, Path::new(""), &theirs).await;
    rig.finish().await;
}

#[tokio::test]
#[ignore = "needs what `make browser` installs"]
async fn what_was_dropped_is_on_the_glass_in_order_and_each_in_its_own_time() {
    let media = tempfile::TempDir::new().unwrap();
    let rig = start(media.path()).await;
    let drop_them = ["--project", "secure", "--grep", "go on the glass in order"];
    playwright(&rig, media.path(), &drop_them).await;
    let items = NAMES.map(|name| Reference::read(media.path(), name, STILL));
    let lap: Duration = items.iter().map(shown).sum();
    // Three laps from the photograph's first coming, which may be a lap away.
    let sights = watch(&rig.hardware().await, lap * 4).await;
    let places = compare(&sights, &items);
    let turns = turns(&sights, &places, &items);
    check_times(&turns, &items);
    rig.finish().await;
}

fn passes(item: &Reference) -> usize {
    if item.frames.len() > 1 { PASSES } else { 1 }
}

/// How long an item is on the glass before the next.
fn shown(item: &Reference) -> Duration {
    item.total() * u32::try_from(passes(item)).unwrap()
}

/// Which frames each picture may be; every picture must be one.
fn compare(sights: &Sights, items: &[Reference]) -> Vec<Vec<Place>> {
    let found = sights.pictures.iter().map(|picture| {
        let (places, error) = likely(picture, items);
        assert!(error <= LIMIT, "{error:.1} levels away from {places:?}");
        places
    });
    found.collect()
}

/// A frame's turn on the glass: its place in the lap, and when it came, in seconds.
struct Turn {
    lap: usize,
    step: usize,
    at: f64,
}

/// Follows the glass through the laps, from the photograph on. What the watcher has missed may be left out; nothing may
/// come before its turn or twice.
fn turns(sights: &Sights, places: &[Vec<Place>], items: &[Reference]) -> Vec<Turn> {
    let lap = steps(items);
    let still = lap.len() - 1;
    let first = sights
        .seen
        .iter()
        .position(|sight| places[sight.picture].contains(&lap[still]))
        .expect("the photograph");
    let mut turns: Vec<Turn> = Vec::new();
    let mut position = still;
    for sight in &sights.seen[first..] {
        let place = &places[sight.picture];
        let ahead = (usize::from(!turns.is_empty())..lap.len())
            .find(|ahead| place.contains(&lap[(position + ahead) % lap.len()]))
            .unwrap();
        // More than a second is not missed, it is another order.
        assert!(
            ahead <= 25,
            "{place:?} came {ahead} frames after {:?}",
            lap[position % lap.len()]
        );
        position += ahead;
        turns.push(Turn {
            lap: position / lap.len(),
            step: position % lap.len(),
            at: (sight.at - sights.seen[first].at).as_secs_f64(),
        });
    }
    let missed = position - still + 1 - turns.len();
    println!("{} turns seen, {missed} missed", turns.len());
    assert!(missed * 4 <= turns.len(), "{missed} frames were missed");
    for place in &lap {
        let came = turns.iter().any(|turn| lap[turn.step] == *place);
        assert!(came, "{place:?} never came");
    }
    turns
}

/// The frames of a lap, pass by pass.
fn steps(items: &[Reference]) -> Vec<Place> {
    let mut steps = Vec::new();
    for (item, reference) in items.iter().enumerate() {
        for _ in 0..passes(reference) {
            steps.extend((0..reference.frames.len()).map(|frame| Place { item, frame }));
        }
    }
    steps
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn check(what: &str, found: f64, expected: Duration, slack: f64) {
    let expected = expected.as_secs_f64();
    println!("{what}: {found:.4} s, expected {expected:.4} s");
    assert!(
        (found - expected).abs() <= slack,
        "{what} took {found} s, expected {expected} s"
    );
}

/// Each item's time as a whole within a tenth, and each frame's by the median of its turns: on a busy machine we hear of
/// some pictures late.
fn check_times(turns: &[Turn], items: &[Reference]) {
    let lap = steps(items);
    let (mut each, mut whole) = (
        BTreeMap::<Place, Vec<f64>>::new(),
        [const { Vec::new() }; 3],
    );
    let number = |turn: &Turn| turn.lap * lap.len() + turn.step;
    for pair in turns.windows(2) {
        if number(&pair[1]) == number(&pair[0]) + 1 {
            let time = pair[1].at - pair[0].at;
            each.entry(lap[pair[0].step]).or_default().push(time);
        }
    }
    let mut start = 0;
    for (item, reference) in items.iter().enumerate() {
        let end = start + passes(reference) * reference.frames.len();
        let came = |lap_number: usize, step: usize| {
            let wanted = lap_number * lap.len() + step;
            turns
                .iter()
                .find(|turn| number(turn) == wanted)
                .map(|turn| turn.at)
        };
        for lap_number in 0..4 {
            if let (Some(from), Some(to)) = (came(lap_number, start), came(lap_number, end)) {
                whole[item].push(to - from);
            }
        }
        start = end;
    }
    for (item, reference) in items.iter().enumerate() {
        let expected = shown(reference);
        check(
            NAMES[item],
            median(whole[item].clone()),
            expected,
            expected.as_secs_f64() / 10.0,
        );
        let times = |frame: usize| each[&Place { item, frame }].clone();
        if NAMES[item] == "dance" {
            for (frame, duration) in reference.durations.iter().enumerate() {
                let what = format!("dance {frame}");
                let slack = f64::max(0.015, duration.as_secs_f64() / 10.0);
                check(&what, median(times(frame)), *duration, slack);
            }
        } else {
            let all = (0..reference.frames.len()).flat_map(times).collect();
            let duration = reference.durations[0];
            let what = format!("a frame of {}", NAMES[item]);
            check(&what, median(all), duration, duration.as_secs_f64() / 10.0);
        }
    }
}
