//! The GPIO chip the panel's lines are on: finding it, and taking lines with errors that say what to do.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use loop_proto::config::{self, GpioChip};

use super::Error;
use super::four_wire::Level;
use crate::sys::{Chip, LineUse, Lines};

/// How the label of the chip begins whose lines are on a Raspberry Pi's header, on every model.
const HEADER_LABEL: &str = "pinctrl-";

/// Who we are to the kernel.
const CONSUMER: &str = "loop-hw";

const CHIP_CURE: &str = "name the GPIO chip the panel's lines are on in panel.gpio_chip";

/// An opened chip.
#[derive(Debug)]
pub(crate) struct OpenChip {
    path: PathBuf,
    chip: Chip,
}

/// A line to be taken, and the key of the configuration that names it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) key: &'static str,
    pub(crate) line: config::Line,
    pub(crate) level: Level,
}

impl OpenChip {
    /// Opens the chip that is configured, or finds it.
    ///
    /// # Errors
    /// When it is missing, may not be opened, is something else, or cannot be told from others.
    pub(crate) fn open(choice: &GpioChip) -> Result<Self, Error> {
        match choice {
            GpioChip::Path(path) => Self::at(path.clone()),
            GpioChip::Auto => find(&chips_in(Path::new("/dev")), Self::at, |open| {
                &open.chip.label
            }),
        }
    }

    fn at(path: PathBuf) -> Result<Self, Error> {
        let device = open_device(&path, "gpio", CHIP_CURE)?;
        match Chip::new(device) {
            Ok(chip) => Ok(Self { path, chip }),
            Err(nix::errno::Errno::ENOTTY | nix::errno::Errno::EINVAL) => Err(Error::Wrong {
                device: path,
                wanted: "a GPIO chip",
                key: "gpio_chip",
            }),
            Err(error) => Err(failed(path, error)),
        }
    }

    /// Takes lines as outputs; they are set in the order given, from 0.
    ///
    /// # Errors
    /// Tells which line there is not, or who has it.
    pub(crate) fn take(&self, wanted: &[Wanted]) -> Result<Lines, Error> {
        check(&self.path, self.chip.lines, wanted, |offset| {
            self.chip.line_use(offset)
        })?;
        let lines: Vec<_> = wanted
            .iter()
            .map(|one| (offset(one.line), one.level == Level::High))
            .collect();
        self.chip
            .request(CONSUMER, &lines)
            .map_err(|error| failed(self.path.clone(), error))
    }
}

/// Refuses what the kernel would refuse without saying which line it means.
fn check(
    chip: &Path,
    lines: u32,
    wanted: &[Wanted],
    line_use: impl Fn(u32) -> nix::Result<LineUse>,
) -> Result<(), Error> {
    for (at, one) in wanted.iter().enumerate() {
        let (chip, line, key) = (chip.to_owned(), one.line.get(), one.key);
        let mut before = wanted.iter().take(at);
        if let Some(other) = before.find(|other| other.line == one.line) {
            let (first, second) = (other.key, key);
            return Err(Error::SameLine {
                line,
                first,
                second,
            });
        }
        if offset(one.line) >= lines {
            return Err(Error::NoLine {
                chip,
                line,
                lines,
                key,
            });
        }
        match line_use(offset(one.line)) {
            Ok(LineUse::Free) => {}
            Ok(LineUse::Taken(user)) => {
                return Err(Error::LineTaken {
                    chip,
                    line,
                    user,
                    key,
                });
            }
            Err(error) => return Err(failed(chip, error)),
        }
    }
    Ok(())
}

fn offset(line: config::Line) -> u32 {
    u32::try_from(line.get()).unwrap_or(u32::MAX)
}

fn failed(device: PathBuf, error: nix::errno::Errno) -> Error {
    Error::Open {
        device,
        reason: error.desc().to_owned(),
    }
}

/// Opens a device for reading and writing; `group` may open it, `cure` is said when there is none.
pub(super) fn open_device(
    path: &Path,
    group: &'static str,
    cure: &'static str,
) -> Result<File, Error> {
    let opened = OpenOptions::new().read(true).write(true).open(path);
    opened.map_err(|error| explain(path.to_owned(), &error, group, cure))
}

fn explain(device: PathBuf, error: &io::Error, group: &'static str, cure: &'static str) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::Missing { device, cure },
        io::ErrorKind::PermissionDenied => Error::Denied { device, group },
        _ => Error::Open {
            device,
            reason: error.to_string(),
        },
    }
}

fn chips_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut chips: Vec<_> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("gpiochip"))
        .map(|entry| entry.path())
        .collect();
    chips.sort_unstable();
    chips
}

/// The first of the chips that is labelled as the one on the header.
fn find<C>(
    chips: &[PathBuf],
    open: impl Fn(PathBuf) -> Result<C, Error>,
    label: impl Fn(&C) -> &str,
) -> Result<C, Error> {
    let (mut found, mut refused) = (Vec::new(), None);
    for path in chips {
        match open(path.clone()) {
            Ok(chip) if label(&chip).starts_with(HEADER_LABEL) => return Ok(chip),
            Ok(chip) => found.push(format!("{} ({})", path.display(), label(&chip))),
            Err(error) => refused = Some(error),
        }
    }
    match refused {
        Some(error) if found.is_empty() => Err(error),
        _ if found.is_empty() => Err(Error::Missing {
            device: PathBuf::from("/dev/gpiochip0"),
            cure: "this machine has no GPIO lines that programs can use",
        }),
        _ => Err(Error::NoChip {
            found: found.join(", "),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NUMBERS: [&str; 2] = ["/dev/gpiochip0", "/dev/gpiochip1"];

    fn search(labels: [Result<&'static str, io::ErrorKind>; 2]) -> Result<&'static str, String> {
        let chips = NUMBERS.map(PathBuf::from);
        let open = |path: PathBuf| {
            let at = chips.iter().position(|chip| *chip == path).unwrap();
            labels[at].map_err(|kind| explain(path, &kind.into(), "gpio", CHIP_CURE))
        };
        find(&chips, open, |label| label).map_err(|error| error.to_string())
    }

    #[test]
    fn the_chip_of_the_header_is_found_by_its_label() {
        let found = search([Ok("raspberrypi-exp-gpio"), Ok("pinctrl-bcm2711")]);
        assert_eq!(found, Ok("pinctrl-bcm2711"));
    }

    #[test]
    fn where_no_label_tells_the_chips_are_listed_to_choose_from() {
        let message = search([Ok("gpio0"), Ok("gpio1")]).unwrap_err();
        assert!(message.contains("panel.gpio_chip"), "{message}");
        assert!(message.contains("/dev/gpiochip1 (gpio1)"), "{message}");
    }

    #[test]
    fn chips_that_may_not_be_opened_name_the_group() {
        let message = search([Err(io::ErrorKind::PermissionDenied); 2]).unwrap_err();
        assert!(message.contains("group gpio"), "{message}");
    }

    #[test]
    fn a_wrong_line_is_refused_with_its_key_and_who_has_it() {
        let try_lines = |dc: config::Line, reset: config::Line| {
            let wanted = [("line_dc", dc), ("line_reset", reset)].map(|(key, line)| Wanted {
                key,
                line,
                level: Level::High,
            });
            let line_use = |offset| match offset {
                4 => Ok(LineUse::Taken("lirc".to_owned())),
                5 => Err(nix::errno::Errno::EIO),
                _ => Ok(LineUse::Free),
            };
            let result = check(Path::new("/dev/gpiochip0"), 54, &wanted, line_use);
            result.map_err(|error| error.to_string())
        };
        let line = config::Line::new::<25>;
        assert_eq!(try_lines(line(), config::Line::new::<53>()), Ok(()));
        for (reset, words) in [
            (config::Line::new::<54>(), ["54 lines", "panel.line_reset"]),
            (config::Line::new::<4>(), ["\"lirc\"", "panel.line_reset"]),
            (config::Line::new::<5>(), ["/dev/gpiochip0", "error"]),
            (line(), ["panel.line_dc and panel.line_reset", "25"]),
        ] {
            let message = try_lines(line(), reset).unwrap_err();
            assert!(words.iter().all(|word| message.contains(word)), "{message}");
        }
    }

    #[test]
    fn a_configured_chip_that_is_none_is_refused_with_its_key() {
        let message = |path: &str| {
            let choice = GpioChip::Path(path.into());
            OpenChip::open(&choice).unwrap_err().to_string()
        };
        assert!(message("/dev/null").contains("panel.gpio_chip"));
        let missing = message("/nowhere/gpiochip9");
        assert!(missing.contains("/nowhere/gpiochip9"), "{missing}");
        assert!(missing.contains("panel.gpio_chip"), "{missing}");
    }
}
