//! What loop-hw reads from the media folder: no file may panic the player or make it draw outside the picture.
#![no_main]

use libfuzzer_sys::fuzz_target;
use loop_proto::clip::{Clip, Position, Record};
use loop_proto::pixel::Frame;

fuzz_target!(|data: &[u8]| {
    let Ok(clip) = Clip::open(data.to_vec()) else {
        return;
    };
    // Whatever the hash says: damage may come after it was checked.
    let _ = clip.verify();
    let (mut picture, mut record, mut damage) = (Frame::black(), Record::default(), Vec::new());
    let frames = (0..clip.frame_count()).map(Position::Frame);
    let mut whole = true;
    for position in frames.chain([Position::Wrap]) {
        damage.clear();
        match clip.load(position, &mut record) {
            Ok(()) => record.apply(&mut picture, &mut damage),
            Err(_) if position == Position::Wrap => continue,
            Err(_) => whole = false,
        }
        if whole && position == Position::Frame(clip.frame_count() - 1) {
            let rendered = clip
                .render(clip.frame_count() - 1)
                .expect("a frame that was loaded");
            assert!(
                rendered.as_bytes() == picture.as_bytes(),
                "playing and rendering differ"
            );
        }
    }
    let _ = clip.render(clip.frame_count() - 1);
});
