//! What the steps of a frame cost the processor: instructions, counted by callgrind, which are the same in every run; or
//! nanoseconds where there is no valgrind.
//!
//! For callgrind this program starts itself again with the name of a step and how often to do it; the difference between
//! two counts is what the repetitions cost.

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use loop_hw::backlight::NoBacklight;
use loop_hw::bus::{Error, Traffic, Wire, WireCost};
use loop_hw::panel::{Damage, Ili9341, Latched, Marks, Meter, Mounting, Panel, Planner};
use loop_proto::clip::{Clip, ClipWriter, Position, Quality, Record};
use loop_proto::geometry::Rotation;
use loop_proto::pixel::Frame;

/// The steps that are measured.
pub(crate) const STEPS: [&str; 7] = [
    "compare two frames (film)",
    "plan windows, spidev (film)",
    "plan windows, registers (film)",
    "read, unpack and apply a record, lossless (film)",
    "read, unpack and apply a record, balanced (film)",
    "read, unpack and apply a record (animation)",
    "compare, plan and emit, spidev (film)",
];

/// Few and many repetitions.
const FEW: u32 = 4;
const MANY: u32 = 36;

/// What a step costs, and in which unit.
pub(crate) fn cost(step: usize) -> (f64, &'static str) {
    match (instructions(step, FEW), instructions(step, MANY)) {
        (Some(few), Some(many)) => ((many - few) / f64::from(MANY - FEW), "instructions"),
        _ => {
            let started = Instant::now();
            repeat(step, MANY);
            let nanos = started.elapsed().as_secs_f64() * 1e9;
            (nanos / f64::from(MANY), "ns")
        }
    }
}

fn instructions(step: usize, count: u32) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["step", &step.to_string(), &count.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|line| line.contains("Collected"))?;
    line.split_whitespace().last()?.parse().ok()
}

/// Does a step so often, on pictures that need no file.
pub(crate) fn repeat(step: usize, count: u32) {
    let quality = if step == 4 {
        Quality::Balanced
    } else {
        Quality::Off
    };
    let frames: Vec<_> = (0..12).map(|number| picture(number, step != 5)).collect();
    match step {
        0 => {
            let mut marks = Marks::default();
            for number in 0..count {
                let (before, after) = pair(&frames, number);
                marks.clear();
                marks.compare(black_box(before), black_box(after));
                black_box(marks.bounds());
            }
        }
        1 | 2 => plan(&frames, count, step == 1),
        6 => emit(&frames, count),
        _ => decode(&frames, count, quality),
    }
}

fn pair(frames: &[Frame], number: u32) -> (&Frame, &Frame) {
    let at = usize::try_from(number).unwrap() % (frames.len() - 1);
    (&frames[at], &frames[at + 1])
}

fn plan(frames: &[Frame], count: u32, through_spidev: bool) {
    let cost = if through_spidev {
        WireCost::spidev(40_000_000)
    } else {
        WireCost::registers(62_500_000)
    };
    let (meter, mut planner, mut marks) = (Meter::new(cost), Planner::default(), Marks::default());
    let (before, after) = pair(frames, 3);
    marks.compare(before, after);
    for _ in 0..count {
        black_box(planner.plan(black_box(&marks), &meter, Latched::default()));
    }
}

/// Takes everything and does nothing, so that only the driver's own work is counted.
struct Sink;

impl Wire for Sink {
    fn command(&mut self, op: u8, parameters: &[u8]) -> Result<(), Error> {
        black_box((op, parameters));
        Ok(())
    }

    fn pixels(&mut self, pixels: &[u8]) -> Result<(), Error> {
        black_box(pixels);
        Ok(())
    }

    fn reset(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }

    fn cost(&self) -> WireCost {
        WireCost::spidev(40_000_000)
    }
}

fn emit(frames: &[Frame], count: u32) {
    let mut panel = Ili9341::new(Sink, NoBacklight, Mounting::new(Rotation::Deg270, false));
    for number in 0..count {
        let (_, after) = pair(frames, number);
        panel.present(black_box(after), Damage::Unknown).unwrap();
    }
}

fn decode(frames: &[Frame], count: u32, quality: Quality) {
    let file = std::io::Cursor::new(Vec::new());
    let mut writer = ClipWriter::with_quality(file, quality).unwrap();
    for frame in frames {
        writer
            .push(frame, std::time::Duration::from_millis(40))
            .unwrap();
    }
    let clip = Clip::open(writer.finish().unwrap().0.into_inner()).unwrap();
    let (mut record, mut picture, mut damage) = (Record::default(), Frame::black(), Vec::new());
    for number in 0..count {
        let position = match number % clip.frame_count() {
            0 if number > 0 => Position::Wrap,
            at => Position::Frame(at),
        };
        clip.load(position, &mut record).unwrap();
        damage.clear();
        record.apply(&mut picture, &mut damage);
        black_box(&picture);
    }
}

/// A landscape that glides by under film grain, or a ball before a still ground.
fn picture(number: u32, film: bool) -> Frame {
    let mut seed = 0x9E37_79B9_u32.wrapping_add(number * 7919);
    let mut frame = Frame::black();
    let pixels = frame.as_bytes_mut().as_chunks_mut().0;
    for (at, pixel) in (0u32..).zip(pixels) {
        let (x, y) = (at / 240, at % 240);
        seed ^= seed << 13;
        seed ^= seed >> 17;
        seed ^= seed << 5;
        let value = if film {
            ((x + 2 * number) / 3 + y / 2 + seed % 5) % 256
        } else {
            let (across, down) = (x.abs_diff(60 + 12 * number), y.abs_diff(120));
            if across * across + down * down < 900 {
                240
            } else {
                40 + x / 40 * 8
            }
        };
        let value = u8::try_from(value).unwrap();
        *pixel = loop_proto::pixel::rgb565(value, value / 2 + 60, 255 - value);
    }
    frame
}
