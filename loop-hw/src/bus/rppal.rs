//! SPI0 and GPIO of a Raspberry Pi, through rppal. Everything that cannot run without a Pi is in this file.

use std::time::Duration;

use rppal::gpio::{Gpio, OutputPin};
use rppal::spi::{Bus, Mode, SlaveSelect, Spi};

use super::{Error, Traffic, Wire, WireCost};
use crate::sys::pause;

/// BCM numbers of the lines, as the module's maker wires it.
const DATA_COMMAND: u8 = 25;
const RESET: u8 = 27;

/// spidev's limit of one transfer when the kernel does not tell.
const DEFAULT_TRANSFER: usize = 4096;

/// How long the reset line stays in each state; the controller needs 10 us low and 5 ms after (ILI9341 datasheet 15.4).
const RESET_STEP: Duration = Duration::from_millis(10);

/// A panel on SPI0, CE0.
#[derive(Debug)]
pub struct RppalWire {
    spi: Spi,
    data_command: OutputPin,
    reset: OutputPin,
    cost: WireCost,
    traffic: Traffic,
}

impl RppalWire {
    /// Opens bus and lines. The lines keep their level when the program ends, so that a restart does not blank the panel.
    ///
    /// # Errors
    /// [`Error::Open`] when this is not a Raspberry Pi, SPI is off, or the devices may not be opened.
    pub fn open(clock_hz: u32) -> Result<Self, Error> {
        let spi =
            Spi::new(Bus::Spi0, SlaveSelect::Ss0, clock_hz, Mode::Mode0).map_err(|error| {
                Error::Open {
                    device: "/dev/spidev0.0",
                    reason: error.to_string(),
                }
            })?;
        let gpio = Gpio::new().map_err(line_error)?;
        let mut data_command = gpio
            .get(DATA_COMMAND)
            .map_err(line_error)?
            .into_output_low();
        let mut reset = gpio.get(RESET).map_err(line_error)?.into_output_high();
        data_command.set_reset_on_drop(false);
        reset.set_reset_on_drop(false);
        let max_transfer = std::fs::read_to_string("/sys/module/spidev/parameters/bufsiz")
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .filter(|&size| size > 0)
            .unwrap_or(DEFAULT_TRANSFER);
        Ok(Self {
            spi,
            data_command,
            reset,
            cost: WireCost {
                max_write: max_transfer,
                ..WireCost::spidev(clock_hz)
            },
            traffic: Traffic::default(),
        })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for part in bytes.chunks(self.cost.max_write) {
            let mut rest = part;
            while !rest.is_empty() {
                let written = self
                    .spi
                    .write(rest)
                    .map_err(|error| Error::Write(error.to_string()))?;
                self.traffic.count(written);
                rest = rest.get(written.max(1)..).unwrap_or_default();
            }
        }
        Ok(())
    }
}

impl Wire for RppalWire {
    fn command(&mut self, op: u8, parameters: &[u8]) -> Result<(), Error> {
        self.data_command.set_low();
        self.write(&[op])?;
        self.data_command.set_high();
        self.write(parameters)
    }

    fn pixels(&mut self, pixels: &[u8]) -> Result<(), Error> {
        self.data_command.set_high();
        self.write(pixels)
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.reset.set_high();
        pause(RESET_STEP);
        self.reset.set_low();
        pause(RESET_STEP);
        self.reset.set_high();
        pause(RESET_STEP);
        Ok(())
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn cost(&self) -> WireCost {
        self.cost
    }
}

fn line_error(error: rppal::gpio::Error) -> Error {
    Error::Open {
        device: "/dev/gpiomem",
        reason: error.to_string(),
    }
}
