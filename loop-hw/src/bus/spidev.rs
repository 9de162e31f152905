//! spidev and the GPIO character device: any board with Linux 5.10 or later.
//!
//! Three ioctls for the bus and four for the lines are all it takes, so they are called directly (`sys`): the crates for
//! them (spidev, gpiocdev) would bring a second way to do what nix does here already.
//!
//! Levels when the program ends: see `sys/gpio.rs`. Where the lines become inputs, a Raspberry Pi's default pull on line 27
//! takes the reset line low, and the panel is blank until it is initialised again.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use loop_proto::config::PanelConfig;
use loop_proto::snapshot::WireKind;

use super::Error;
use super::chip::{OpenChip, Wanted, open_device};
use super::four_wire::{FourWire, Level, Line, Port};
use crate::sys::{Lines, configure_spi};

const SPI_CURE: &str = "switch SPI on (on a Raspberry Pi dtparam=spi=on in /boot/firmware/config.txt, then restart), or \
                        name the panel's device in panel.spi_device";

/// Places of the lines in their request.
const DATA_COMMAND: u32 = 0;
const RESET: u32 = 1;

/// An SPI device and two lines.
#[derive(Debug)]
pub struct SpidevPort {
    device: File,
    lines: Lines,
}

impl FourWire<SpidevPort> {
    /// Opens the device and takes the lines, reset high, so that a controller that is awake stays so.
    ///
    /// # Errors
    /// When a device or a line is missing, refused or taken; each says what to do.
    pub fn spidev(config: &PanelConfig) -> Result<Self, Error> {
        let clock_hz = super::clock_hz(config);
        let device = open_spi(&config.spi_device)?;
        configure_spi(&device, clock_hz).map_err(|error| match error {
            nix::errno::Errno::ENOTTY => Error::Wrong {
                device: config.spi_device.clone(),
                wanted: "an SPI device",
                key: "spi_device",
            },
            error => Error::Open {
                device: config.spi_device.clone(),
                reason: error.desc().to_owned(),
            },
        })?;
        let lines = OpenChip::open(&config.gpio_chip)?.take(&[
            Wanted {
                key: "line_dc",
                line: config.line_dc,
                level: Level::High,
            },
            Wanted {
                key: "line_reset",
                line: config.line_reset,
                level: Level::High,
            },
        ])?;
        let port = SpidevPort { device, lines };
        Ok(Self::new(
            port,
            WireKind::Spidev,
            clock_hz,
            super::spidev_buffer(),
        ))
    }
}

impl Port for SpidevPort {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.device.write(bytes)
    }

    fn set(&mut self, line: Line, level: Level) -> io::Result<()> {
        let place = match line {
            Line::DataCommand => DATA_COMMAND,
            Line::Reset => RESET,
        };
        Ok(self.lines.set(place, level == Level::High)?)
    }

    fn was_held(&self) -> bool {
        self.lines.was_held_high(RESET)
    }
}

/// Opens an SPI device, or says what to do.
pub(super) fn open_spi(path: &Path) -> Result<File, Error> {
    open_device(path, "spi", SPI_CURE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(spi_device: &str) -> String {
        let config = PanelConfig {
            spi_device: spi_device.into(),
            ..PanelConfig::default()
        };
        FourWire::spidev(&config).unwrap_err().to_string()
    }

    #[test]
    fn a_missing_device_says_how_to_switch_spi_on() {
        let message = error("/nowhere/spidev0.0");
        assert!(message.contains("no /nowhere/spidev0.0"), "{message}");
        assert!(message.contains("dtparam=spi=on"), "{message}");
    }

    #[test]
    fn what_is_no_spi_device_is_refused_with_its_key() {
        let message = error("/dev/null");
        assert!(message.contains("panel.spi_device"), "{message}");
    }
}
