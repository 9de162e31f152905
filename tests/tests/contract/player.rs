//! How the loop goes on, seen on the glass, and what the original's settings are called here.

use futures_util::future::join_all;
use loop_proto::config::Config;
use loop_proto::pixel::Frame;
use loop_tests::media::{Parcel, film, frame, metadata};
use loop_tests::rig::Rig;
use serde_json::{Value, json};

/// Pictures that are watched to see that nothing else comes: five passes of two frames.
const LONG: usize = 10;

/// What is to be seen.
enum Seen {
    /// These items in turns, each for so many pictures.
    Turns(&'static [(char, usize)]),
    /// Nothing but this item, until somebody asks for the next: then this one.
    Stays(char, Option<char>),
}

/// A rule of the player.
struct Rule {
    id: &'static str,
    original: &'static str,
    settings: &'static [(&'static str, &'static str)],
    /// Names of the items, with so many frames each, as they are uploaded.
    items: &'static [(char, u8)],
    /// Method, path and body, once all items are there.
    then: &'static [(&'static str, &'static str, &'static str)],
    seen: Seen,
}

const FILMS: &[(char, u8)] = &[('a', 2), ('b', 2)];
const PASSES: &str = "LOOP_PLAYBACK_LOOP_COUNT";

fn rules() -> Vec<Rule> {
    let rule = |id, original, settings, seen| Rule {
        id,
        original,
        settings,
        items: FILMS,
        then: &[],
        seen,
    };
    let (once, twice) = (&[('a', 2), ('b', 2)], &[('a', 4), ('b', 4)]);
    let one = &[
        ("POST", "/api/playback/loop-mode", "{}"),
        ("POST", "/api/media/a_0123456789abcdef/activate", "{}"),
    ];
    vec![
        rule(
            "all",
            "each item loop_count times, twice if nothing is set",
            &[],
            Seen::Turns(twice),
        ),
        rule(
            "loop_count",
            "on its polling line in mode one only",
            &[(PASSES, "3")],
            Seen::Turns(&[('a', 6), ('b', 6)]),
        ),
        rule("loop_count.0", "once", &[(PASSES, "0")], Seen::Turns(once)),
        rule(
            "loop_count.less",
            "once",
            &[(PASSES, "-4")],
            Seen::Turns(once),
        ),
        Rule {
            items: &[('a', 2), ('b', 2), ('c', 2)],
            then: &[(
                "PUT",
                "/api/loop",
                r#"{"loop":["c_0123456789abcdef","b_0123456789abcdef","a_0123456789abcdef"]}"#,
            )],
            ..rule(
                "order",
                "the order before",
                &[(PASSES, "1")],
                Seen::Turns(&[('c', 2), ('b', 2), ('a', 2)]),
            )
        },
        Rule {
            then: one,
            ..rule("one", "stays", &[], Seen::Stays('a', Some('b')))
        },
        rule(
            "auto_advance_enabled",
            "stays",
            &[("LOOP_PLAYBACK_AUTO_ADVANCE", "false")],
            Seen::Stays('a', Some('b')),
        ),
        Rule {
            items: &[('a', 2)],
            ..rule("single", "repeats", &[], Seen::Stays('a', None))
        },
        Rule {
            items: &[('a', 1), ('b', 2)],
            ..rule(
                "still",
                "stills flashed by in 80 ms",
                &[("LOOP_PLAYBACK_STATIC_IMAGE_DURATION_SEC", "1")],
                Seen::Turns(&[('a', 1), ('b', 4)]),
            )
        },
    ]
}

/// The frame a number stands for; each item has numbers of its own.
fn picture(name: char, number: u8) -> Vec<u8> {
    let first = u8::try_from(u32::from(name) - u32::from('a')).unwrap() * 60;
    frame(first + number * 20)
}

/// Ten frames a second: nobody who watches misses one.
async fn upload(rig: &Rig, name: char, frames: u8) {
    let text = name.to_string();
    let mut fields = metadata(&text, frames.into());
    fields["fps"] = json!(10);
    let parcel = (0..frames).fold(Parcel::default(), |parcel, number| {
        parcel.entry(
            &format!("frame_{:06}.rgb", number + 1),
            &picture(name, number),
        )
    });
    let (original, zip) = (format!("{name}.mp4"), format!("{name}_frames.zip"));
    let files = vec![
        ("files", original.as_str(), film(&text)),
        ("files", zip.as_str(), parcel.metadata(&fields).bytes()),
    ];
    rig.upload_files(files).await.unwrap().ok();
}

/// The glass, picture by picture.
struct Glass<'a> {
    rule: &'a Rule,
    hardware: loop_proto::client::HwClient,
    serial: Option<loop_proto::FrameSerial>,
}

impl Glass<'_> {
    /// Whose the next picture is.
    async fn next(&mut self) -> char {
        loop {
            let glass = self.hardware.glass_after(self.serial).await.unwrap();
            self.serial = Some(glass.serial);
            let Some(pixels) = glass.pixels else { continue };
            let shown = Frame::from_bytes(pixels).unwrap().transposed();
            let mut items = self.rule.items.iter();
            let is_of = |(name, frames): &&(char, u8)| {
                (0..*frames).any(|number| picture(*name, number) == shown.as_bytes())
            };
            return items.find(is_of).expect("a picture that was sent").0;
        }
    }

    /// The next items with the number of their pictures, from the beginning of the next on.
    async fn turns(&mut self, count: usize) -> Vec<(char, usize)> {
        let first = self.next().await;
        let mut turns: Vec<(char, usize)> = vec![(first, 1)];
        while turns.len() < count + 2 {
            let name = self.next().await;
            match turns.last_mut() {
                Some((last, pictures)) if *last == name => *pictures += 1,
                _ => turns.push((name, 1)),
            }
        }
        turns[1..=count].to_vec()
    }
}

async fn hold(rule: Rule) {
    let rig = Rig::start_with(rule.settings).await;
    for (name, frames) in rule.items {
        upload(&rig, *name, *frames).await;
    }
    let json = [("content-type", "application/json")];
    for (method, path, body) in rule.then {
        rig.send(method, path, &json, body.as_bytes().to_vec())
            .await
            .unwrap()
            .ok();
    }
    let count = rule.items.len();
    rig.until(|dashboard| {
        dashboard["status"]["player"]["total_media"] == count && dashboard["active"].is_string()
    })
    .await;
    let what = format!("rule {}; the original: {}", rule.id, rule.original);
    let mut glass = Glass {
        rule: &rule,
        hardware: rig.hardware().await,
        serial: None,
    };
    match &rule.seen {
        Seen::Turns(wanted) => {
            let turns = glass.turns(wanted.len()).await;
            let lap = wanted.iter().cycle();
            let from = wanted.iter().position(|turn| turn.0 == turns[0].0).unwrap();
            let lap: Vec<_> = lap.skip(from).take(turns.len()).copied().collect();
            assert_eq!(turns, lap, "{what}");
        }
        Seen::Stays(item, next) => {
            // What was before may still be on the glass.
            while glass.next().await != *item {}
            for _ in 0..LONG {
                assert_eq!(glass.next().await, *item, "{what}");
            }
            rig.post("/api/playback/next", &json!({}))
                .await
                .unwrap()
                .ok();
            let wanted = next.unwrap_or(*item);
            while glass.next().await != wanted {}
        }
    }
    rig.finish().await;
}

#[tokio::test]
async fn the_loop_goes_on_as_its_rules_say() {
    join_all(rules().into_iter().map(hold)).await;
}

#[tokio::test]
async fn a_still_is_shown_for_as_long_as_is_set() {
    let rig = Rig::start_with(&[("LOOP_PLAYBACK_STATIC_IMAGE_DURATION_SEC", "7")]).await;
    upload(&rig, 'a', 1).await;
    let dashboard = rig.until(|dashboard| dashboard["active"].is_string()).await;
    assert_eq!(dashboard["status"]["player"]["duration_ms"], 7000.0);
    rig.finish().await;
}

/// A setting of the original, its default, and both of them here; why another default, if it is another.
type Setting = (
    &'static str,
    Value,
    &'static str,
    Value,
    Option<&'static str>,
);

fn settings() -> Vec<Setting> {
    let same = |original, ours, default: Value| (original, default.clone(), ours, default, None);
    vec![
        same("device.name", "/device/name", json!("LOOP")),
        same("display.rotation", "/panel/rotation", json!(270)),
        same("display.rst_pin", "/panel/line_reset", json!(27)),
        same("display.dc_pin", "/panel/line_dc", json!(25)),
        same("display.bl_pin", "/panel/line_backlight", json!(18)),
        same(
            "display.show_progress",
            "/playback/show_progress",
            json!(true),
        ),
        same("media.loop_count", "/playback/loop_count", json!(2)),
        same(
            "media.static_image_duration_sec",
            "/playback/static_image_duration_sec",
            json!(10),
        ),
        same(
            "media.auto_advance_enabled",
            "/playback/auto_advance",
            json!(true),
        ),
        same(
            "web.host and web.port",
            "/web/listen",
            json!(["0.0.0.0:80"]),
        ),
        same(
            "web.request_timeout",
            "/web/request_timeout_seconds",
            json!(300),
        ),
        (
            "display.spi_device",
            json!(0),
            "/panel/spi_device",
            json!("/dev/spidev0.0"),
            Some("bus and device are one path"),
        ),
        (
            "display.spi_speed_hz",
            json!(32_000_000),
            "/panel/spi_speed_hz",
            json!(40_000_000),
            Some("what it drove the wire with, whatever was set"),
        ),
        (
            "media.max_file_size_mb",
            json!(50),
            "/media/max_file_size_mb",
            json!(200),
            Some("200 in its schema; it held to neither"),
        ),
        (
            "web.max_concurrent_requests",
            json!(12),
            "/web/max_concurrent_requests",
            json!(64),
            Some("eleven open pages made it deaf"),
        ),
    ]
}

#[test]
fn every_setting_of_the_original_that_had_an_effect_has_its_default_here() {
    let config = serde_json::to_value(Config::default()).unwrap();
    for (original, theirs, place, ours, reason) in settings() {
        assert_eq!(config.pointer(place), Some(&ours), "{original} is {place}");
        assert_eq!(theirs == ours, reason.is_none(), "{original}: {reason:?}");
    }
}
