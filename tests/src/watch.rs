//! The glass over time, and whether what was on it is what it should have been, in order and for as long.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use loop_proto::client::HwClient;
use loop_proto::pixel::{Frame, PIXEL_BYTES, rgb888};
use serde_json::Value;

use crate::media::FRAME_BYTES;

/// Bytes of a picture as RGB.
const RGB_BYTES: usize = FRAME_BYTES / PIXEL_BYTES * 3;

/// A picture came on the glass.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    /// When we heard of it.
    pub at: Instant,
    /// Which of the pictures it was.
    pub picture: usize,
}

/// All that was on the glass for a while.
#[derive(Debug, Default)]
pub struct Sights {
    /// The different pictures, as RGB.
    pub pictures: Vec<Vec<u8>>,
    /// What came, in order.
    pub seen: Vec<Sight>,
}

/// Looks at the glass for so long.
pub async fn watch(client: &HwClient, time: Duration) -> Sights {
    let end = Instant::now() + time;
    let (mut raw, mut seen, mut serial) = (HashMap::new(), Vec::new(), None);
    while Instant::now() < end {
        let glass = client.glass_after(serial).await.unwrap();
        let at = Instant::now();
        serial = Some(glass.serial);
        if let Some(pixels) = glass.pixels {
            let next = raw.len();
            let picture = *raw.entry(pixels).or_insert(next);
            seen.push(Sight { at, picture });
        }
    }
    let mut pictures = vec![Vec::new(); raw.len()];
    for (pixels, number) in raw {
        let picture = Frame::from_bytes(pixels).unwrap().transposed();
        let pixels = picture.as_bytes().as_chunks::<PIXEL_BYTES>().0;
        pictures[number] = pixels.iter().flat_map(|pixel| rgb888(*pixel)).collect();
    }
    Sights { pictures, seen }
}

/// What an item must look like, decoded by somebody else.
#[derive(Debug)]
pub struct Reference {
    /// Its frames, as RGB.
    pub frames: Vec<Vec<u8>>,
    /// How long each is to be shown.
    pub durations: Vec<Duration>,
}

impl Reference {
    /// As `tests/media/make.sh` has written it; a still is shown for `still`.
    #[must_use]
    pub fn read(folder: &Path, name: &str, still: Duration) -> Self {
        let raw = std::fs::read(folder.join(format!("{name}.rgb"))).unwrap();
        let about = std::fs::read(folder.join(format!("{name}.json"))).unwrap();
        let about: Value = serde_json::from_slice(&about).unwrap();
        let durations = about["durations_us"].as_array().unwrap();
        let durations = durations
            .iter()
            .map(|value| Duration::from_micros(value.as_u64().unwrap()));
        let mut durations: Vec<_> = durations.collect();
        if durations.is_empty() {
            durations.push(still);
        }
        let frames: Vec<_> = raw.chunks(RGB_BYTES).map(<[u8]>::to_vec).collect();
        assert_eq!(frames.len(), durations.len(), "{name}");
        Self { frames, durations }
    }

    /// One pass.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.durations.iter().sum()
    }
}

/// The worst channel's mean absolute error, in levels of 255.
#[must_use]
pub fn difference(a: &[u8], b: &[u8]) -> f64 {
    let (a, b) = (a.as_chunks::<3>().0, b.as_chunks::<3>().0);
    let mut sums = [0u32; 3];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += u32::from(a.abs_diff(*b));
        }
    }
    let pixels = u32::try_from(a.len()).unwrap();
    f64::from(sums.into_iter().max().unwrap_or(0)) / f64::from(pixels)
}

/// A frame of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which item.
    pub item: usize,
    /// Which of its frames.
    pub frame: usize,
}

/// The frames a picture may be, and how far the nearest is: of a smooth film two may be as near as makes no difference.
#[must_use]
pub fn likely(picture: &[u8], items: &[Reference]) -> (Vec<Place>, f64) {
    let mut compared = Vec::new();
    for (item, reference) in items.iter().enumerate() {
        for (frame, pixels) in reference.frames.iter().enumerate() {
            compared.push((Place { item, frame }, difference(picture, pixels)));
        }
    }
    let errors = compared.iter().map(|(_, error)| *error);
    let least = errors.fold(f64::INFINITY, f64::min);
    let near = compared.iter().filter(|(_, error)| *error <= least + 1.0);
    (near.map(|(place, _)| *place).collect(), least)
}
