//! Devices that are found by themselves unless they are named.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A GPIO chip: `"auto"` or the path of its device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum GpioChip {
    /// The one whose label begins with `pinctrl-`, as on every Raspberry Pi.
    Auto,
    /// This device.
    Path(PathBuf),
}

const AUTO: &str = "auto";

impl TryFrom<String> for GpioChip {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let path = PathBuf::from(&text);
        match text.as_str() {
            AUTO => Ok(Self::Auto),
            _ if path.is_absolute() => Ok(Self::Path(path)),
            _ => Err(format!(
                "`{text}` is neither `{AUTO}` nor a path from the root such as /dev/gpiochip0"
            )),
        }
    }
}

impl From<GpioChip> for String {
    fn from(chip: GpioChip) -> Self {
        match chip {
            GpioChip::Auto => AUTO.to_owned(),
            GpioChip::Path(path) => path.to_string_lossy().into_owned(),
        }
    }
}
