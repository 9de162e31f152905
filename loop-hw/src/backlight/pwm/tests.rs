use std::io::Read;
use std::os::unix::fs::symlink;

use loop_proto::units::Brightness;
use nix::sys::stat::Mode;
use tempfile::TempDir;

use super::*;

/// A folder like a channel's.
fn channel(period: u64, duty: u64, enable: u64) -> (TempDir, PathBuf) {
    let dir = TempDir::new().unwrap();
    let channel = dir.path().join("pwm0");
    std::fs::create_dir(&channel).unwrap();
    for (name, value) in [("period", period), ("duty_cycle", duty), ("enable", enable)] {
        std::fs::write(channel.join(name), format!("{value}\n")).unwrap();
    }
    (dir, channel)
}

fn content(dir: &Path, name: &str) -> u64 {
    read_number(&dir.join(name)).unwrap()
}

fn level(percent: i64) -> Level {
    Level::of(Brightness::clamped(percent))
}

#[test]
fn a_new_channel_is_set_up_dark_and_dimmed_by_its_duty() {
    let (_keep, dir) = channel(0, 0, 0);
    let mut channel = Channel::open(&dir).unwrap();
    assert_eq!(channel.found(), Some(Level::DARK));
    assert_eq!(
        (content(&dir, "period"), content(&dir, "enable")),
        (PERIOD_NS, 0)
    );
    for (percent, duty) in [(100, 1_000_000), (1, 8_856), (50, 215_300)] {
        channel.apply(level(percent)).unwrap();
        let now = content(&dir, "duty_cycle");
        assert!(now.abs_diff(duty) < 200, "{percent} % is {now} ns");
        assert_eq!(content(&dir, "enable"), 1);
    }
    channel.apply(Level::DARK).unwrap();
    assert_eq!(
        (content(&dir, "duty_cycle"), content(&dir, "enable")),
        (0, 0)
    );
}

#[test]
fn a_burning_channel_is_taken_over_with_its_period() {
    let (_keep, dir) = channel(500_000, 250_000, 1);
    let mut channel = Channel::open(&dir).unwrap();
    let found = channel.found().unwrap();
    assert!(found.on_time().abs_diff(ALWAYS / 2) < 100);
    assert_eq!(content(&dir, "duty_cycle"), 250_000);
    channel.apply(Level::FULL).unwrap();
    assert_eq!(
        (content(&dir, "duty_cycle"), content(&dir, "period")),
        (500_000, 500_000)
    );
}

#[test]
fn orders_reach_the_kernel_one_by_one_and_in_order() {
    let dir = TempDir::new().unwrap();
    let fifo = dir.path().join("orders");
    nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
    symlink(&fifo, dir.path().join("duty_cycle")).unwrap();
    symlink(&fifo, dir.path().join("enable")).unwrap();
    // Open for both, so that no writer waits and no reader sees the end.
    let mut orders = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&fifo)
        .unwrap();
    let mut channel = Channel {
        dir: dir.path().to_owned(),
        period_ns: 1000,
        enabled: false,
    };
    for percent in [100, 0] {
        channel.apply(level(percent)).unwrap();
    }
    let mut seen = [0; 64];
    let count = orders.read(&mut seen).unwrap();
    // Lit only with the right duty, and no duty left when it is switched off.
    assert_eq!(std::str::from_utf8(&seen[..count]), Ok("1000\n1\n0\n0\n"));
}

/// Folders like those of a Raspberry Pi with these generators.
fn classes(devices: &[&str]) -> TempDir {
    let dir = TempDir::new().unwrap();
    std::fs::create_dir(dir.path().join("pwm")).unwrap();
    for (number, device) in devices.iter().enumerate() {
        let chip = dir.path().join(device).join(format!("pwm/pwmchip{number}"));
        std::fs::create_dir_all(&chip).unwrap();
        symlink(&chip, dir.path().join(format!("pwm/pwmchip{number}"))).unwrap();
    }
    dir
}

#[test]
fn the_generator_that_drives_the_line_is_found_by_its_device() {
    for (devices, line, found) in [
        (&["3f20c000.pwm"][..], 18, Some(("pwmchip0", 0))),
        (&["fe20c800.pwm", "fe20c000.pwm"], 19, Some(("pwmchip1", 1))),
        // The first one turns a Pi 5's fan.
        (
            &["1f0009c000.pwm", "1f00098000.pwm"],
            18,
            Some(("pwmchip1", 2)),
        ),
        (&["1f0009c000.pwm"], 18, None),
        (&["3f20c000.pwm"], 17, None),
        (&[], 18, None),
    ] {
        let classes = classes(devices);
        let (chip, channel) = match find(line, classes.path()) {
            Some((chip, route)) => (chip, route.channel),
            None => {
                assert_eq!(found, None, "{devices:?}");
                continue;
            }
        };
        let chip = chip.file_name().unwrap().to_str().unwrap();
        assert_eq!(Some((chip, channel)), found);
    }
}

#[test]
fn what_keeps_a_channel_from_us_is_named() {
    let dir = TempDir::new().unwrap();
    let missing = Channel::open(&dir.path().join("pwmchip7/pwm0")).unwrap_err();
    assert!(missing.to_string().contains("pwmchip7/export"), "{missing}");
    let odd = Channel::open(&dir.path().join("light")).unwrap_err();
    assert!(odd.to_string().contains("not a PWM channel"), "{odd}");
}
