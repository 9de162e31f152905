//! The light behind the glass.

use rppal::gpio::{Gpio, OutputPin};

use loop_proto::units::Brightness;

/// BCM number of the line, as the module's maker wires it.
const LINE: u8 = 18;

/// Above what the eye sees as flicker.
const FREQUENCY_HZ: f64 = 1000.0;

/// Why the light could not be set.
#[derive(Debug, thiserror::Error)]
#[error("cannot drive GPIO 18: {0}")]
pub struct Error(String);

/// A light that can be dimmed.
pub trait Backlight: Send {
    /// Sets it; 0 is dark.
    ///
    /// # Errors
    /// When the line cannot be driven.
    fn set(&mut self, brightness: Brightness) -> Result<(), Error>;
}

/// No light at all, for a simulated panel.
#[derive(Debug)]
pub struct NoBacklight;

impl Backlight for NoBacklight {
    fn set(&mut self, _: Brightness) -> Result<(), Error> {
        Ok(())
    }
}

/// The module's light, dimmed by pulses from rppal's own thread.
#[derive(Debug)]
pub struct PwmBacklight(OutputPin);

impl PwmBacklight {
    /// Takes the line over; the light goes on with the first [`set`](Backlight::set).
    ///
    /// # Errors
    /// When this is not a Raspberry Pi or the line is taken.
    pub fn open() -> Result<Self, Error> {
        let line = Gpio::new()
            .and_then(|gpio| gpio.get(LINE))
            .map_err(failed)?;
        let mut line = line.into_output();
        line.set_reset_on_drop(false);
        Ok(Self(line))
    }
}

impl Backlight for PwmBacklight {
    fn set(&mut self, brightness: Brightness) -> Result<(), Error> {
        match brightness.percent() {
            0 => {
                self.0.clear_pwm().map_err(failed)?;
                self.0.set_low();
                Ok(())
            }
            100 => {
                self.0.clear_pwm().map_err(failed)?;
                self.0.set_high();
                Ok(())
            }
            percent => self
                .0
                .set_pwm_frequency(FREQUENCY_HZ, duty(percent))
                .map_err(failed),
        }
    }
}

/// The share of time the light is on so that it looks `percent` bright: the eye's response is about a power of 2.2.
fn duty(percent: u8) -> f64 {
    (f64::from(percent) / 100.0).powf(2.2)
}

fn failed(error: rppal::gpio::Error) -> Error {
    Error(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_percent_is_more_light_and_half_looks_half() {
        let duties: Vec<f64> = (0..=100).map(duty).collect();
        assert!(duties.windows(2).all(|pair| pair[0] < pair[1]));
        assert!((0.2..0.25).contains(&duty(50)));
    }
}
