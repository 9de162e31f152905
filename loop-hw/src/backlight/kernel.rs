//! The light of a screen that the kernel drives: `/sys/class/backlight`.

use std::path::{Path, PathBuf};

use super::curve::Level;
use super::{Drive, Error, failed, read_number, write_text};

/// In `bl_power`: on.
const ON: &str = "0";

/// One of the kernel's lights.
#[derive(Debug)]
pub(super) struct Light {
    dir: PathBuf,
    steps: u64,
    /// The driver makes equal steps look equal by itself.
    even: bool,
}

/// The kernel's lights; whose they are is clear only if there is one.
fn lights(classes: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(classes.join("backlight"));
    let paths = entries.into_iter().flatten().flatten();
    paths.map(|entry| entry.path()).collect()
}

/// Whether there is just one.
pub(super) fn is_there(classes: &Path) -> bool {
    lights(classes).len() == 1
}

impl Light {
    pub(super) fn open(classes: &Path) -> Result<Self, Error> {
        let dir = lights(classes).into_iter().next();
        let dir = dir.unwrap_or_else(|| classes.join("backlight"));
        let steps = read_number(&dir.join("max_brightness"))?;
        let scale = std::fs::read_to_string(dir.join("scale")).unwrap_or_default();
        let brightness = dir.join("brightness");
        // Whether this user may, without changing anything.
        std::fs::OpenOptions::new()
            .write(true)
            .open(&brightness)
            .map_err(failed("write", &brightness))?;
        Ok(Self {
            dir,
            steps: steps.max(1),
            even: scale.trim() == "non-linear",
        })
    }
}

impl Drive for Light {
    fn found(&self) -> Option<Level> {
        let step = read_number(&self.dir.join("brightness")).ok()?;
        let share = |whole: u64| step.min(self.steps).saturating_mul(whole) / self.steps;
        if self.even {
            Level::from_bits(u16::try_from(share(Level::FULL.to_bits().into())).ok()?)
        } else {
            let parts = u32::try_from(share(super::curve::ALWAYS.into())).ok()?;
            Some(Level::of_on_time(parts))
        }
    }

    fn apply(&mut self, level: Level) -> Result<(), Error> {
        let step = if self.even {
            level.of_steps(self.steps)
        } else {
            // Rounded up, so that only darkness is nothing.
            (u64::from(level.on_time()) * self.steps).div_ceil(super::curve::ALWAYS.into())
        };
        write_text(&self.dir.join("brightness"), &step.to_string())?;
        let power = self.dir.join("bl_power");
        if step > 0 && read_number(&power).is_ok_and(|power| power != 0) {
            write_text(&power, ON)?;
        }
        Ok(())
    }

    fn name(&self) -> &'static str {
        "the kernel's backlight"
    }
}
