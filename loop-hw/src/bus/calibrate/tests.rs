use proptest::prelude::*;

use super::*;

const REQUESTED: u32 = 62_500_000;

fn calibrator() -> Calibrator {
    Calibrator::new(REQUESTED, 65_536)
}

/// Percent the clock is off.
fn off(calibrator: &Calibrator, hz: u32) -> f64 {
    (f64::from(calibrator.effective_hz().unwrap()) / f64::from(hz) - 1.0).abs() * 100.0
}

/// A wire that is interrupted now and then, and a little slower than its best always.
fn noise() -> impl Strategy<Value = Duration> {
    prop_oneof![
        6 => (0u64..3).prop_map(Duration::from_micros),
        1 => (0u64..20_000).prop_map(Duration::from_micros),
    ]
}

proptest! {
    #[test]
    fn interruptions_do_not_mislead_a_measurement(
        hz in 10_000_000u32..62_500_000,
        noise in prop::collection::vec(noise(), 128),
    ) {
        let (mut calibrator, real) = (calibrator(), WireCost::spidev(hz));
        let mut noise = noise.into_iter().cycle();
        let mut next = |bytes| real.write(bytes) + noise.next().unwrap();
        let mut measurement = calibrator.measurement();
        let (small, large) = (measurement.small_block, measurement.large_block);
        for _ in 0..SHORT_SAMPLES {
            measurement.short.add(next(1));
        }
        for _ in 0..SMALL_SAMPLES {
            measurement.small.add(next(small));
        }
        for _ in 0..measurement.large_blocks() {
            measurement.large.add(next(large));
        }
        calibrator.learn(&mut measurement);
        for at in 0..60u32 {
            calibrator.bulk(65_536, next(65_536), Duration::from_millis(20) * at);
        }
        prop_assert!(off(&calibrator, hz) < 3.0, "{calibrator:?}");
        let cost = calibrator.cost();
        prop_assert!(cost.short_ns < real.short_ns + 4000, "{cost:?}");
    }

    #[test]
    fn no_sample_takes_it_out_of_bounds(
        samples in prop::collection::vec((any::<usize>(), any::<u64>(), any::<u32>()), 0..50),
    ) {
        let mut calibrator = calibrator();
        let mut measurement = calibrator.measurement();
        for (bytes, took, at) in samples {
            let took = Duration::from_nanos(took);
            measurement.short.add(took);
            measurement.small.add(took / 2);
            measurement.large.add(took);
            calibrator.bulk(bytes, took, Duration::from_micros(at.into()));
        }
        calibrator.learn(&mut measurement);
        let cost = calibrator.cost();
        prop_assert!((128_000..=128_000 * SLOWEST).contains(&cost.byte_ps), "{cost:?}");
        prop_assert!(cost.max_write == 65_536);
    }
}

#[test]
fn a_wire_without_a_clock_is_as_fast_as_was_asked_for() {
    let mut calibrator = calibrator();
    let mut measurement = calibrator.measurement();
    measurement.short.add(Duration::ZERO);
    measurement.small.add(Duration::ZERO);
    measurement.large.add(Duration::ZERO);
    calibrator.learn(&mut measurement);
    assert_eq!(calibrator.effective_hz(), Some(REQUESTED));
    let cost = calibrator.cost();
    assert_eq!((cost.short_ns, cost.bulk_ns), (500, 500));
}

#[test]
fn without_all_three_kinds_of_samples_nothing_is_learnt() {
    let mut calibrator = calibrator();
    let before = calibrator.cost();
    let mut measurement = calibrator.measurement();
    measurement.large.add(Duration::from_secs(1));
    calibrator.learn(&mut measurement);
    assert_eq!(
        (calibrator.cost(), calibrator.effective_hz()),
        (before, None)
    );
}

#[test]
fn small_updates_say_nothing_about_the_clock() {
    let (mut calibrator, before) = (calibrator(), WireCost::spidev(REQUESTED));
    for at in 0..100 {
        calibrator.bulk(200, Duration::from_millis(1), Duration::from_secs(at));
    }
    assert_eq!(calibrator.cost().byte_ps, before.byte_ps);
}

#[test]
fn one_interrupted_write_changes_nothing() {
    let mut calibrator = calibrator();
    let real = WireCost::spidev(50_000_000);
    let frames = (0..40u32).map(|at| Duration::from_millis(50) * at);
    for (at, now) in frames.enumerate() {
        let interrupted = if at % 7 == 3 { 20 } else { 0 };
        let took = real.write(60_000) + Duration::from_millis(interrupted);
        calibrator.bulk(60_000, took, now);
    }
    assert!(off(&calibrator, 50_000_000) < 0.1, "{calibrator:?}");
}
