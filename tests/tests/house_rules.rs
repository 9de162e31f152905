//! What we hold ourselves to, where a lint cannot.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Longest source file in lines.
const LONGEST: usize = 400;

/// Longer ones, each with its reason.
const ALLOWED: [(&str, &str); 1] = [(
    "spa/src/api/schema.d.ts",
    "made by a program of what the device says of its interface",
)];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Files git knows or would take, with their text.
fn files(endings: &[&str]) -> Vec<(String, String)> {
    let git = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(git.status.success(), "these tests need the git checkout");
    let names = String::from_utf8(git.stdout).unwrap();
    let wanted = names
        .lines()
        .filter(|name| endings.iter().any(|end| name.ends_with(end)));
    let read = wanted.filter_map(|name| {
        Some((
            name.to_owned(),
            std::fs::read_to_string(root().join(name)).ok()?,
        ))
    });
    let files: Vec<_> = read.collect();
    assert!(!files.is_empty());
    files
}

#[test]
fn a_source_file_can_be_read_in_one_sitting() {
    let too_long: Vec<_> = files(&[".rs", ".ts", ".svelte", ".css", ".sh"])
        .into_iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(name, lines)| {
            *lines > LONGEST && !ALLOWED.iter().any(|(allowed, _)| allowed == name)
        })
        .collect();
    assert_eq!(too_long, []);
}

#[test]
fn nothing_is_left_to_do_in_the_source() {
    // Put together here, so that this file does not find itself.
    let notes = [
        "TO".to_owned() + "DO",
        "FIX".to_owned() + "ME",
        "XX".to_owned() + "X",
    ];
    for (name, text) in files(&[".rs", ".ts", ".svelte", ".css", ".sh", ".md", "Makefile"]) {
        let found = text
            .lines()
            .find(|line| notes.iter().any(|note| line.contains(note.as_str())));
        assert_eq!(found, None, "{name}");
    }
}

#[test]
fn no_path_of_somebodys_machine_is_written_down() {
    let places = [
        "/ro".to_owned() + "ot/",
        "/ho".to_owned() + "me/",
        "/wo".to_owned() + "rk/",
    ];
    for (name, text) in files(&[
        ".rs", ".ts", ".svelte", ".sh", ".md", ".toml", ".json", ".service", "Makefile",
    ]) {
        let found = text
            .lines()
            .find(|line| places.iter().any(|place| line.contains(place.as_str())));
        assert_eq!(found, None, "{name}");
    }
}

#[test]
fn modules_use_only_what_is_below_them() {
    let forbidden: [(&str, &[&str]); 13] = [
        ("loop-proto/src/", &["loop_hw", "loop_web"]),
        ("loop-proto/loopctl/", &["loop_hw", "loop_web"]),
        ("loop-hw/src/", &["loop_web"]),
        ("loop-web/src/", &["loop_hw"]),
        (
            "loop-hw/src/bus",
            &["crate::panel", "crate::player", "tokio"],
        ),
        (
            "loop-hw/src/panel",
            &["crate::player", "crate::state", "tokio"],
        ),
        (
            "loop-hw/src/player/playlist.rs",
            &["tokio", "std::fs", "std::time"],
        ),
        (
            "loop-hw/src/player/presenter.rs",
            &["tokio", "tracing", "mpsc", "Mutex", "crate::state"],
        ),
        (
            "loop-hw/src/player/rings.rs",
            &["tokio", "tracing", "mpsc", "Mutex", "crate::state"],
        ),
        (
            "loop-web/src/store",
            &["crate::http", "crate::board", "crate::hw", "axum"],
        ),
        ("loop-web/src/board", &["crate::http"]),
        (
            "loop-web/src/glass",
            &["crate::http", "crate::board", "axum"],
        ),
        (
            "loop-web/src/ingest",
            &["crate::http", "crate::board", "crate::hw", "axum"],
        ),
    ];
    for (name, text) in files(&[".rs"]) {
        let rules = forbidden
            .iter()
            .filter(|(place, _)| name.starts_with(place));
        for used in rules.flat_map(|(_, used)| used.iter()) {
            let line = text
                .lines()
                .find(|line| line.trim_start().starts_with("use ") && line.contains(used));
            assert_eq!(line, None, "{name} must not use {used}");
        }
    }
}

#[test]
fn unsafe_code_stays_where_it_is_explained() {
    for (name, text) in files(&[".rs"]) {
        let word = "unsafe".to_owned() + " {";
        assert!(
            !text.contains(&word) || name.starts_with("loop-hw/src/sys"),
            "{name}"
        );
    }
}
