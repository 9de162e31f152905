//! The 4-wire serial interface over any port: which bytes go out at which level of the D/C line, in how large writes, and
//! what that costs.

use std::io;
use std::time::Duration;

use loop_proto::clock::monotonic;
use loop_proto::snapshot::{BusState, WireKind};

use super::calibrate::{Calibrator, LARGE_SAMPLES, LARGEST_BLOCK, SHORT_SAMPLES, SMALL_SAMPLES};
use super::{Error, Traffic, Wire, WireCost};
use crate::sys::pause;

/// Longest write that counts as short and is not timed.
const SHORT_BYTES: usize = 16;

/// Smallest write the wire falls back to when the kernel finds writes too long.
const SMALLEST_LIMIT: usize = 256;

/// How long the reset line stays high and then low; the controller needs 10 us low (ILI9341 datasheet 15.4).
const RESET_STEP: Duration = Duration::from_millis(10);

/// Before a controller that was awake when it was reset may be woken again (ILI9341 datasheet 15.4).
const RESET_REST: Duration = Duration::from_millis(120);

/// A command without effect that takes no data (ILI9341 datasheet 8.2.1): data after it is clocked in and ignored.
const NOP: u8 = 0x00;

/// No measurement of large blocks goes on for longer.
const MEASURING: Duration = Duration::from_millis(60);

/// What a measurement sends.
static NOTHING: [u8; LARGEST_BLOCK] = [0; LARGEST_BLOCK];

/// A line beside the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// Low for commands, high for their data.
    DataCommand,
    /// Low resets the controller.
    Reset,
}

/// What a line is driven to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Ground.
    Low,
    /// Supply.
    High,
}

/// What drives the lines of a 4-wire interface.
pub trait Port: Send {
    /// Sends bytes with the chip selected and tells how many it took, which may be fewer.
    ///
    /// # Errors
    /// What the system says: `EINTR` is tried again, `EMSGSIZE` tried again with less.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Drives a line.
    ///
    /// # Errors
    /// What the system says.
    fn set(&mut self, line: Line, level: Level) -> io::Result<()>;

    /// Whether the reset line was driven high when the port was opened. If not, the controller has been reset meanwhile, or
    /// has not been driven since power came.
    fn was_held(&self) -> bool;

    /// The time writes are measured with.
    fn now(&self) -> Duration {
        monotonic()
    }

    /// Lets the controller settle.
    fn wait(&mut self, duration: Duration) {
        pause(duration);
    }
}

/// The interface on a port.
#[derive(Debug)]
pub struct FourWire<P> {
    port: P,
    kind: WireKind,
    /// Where the D/C line is, as far as is known: setting it costs a system call.
    level: Option<Level>,
    calibrator: Calibrator,
    traffic: Traffic,
}

impl<P: Port> FourWire<P> {
    /// On a port whose clock was asked to be this, and that takes this many bytes at a time.
    pub fn new(port: P, kind: WireKind, requested_hz: u32, max_write: usize) -> Self {
        Self {
            port,
            kind,
            level: None,
            // Even, so that no pixel is cut in two.
            calibrator: Calibrator::new(requested_hz, (max_write & !1).max(2)),
            traffic: Traffic::default(),
        }
    }

    /// What it drives.
    pub fn port(&self) -> &P {
        &self.port
    }

    #[cfg(test)]
    pub(crate) fn port_mut(&mut self) -> &mut P {
        &mut self.port
    }

    fn send(&mut self, level: Level, bytes: &[u8]) -> Result<(), Error> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let limit = self.calibrator.cost().max_write;
            let part = rest.get(..limit).unwrap_or(rest);
            let written = if part.len() > SHORT_BYTES {
                let begun = self.port.now();
                let written = self.transfer(level, part)?;
                let now = self.port.now();
                self.calibrator
                    .bulk(written, now.saturating_sub(begun), now);
                written
            } else {
                self.transfer(level, part)?
            };
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// One write, which may send less than it is given, and nothing when it is to be tried again.
    fn transfer(&mut self, level: Level, part: &[u8]) -> Result<usize, Error> {
        if self.level != Some(level) {
            self.level = None;
            self.set(Line::DataCommand, level)?;
            self.level = Some(level);
        }
        match self.port.write(part) {
            Ok(0) => Err(Error::Write("the device takes no bytes".to_owned())),
            Ok(written) => {
                self.traffic.count(written);
                Ok(written)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            Err(error) if is_too_long(&error) && part.len() > SMALLEST_LIMIT => {
                self.calibrator
                    .limit_write(((part.len() / 2) & !1).max(SMALLEST_LIMIT));
                Ok(0)
            }
            Err(error) => Err(Error::Write(error.to_string())),
        }
    }

    fn set(&mut self, line: Line, level: Level) -> Result<(), Error> {
        let name = match line {
            Line::DataCommand => "D/C",
            Line::Reset => "reset",
        };
        self.port
            .set(line, level)
            .map_err(|error| Error::Write(format!("the {name} line cannot be driven: {error}")))
    }

    fn timed(&mut self, level: Level, bytes: &[u8]) -> Result<Duration, Error> {
        let begun = self.port.now();
        self.send(level, bytes)?;
        Ok(self.port.now().saturating_sub(begun))
    }

    fn block(&mut self, bytes: usize) -> Result<Duration, Error> {
        self.send(Level::Low, &[NOP])?;
        self.timed(Level::High, NOTHING.get(..bytes).unwrap_or(&NOTHING))
    }
}

impl<P: Port> Wire for FourWire<P> {
    fn command(&mut self, op: u8, parameters: &[u8]) -> Result<(), Error> {
        self.send(Level::Low, &[op])?;
        self.send(Level::High, parameters)
    }

    fn pixels(&mut self, pixels: &[u8]) -> Result<(), Error> {
        self.send(Level::High, pixels)
    }

    fn reset(&mut self) -> Result<(), Error> {
        let steps = [
            (Level::High, RESET_STEP),
            (Level::Low, RESET_STEP),
            (Level::High, RESET_REST),
        ];
        for (level, time) in steps {
            self.set(Line::Reset, level)?;
            self.port.wait(time);
        }
        Ok(())
    }

    fn was_held(&self) -> bool {
        self.port.was_held()
    }

    fn calibrate(&mut self) -> Result<(), Error> {
        let mut measurement = self.calibrator.measurement();
        // As in a window command, each write comes with a change of the D/C line, which costs time as well.
        for _ in 0..SHORT_SAMPLES / 2 {
            measurement.short.add(self.timed(Level::Low, &[NOP])?);
            measurement.short.add(self.timed(Level::High, &[NOP])?);
        }
        for _ in 0..SMALL_SAMPLES {
            let took = self.block(measurement.small_block)?;
            measurement.small.add(took);
        }
        let begun = self.port.now();
        for _ in 0..measurement.large_blocks().min(LARGE_SAMPLES) {
            let enough = measurement.large.count() > 1;
            if enough && self.port.now().saturating_sub(begun) > MEASURING {
                break;
            }
            let took = self.block(measurement.large_block)?;
            measurement.large.add(took);
        }
        self.calibrator.learn(&mut measurement);
        Ok(())
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn cost(&self) -> WireCost {
        self.calibrator.cost()
    }

    fn state(&self) -> Option<BusState> {
        let effective_hz = self.calibrator.effective_hz()?;
        Some(BusState {
            wire: self.kind,
            requested_hz: self.calibrator.requested_hz(),
            effective_hz: three_digits(effective_hz),
        })
    }
}

/// More than spidev's buffer holds.
fn is_too_long(error: &io::Error) -> bool {
    error.raw_os_error() == Some(nix::libc::EMSGSIZE)
}

/// To the nearest number with three digits and zeros behind: the rest is noise.
fn three_digits(hz: u32) -> u32 {
    let unit = 10u32.pow(hz.checked_ilog10().unwrap_or(0).saturating_sub(2));
    hz.saturating_add(unit / 2) / unit * unit
}

#[cfg(test)]
mod tests;
