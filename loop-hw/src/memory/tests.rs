use std::time::Duration;

use loop_proto::ClipId;
use loop_proto::ids::MAX_SLUG_BYTES;
use loop_proto::snapshot::MAX_ENTRIES;
use loop_proto::units::{Repeats, StillTime};
use serde_json::Value;
use tempfile::TempDir;

use super::*;

fn remembered() -> Remembered {
    let clip = ClipId::from_sha256(&[3; 32]);
    let entry = |name: &str| Entry::new(Slug::nearest(name), clip);
    let ruled = Entry {
        repeat: 3.try_into().ok(),
        still: Duration::from_millis(2500).try_into().ok(),
        ..entry("b")
    };
    Remembered {
        playlist: vec![entry("a"), ruled],
        current: Some(Slug::nearest("a")),
        repeat: Repeat::One,
        playback: Playback::Paused,
        brightness: Brightness::clamped(40),
        ..Remembered::default()
    }
}

#[tokio::test]
async fn what_was_saved_is_recalled() {
    let data = TempDir::new().unwrap();
    write(data.path(), remembered()).await.unwrap();
    assert_eq!(recall(data.path(), data.path()), remembered());
    assert!(!data.path().join("hw/state.json.new").exists());
}

/// As it was written before entries had rules of their own.
const OLD: &str = r#"{
  "version": 1,
  "playlist": [
    {
      "slug": "a",
      "clip": [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]
    },
    {
      "slug": "b",
      "clip": [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]
    }
  ],
  "current": "a",
  "repeat": "One",
  "playback": "Paused",
  "brightness": 40
}"#;

#[test]
fn a_state_from_before_there_were_rules_is_recalled() {
    let data = TempDir::new().unwrap();
    std::fs::create_dir(data.path().join("hw")).unwrap();
    std::fs::write(data.path().join("hw/state.json"), OLD).unwrap();
    let mut expected = remembered();
    for entry in &mut expected.playlist {
        (entry.repeat, entry.still) = (None, None);
    }
    assert_eq!(recall(data.path(), data.path()), expected);
}

#[tokio::test]
async fn what_is_written_has_all_that_a_program_from_before_looks_for() {
    let data = TempDir::new().unwrap();
    write(data.path(), remembered()).await.unwrap();
    let text = std::fs::read_to_string(data.path().join("hw/state.json")).unwrap();
    let mut written: Value = serde_json::from_str(&text).unwrap();
    // It passes over keys it does not know.
    for entry in written["playlist"].as_array_mut().unwrap() {
        let entry = entry.as_object_mut().unwrap();
        assert!(entry.remove("repeat").is_some() && entry.remove("still").is_some());
    }
    assert_eq!(written, serde_json::from_str::<Value>(OLD).unwrap());
}

#[tokio::test]
async fn the_longest_playlist_is_recalled_whole() {
    let data = TempDir::new().unwrap();
    let entry = |number: usize| Entry {
        repeat: Repeats::MOST.try_into().ok(),
        still: StillTime::LONGEST.try_into().ok(),
        ..Entry::new(
            Slug::nearest(&format!("{number:0MAX_SLUG_BYTES$}")),
            ClipId::from_sha256(&[0xFF; 32]),
        )
    };
    let state = Remembered {
        playlist: (0..MAX_ENTRIES).map(entry).collect(),
        ..remembered()
    };
    write(data.path(), state.clone()).await.unwrap();
    let recalled = recall(data.path(), data.path());
    assert!(recalled == state);
}

#[test]
fn rules_out_of_range_are_damage() {
    let rule = |rule: &str| OLD.replace("\"slug\": \"a\"", &format!("\"slug\": \"a\", {rule}"));
    for good in ["\"repeat\": 1000", "\"still\": {\"secs\": 1, \"nanos\": 0}"] {
        assert!(parse(&rule(good)).is_ok(), "{good}");
    }
    for bad in ["\"repeat\": 0", "\"still\": {\"secs\": 0, \"nanos\": 1}"] {
        assert!(parse(&rule(bad)).is_err(), "{bad}");
    }
}

#[test]
fn a_folder_that_is_made_is_durable_in_the_one_that_holds_it() {
    use std::os::fd::AsRawFd;
    let root = TempDir::new().unwrap();
    let data = root.path().join("data");
    for expected in [vec![root.path().to_owned(), data.clone()], Vec::new()] {
        let mut synced = Vec::new();
        Folder::open_or_make(&data, &mut |folder| {
            synced.push(std::fs::read_link(format!(
                "/proc/self/fd/{}",
                folder.as_raw_fd()
            ))?);
            Ok(())
        })
        .unwrap();
        assert_eq!(synced, expected);
    }
}

#[tokio::test]
async fn the_noted_position_wins_if_it_is_in_the_playlist() {
    let data = TempDir::new().unwrap();
    write(data.path(), remembered()).await.unwrap();
    for (noted, current) in [("b", "b"), ("gone", "a"), ("../x", "a"), ("", "a")] {
        std::fs::write(data.path().join("position"), noted).unwrap();
        assert_eq!(
            recall(data.path(), data.path()).current,
            Some(Slug::nearest(current))
        );
    }
}

#[test]
fn a_state_nobody_can_read_is_set_aside() {
    for text in [&b"{"[..], b"", b"{\"version\":99}", b"[1]", b"\xFF\xFE"] {
        let data = TempDir::new().unwrap();
        std::fs::create_dir(data.path().join("hw")).unwrap();
        std::fs::write(data.path().join("hw/state.json"), text).unwrap();
        assert_eq!(recall(data.path(), data.path()), Remembered::default());
        assert_eq!(
            std::fs::read(data.path().join("hw/state.json.bad")).unwrap(),
            text
        );
    }
}

#[test]
fn the_fault_names_its_cause() {
    for (kind, code, says) in [
        (ErrorKind::StorageFull, FaultCode::DiskFull, "delete some"),
        (ErrorKind::QuotaExceeded, FaultCode::DiskFull, "is full"),
        (
            ErrorKind::PermissionDenied,
            FaultCode::Storage,
            "permission denied",
        ),
        (
            ErrorKind::ReadOnlyFilesystem,
            FaultCode::Storage,
            "read-only",
        ),
    ] {
        for error in [Error::Folder(kind.into()), Error::Write(kind.into())] {
            let fault = fault_of(&error);
            assert_eq!(fault.code, code);
            assert!(fault.message.contains(says), "{fault}");
            assert_eq!(fault.message.contains("full"), code == FaultCode::DiskFull);
        }
    }
}

#[tokio::test]
async fn a_folder_that_leads_elsewhere_is_not_followed() {
    let (data, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    std::os::unix::fs::symlink(elsewhere.path(), data.path().join("hw")).unwrap();
    assert_eq!(
        write(data.path(), remembered()).await.unwrap_err().code,
        FaultCode::Storage
    );
    assert_eq!(recall(data.path(), data.path()), Remembered::default());
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}
