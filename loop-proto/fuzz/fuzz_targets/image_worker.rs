//! Pictures and animations from anybody: refused, or a clip that can be played. In this process, with bounds as the worker
//! has them, but smaller, so that many can be tried.
#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use loop_proto::clip::{Clip, Quality};
use loop_web::look::{Fit, Look};
use loop_web::worker::bounds::Bounds;
use loop_web::worker::decode::decode;

const BOUNDS: Bounds = Bounds {
    side: 4096,
    still: 250_000,
    heavy: 250_000,
    animation: 100_000,
    work: 4_000_000,
};

fuzz_target!(|data: &[u8]| {
    let fit = if data.len() % 2 == 0 {
        Fit::Fill
    } else {
        Fit::Fit
    };
    let look = Look {
        fit,
        quality: Quality::Off,
    };
    let (mut file, mut told) = (Cursor::new(Vec::new()), 0);
    let made = decode(Cursor::new(data), look, BOUNDS, &mut file, &mut |percent| {
        assert!(percent > told && percent <= 100);
        told = percent;
    });
    match made {
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
        Ok(summary) => {
            let clip = Clip::open(file.into_inner()).expect("a clip of ours opens");
            clip.verify().expect("a clip of ours is whole");
            assert_eq!(clip.id(), summary.id);
            clip.render(clip.frame_count() - 1).expect("the last frame");
        }
    }
});
