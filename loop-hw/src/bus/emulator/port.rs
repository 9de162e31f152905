//! The emulated controller behind lines of its own, with a clock of its own.

use std::io;
use std::time::Duration;

use super::Emulator;
use crate::bus::WireCost;
use crate::bus::four_wire::{Level, Line, Port};

/// An emulator that is sent bytes, as over a real wire. Its time passes only by what is sent and waited for: each write
/// takes what the model says.
#[derive(Debug, Default)]
pub struct EmulatedPort {
    chip: Emulator,
    elapsed: Duration,
    data: Option<Level>,
}

impl EmulatedPort {
    /// A cold controller behind a wire that really costs this.
    #[must_use]
    pub fn behind(cost: WireCost) -> Self {
        Self {
            chip: Emulator::behind(cost),
            ..Self::default()
        }
    }

    /// The controller.
    #[must_use]
    pub fn chip(&self) -> &Emulator {
        &self.chip
    }

    /// Changes what the wire really costs, as when a core clock drops.
    #[cfg(test)]
    pub(crate) fn run_at(&mut self, cost: WireCost) {
        self.chip.cost = cost;
    }
}

impl Port for EmulatedPort {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.elapsed += self.chip.cost.write(bytes.len());
        match self.data {
            Some(Level::High) => self.chip.data(bytes),
            Some(Level::Low) => bytes.iter().for_each(|command| self.chip.begin(*command)),
            // Nobody has said what these are.
            None => self.chip.violations += 1,
        }
        Ok(bytes.len())
    }

    fn set(&mut self, line: Line, level: Level) -> io::Result<()> {
        match line {
            Line::DataCommand => self.data = Some(level),
            Line::Reset if level == Level::Low => self.chip.forget(),
            Line::Reset => {}
        }
        Ok(())
    }

    /// It comes into being cold.
    fn was_held(&self) -> bool {
        false
    }

    fn now(&self) -> Duration {
        self.elapsed
    }

    fn wait(&mut self, duration: Duration) {
        self.elapsed += duration;
    }
}
