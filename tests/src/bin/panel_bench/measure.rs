//! Plays a clip, record by record, as the player does, and keeps account of what it costs.

use std::io::Cursor;
use std::time::Duration;

use loop_hw::backlight::NoBacklight;
use loop_hw::bus::WireCost;
use loop_hw::panel::{
    Cut, Damage, Ili9341, Latched, Marks, Meter, Mounting, Panel, Planner, Price,
};
use loop_proto::clip::{Clip, ClipWriter, Position, Quality, Record};
use loop_proto::geometry::{PANEL, Rect, Rotation};
use loop_proto::pixel::{FRAME_BYTES, Frame, rgb888};

use crate::corpus::Source;
use crate::wire::Metered;

/// Passes that are played: the second one begins with the way back to the first frame.
const PASSES: u32 = 2;

/// A source made into a clip.
pub(crate) struct Made {
    pub(crate) clip: Clip<Vec<u8>>,
    /// Of the file, to the raw frames.
    pub(crate) share: f64,
    /// Peak signal to noise ratio of the worst frame, in dB; infinite for an exact clip.
    pub(crate) psnr: f64,
    /// Largest error of a channel.
    pub(crate) error: u8,
}

/// What a run over a clip costs on one wire.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Mean bytes of a frame, to a whole one.
    pub(crate) share: f64,
    /// The dearest frame.
    pub(crate) worst: f64,
    /// Mean time of a frame on the modelled wire.
    pub(crate) time: Duration,
}

/// What went wrong while it was played.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) mismatches: u64,
    pub(crate) violations: u64,
}

pub(crate) fn make(source: &Source, quality: Quality) -> Made {
    let mut writer = ClipWriter::with_quality(Cursor::new(Vec::new()), quality).unwrap();
    for frame in &source.frames {
        writer.push(frame, source.duration).unwrap();
    }
    let (file, _) = writer.finish().unwrap();
    let bytes = file.into_inner();
    let share = ratio(bytes.len(), source.frames.len() * FRAME_BYTES);
    let clip = Clip::open(bytes).unwrap();
    let (mut psnr, mut error) = (f64::INFINITY, 0);
    each_picture(&clip, 1, |number, picture, _| {
        let (ratio, largest) = distance(&source.frames[number], picture);
        psnr = psnr.min(ratio);
        error = error.max(largest);
    });
    Made {
        clip,
        share,
        psnr,
        error,
    }
}

/// Calls `show` with number, picture and damage of each frame, pass after pass.
fn each_picture(clip: &Clip<Vec<u8>>, passes: u32, mut show: impl FnMut(usize, &Frame, &[Rect])) {
    let (mut record, mut picture, mut damage) = (Record::default(), Frame::black(), Vec::new());
    for pass in 0..passes {
        for number in 0..clip.frame_count() {
            let position = match (pass, number) {
                (1.., 0) if clip.frame_count() > 1 => Position::Wrap,
                _ => Position::Frame(number),
            };
            clip.load(position, &mut record).unwrap();
            damage.clear();
            record.apply(&mut picture, &mut damage);
            show(usize::try_from(number).unwrap(), &picture, &damage);
        }
    }
}

/// Plays it through the driver; the first frame of all, which a cold panel gets whole, does not count.
pub(crate) fn play(clip: &Clip<Vec<u8>>, wire: WireCost, faults: &mut Faults) -> Cost {
    let glass = Metered::new(wire);
    let mounting = Mounting::new(Rotation::Deg270, false);
    let mut panel = Ili9341::new(glass.clone(), NoBacklight, mounting);
    let mut sums = Sums::default();
    let mut first = true;
    each_picture(clip, PASSES, |_, picture, damage| {
        panel.present(picture, Damage::Rects(damage)).unwrap();
        let account = glass.take_account();
        faults.mismatches += u64::from(!glass.shows(picture));
        if !std::mem::take(&mut first) {
            sums.add(
                usize::try_from(account.traffic.bytes).unwrap(),
                account.time,
            );
        }
    });
    faults.violations += glass.violations();
    sums.mean()
}

/// The same by one way to cut alone, or whole frames where those cost less.
pub(crate) fn cut(clip: &Clip<Vec<u8>>, wire: WireCost, cut: Cut) -> Cost {
    let (meter, mut planner, mut marks) = (Meter::new(wire), Planner::default(), Marks::default());
    let mut sums = Sums::default();
    let mut first = true;
    each_picture(clip, PASSES, |_, _, damage| {
        if std::mem::take(&mut first) {
            return;
        }
        marks.clear();
        damage.iter().for_each(|rect| marks.add(*rect));
        let latched = Latched::default();
        let windows = planner.plan_by(&[cut], &marks, &meter, latched);
        let price = meter
            .windows(latched, windows, u64::MAX, usize::MAX)
            .unwrap();
        sums.add_price(price);
    });
    sums.mean()
}

/// What the original does for each frame, whatever it shows: four commands with their parameters byte by byte, and the
/// pixels 4096 at a time.
pub(crate) fn original(wire: WireCost) -> Cost {
    let chunks = |bytes: usize| {
        (0..bytes)
            .step_by(4096)
            .map(move |at| (bytes - at).min(4096))
    };
    let commands = 13;
    let time = wire.write(1) * commands
        + chunks(PANEL.bytes())
            .map(|bytes| wire.write(bytes))
            .sum::<Duration>();
    let mut sums = Sums::default();
    sums.add(PANEL.bytes() + usize::try_from(commands).unwrap(), time);
    sums.mean()
}

/// Whole frames as our driver sends them.
pub(crate) fn whole_frames(wire: WireCost) -> (Cost, u64) {
    let glass = Metered::new(wire);
    let mut panel = Ili9341::new(
        glass.clone(),
        NoBacklight,
        Mounting::new(Rotation::Deg270, false),
    );
    let (mut sums, mut writes) = (Sums::default(), 0);
    let mut frame = Frame::black();
    for number in 0..100u8 {
        for (at, byte) in frame.as_bytes_mut().iter_mut().enumerate() {
            *byte = number.wrapping_mul(37) ^ u8::try_from(at % 251).unwrap();
        }
        panel.present(&frame, Damage::Unknown).unwrap();
        let account = glass.take_account();
        if number > 0 {
            sums.add(
                usize::try_from(account.traffic.bytes).unwrap(),
                account.time,
            );
            writes += account.traffic.writes;
        }
    }
    (sums.mean(), writes)
}

#[derive(Default)]
struct Sums {
    frames: u32,
    bytes: usize,
    most: usize,
    time: Duration,
}

impl Sums {
    fn add(&mut self, bytes: usize, time: Duration) {
        self.frames += 1;
        self.bytes += bytes;
        self.most = self.most.max(bytes);
        self.time += time;
    }

    fn add_price(&mut self, price: Price) {
        self.add(price.bytes, Duration::from_nanos(price.nanos));
    }

    fn mean(&self) -> Cost {
        let whole = usize::try_from(self.frames).unwrap() * FRAME_BYTES;
        Cost {
            share: ratio(self.bytes, whole),
            worst: ratio(self.most, FRAME_BYTES),
            time: self.time / self.frames.max(1),
        }
    }
}

/// Peak signal to noise ratio in dB, and the largest error of a channel.
fn distance(wanted: &Frame, shown: &Frame) -> (f64, u8) {
    let (mut squares, mut largest) = (0u64, 0);
    let pixels = wanted.as_bytes().as_chunks::<2>().0.iter();
    for (a, b) in pixels.zip(shown.as_bytes().as_chunks::<2>().0) {
        for (a, b) in rgb888(*a).into_iter().zip(rgb888(*b)) {
            let off = a.abs_diff(b);
            largest = largest.max(off);
            squares += u64::from(off) * u64::from(off);
        }
    }
    let samples = PANEL.pixels() * 3;
    let mean = ratio(usize::try_from(squares).unwrap(), samples);
    (10.0 * (255.0 * 255.0 / mean).log10(), largest)
}

pub(crate) fn ratio(part: usize, whole: usize) -> f64 {
    let number = |value: usize| f64::from(u32::try_from(value).unwrap());
    number(part) / number(whole)
}
