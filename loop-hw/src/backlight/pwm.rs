//! Hardware PWM by `/sys/class/pwm`: the kernel's pulse generators, which dim without any work.
//!
//! A channel appears as `pwmchipN/pwmM` when its number is written to `pwmchipN/export`. It stays as it is when we end, and
//! is taken over as it is, with the period it has, when we start.

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use loop_proto::config::PanelConfig;

use super::curve::{ALWAYS, Level};
use super::{Drive, Error, failed, gpio, read_number, write_text};
use crate::sys::pause;

/// 1 kHz: far above what flickers, slow enough for the transistor that switches the light.
const PERIOD_NS: u64 = 1_000_000;

/// How long udev may take to open a channel's files to its group.
const PERMISSION: Duration = Duration::from_millis(20);
const PERMISSION_TRIES: u32 = 10;

/// How long a channel the board has may take to appear while it boots.
const BOOT: Duration = Duration::from_millis(20);
const BOOT_TRIES: u32 = 50;

/// A channel and how the line must be switched to carry it.
struct Route {
    line: u64,
    channel: u32,
    function: u8,
}

const fn route(line: u64, channel: u32, function: u8) -> Route {
    Route {
        line,
        channel,
        function,
    }
}

/// How the names of generators end that are known to drive lines of a Raspberry Pi's header: BCM2835 to BCM2711
/// (peripherals manual 6.2, table of alternative functions) and RP1 (RP1 peripherals 3.1.1). A Pi 5's other one turns its fan.
const KNOWN: [(&str, [Route; 4]); 2] = [
    (
        "20c000.pwm",
        [
            route(12, 0, 0),
            route(13, 1, 0),
            route(18, 0, 5),
            route(19, 1, 5),
        ],
    ),
    (
        "1f00098000.pwm",
        [
            route(12, 0, 0),
            route(13, 1, 0),
            route(18, 2, 3),
            route(19, 3, 3),
        ],
    ),
];

/// In the device tree of boards up to the Pi 4; switched on by the overlay.
const PROMISE: &str = "/proc/device-tree/soc/pwm@7e20c000/status";

/// A channel that is ours.
#[derive(Debug)]
pub(super) struct Channel {
    dir: PathBuf,
    period_ns: u64,
    enabled: bool,
}

/// Whether there is a channel for the light: configured, or found and connected to its line.
pub(super) fn is_there(config: &PanelConfig, classes: &Path) -> bool {
    let line = config.line_backlight;
    let connected =
        |route: &Route| gpio::function(line).is_none_or(|function| function == route.function);
    if !config.backlight_pwm.as_os_str().is_empty() {
        return true;
    }
    if std::fs::read(PROMISE).is_ok_and(|status| status.starts_with(b"okay")) {
        // It may not be there yet; and once the line is switched to plain output, it never drives it again.
        for _ in 0..BOOT_TRIES {
            if find(line.get(), classes).is_some() {
                break;
            }
            pause(BOOT);
        }
    }
    find(line.get(), classes).is_some_and(|(_, route)| connected(route))
}

/// Opens the configured channel, or the one known to drive the light's line.
pub(super) fn open(config: &PanelConfig, classes: &Path) -> Result<Channel, Error> {
    if !config.backlight_pwm.as_os_str().is_empty() {
        return Channel::open(&config.backlight_pwm);
    }
    let line = config.line_backlight.get();
    let (chip, route) = find(line, classes).ok_or(Error::NotFound(line))?;
    Channel::open(&chip.join(format!("pwm{}", route.channel)))
}

/// The generator that can drive this line, and how.
fn find(line: u64, classes: &Path) -> Option<(PathBuf, &'static Route)> {
    let chips = std::fs::read_dir(classes.join("pwm")).ok()?;
    chips.flatten().find_map(|chip| {
        // The entry is a link to a folder below that of the device.
        let device = chip.path().canonicalize().ok()?;
        let (_, routes) = KNOWN.iter().find(|(ending, _)| {
            device
                .components()
                .any(|part| part.as_os_str().to_string_lossy().ends_with(ending))
        })?;
        let route = routes.iter().find(|route| route.line == line)?;
        Some((chip.path(), route))
    })
}

impl Channel {
    /// Takes a channel over without changing the light.
    fn open(dir: &Path) -> Result<Self, Error> {
        if !dir.exists() {
            export(dir)?;
        }
        let mut channel = Self {
            dir: dir.to_owned(),
            period_ns: read_number(&dir.join("period"))?,
            enabled: read_number(&dir.join("enable"))? != 0,
        };
        channel.wait_for_permission()?;
        if !channel.enabled {
            // A period below the duty is refused.
            channel.write("duty_cycle", 0)?;
            channel.write("period", PERIOD_NS)?;
            channel.period_ns = PERIOD_NS;
        }
        Ok(channel)
    }

    fn wait_for_permission(&self) -> Result<(), Error> {
        let path = self.dir.join("duty_cycle");
        let mut tries = 0;
        loop {
            match std::fs::OpenOptions::new().write(true).open(&path) {
                Ok(_) => return Ok(()),
                Err(error)
                    if error.kind() == io::ErrorKind::PermissionDenied
                        && tries < PERMISSION_TRIES =>
                {
                    tries += 1;
                    pause(PERMISSION);
                }
                Err(error) => return Err(failed("write", &path)(error)),
            }
        }
    }

    fn write(&self, file: &str, value: u64) -> Result<(), Error> {
        write_text(&self.dir.join(file), &value.to_string())
    }
}

/// Asks for a channel; EBUSY means that a driver has it.
fn export(dir: &Path) -> Result<(), Error> {
    let number = dir
        .file_name()
        .and_then(|name| name.to_str()?.strip_prefix("pwm"));
    let (Some(number), Some(chip)) = (number.and_then(|n| n.parse::<u32>().ok()), dir.parent())
    else {
        return Err(Error::NoChannel(dir.to_owned()));
    };
    write_text(&chip.join("export"), &number.to_string())
}

impl Drive for Channel {
    fn found(&self) -> Option<Level> {
        if !self.enabled || self.period_ns == 0 {
            return Some(Level::DARK);
        }
        let duty = read_number(&self.dir.join("duty_cycle")).ok()?;
        let parts = duty.min(self.period_ns).saturating_mul(ALWAYS.into()) / self.period_ns;
        Some(Level::of_on_time(u32::try_from(parts).ok()?))
    }

    fn apply(&mut self, level: Level) -> Result<(), Error> {
        let duty = u128::from(self.period_ns) * u128::from(level.on_time()) / u128::from(ALWAYS);
        self.write("duty_cycle", u64::try_from(duty).unwrap_or(self.period_ns))?;
        // Switched off, the line is low for certain.
        let enable = level > Level::DARK;
        if enable != self.enabled {
            self.write("enable", enable.into())?;
            self.enabled = enable;
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        "hardware PWM"
    }
}
