//! The light's line by itself: pulsed where rppal drives the lines, else just switched.
//!
//! The kernel has no pulses for a line that a program holds. Made here they would cost a thread that wakes hundreds of
//! times a second for as long as the light is dimmed, and flicker when it comes late; so a switched line is on from 1 %.

use loop_proto::config::{self, PanelConfig};
use rppal::gpio::{Gpio, Level as Voltage, Mode, OutputPin};

use super::curve::{ALWAYS, Level};
use super::{Drive, Error};
use crate::bus::{self, OpenChip, Wanted};
use crate::sys::Lines;

/// Pulses a second. rppal makes them with a thread that comes before all others and, to be exact, waits busily for 0.2 ms
/// twice a pulse: at 1 kHz that would be a third of a core taken from the panel, here it is a tenth. The eye does not see it.
const FREQUENCY_HZ: f64 = 250.0;

/// Which of its alternative functions a line is switched to, no known one for a plain line; `None` when it cannot be asked.
pub(super) fn function(line: config::Line) -> Option<u8> {
    let line = u8::try_from(line.get()).ok()?;
    let mode = Gpio::new().ok()?.get(line).ok()?.mode();
    match mode {
        Mode::Alt0 => Some(0),
        Mode::Alt1 => Some(1),
        Mode::Alt2 => Some(2),
        Mode::Alt3 => Some(3),
        Mode::Alt4 => Some(4),
        Mode::Alt5 => Some(5),
        _ => Some(u8::MAX),
    }
}

/// Takes the line over.
pub(super) fn open(config: &PanelConfig) -> Result<Box<dyn Drive>, Error> {
    if bus::uses_rppal(config.wire) {
        Ok(Box::new(Pulses::open(config.line_backlight)?))
    } else {
        Ok(Box::new(Switch::open(config)?))
    }
}

fn failed(line: config::Line, reason: impl ToString) -> Error {
    Error::Line {
        line: line.get(),
        reason: reason.to_string(),
    }
}

/// A line that is high or low.
struct Switch {
    lines: Lines,
    line: config::Line,
    lit: bool,
}

impl Switch {
    /// Takes the line over. Left high by a process before us it stays high, else it is low.
    fn open(config: &PanelConfig) -> Result<Self, Error> {
        let line = config.line_backlight;
        let wanted = Wanted {
            key: "line_backlight",
            line,
            level: bus::Level::Low,
        };
        let lines = OpenChip::open(&config.gpio_chip)
            .and_then(|chip| chip.take(&[wanted]))
            .map_err(|error| failed(line, error))?;
        let lit = lines.was_held_high(0);
        Ok(Self { lines, line, lit })
    }
}

impl Drive for Switch {
    fn found(&self) -> Option<Level> {
        Some(if self.lit { Level::FULL } else { Level::DARK })
    }

    fn apply(&mut self, level: Level) -> Result<(), Error> {
        let lit = level > Level::DARK;
        if lit != self.lit {
            self.lines
                .set(0, lit)
                .map_err(|error| failed(self.line, error))?;
            self.lit = lit;
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        "its line, which is on or off"
    }
}

/// Pulses made by rppal, whose thread rests while the light is full or dark.
struct Pulses {
    pin: OutputPin,
    line: config::Line,
    level: Level,
}

impl Pulses {
    /// Takes the line over. Lit by a process before us it stays lit, else it is dark.
    fn open(line: config::Line) -> Result<Self, Error> {
        let number = u8::try_from(line.get()).unwrap_or(u8::MAX);
        let pin = Gpio::new()
            .and_then(|gpio| gpio.get(number))
            .map_err(|error| failed(line, error))?;
        let lit = pin.mode() == Mode::Output && pin.read() == Voltage::High;
        let (mut pin, level) = if lit {
            (pin.into_output_high(), Level::FULL)
        } else {
            (pin.into_output_low(), Level::DARK)
        };
        pin.set_reset_on_drop(false);
        Ok(Self { pin, line, level })
    }

    fn try_apply(&mut self, level: Level) -> rppal::gpio::Result<()> {
        match level {
            Level::DARK => {
                self.pin.clear_pwm()?;
                self.pin.set_low();
            }
            Level::FULL => {
                self.pin.clear_pwm()?;
                self.pin.set_high();
            }
            level => {
                let share = f64::from(level.on_time()) / f64::from(ALWAYS);
                self.pin.set_pwm_frequency(FREQUENCY_HZ, share)?;
            }
        }
        self.level = level;
        Ok(())
    }
}

impl Drive for Pulses {
    fn found(&self) -> Option<Level> {
        Some(self.level)
    }

    fn apply(&mut self, level: Level) -> Result<(), Error> {
        self.try_apply(level)
            .map_err(|error| failed(self.line, error))
    }

    fn name(&self) -> &'static str {
        "pulses on its line"
    }
}

impl Drop for Pulses {
    /// The pulses end with the process: a light more than half as bright as it can be stays on, a dimmer one goes out.
    fn drop(&mut self) {
        let half = Level::DARK.towards(Level::FULL, 1, 2);
        let rest = if self.level > half {
            Level::FULL
        } else {
            Level::DARK
        };
        if let Err(error) = self.try_apply(rest) {
            tracing::warn!("the backlight's line stays as it is: {error}");
        }
    }
}
