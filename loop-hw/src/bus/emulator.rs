//! An ILI9341 in memory: it decodes the command stream a real one would get, and counts what a real one would not forgive.
//!
//! Modelled on the datasheet (ILI9341 V1.11): addressing and its wrap rules (8.2.20 to 8.2.22, 9.3), memory access control
//! (8.2.29), the direction of the source driver (8.3.7), sleep and display state. Parameters take effect as they arrive, so
//! a window command may be cut short (7.1.11). Timing and analogue settings are not modelled.

mod port;
mod window;

#[cfg(test)]
pub(crate) mod noisy;
#[cfg(test)]
mod tests;

pub use port::EmulatedPort;

use loop_proto::pixel::PIXEL_BYTES;

use self::window::Window;
use super::{Error, Traffic, Wire, WireCost};

/// Columns of the memory, and of the glass held upright.
pub(crate) const COLUMNS: u16 = 240;
/// Pages (rows) of the memory.
pub(crate) const PAGES: u16 = 320;

pub(crate) mod op {
    //! Commands by their datasheet names.
    pub(crate) const NOP: u8 = 0x00;
    pub(crate) const SOFTWARE_RESET: u8 = 0x01;
    pub(crate) const SLEEP_IN: u8 = 0x10;
    pub(crate) const SLEEP_OUT: u8 = 0x11;
    pub(crate) const DISPLAY_OFF: u8 = 0x28;
    pub(crate) const DISPLAY_ON: u8 = 0x29;
    pub(crate) const COLUMN_ADDRESS: u8 = 0x2A;
    pub(crate) const PAGE_ADDRESS: u8 = 0x2B;
    pub(crate) const MEMORY_WRITE: u8 = 0x2C;
    pub(crate) const MEMORY_ACCESS: u8 = 0x36;
    pub(crate) const PIXEL_FORMAT: u8 = 0x3A;
    pub(crate) const WRITE_CONTINUE: u8 = 0x3C;
    pub(crate) const FUNCTION_CONTROL: u8 = 0xB6;

    /// Commands without any effect the emulator models: power, gamma, timing.
    pub(super) const ACCEPTED: [u8; 20] = [
        NOP, 0x13, 0x20, 0x26, 0x38, 0x44, 0xB1, 0xC0, 0xC1, 0xC5, 0xC7, 0xCB, 0xCF, 0xE0, 0xE1,
        0xE8, 0xEA, 0xED, 0xF2, 0xF7,
    ];
}

const ROW_ORDER: u8 = 0x80;
const COLUMN_ORDER: u8 = 0x40;
const EXCHANGE: u8 = 0x20;
/// In the second parameter of function control: the source driver counts from the other side.
const SOURCE_SHIFT: u8 = 0x20;
const RGB565: u8 = 0x55;

/// The controller with its memory.
#[derive(Debug)]
pub struct Emulator {
    memory: Vec<[u8; PIXEL_BYTES]>,
    memory_access: u8,
    function_control: u8,
    pixel_format: u8,
    asleep: bool,
    on: bool,
    window: Window,
    command: u8,
    parameters: usize,
    /// The first byte of a pixel whose second has not come yet.
    half: Option<u8>,
    violations: u64,
    traffic: Traffic,
    cost: WireCost,
}

/// The clock of the wire an emulator stands for when it is not told another.
const CLOCK_HZ: u32 = 40_000_000;

impl Default for Emulator {
    fn default() -> Self {
        Self::behind(WireCost::spidev(CLOCK_HZ))
    }
}

impl Emulator {
    /// A cold controller behind a wire of this cost.
    #[must_use]
    pub fn behind(cost: WireCost) -> Self {
        Self {
            memory: vec![[0; PIXEL_BYTES]; usize::from(COLUMNS) * usize::from(PAGES)],
            memory_access: 0,
            function_control: 0x82,
            pixel_format: 0x66,
            asleep: true,
            on: false,
            window: Window::default(),
            command: 0,
            parameters: 0,
            half: None,
            violations: 0,
            traffic: Traffic::default(),
            cost,
        }
    }

    /// The pixel a viewer of the upright glass (connector below) sees in this place; `None` outside the glass.
    #[must_use]
    pub fn glass(&self, x: u16, y: u16) -> Option<[u8; PIXEL_BYTES]> {
        if x >= COLUMNS || y >= PAGES {
            return None;
        }
        // The module's glass is bonded so that column 0 is on the viewer's left when the source driver is shifted.
        let shifted = self.function_control & SOURCE_SHIFT != 0;
        let column = if shifted { x } else { COLUMNS - 1 - x };
        self.memory.get(address(column, y)).copied()
    }

    /// Whether the panel shows its memory.
    #[must_use]
    pub fn is_showing(&self) -> bool {
        self.on && !self.asleep
    }

    /// Breaches of the protocol so far.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.violations
    }

    fn exchanged(&self) -> bool {
        self.memory_access & EXCHANGE != 0
    }

    /// Highest column and page address under the present access order.
    fn limits(&self) -> (u16, u16) {
        if self.exchanged() {
            (PAGES - 1, COLUMNS - 1)
        } else {
            (COLUMNS - 1, PAGES - 1)
        }
    }

    fn begin(&mut self, command: u8) {
        if self.half.take().is_some() {
            self.violations += 1;
        }
        self.command = command;
        self.parameters = 0;
        match command {
            op::SOFTWARE_RESET => self.forget(),
            op::SLEEP_IN => self.asleep = true,
            op::SLEEP_OUT => self.asleep = false,
            op::DISPLAY_OFF => self.on = false,
            op::DISPLAY_ON => self.on = true,
            op::MEMORY_WRITE => {
                self.begin_pixels();
                self.window.rewind();
            }
            op::WRITE_CONTINUE => self.begin_pixels(),
            op::COLUMN_ADDRESS | op::PAGE_ADDRESS | op::MEMORY_ACCESS => {}
            op::PIXEL_FORMAT | op::FUNCTION_CONTROL => {}
            other if op::ACCEPTED.contains(&other) => {}
            _ => self.violations += 1,
        }
    }

    fn begin_pixels(&mut self) {
        let (last_column, last_page) = self.limits();
        let ready = self.pixel_format == RGB565 && !self.asleep;
        if !ready || !self.window.lies_within(last_column, last_page) {
            self.violations += 1;
        }
    }

    fn parameter(&mut self, value: u8) {
        let number = self.parameters;
        self.parameters += 1;
        let known = match (self.command, number) {
            (op::COLUMN_ADDRESS, 0..=3) => self.window.set_column_byte(number, value),
            (op::PAGE_ADDRESS, 0..=3) => self.window.set_page_byte(number, value),
            (op::MEMORY_ACCESS, 0) => {
                self.memory_access = value;
                true
            }
            (op::PIXEL_FORMAT, 0) => {
                self.pixel_format = value;
                true
            }
            (op::FUNCTION_CONTROL, 1) => {
                self.function_control = value;
                true
            }
            (op::FUNCTION_CONTROL, 0 | 2 | 3) => true,
            (other, _) => op::ACCEPTED.contains(&other),
        };
        if !known {
            self.violations += 1;
        }
    }

    /// Data bytes, whatever they are for.
    fn data(&mut self, bytes: &[u8]) {
        match self.command {
            op::MEMORY_WRITE | op::WRITE_CONTINUE => self.fill(bytes),
            _ => bytes.iter().for_each(|value| self.parameter(*value)),
        }
    }

    fn fill(&mut self, bytes: &[u8]) {
        for byte in bytes {
            match self.half.take() {
                None => self.half = Some(*byte),
                Some(high) => self.store([high, *byte]),
            }
        }
    }

    fn store(&mut self, pixel: [u8; PIXEL_BYTES]) {
        let Some((column, page)) = self.window.advance() else {
            self.violations += 1;
            return;
        };
        let (column, page) = if self.exchanged() {
            (page, column)
        } else {
            (column, page)
        };
        let mirror = |at: u16, size: u16, on: bool| {
            if on {
                (size - 1).checked_sub(at)
            } else {
                Some(at)
            }
        };
        let column = mirror(column, COLUMNS, self.memory_access & COLUMN_ORDER != 0);
        let page = mirror(page, PAGES, self.memory_access & ROW_ORDER != 0);
        let place = column
            .zip(page)
            .filter(|(column, page)| *column < COLUMNS && *page < PAGES)
            .and_then(|(column, page)| self.memory.get_mut(address(column, page)));
        match place {
            Some(place) => *place = pixel,
            None => self.violations += 1,
        }
    }

    /// What a reset does; the memory keeps its content.
    fn forget(&mut self) {
        *self = Self {
            memory: std::mem::take(&mut self.memory),
            violations: self.violations,
            traffic: self.traffic,
            ..Self::behind(self.cost)
        };
    }
}

impl Wire for Emulator {
    fn command(&mut self, op: u8, parameters: &[u8]) -> Result<(), Error> {
        self.traffic.count(1);
        self.begin(op);
        if !parameters.is_empty() {
            self.traffic.count(parameters.len());
            parameters.iter().for_each(|value| self.parameter(*value));
        }
        Ok(())
    }

    fn pixels(&mut self, pixels: &[u8]) -> Result<(), Error> {
        self.traffic.count(pixels.len());
        match self.command {
            op::MEMORY_WRITE | op::WRITE_CONTINUE => self.fill(pixels),
            op::NOP => {}
            _ => self.violations += 1,
        }
        Ok(())
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.forget();
        Ok(())
    }

    fn traffic(&self) -> Traffic {
        self.traffic
    }

    fn cost(&self) -> WireCost {
        self.cost
    }
}

fn address(column: u16, page: u16) -> usize {
    usize::from(page) * usize::from(COLUMNS) + usize::from(column)
}
