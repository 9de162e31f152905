//! An emulator at the end of a bad line, for tests: it loses and turns bits, measures time and writes down what it is told.

use std::time::Duration;

use loop_proto::pixel::PIXEL_BYTES;

use super::Emulator;
use crate::bus::{Error, Traffic, Wire, WireCost};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A byte on the line is lost.
    Swallow,
    /// A bit of a byte on the line is turned.
    Turn(u8),
}

/// What a disturbance within the controller changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upset {
    /// A bit of the memory.
    Memory(usize, u8),
    MemoryAccess(u8),
    PixelFormat(u8),
    FunctionControl(u8),
    /// A bit of one of the bytes of the column or page addresses.
    Window(usize, u8),
    Asleep,
    Off,
    Reset,
}

/// The line with the controller.
#[derive(Debug, Default)]
pub(crate) struct Noisy {
    pub(crate) chip: Emulator,
    /// Commands in the order they were meant, and resets as `None`.
    pub(crate) commands: Vec<Option<u8>>,
    pub(crate) traffic: Traffic,
    /// Time the wire was busy.
    pub(crate) busy: Duration,
    /// Whether the reset line was held when the wire was opened.
    pub(crate) held: bool,
    /// Bytes until a fault.
    pub(crate) fault: Option<(u64, Fault)>,
}

impl Noisy {
    pub(crate) fn behind(cost: WireCost) -> Self {
        Self {
            chip: Emulator::behind(cost),
            ..Self::default()
        }
    }

    /// The byte as it arrives, if it does.
    fn carried(&mut self, byte: u8) -> Option<u8> {
        match &mut self.fault {
            Some((0, Fault::Swallow)) => {
                self.fault = None;
                None
            }
            Some((0, Fault::Turn(bit))) => {
                let turned = byte ^ (1 << (*bit % 8));
                self.fault = None;
                Some(turned)
            }
            Some((left, _)) => {
                *left -= 1;
                Some(byte)
            }
            None => Some(byte),
        }
    }

    /// Data, byte by byte while a fault is near.
    fn data(&mut self, bytes: &[u8]) {
        self.traffic.count(bytes.len());
        if self.fault.is_none() {
            return self.chip.data(bytes);
        }
        for byte in bytes {
            if let Some(byte) = self.carried(*byte) {
                self.chip.data(&[byte]);
            }
        }
    }
}

impl Emulator {
    /// The whole memory, page after page.
    pub(crate) fn memory(&self) -> &[[u8; PIXEL_BYTES]] {
        &self.memory
    }

    pub(crate) fn upset(&mut self, upset: Upset) {
        match upset {
            Upset::Memory(at, bit) => {
                let at = at % self.memory.len();
                self.memory[at][usize::from(bit / 8 % 2)] ^= 1 << (bit % 8);
            }
            Upset::MemoryAccess(value) => self.memory_access = value,
            Upset::PixelFormat(value) => self.pixel_format = value,
            Upset::FunctionControl(value) => self.function_control = value,
            Upset::Window(byte, bit) => self.window.turn(byte, bit),
            Upset::Asleep => self.asleep = true,
            Upset::Off => self.on = false,
            Upset::Reset => self.forget(),
        }
    }
}

impl Wire for Noisy {
    fn command(&mut self, op: u8, parameters: &[u8]) -> Result<(), Error> {
        self.commands.push(Some(op));
        self.busy += self.cost().write(1);
        self.traffic.count(1);
        if let Some(op) = self.carried(op) {
            self.chip.begin(op);
        }
        if !parameters.is_empty() {
            self.busy += self.cost().write(parameters.len());
            self.data(parameters);
        }
        Ok(())
    }

    fn pixels(&mut self, pixels: &[u8]) -> Result<(), Error> {
        self.busy += self.cost().pixels(pixels.len());
        self.data(pixels);
        Ok(())
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.commands.push(None);
        self.chip.reset()
    }

    fn was_held(&self) -> bool {
        self.held
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn cost(&self) -> WireCost {
        self.chip.cost()
    }
}
