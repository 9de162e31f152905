use loop_proto::ClipId;
use tempfile::TempDir;

use super::*;

fn remembered() -> Remembered {
    let clip = ClipId::from_sha256(&[3; 32]);
    let entry = |name: &str| Entry {
        slug: Slug::nearest(name),
        clip,
    };
    Remembered {
        playlist: vec![entry("a"), entry("b")],
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
