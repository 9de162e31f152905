use std::collections::VecDeque;

use nix::libc::{EINTR, EIO, EMSGSIZE};
use proptest::prelude::*;

use super::*;
use crate::bus::EmulatedPort;

/// A port that writes down what it is told to do, each write with the level of the D/C line.
#[derive(Debug, Default)]
struct Tape {
    sent: Vec<(Level, Vec<u8>)>,
    lines: Vec<(Line, Level)>,
    waited: Vec<Duration>,
    /// How the next writes go; all goes well when it is empty.
    writes: VecDeque<Go>,
    /// The next change of a line fails.
    stuck: bool,
    held: bool,
}

#[derive(Clone, Copy, Debug)]
enum Go {
    Well,
    Takes(usize),
    Fails(i32),
}

impl Tape {
    fn level(&self) -> Level {
        let mut lines = self.lines.iter().rev();
        lines
            .find(|(line, _)| *line == Line::DataCommand)
            .unwrap()
            .1
    }

    fn bytes(&self) -> Vec<(Level, u8)> {
        let sent = self.sent.iter();
        sent.flat_map(|(level, bytes)| bytes.iter().map(|byte| (*level, *byte)))
            .collect()
    }
}

impl Port for Tape {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = match self.writes.pop_front() {
            None | Some(Go::Well) => bytes.len(),
            Some(Go::Takes(most)) => bytes.len().min(most),
            Some(Go::Fails(errno)) => return Err(io::Error::from_raw_os_error(errno)),
        };
        self.sent.push((self.level(), bytes[..taken].to_vec()));
        Ok(taken)
    }

    fn set(&mut self, line: Line, level: Level) -> io::Result<()> {
        if std::mem::take(&mut self.stuck) {
            return Err(io::Error::from_raw_os_error(EIO));
        }
        self.lines.push((line, level));
        Ok(())
    }

    fn was_held(&self) -> bool {
        self.held
    }

    fn now(&self) -> Duration {
        self.waited.iter().sum()
    }

    fn wait(&mut self, duration: Duration) {
        self.waited.push(duration);
    }
}

fn wire(max_write: usize) -> FourWire<Tape> {
    FourWire::new(Tape::default(), WireKind::Spidev, 40_000_000, max_write)
}

fn going(writes: impl IntoIterator<Item = Go>) -> FourWire<Tape> {
    let mut wire = wire(4096);
    wire.port.writes = writes.into_iter().collect();
    wire
}

fn picture(bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect()
}

#[test]
fn a_frame_is_41_writes_through_the_usual_buffer_each_at_its_level() {
    let mut wire = wire(4096);
    let picture = picture(153_600);
    wire.command(0x2A, &[0, 0, 0, 0xEF]).unwrap();
    wire.command(0x2C, &[]).unwrap();
    wire.pixels(&picture).unwrap();
    let mut expected = vec![
        (Level::Low, vec![0x2A]),
        (Level::High, vec![0, 0, 0, 0xEF]),
        (Level::Low, vec![0x2C]),
    ];
    expected.extend(
        picture
            .chunks(4096)
            .map(|part| (Level::High, part.to_vec())),
    );
    assert_eq!(expected.len(), 41);
    assert!(wire.port.sent == expected);
    let traffic = wire.traffic();
    assert_eq!((traffic.writes, traffic.bytes), (41, 153_606));
}

#[test]
fn the_line_is_driven_only_when_it_changes() {
    let mut wire = wire(4096);
    wire.command(0x11, &[]).unwrap();
    wire.command(0x29, &[]).unwrap();
    wire.command(0x2C, &[]).unwrap();
    wire.pixels(&picture(20_000)).unwrap();
    wire.pixels(&picture(20_000)).unwrap();
    let changes = [
        (Line::DataCommand, Level::Low),
        (Line::DataCommand, Level::High),
    ];
    assert_eq!(wire.port.lines, changes);
}

#[test]
fn a_reset_is_long_enough_and_ends_high() {
    let mut wire = wire(4096);
    wire.reset().unwrap();
    let levels = [Level::High, Level::Low, Level::High].map(|level| (Line::Reset, level));
    assert_eq!(wire.port.lines, levels);
    assert_eq!(wire.port.waited, [RESET_STEP, RESET_STEP, RESET_REST]);
}

#[test]
fn opening_drives_nothing_so_that_a_controller_that_is_awake_stays_so() {
    for held in [false, true] {
        let mut wire = wire(4096);
        wire.port.held = held;
        assert_eq!(wire.was_held(), held);
        assert!(wire.port.lines.is_empty() && wire.port.sent.is_empty());
    }
}

proptest! {
    #[test]
    fn whatever_the_kernel_takes_at_a_time_all_of_it_arrives_once(
        max_write in 1usize..10_000,
        writes in prop::collection::vec(prop_oneof![
            Just(Go::Well),
            (1usize..5000).prop_map(Go::Takes),
            Just(Go::Fails(EINTR)),
            Just(Go::Fails(EMSGSIZE)),
        ], 0..5),
    ) {
        let mut wire = wire(max_write);
        // What the kernel finds too long is longer than the smallest limit.
        wire.port.writes = writes
            .into_iter()
            .filter(|go| !matches!(go, Go::Fails(EMSGSIZE)) || max_write > 32 * SMALLEST_LIMIT)
            .collect();
        wire.port.set(Line::DataCommand, Level::High).unwrap();
        let picture = picture(30_000);
        wire.pixels(&picture).unwrap();
        let expected: Vec<_> = picture.iter().map(|byte| (Level::High, *byte)).collect();
        prop_assert!(wire.port.bytes() == expected);
        prop_assert_eq!(wire.traffic().bytes, 30_000);
        prop_assert!(wire.port.sent.iter().all(|(_, bytes)| bytes.len() <= max_write.max(2)));
    }
}

#[test]
fn a_buffer_smaller_than_it_said_is_found_out_and_remembered() {
    let mut wire = going([Go::Fails(EMSGSIZE), Go::Fails(EMSGSIZE)]);
    wire.pixels(&picture(4096)).unwrap();
    assert_eq!(wire.port.sent.len(), 4);
    assert_eq!(wire.cost().max_write, 1024);
}

#[test]
fn a_write_that_fails_in_the_middle_says_so_and_the_next_starts_with_its_level() {
    let mut wire = going([Go::Well, Go::Well, Go::Well, Go::Fails(EIO)]);
    wire.command(0x2A, &[0, 0]).unwrap();
    let error = wire.command(0x2B, &[0, 0]).unwrap_err();
    assert!(
        error.to_string().starts_with("cannot write to the panel: "),
        "{error}"
    );
    wire.command(0x11, &[]).unwrap();
    assert_eq!(wire.port.sent.last(), Some(&(Level::Low, vec![0x11])));
}

#[test]
fn a_device_that_takes_nothing_is_not_asked_for_ever() {
    let mut wire = going([Go::Takes(100), Go::Takes(0)]);
    let error = wire.pixels(&picture(1000)).unwrap_err();
    assert!(error.to_string().contains("takes no bytes"), "{error}");
}

#[test]
fn a_line_that_cannot_be_driven_is_named_and_driven_again() {
    let mut wire = wire(4096);
    wire.pixels(&[1, 2]).unwrap();
    wire.port.stuck = true;
    let error = wire.command(0x11, &[]).unwrap_err();
    assert!(error.to_string().contains("D/C line"), "{error}");
    wire.pixels(&[3, 4]).unwrap();
    assert_eq!(wire.port.lines.len(), 2, "nobody knows where it was left");
    wire.port.stuck = true;
    let error = wire.reset().unwrap_err();
    assert!(error.to_string().contains("reset line"), "{error}");
}

#[test]
fn a_failed_measurement_is_an_error_and_no_clock() {
    let mut wire = going([Go::Well, Go::Fails(EIO)]);
    assert!(wire.calibrate().is_err());
    assert_eq!(wire.state(), None);
}

fn emulated(requested_hz: u32, real: WireCost) -> FourWire<EmulatedPort> {
    let port = EmulatedPort::behind(real);
    FourWire::new(port, WireKind::Simulated, requested_hz, real.max_write)
}

/// What is known and what is true, in percent of the truth.
fn off(wire: &FourWire<EmulatedPort>, hz: u32) -> f64 {
    let effective = wire.state().unwrap().effective_hz;
    (f64::from(effective) / f64::from(hz) - 1.0).abs() * 100.0
}

#[test]
fn a_measurement_finds_the_real_cost_and_disturbs_nothing() {
    let real = WireCost {
        short_ns: 7000,
        bulk_ns: 25_000,
        ..WireCost::spidev(50_000_000)
    };
    for max_write in [4096, 65_536] {
        let mut wire = emulated(62_500_000, WireCost { max_write, ..real });
        assert_eq!(wire.state(), None);
        wire.calibrate().unwrap();
        assert!(off(&wire, 50_000_000) < 0.5, "{:?}", wire.state());
        assert_eq!(wire.state().unwrap().requested_hz, 62_500_000);
        let cost = wire.cost();
        assert!(cost.short_ns.abs_diff(real.short_ns) < 100, "{cost:?}");
        assert!(cost.bulk_ns.abs_diff(real.bulk_ns) < 500, "{cost:?}");
        assert_eq!(wire.port().chip().violations(), 0);
        assert!(wire.port().now() < Duration::from_millis(20));
    }
}

#[test]
fn the_slowest_clock_is_measured_in_a_moment_too() {
    let mut wire = emulated(100_000, WireCost::spidev(100_000));
    wire.calibrate().unwrap();
    assert!(off(&wire, 100_000) < 2.0, "{:?}", wire.state());
    assert!(wire.port().now() < Duration::from_millis(300));
}

/// Plays full frames at 20 fps and tells how long it takes until the clock is known within a percent.
fn time_to_notice(wire: &mut FourWire<EmulatedPort>, hz: u32) -> Duration {
    let picture = picture(153_600);
    let begun = wire.port().now();
    for frame in 1.. {
        wire.command(0x2C, &[]).unwrap();
        wire.pixels(&picture).unwrap();
        let now = wire.port().now();
        if off(wire, hz) < 1.0 {
            return now.saturating_sub(begun);
        }
        let next = begun + Duration::from_millis(50) * frame;
        assert!(next < begun + Duration::from_secs(10), "{:?}", wire.state());
        wire.port_mut().wait(next.saturating_sub(now));
    }
    unreachable!()
}

#[test]
fn a_core_clock_that_drops_is_noticed_within_a_second_and_its_return_at_once() {
    for max_write in [4096, 65_536, 262_144] {
        let at = |hz| WireCost {
            max_write,
            ..WireCost::spidev(hz)
        };
        let mut wire = emulated(40_000_000, at(40_000_000));
        wire.command(0x11, &[]).unwrap();
        wire.command(0x3A, &[0x55]).unwrap();
        wire.calibrate().unwrap();
        time_to_notice(&mut wire, 40_000_000);
        wire.port_mut().run_at(at(25_000_000));
        let noticed = time_to_notice(&mut wire, 25_000_000);
        assert!(noticed < Duration::from_secs(1), "{noticed:?}");
        wire.port_mut().run_at(at(40_000_000));
        let noticed = time_to_notice(&mut wire, 40_000_000);
        assert!(noticed < Duration::from_millis(50), "{noticed:?}");
        assert_eq!(wire.port().chip().violations(), 0);
    }
}

#[test]
fn a_clock_is_told_with_three_digits() {
    assert_eq!(three_digits(49_973_112), 50_000_000);
    assert_eq!(three_digits(31_249_999), 31_200_000);
    assert_eq!(three_digits(99_960), 100_000);
    assert_eq!(three_digits(7), 7);
    assert_eq!(three_digits(0), 0);
    assert_eq!(three_digits(u32::MAX), 4_290_000_000);
}
