//! The light's line by itself: pulsed on a Raspberry Pi.

use loop_proto::config::PanelConfig;
use rppal::gpio::{Gpio, Level as Voltage, Mode, OutputPin};

use super::curve::{ALWAYS, Level};
use super::{Drive, Error};

/// BCM number of the line, as the module's maker wires it.
const LINE: u8 = 18;

/// Pulses a second. rppal makes them with a thread that comes before all others and, to be exact, waits busily for 0.2 ms
/// twice a pulse: at 1 kHz that would be a third of a core taken from the panel, here it is a tenth. The eye does not see it.
const FREQUENCY_HZ: f64 = 250.0;

/// The light's line.
pub(super) fn line(_: &PanelConfig) -> u8 {
    LINE
}

/// Which of its alternative functions a line is switched to; `None` when it is plain or cannot be asked.
pub(super) fn function(line: u8) -> Option<u8> {
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
    Ok(Box::new(Pulses::open(line(config))?))
}

/// Pulses made by rppal, whose thread rests while the light is full or dark.
struct Pulses {
    pin: OutputPin,
    line: u8,
    level: Level,
}

impl Pulses {
    /// Takes the line over. Lit by a process before us it stays lit, else it is dark.
    fn open(line: u8) -> Result<Self, Error> {
        let failed = |error: rppal::gpio::Error| Error::Line {
            line,
            reason: error.to_string(),
        };
        let pin = Gpio::new()
            .and_then(|gpio| gpio.get(line))
            .map_err(failed)?;
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
        self.try_apply(level).map_err(|error| Error::Line {
            line: self.line,
            reason: error.to_string(),
        })
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
