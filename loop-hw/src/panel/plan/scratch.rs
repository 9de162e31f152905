use super::*;
use crate::bus::WireCost;
use loop_proto::pixel::{Frame, Picture, rgb565};

#[test]
fn measure() {
    let dir = std::env::var("LOOP_SCRATCH").unwrap();
    let mut names: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.extension().is_some_and(|e| e == "rgb"))
        .collect();
    names.sort();
    let wires = [
        ("spidev40", WireCost::spidev(40_000_000)),
        ("reg62.5", WireCost::registers(62_500_000)),
        (
            "spidev-fast40",
            WireCost {
                short_ns: 4000,
                bulk_ns: 20000,
                ..WireCost::spidev(40_000_000)
            },
        ),
    ];
    let cuts: [(&str, &[Cut]); 5] = [
        ("full", &[]),
        ("bbox", &[Cut::Bounds]),
        ("spans", &[Cut::Spans]),
        ("bands", &[Cut::Bands]),
        ("chosen", &Cut::ALL),
    ];
    let mut means = std::collections::BTreeMap::<String, (f64, u32)>::new();
    for name in names {
        let bytes = std::fs::read(&name).unwrap();
        let frames: Vec<Frame> = bytes
            .chunks_exact(320 * 240 * 3)
            .map(|rgb| {
                let mut p = Picture::black();
                for (to, from) in p
                    .as_bytes_mut()
                    .as_chunks_mut::<2>()
                    .0
                    .iter_mut()
                    .zip(rgb.as_chunks::<3>().0)
                {
                    *to = rgb565(from[0], from[1], from[2]);
                }
                p.transposed()
            })
            .collect();
        let stem = name.file_stem().unwrap().to_str().unwrap().to_owned();
        for (wire, cost) in &wires {
            let meter = Meter::new(*cost);
            print!("{stem:12} {wire:14}");
            for (cut, cuts) in &cuts {
                let mut planner = Planner::default();
                let mut marks = Marks::default();
                let mut latched = Latched::default();
                let (mut ns, mut by, mut wins, mut took) = (0, 0, 0, std::time::Duration::ZERO);
                for i in 0..frames.len() {
                    let t = std::time::Instant::now();
                    marks.compare(&frames[i], &frames[(i + 1) % frames.len()]);
                    let plan = planner.plan_by(cuts, &marks, &meter, latched);
                    took += t.elapsed();
                    wins += plan.len();
                    for r in plan {
                        let p = meter.window(&mut latched, *r);
                        ns += p.nanos;
                        by += p.bytes;
                    }
                }
                let n = frames.len();
                let share = by as f64 / n as f64 / 1536.0;
                let k = means.entry(format!("{wire} {cut}")).or_default();
                if !stem.starts_with("ui") {
                    k.0 += share;
                    k.1 += 1;
                }
                print!(
                    " | {cut} {share:5.1}% {:6.2}ms {:5.0}w {:4}us",
                    ns as f64 / n as f64 / 1e6,
                    wins as f64 / n as f64,
                    took.as_micros() / n as u128
                );
            }
            println!();
        }
    }
    for (k, (s, n)) in means {
        println!("{k:24} mean {:5.1}%", s / f64::from(n));
    }
}
