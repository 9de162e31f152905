//! The light behind the glass.
//!
//! [`open`] takes the best that drives it: a hardware PWM channel, else the line by itself, else nothing; or, behind a
//! framebuffer, the kernel's own driver. Whatever it is lives on a thread of its own, which fades and sleeps while nothing
//! changes, so that setting the brightness never keeps the panel waiting.

mod curve;
mod fade;
mod gpio;
mod kernel;
mod pwm;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use loop_proto::config::{BacklightChoice, PanelConfig};
use loop_proto::units::Brightness;

pub use fade::Fader;

use self::curve::Level;

/// Why the light cannot be driven.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the kernel's does not do what it should.
    #[error("cannot {action} {path}: {source}")]
    File {
        /// A verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why: EBUSY when another driver has the channel, EACCES when this user may not have it.
        source: io::Error,
    },
    /// The configured channel cannot be one.
    #[error("{0} is not a PWM channel, which is written like /sys/class/pwm/pwmchip0/pwm0")]
    NoChannel(PathBuf),
    /// No channel is known to drive the light.
    #[error(
        "no PWM channel drives line {0}: on a Raspberry Pi add dtoverlay=pwm to config.txt, elsewhere name it in backlight_pwm"
    )]
    NotFound(u64),
    /// The line cannot be had.
    #[error("cannot drive line {line}: {reason}")]
    Line {
        /// Its number.
        line: u64,
        /// What the system says.
        reason: String,
    },
}

/// A light that can be dimmed.
pub trait Backlight: Send {
    /// Sets it; 0 is dark. Neither waits nor allocates.
    ///
    /// # Errors
    /// When it is known at once that it cannot be driven.
    fn set(&mut self, brightness: Brightness) -> Result<(), Error>;
}

/// No light at all, for a simulated panel.
#[derive(Debug)]
pub struct NoBacklight;

impl Backlight for NoBacklight {
    fn set(&mut self, _: Brightness) -> Result<(), Error> {
        Ok(())
    }
}

/// What drives the light, on the light's own thread. Dropped, it leaves the light as it is where that is possible.
trait Drive: Send {
    /// How it was found, so that a restart does not show; `None` when that cannot be known.
    fn found(&self) -> Option<Level>;

    /// Sets it. [`Level::DARK`] is no light at all.
    fn apply(&mut self, level: Level) -> Result<(), Error>;

    /// For the log.
    fn name(&self) -> &'static str;
}

/// What a panel's light hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behind {
    /// A line of the board, as the module's maker wires it.
    Module,
    /// The kernel's driver of the screen.
    Framebuffer,
}

/// Where the kernel keeps what may drive a light.
const CLASSES: &str = "/sys/class";

/// Opens what the configuration asks for, or the next that can be had; the sentence says why it is not what was asked for.
/// The light stays as it is until it is first set.
#[must_use]
pub fn open(config: &PanelConfig, behind: Behind) -> (Fader, Option<String>) {
    let (drive, trouble) = choose(config, behind, Path::new(CLASSES));
    if let Some(drive) = &drive {
        tracing::info!(by = drive.name(), "backlight");
    }
    (Fader::start(drive), trouble)
}

type Candidate<'a> = Box<dyn Fn() -> Result<Box<dyn Drive>, Error> + 'a>;

fn choose(
    config: &PanelConfig,
    behind: Behind,
    classes: &Path,
) -> (Option<Box<dyn Drive>>, Option<String>) {
    let pulses: Candidate<'_> = Box::new(|| Ok(Box::new(pwm::open(config, classes)?)));
    let line: Candidate<'_> = Box::new(|| gpio::open(config));
    let kernel: Candidate<'_> = Box::new(|| Ok(Box::new(kernel::Light::open(classes)?)));
    let candidates = match (config.backlight, behind) {
        (BacklightChoice::None, _) => vec![],
        (BacklightChoice::Pwm, _) => vec![pulses, line],
        (BacklightChoice::Gpio, _) => vec![line],
        (BacklightChoice::Auto, Behind::Framebuffer) if kernel::is_there(classes) => vec![kernel],
        (BacklightChoice::Auto, Behind::Framebuffer) => vec![],
        (BacklightChoice::Auto, Behind::Module) if pwm::is_there(config, classes) => {
            vec![pulses, line]
        }
        (BacklightChoice::Auto, Behind::Module) => vec![line],
    };
    first_of(&candidates)
}

/// The first that opens, and a sentence about those before it.
fn first_of(candidates: &[Candidate<'_>]) -> (Option<Box<dyn Drive>>, Option<String>) {
    let mut reasons = Vec::new();
    for candidate in candidates {
        match candidate() {
            Ok(drive) if reasons.is_empty() => return (Some(drive), None),
            Ok(drive) => {
                reasons.push(format!("the backlight is driven by {}", drive.name()));
                return (Some(drive), Some(reasons.join("; ")));
            }
            Err(error) => reasons.push(error.to_string()),
        }
    }
    if reasons.is_empty() {
        return (None, None);
    }
    reasons.push("the backlight is not driven".to_owned());
    (None, Some(reasons.join("; ")))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::File {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Reads a number from a file of the kernel's.
fn read_number(path: &Path) -> Result<u64, Error> {
    let text = std::fs::read_to_string(path).map_err(failed("read", path))?;
    let number = text.trim().parse();
    number.map_err(|_| failed("understand", path)(io::ErrorKind::InvalidData.into()))
}

/// Writes a file of the kernel's; never makes one.
fn write_text(path: &Path, text: &str) -> Result<(), Error> {
    let write = || {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .truncate(true)
            .open(path)?;
        // In one piece: each write is an order of its own.
        io::Write::write_all(&mut file, format!("{text}\n").as_bytes())
    };
    write().map_err(failed("write", path))
}
