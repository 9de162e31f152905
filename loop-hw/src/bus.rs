//! The way to the panel's controller: commands and pixels, whatever carries them.

mod calibrate;
mod chip;
mod cost;
mod emulator;
mod four_wire;
mod rppal;
mod spidev;

#[cfg(test)]
mod record;

use std::path::PathBuf;

use loop_proto::config::{PanelConfig, WireChoice};
use loop_proto::snapshot::BusState;

pub(crate) use chip::{OpenChip, Wanted};
pub use cost::WireCost;
pub use emulator::{EmulatedPort, Emulator};
pub use four_wire::{FourWire, Level, Line, Port};
pub use rppal::RppalPort;
pub use spidev::SpidevPort;

#[cfg(test)]
pub(crate) use emulator::noisy::{Fault, Noisy, Upset};
#[cfg(test)]
pub(crate) use record::{Recorder, Sent};

/// Why the bus did not carry something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A device is not there.
    #[error("there is no {}: {cure}", device.display())]
    Missing {
        /// Which.
        device: PathBuf,
        /// What to do.
        cure: &'static str,
    },
    /// A device may not be opened.
    #[error("{} may not be opened: run loop-hw as root or as a user of the group {group}", device.display())]
    Denied {
        /// Which.
        device: PathBuf,
        /// Who may.
        group: &'static str,
    },
    /// A device is something else.
    #[error("{} is not {wanted}: correct panel.{key}", device.display())]
    Wrong {
        /// Which.
        device: PathBuf,
        /// What it should be.
        wanted: &'static str,
        /// The key of the configuration that names it.
        key: &'static str,
    },
    /// Several chips, none of which is known to be the right one.
    #[error("no GPIO chip is labelled as a header's: set panel.gpio_chip to one of {found}")]
    NoChip {
        /// Their paths and labels.
        found: String,
    },
    /// The chip has no such line.
    #[error("{} has {lines} lines and no line {line}: correct panel.{key}", chip.display())]
    NoLine {
        /// The chip.
        chip: PathBuf,
        /// The line's offset.
        line: u64,
        /// How many there are.
        lines: u32,
        /// The key of the configuration that names the line.
        key: &'static str,
    },
    /// Somebody else drives the line.
    #[error("line {line} of {} is in use by \"{user}\": end that, or correct panel.{key}", chip.display())]
    LineTaken {
        /// The chip.
        chip: PathBuf,
        /// The line's offset.
        line: u64,
        /// Who.
        user: String,
        /// The key of the configuration that names the line.
        key: &'static str,
    },
    /// Two purposes for one line.
    #[error("panel.{first} and panel.{second} are both line {line}: correct one")]
    SameLine {
        /// The line's offset.
        line: u64,
        /// One key.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// A device does not work.
    #[error("cannot open {}: {reason}", device.display())]
    Open {
        /// Which device.
        device: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A transfer failed.
    #[error("cannot write to the panel: {0}")]
    Write(String),
}

/// Whether rppal is to drive the lines on the machine this runs on.
#[must_use]
pub fn uses_rppal(choice: WireChoice) -> bool {
    match choice {
        WireChoice::Rppal => true,
        WireChoice::Spidev => false,
        WireChoice::Auto => ::rppal::system::DeviceInfo::new().is_ok(),
    }
}

/// The clock a configuration asks for.
pub(crate) fn clock_hz(config: &PanelConfig) -> u32 {
    u32::try_from(config.spi_speed_hz.get()).unwrap_or(u32::MAX)
}

/// Most bytes spidev takes at a time.
fn spidev_buffer() -> usize {
    /// When the kernel does not tell.
    const DEFAULT: usize = 4096;
    std::fs::read_to_string("/sys/module/spidev/parameters/bufsiz")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .filter(|&size| size > 0)
        .unwrap_or(DEFAULT)
}

/// What has gone over the bus since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes, commands included.
    pub bytes: u64,
    /// Single transfers.
    pub writes: u64,
}

impl Traffic {
    /// Counts one transfer.
    pub fn count(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
        self.writes += 1;
    }
}

/// A 4-wire serial interface: data with a line that tells commands from their parameters.
pub trait Wire: Send {
    /// Sends a command (D/C low) and then its parameters (D/C high).
    ///
    /// # Errors
    /// When the transfer fails; how much has arrived is unknown then.
    fn command(&mut self, op: u8, parameters: &[u8]) -> Result<(), Error>;

    /// Sends pixel data (D/C high), in as many transfers as the bus needs.
    ///
    /// # Errors
    /// When a transfer fails; how much has arrived is unknown then.
    fn pixels(&mut self, pixels: &[u8]) -> Result<(), Error>;

    /// Pulses the controller's reset line where there is one.
    ///
    /// # Errors
    /// When the line cannot be driven.
    fn reset(&mut self) -> Result<(), Error>;

    /// Whether the controller's reset line was held high from before the wire was opened: only then can it still be as
    /// somebody left it.
    fn was_held(&self) -> bool {
        false
    }

    /// What has been sent so far.
    fn traffic(&self) -> Traffic;

    /// What its writes cost, as well as is known now.
    fn cost(&self) -> WireCost;

    /// Measures what its writes cost, with commands that change nothing; takes some 20 ms. Never between a window and its
    /// pixels. Nothing to do for a wire whose cost is known.
    ///
    /// # Errors
    /// As [`command`](Self::command).
    fn calibrate(&mut self) -> Result<(), Error> {
        Ok(())
    }

    /// What it is and how fast, once that has been measured.
    fn state(&self) -> Option<BusState> {
        None
    }
}
