//! What anybody on the network may upload as frames: it is refused, or it is a clip that can be played.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use loop_proto::clip::Clip;
use loop_web::ingest::convert;

/// The fuzzer's small inputs unpack to few frames; more would only make it slow.
const FRAMES: u32 = 64;

fuzz_target!(|data: &[u8]| {
    let mut file = Cursor::new(Vec::new());
    let Ok(converted) = convert(Cursor::new(data), &mut file, |done, _| done <= FRAMES) else {
        return;
    };
    let clip = Clip::open(file.into_inner()).expect("a clip of ours opens");
    clip.verify().expect("a clip of ours is whole");
    assert_eq!(clip.id(), converted.summary.id);
    assert_eq!(clip.frame_count(), converted.summary.frame_count);
    let first = clip.render(0).expect("the first frame");
    assert!(first.as_bytes() == converted.first.as_bytes());
    clip.render(clip.frame_count() - 1).expect("the last frame");
});
