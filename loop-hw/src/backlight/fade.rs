//! From one brightness to the next without a jump, on a thread that sleeps while nothing changes.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use loop_proto::units::Brightness;

use super::curve::Level;
use super::{Backlight, Drive, Error};

/// How long a change takes.
const FADE: Duration = Duration::from_millis(300);

/// How often the light is set meanwhile; too fast to be seen as steps.
const STEP: Duration = Duration::from_millis(10);

/// In `wanted`: nobody has said.
const UNSAID: u16 = u16::MAX;

/// Where the light is on its way. Pure.
#[derive(Clone, Copy, Debug)]
struct Fade {
    from: Level,
    to: Level,
    began: Instant,
}

impl Fade {
    fn steady(level: Level, now: Instant) -> Self {
        Self {
            from: level,
            to: level,
            began: now,
        }
    }

    /// Goes to another level from wherever it is now.
    fn aim(&mut self, to: Level, now: Instant) {
        if to != self.to {
            *self = Self {
                from: self.at(now),
                to,
                began: now,
            };
        }
    }

    fn at(&self, now: Instant) -> Level {
        let micros = |time: Duration| u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        let gone = now.saturating_duration_since(self.began);
        self.from.towards(self.to, micros(gone), micros(FADE))
    }
}

#[derive(Debug)]
struct Shared {
    wanted: AtomicU16,
    stopping: AtomicBool,
}

/// A light that fades to each new brightness; the last one asked for wins. Dropped, it sets that one at once and leaves it.
#[derive(Debug)]
pub struct Fader {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Fader {
    /// Fades with this; without anything to drive it does nothing.
    pub(super) fn start(drive: Option<Box<dyn Drive>>) -> Self {
        let shared = Arc::new(Shared {
            wanted: AtomicU16::new(UNSAID),
            stopping: AtomicBool::new(false),
        });
        let thread = drive.and_then(|drive| {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name("backlight".to_owned());
            thread
                .spawn(move || Lamp::new(drive).run(&shared))
                .inspect_err(|error| tracing::error!("the backlight gets no thread: {error}"))
                .ok()
        });
        Self { shared, thread }
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Backlight for Fader {
    fn set(&mut self, brightness: Brightness) -> Result<(), Error> {
        let level = Level::of(brightness).to_bits();
        self.shared.wanted.store(level, Ordering::Release);
        self.wake();
        Ok(())
    }
}

impl Drop for Fader {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.wake();
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("the backlight's thread had ended");
        }
    }
}

/// The thread's own side.
struct Lamp {
    drive: Box<dyn Drive>,
    /// `None` until somebody has said how bright it should be.
    fade: Option<Fade>,
    applied: Option<Level>,
    failing: bool,
}

impl Lamp {
    fn new(drive: Box<dyn Drive>) -> Self {
        let applied = drive.found();
        Self {
            drive,
            fade: None,
            applied,
            failing: false,
        }
    }

    fn run(mut self, shared: &Shared) {
        loop {
            // Before the level: whoever stops has said it before.
            let stopping = shared.stopping.load(Ordering::Acquire);
            let wanted = Level::from_bits(shared.wanted.load(Ordering::Acquire));
            let steady = wanted.is_none_or(|wanted| self.step(wanted, stopping, Instant::now()));
            match (stopping, steady) {
                (true, _) => return,
                (false, true) => std::thread::park(),
                (false, false) => std::thread::park_timeout(STEP),
            }
        }
    }

    /// Takes the light a step nearer, or all the way. Says whether it is there.
    fn step(&mut self, wanted: Level, at_once: bool, now: Instant) -> bool {
        let start = self.applied.unwrap_or(wanted);
        let fade = self.fade.get_or_insert(Fade::steady(start, now));
        fade.aim(wanted, now);
        let level = if at_once { wanted } else { fade.at(now) };
        if self.applied != Some(level) {
            match self.drive.apply(level) {
                Ok(()) => {
                    self.applied = Some(level);
                    self.failing = false;
                }
                Err(error) if !self.failing => {
                    tracing::error!("{error}; the backlight stays as it is");
                    self.failing = true;
                }
                Err(_) => {}
            }
        }
        level == wanted
    }
}
