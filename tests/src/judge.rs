//! Tells from a board's log what was on the glass: the bytes go to the emulated controller, and what its memory holds
//! after each burst of pixels is held against the frames that were to be shown.
//!
//! A frame may come in several bursts. Until it is whole, each pixel must be that of the frame before or that of the frame
//! to come; anything else is a mismatch.

mod follow;

#[cfg(test)]
mod tests;

use loop_hw::bus::{Emulator, Wire, WireCost};
use loop_proto::geometry::{PANEL, Rotation};
use loop_proto::pixel::{Frame, PIXEL_BYTES};
use serde_json::{Value, json};

use crate::board::{Entry, Event};
use follow::{Follower, Seen};

/// Lines of the board, as the module's maker wires it.
const RESET: u8 = 27;
const LIGHT: u8 = 18;

const SOFTWARE_RESET: u8 = 0x01;
const SLEEP_IN: u8 = 0x10;
const SLEEP_OUT: u8 = 0x11;
const DISPLAY_OFF: u8 = 0x28;
const COLUMN_ADDRESS: u8 = 0x2A;
const PAGE_ADDRESS: u8 = 0x2B;
const MEMORY_WRITE: u8 = 0x2C;
const WRITE_CONTINUE: u8 = 0x3C;
const PIXEL_FORMAT: u8 = 0x3A;

/// What a controller without power for long has in its memory: nothing that any picture of ours shows.
const DUST: [u8; PIXEL_BYTES] = [0x5A, 0x3D];

/// What one log tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Entries of the log.
    pub entries: usize,
    /// Transfers on the bus, and their bytes.
    pub transfers: usize,
    /// Bytes on the bus.
    pub bytes: usize,
    /// Bursts of pixels.
    pub bursts: usize,
    /// Frames that were on the glass as they should, counted each time they came.
    pub frames: usize,
    /// Frames that never were on the glass whole, though they differ from the one before.
    pub skipped: usize,
    /// Bursts that were only part of a frame.
    pub parts: usize,
    /// Bursts that changed nothing.
    pub repeats: usize,
    /// Bursts before the first frame: other pictures, which are not judged.
    pub before: usize,
    /// Bursts after which the glass showed something else.
    pub mismatches: usize,
    /// Where that was first.
    pub first_mismatch: Option<String>,
    /// Breaches of the controller's protocol.
    pub violations: u64,
    /// Pulses of the reset line.
    pub resets: usize,
    /// Times the controller left sleep. It may be told to more often, without any effect (ILI9341 datasheet 8.2.12).
    pub wakes: usize,
    /// Commands that put the controller to sleep or turn the display off.
    pub darkenings: usize,
    /// Times the light came on and went off.
    pub light: (usize, usize),
    /// Pixels the light first showed that nobody had written; more than none as well if the display was off then.
    pub unwritten_when_lit: usize,
    /// Whether the display is on in the end.
    pub showing: bool,
    /// Gaps in the log, and transfers to another chip: there must be none.
    pub gaps: usize,
    /// Milliseconds from the first frame to the last.
    pub millis: u64,
}

impl Verdict {
    /// As the bench reads it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "entries": self.entries, "transfers": self.transfers, "bytes": self.bytes, "bursts": self.bursts,
            "frames": self.frames, "skipped": self.skipped, "parts": self.parts, "repeats": self.repeats,
            "before": self.before, "mismatches": self.mismatches, "first_mismatch": self.first_mismatch,
            "violations": self.violations, "resets": self.resets, "wakes": self.wakes,
            "darkenings": self.darkenings, "light_ons": self.light.0, "light_offs": self.light.1,
            "unwritten_when_lit": self.unwritten_when_lit, "showing": self.showing, "gaps": self.gaps, "millis": self.millis,
        })
    }
}

/// The controller between logs.
#[derive(Debug)]
pub struct Judge {
    controller: Emulator,
    rotation: Rotation,
    follower: Follower,
    asleep: bool,
    command: Option<u8>,
    parameters: Vec<u8>,
    verdict: Verdict,
    first_frame_at: Option<u64>,
}

impl Judge {
    /// A controller without power so far, mounted lying, that is to show these frames in turn.
    ///
    /// # Panics
    /// When it stands upright: it then shows the frames smaller.
    #[must_use]
    pub fn new(frames: Vec<Frame>, rotation: Rotation) -> Self {
        assert!(matches!(rotation, Rotation::Deg90 | Rotation::Deg270));
        Self {
            controller: dusty(),
            rotation,
            follower: Follower::new(frames),
            asleep: true,
            command: None,
            parameters: Vec::new(),
            verdict: Verdict::default(),
            first_frame_at: None,
        }
    }

    /// Judges the next log. The controller is as the log before has left it; which frame comes first is free.
    pub fn judge(&mut self, log: &[Entry]) -> Verdict {
        let violations = self.controller.violations();
        self.verdict = Verdict::default();
        self.first_frame_at = None;
        self.follower.start_anywhere(&self.glass());
        for entry in log {
            self.verdict.entries += 1;
            self.verdict.gaps += usize::from(entry.after_gap);
            match &entry.event {
                Event::Edge { line, high } => self.edge(*line, *high),
                Event::Transfer {
                    chip: 0,
                    data,
                    bytes,
                } => self.transfer(*data, bytes, entry.at),
                Event::Transfer { .. } => self.verdict.gaps += 1,
            }
        }
        let mut verdict = std::mem::take(&mut self.verdict);
        verdict.showing = self.controller.is_showing();
        verdict.violations += self.controller.violations() - violations;
        verdict
    }

    fn edge(&mut self, line: u8, high: bool) {
        match (line, high) {
            (RESET, false) => {
                self.command = None;
                self.parameters.clear();
                self.controller.reset().unwrap();
                self.asleep = true;
                self.verdict.resets += 1;
            }
            (LIGHT, true) => {
                if self.verdict.light.0 == 0 {
                    self.verdict.unwritten_when_lit = self.unwritten();
                }
                self.verdict.light.0 += 1;
            }
            (LIGHT, false) => self.verdict.light.1 += 1,
            _ => {}
        }
    }

    fn transfer(&mut self, data: bool, bytes: &[u8], at: u64) {
        self.verdict.transfers += 1;
        self.verdict.bytes += bytes.len();
        if !data {
            for command in bytes {
                self.finish_command(at);
                self.begin_command(*command);
            }
            return;
        }
        match self.command {
            Some(MEMORY_WRITE | WRITE_CONTINUE) => self.controller.pixels(bytes).unwrap(),
            Some(_) => self.parameters.extend_from_slice(bytes),
            None => self.verdict.violations += 1,
        }
    }

    fn begin_command(&mut self, command: u8) {
        self.controller.command(command, &[]).unwrap();
        self.command = Some(command);
        match command {
            SOFTWARE_RESET | SLEEP_IN => {
                self.verdict.darkenings += 1;
                self.asleep = true;
            }
            DISPLAY_OFF => self.verdict.darkenings += 1,
            SLEEP_OUT => {
                self.verdict.wakes += usize::from(self.asleep);
                self.asleep = false;
            }
            _ => {}
        }
    }

    /// The next command has come, so the one before has got all it gets.
    fn finish_command(&mut self, at: u64) {
        match self.command {
            Some(MEMORY_WRITE | WRITE_CONTINUE) => self.look(at),
            Some(command) if !self.parameters.is_empty() => {
                self.controller.command(command, &self.parameters).unwrap();
                self.parameters.clear();
            }
            Some(_) | None => {}
        }
    }

    fn look(&mut self, at: u64) {
        self.verdict.bursts += 1;
        match self.follower.look(&self.glass()) {
            Seen::Other => self.verdict.before += 1,
            Seen::Same => self.verdict.repeats += 1,
            Seen::Part => self.verdict.parts += 1,
            Seen::Frame { skipped } => {
                self.verdict.frames += 1;
                self.verdict.skipped += skipped;
                let first = *self.first_frame_at.get_or_insert(at);
                self.verdict.millis = (at - first) / 1_000_000;
            }
            Seen::Wrong(what) => {
                self.verdict.mismatches += 1;
                let burst = self.verdict.bursts;
                self.verdict
                    .first_mismatch
                    .get_or_insert(format!("burst {burst}: {what}"));
            }
        }
    }

    /// What the viewer sees, in a frame's order. From the mounting alone, not from the driver: the viewer turns the module
    /// clockwise by the rotation.
    fn glass(&self) -> Frame {
        let mut glass = Frame::black();
        let mut pixels = glass.as_bytes_mut().as_chunks_mut().0.iter_mut();
        for x in 0..PANEL.height {
            for y in 0..PANEL.width {
                let (column, row) = match self.rotation {
                    Rotation::Deg90 => (y, PANEL.height - 1 - x),
                    _ => (PANEL.width - 1 - y, x),
                };
                *pixels.next().unwrap() = self.controller.glass(column, row).unwrap();
            }
        }
        glass
    }

    fn unwritten(&self) -> usize {
        let glass = self.glass();
        let pixels = glass.as_bytes().as_chunks().0;
        if self.controller.is_showing() {
            pixels.iter().filter(|pixel| **pixel == DUST).count()
        } else {
            pixels.len()
        }
    }
}

/// A controller with something in its memory already.
fn dusty() -> Emulator {
    let mut controller = Emulator::behind(WireCost::spidev(40_000_000));
    let dust = DUST.repeat(PANEL.pixels());
    for (command, parameters) in [
        (SLEEP_OUT, [].as_slice()),
        (PIXEL_FORMAT, &[0x55]),
        (COLUMN_ADDRESS, &[0, 0, 0, 239]),
        (PAGE_ADDRESS, &[0, 0, 1, 63]),
        (MEMORY_WRITE, &[]),
    ] {
        controller.command(command, parameters).unwrap();
    }
    controller.pixels(&dust).unwrap();
    controller.reset().unwrap();
    controller
}
