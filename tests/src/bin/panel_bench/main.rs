//! How near the way to the glass is to what the bus can carry: `make bench`. Every byte is counted and every picture
//! compared on the emulated controller; times are those of a modelled wire, only lateness is measured on this machine.
//!
//! Prints tables, and writes `target/bench/panel.json`.

mod corpus;
mod disturbed;
mod lateness;
mod measure;
mod wire;
mod work;

use loop_hw::bus::WireCost;
use loop_hw::panel::Cut;
use loop_proto::clip::Quality;
use loop_proto::pixel::FRAME_BYTES;
use serde_json::{Map, Value, json};

use self::corpus::Content;
use self::measure::{Cost, Faults};

/// The wires that are modelled, each with its clock.
const SPIDEV_HZ: u32 = 40_000_000;
const REGISTERS_HZ: u32 = 62_500_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [verb, step, count] = arguments.as_slice() {
        assert_eq!(verb, "step");
        work::repeat(step.parse().unwrap(), count.parse().unwrap());
        return;
    }
    let mut figures = Map::new();
    full_frames(&mut figures);
    clips(&mut figures);
    figures.insert("heal_seconds".to_owned(), disturbed::report());
    steps(&mut figures);
    lateness::report(&mut figures);
    let folder = std::path::Path::new("target/bench");
    std::fs::create_dir_all(folder).unwrap();
    let text = serde_json::to_string_pretty(&figures).unwrap();
    std::fs::write(folder.join("panel.json"), text + "\n").unwrap();
    println!("\nIn target/bench/panel.json:");
    for (name, value) in &figures {
        println!("  {name:<24} {value}");
    }
}

fn wires() -> [(&'static str, WireCost); 2] {
    [
        ("spidev", WireCost::spidev(SPIDEV_HZ)),
        ("register", WireCost::registers(REGISTERS_HZ)),
    ]
}

/// Whole frames: how much of the time the bus is busy with pixels.
fn full_frames(figures: &mut Map<String, Value>) {
    println!(
        "| whole frames | ms a frame | frames/s | share of the bus | writes a frame |\n|---|---|---|---|---|"
    );
    let mut least = 1.0f64;
    for hz in [SPIDEV_HZ, REGISTERS_HZ] {
        let wire = WireCost::spidev(hz);
        let (ours, writes) = measure::whole_frames(wire);
        let bus = f64::from(u32::try_from(FRAME_BYTES * 8).unwrap()) / f64::from(hz);
        let rows = [
            (
                "LOOP",
                ours.time,
                f64::from(u32::try_from(writes).unwrap()) / 99.0,
            ),
            ("original", measure::original(wire).time, 51.0),
        ];
        for (who, time, writes) in rows {
            let seconds = time.as_secs_f64();
            println!(
                "| {who}, spidev at {} MHz | {:.2} | {:.1} | {:.1} % | {writes:.1} |",
                f64::from(hz) / 1e6,
                seconds * 1e3,
                1.0 / seconds,
                bus / seconds * 100.0
            );
        }
        least = least.min(bus / ours.time.as_secs_f64());
    }
    figures.insert("full_frame_bus_share".to_owned(), rounded(least));
}

/// The means over the moving clips, by quality and wire.
#[derive(Default)]
struct Means {
    clips: f64,
    files: [f64; 2],
    wires: [[f64; 2]; 2],
}

fn clips(figures: &mut Map<String, Value>) {
    println!(
        "\nBytes a frame in % of a whole one, and ms a frame; `spidev` at 40 MHz, `register` at 62.5 MHz.\n\n\
         | clip | quality | file % | PSNR dB | error | wire | full | bounds | bands | spans | chosen | ms full | ms chosen |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|"
    );
    let (mut means, mut faults) = (Means::default(), Faults::default());
    let (mut worst, mut interface) = (0.0f64, 0.0f64);
    for source in corpus::all() {
        let moving = source.content != Content::Interface;
        means.clips += f64::from(u8::from(moving));
        for (at, quality) in corpus::QUALITIES.into_iter().enumerate() {
            let made = measure::make(&source, quality);
            for (which, (name, wire)) in wires().into_iter().enumerate() {
                let chosen = measure::play(&made.clip, wire, &mut faults);
                let alone = Cut::ALL.map(|cut| measure::cut(&made.clip, wire, cut));
                row(&source.name, quality, &made, name, &alone, &chosen);
                worst = worst.max(chosen.worst);
                if moving {
                    means.wires[at][which] += chosen.share;
                } else {
                    interface = interface.max(chosen.share);
                }
            }
            if moving {
                means.files[at] += made.share;
            }
        }
    }
    let named = [
        ("lossless_spidev", means.wires[0][0]),
        ("lossless_register", means.wires[0][1]),
        ("deadzone_spidev", means.wires[1][0]),
        ("deadzone_register", means.wires[1][1]),
        ("clip_lossless", means.files[0]),
        ("clip_deadzone", means.files[1]),
    ];
    for (name, sum) in named {
        figures.insert(name.to_owned(), rounded(sum / means.clips));
    }
    figures.insert("ui".to_owned(), rounded(interface));
    figures.insert("worst_share".to_owned(), rounded(worst));
    figures.insert("gram_mismatches".to_owned(), json!(faults.mismatches));
    figures.insert("protocol_violations".to_owned(), json!(faults.violations));
}

fn row(
    name: &str,
    quality: Quality,
    made: &measure::Made,
    wire: &str,
    alone: &[Cost; 4],
    chosen: &Cost,
) {
    let percent = |cost: &Cost| format!("{:.1}", cost.share * 100.0);
    let shares: Vec<_> = alone.iter().chain([chosen]).map(percent).collect();
    let millis = |cost: &Cost| cost.time.as_secs_f64() * 1e3;
    println!(
        "| {name} | {} | {:.1} | {:.1} | {} | {wire} | {} | {:.2} | {:.2} |",
        quality.name(),
        made.share * 100.0,
        made.psnr,
        made.error,
        shares.join(" | "),
        millis(&alone[0]),
        millis(chosen)
    );
}

fn steps(figures: &mut Map<String, Value>) {
    println!("\n| step, a frame | cost | |\n|---|---|---|");
    for (at, step) in work::STEPS.into_iter().enumerate() {
        let (cost, unit) = work::cost(at);
        println!("| {step} | {cost:.0} | {unit} |");
        let name = format!("step_{at}_{unit}");
        figures.insert(name, rounded(cost.round()));
    }
}

/// To a ten-thousandth.
pub(crate) fn rounded(value: f64) -> Value {
    json!((value * 10_000.0).round() / 10_000.0)
}
