//! What anybody on the network may upload as frames: it is refused, or it is a clip that can be played; and it is the same
//! whether it is read as a file or while it comes.
#![no_main]

use std::io::Cursor;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use loop_proto::clip::Clip;
use loop_web::ingest::frames_zip::Fault;
use loop_web::ingest::{Converted, Desk, convert, convert_arriving};
use loop_web::store::Disk;
use zip::ZipArchive;

/// The fuzzer's small inputs unpack to few frames; more would only make it slow.
const FRAMES: u32 = 64;

type Made = Result<(Converted, Clip<Vec<u8>>), Fault>;

fuzz_target!(|data: &[u8]| {
    let (at_rest, arriving) = (at_rest(data), arriving(data));
    for (converted, clip) in [&at_rest, &arriving].into_iter().flatten() {
        clip.verify().expect("a clip of ours is whole");
        assert_eq!(clip.id(), converted.summary.id);
        assert_eq!(clip.frame_count(), converted.summary.frame_count);
        let first = clip.render(0).expect("the first frame");
        assert!(first.as_bytes() == converted.first.as_bytes());
        clip.render(clip.frame_count() - 1).expect("the last frame");
    }
    match (at_rest, arriving) {
        (Ok((_, at_rest)), Ok((_, arriving))) => compare(&at_rest, &arriving),
        (Err(fault), Ok(_)) => panic!("taken while it arrives, but as a file: {fault}"),
        (Ok(_), Err(Fault::Truncated(_) | Fault::Backwards(_) | Fault::TooManyEntries)) => {}
        (Ok(_), Err(fault)) => assert!(!is_consistent(data), "taken as a file, but: {fault}"),
        (Err(_), Err(_)) => {}
    }
});

fn at_rest(data: &[u8]) -> Made {
    let mut file = Cursor::new(Vec::new());
    let converted = convert(Cursor::new(data), &mut file, |done, _| done <= FRAMES)?;
    let clip = Clip::open(file.into_inner()).expect("a clip of ours opens");
    Ok((converted, clip))
}

fn arriving(data: &[u8]) -> Made {
    let folder = tempfile::tempdir().expect("a folder");
    let room = Disk::new(folder.path(), 0).reserve(0).expect("room");
    let desk = Desk::new(folder.path(), room);
    let (converted, clip) = convert_arriving(data, &desk, |done, _| done <= FRAMES)?;
    let clip = std::fs::read(clip).expect("a clip that was just written");
    Ok((converted, Clip::open(clip).expect("a clip of ours opens")))
}

/// With durations that came after the frames, keys can be at other places.
fn compare(at_rest: &Clip<Vec<u8>>, arriving: &Clip<Vec<u8>>) {
    assert_eq!(at_rest.frame_count(), arriving.frame_count());
    let usual = Duration::from_millis(40);
    let mut is_usual = true;
    for frame in 0..at_rest.frame_count() {
        assert_eq!(at_rest.duration(frame), arriving.duration(frame));
        is_usual &= at_rest.duration(frame) == Some(usual);
        let pictures = [at_rest, arriving].map(|clip| clip.render(frame).expect("each frame"));
        assert!(pictures[0].as_bytes() == pictures[1].as_bytes());
    }
    assert!(!is_usual || at_rest.id() == arriving.id());
}

/// Whether the directory says what the entries say.
fn is_consistent(data: &[u8]) -> bool {
    let zip = ZipArchive::new(Cursor::new(data));
    zip.is_ok_and(|mut zip| zip.validate_header_consistency().is_ok())
}
