//! A wire that keeps account: the emulated controller behind it, the bytes and writes it took, and the time they would have
//! taken by the cost of the wire it stands for.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use loop_hw::bus::{Emulator, Error, Traffic, Wire, WireCost};
use loop_proto::geometry::PANEL;
use loop_proto::pixel::Frame;

/// What has gone over a wire.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Account {
    pub(crate) traffic: Traffic,
    pub(crate) time: Duration,
}

/// The wire's two ends: one goes into the driver, the other stays with who measures.
#[derive(Clone)]
pub(crate) struct Metered(Arc<Mutex<Inner>>);

struct Inner {
    controller: Emulator,
    cost: WireCost,
    account: Account,
}

impl Metered {
    pub(crate) fn new(cost: WireCost) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            controller: Emulator::behind(cost),
            cost,
            account: Account::default(),
        })))
    }

    /// What has been sent since the last call.
    pub(crate) fn take_account(&self) -> Account {
        std::mem::take(&mut self.0.lock().unwrap().account)
    }

    pub(crate) fn violations(&self) -> u64 {
        self.0.lock().unwrap().controller.violations()
    }

    /// Whether the panel shows its memory.
    pub(crate) fn is_on(&self) -> bool {
        self.0.lock().unwrap().controller.is_showing()
    }

    /// Whether a module mounted at 270 degrees shows this frame, looked up on the glass pixel by pixel.
    pub(crate) fn shows(&self, frame: &Frame) -> bool {
        let inner = self.0.lock().unwrap();
        let pixels = frame.as_bytes().as_chunks::<2>().0;
        let places = (0..PANEL.height).flat_map(|x| (0..PANEL.width).map(move |y| (x, y)));
        places
            .zip(pixels)
            .all(|((x, y), pixel)| inner.controller.glass(PANEL.width - 1 - y, x) == Some(*pixel))
    }
}

impl Inner {
    fn count(&mut self, bytes: usize) {
        self.account.traffic.count(bytes);
        self.account.time += self.cost.write(bytes);
    }
}

impl Wire for Metered {
    fn command(&mut self, op: u8, parameters: &[u8]) -> Result<(), Error> {
        let mut inner = self.0.lock().unwrap();
        inner.count(1);
        if !parameters.is_empty() {
            inner.count(parameters.len());
        }
        inner.controller.command(op, parameters)
    }

    fn pixels(&mut self, pixels: &[u8]) -> Result<(), Error> {
        let mut inner = self.0.lock().unwrap();
        let most = inner.cost.max_write;
        pixels.chunks(most).for_each(|part| inner.count(part.len()));
        inner.controller.pixels(pixels)
    }

    fn reset(&mut self) -> Result<(), Error> {
        self.0.lock().unwrap().controller.reset()
    }

    fn traffic(&self) -> Traffic {
        self.0.lock().unwrap().account.traffic
    }

    fn cost(&self) -> WireCost {
        self.0.lock().unwrap().cost
    }
}
