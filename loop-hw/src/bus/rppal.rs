//! SPI and GPIO of a Raspberry Pi, through rppal: a line changes by a store into the registers, not by a system call.
//!
//! rppal is retired; boards it does not know are driven by `spidev`. Here the lines keep their level when the program
//! ends, whatever the kernel's driver would do with them, for rppal never asks it.

use std::io;
use std::path::Path;

use loop_proto::config::{self, PanelConfig};
use loop_proto::snapshot::WireKind;
use rppal::gpio::{self, Gpio, OutputPin};
use rppal::spi::{Bus, Mode, SlaveSelect, Spi};

use super::Error;
use super::four_wire::{FourWire, Level, Line, Port};

/// An SPI device and two lines.
#[derive(Debug)]
pub struct RppalPort {
    spi: Spi,
    data_command: OutputPin,
    reset: OutputPin,
    /// The reset line was high and driven when it was taken.
    held: bool,
}

impl FourWire<RppalPort> {
    /// Opens bus and lines, reset high, so that a controller that is awake stays so.
    ///
    /// # Errors
    /// When this is not a Raspberry Pi, SPI is off, or the devices may not be opened.
    pub fn rppal(config: &PanelConfig) -> Result<Self, Error> {
        let clock_hz = super::clock_hz(config);
        let (bus, select) = place(&config.spi_device).ok_or_else(|| Error::Wrong {
            device: config.spi_device.clone(),
            wanted: "one of the /dev/spidevB.C that rppal drives",
            key: "spi_device",
        })?;
        super::spidev::open_spi(&config.spi_device)?;
        let spi = Spi::new(bus, select, clock_hz, Mode::Mode0).map_err(|error| Error::Open {
            device: config.spi_device.clone(),
            reason: error.to_string(),
        })?;
        let gpio = Gpio::new().map_err(line_error)?;
        let pin = |line: config::Line| {
            let number = u8::try_from(line.get()).unwrap_or(u8::MAX);
            gpio.get(number).map_err(line_error)
        };
        let mut data_command = pin(config.line_dc)?.into_output_high();
        let reset = pin(config.line_reset)?;
        let held = reset.mode() == gpio::Mode::Output && reset.read() == gpio::Level::High;
        let mut reset = reset.into_output_high();
        data_command.set_reset_on_drop(false);
        reset.set_reset_on_drop(false);
        let port = RppalPort {
            spi,
            data_command,
            reset,
            held,
        };
        Ok(Self::new(
            port,
            WireKind::Rppal,
            clock_hz,
            super::spidev_buffer(),
        ))
    }
}

impl Port for RppalPort {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.spi.write(bytes).map_err(|error| match error {
            rppal::spi::Error::Io(error) => error,
            other => io::Error::other(other.to_string()),
        })
    }

    fn set(&mut self, line: Line, level: Level) -> io::Result<()> {
        let pin = match line {
            Line::DataCommand => &mut self.data_command,
            Line::Reset => &mut self.reset,
        };
        match level {
            Level::Low => pin.set_low(),
            Level::High => pin.set_high(),
        }
        Ok(())
    }

    fn was_held(&self) -> bool {
        self.held
    }
}

/// Bus and chip select of `/dev/spidevB.C`.
fn place(device: &Path) -> Option<(Bus, SlaveSelect)> {
    let numbers = device.to_str()?.strip_prefix("/dev/spidev")?;
    let (bus, select) = numbers.split_once('.')?;
    let bus = match bus {
        "0" => Bus::Spi0,
        "1" => Bus::Spi1,
        "2" => Bus::Spi2,
        "3" => Bus::Spi3,
        "4" => Bus::Spi4,
        "5" => Bus::Spi5,
        "6" => Bus::Spi6,
        _ => return None,
    };
    let select = match select {
        "0" => SlaveSelect::Ss0,
        "1" => SlaveSelect::Ss1,
        "2" => SlaveSelect::Ss2,
        _ => return None,
    };
    Some((bus, select))
}

fn line_error(error: rppal::gpio::Error) -> Error {
    match error {
        rppal::gpio::Error::PermissionDenied(device) => Error::Denied {
            device: device.into(),
            group: "gpio",
        },
        other => Error::Open {
            device: "/dev/gpiomem".into(),
            reason: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_name_tells_bus_and_chip_select() {
        let place = |name| place(Path::new(name));
        assert_eq!(place("/dev/spidev0.0"), Some((Bus::Spi0, SlaveSelect::Ss0)));
        assert_eq!(place("/dev/spidev6.2"), Some((Bus::Spi6, SlaveSelect::Ss2)));
        for other in [
            "/dev/spidev7.0",
            "/dev/spidev0.3",
            "/dev/spidev0",
            "/tmp/spidev0.0",
        ] {
            assert_eq!(place(other), None);
        }
    }
}
