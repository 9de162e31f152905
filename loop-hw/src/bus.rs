//! The way to the panel's controller: commands and pixels, whatever carries them.

mod cost;
mod emulator;
mod rppal;

#[cfg(test)]
mod record;

pub use cost::WireCost;
pub use emulator::Emulator;
pub use rppal::RppalWire;

#[cfg(test)]
pub(crate) use record::{Recorder, Sent};

/// Why the bus did not carry something.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The device is missing or may not be opened.
    #[error("cannot open {device}: {reason}")]
    Open {
        /// Which device.
        device: &'static str,
        /// What the system says.
        reason: String,
    },
    /// A transfer failed.
    #[error("cannot write to the panel: {0}")]
    Write(String),
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

    /// What has been sent so far.
    fn traffic(&self) -> Traffic;

    /// What its writes cost, as well as is known now.
    fn cost(&self) -> WireCost;
}
