//! A bus that writes down what it carries and can be told to fail.

use super::{Error, Traffic, Wire, WireCost};

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Reset,
    Command(u8, Vec<u8>),
    /// Only the number of bytes: the emulator looks at the pixels.
    Pixels(usize),
}

/// Keeps everything sent.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    pub(crate) sent: Vec<Sent>,
    /// The transfer with this number fails, once.
    pub(crate) fail_at: Option<usize>,
    pub(crate) traffic: Traffic,
}

impl Recorder {
    fn keep(&mut self, sent: Sent, bytes: usize) -> Result<(), Error> {
        if self.fail_at == Some(self.sent.len()) {
            self.fail_at = None;
            return Err(Error::Write("told to fail".to_owned()));
        }
        self.traffic.count(bytes);
        self.sent.push(sent);
        Ok(())
    }
}

impl Wire for Recorder {
    fn command(&mut self, op: u8, parameters: &[u8]) -> Result<(), Error> {
        self.keep(Sent::Command(op, parameters.to_vec()), 1 + parameters.len())
    }

    fn pixels(&mut self, pixels: &[u8]) -> Result<(), Error> {
        self.keep(Sent::Pixels(pixels.len()), pixels.len())
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.keep(Sent::Reset, 0)
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn cost(&self) -> WireCost {
        WireCost::spidev(40_000_000)
    }
}
