//! The configuration file both daemons read: one TOML file, every key with a default, unknown keys refused.

mod bounded;
mod device;
mod env;
mod origin;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use bounded::Bounded;
pub use device::GpioChip;
pub use origin::Origin;

use crate::geometry::Rotation;

/// Where the configuration is looked for unless another file is named.
pub const DEFAULT_FILE: &str = "/etc/loop/loop.toml";

/// Why the configuration cannot be used. Each text tells where the fault is.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is there but cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A key is unknown, of the wrong type or out of range.
    #[error("{path}:{line}:{column}: {message}")]
    File {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// From 1, in characters.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// As [`Error::File`], for an environment variable.
    #[error("environment variable {name}: {message}")]
    Env {
        /// The variable.
        name: String,
        /// What is wrong.
        message: String,
    },
}

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)+ }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }
    };
}

section! {
    /// The whole file.
    Config {
        /// Who this is.
        device: Device = Device::default(),
        /// Where things lie.
        paths: Paths = Paths::default(),
        /// The web daemon.
        web: Web = Web::default(),
        /// The media library.
        media: Media = Media::default(),
        /// The player.
        playback: PlaybackConfig = PlaybackConfig::default(),
        /// The panel.
        panel: PanelConfig = PanelConfig::default(),
        /// Networks.
        wifi: Wifi = Wifi::default(),
    }
}

section! {
    /// `[device]`
    Device {
        /// Shown on the page and on the glass.
        name: String = "LOOP".to_owned(),
    }
}

section! {
    /// `[paths]`
    Paths {
        /// Holds `media/`, `incoming/` and the state of both daemons.
        data: PathBuf = PathBuf::from("/var/lib/loop"),
        /// Where loop-hw listens. Its folder also holds what need not survive a power cut.
        socket: PathBuf = PathBuf::from("/run/loop/hw.sock"),
    }
}

section! {
    /// `[web]`
    Web {
        /// Where to accept HTTP; one address at least.
        #[serde(deserialize_with = "bounded::not_empty")]
        listen: Vec<SocketAddr> = vec![SocketAddr::from(([0, 0, 0, 0], 80))],
        /// Host names to answer to besides IP literals, localhost, NAME.local and the host name.
        allowed_hosts: Vec<String> = Vec::new(),
        /// Origins of other pages that may use the API.
        allowed_origins: Vec<String> = Vec::new(),
        /// Reads worked on at a time, and half as many changes; more wait in a short queue, then get 503.
        max_concurrent_requests: Bounded<1, 10_000> = Bounded::new::<64>(),
        /// WebSockets open at a time.
        max_websockets: Bounded<1, 100_000> = Bounded::new::<256>(),
        /// Changes a client may ask for in the long run; 0 for as many as it likes.
        writes_per_second: Bounded<0, 100_000> = Bounded::new::<50>(),
        /// Changes it may ask for at once.
        write_burst: Bounded<1, 100_000> = Bounded::new::<300>(),
        /// Longest time a request may take.
        request_timeout_seconds: Bounded<1, 86_400> = Bounded::new::<300>(),
        /// A folder with the page; empty for the one built into the program.
        page_dir: PathBuf = PathBuf::new(),
        /// Origins from which the page in `page_dir` loads code, WebAssembly too, besides ours.
        page_sources: Vec<Origin> = Vec::new(),
    }
}

section! {
    /// `[media]`
    Media {
        /// Largest file of an upload.
        max_file_size_mb: Bounded<1, 65_536> = Bounded::new::<200>(),
        /// Uploads are refused when less of the disk than this would stay free.
        min_free_percent: Bounded<0, 90> = Bounded::new::<10>(),
        /// Resumable uploads that may be under way at a time.
        max_pending_uploads: Bounded<1, 10_000> = Bounded::new::<32>(),
        /// What they may come to, all together.
        max_pending_mb: Bounded<1, 1_048_576> = Bounded::new::<2000>(),
        /// A resumable upload to which nothing is added for this long is given up.
        upload_expiry_hours: Bounded<1, 8760> = Bounded::new::<24>(),
        /// How long what was deleted can be brought back, unless its room is needed.
        undo_seconds: Bounded<0, 86_400> = Bounded::new::<60>(),
        /// Longest time the device may take to convert an original.
        convert_timeout_seconds: Bounded<1, 86_400> = Bounded::new::<900>(),
    }
}

section! {
    /// `[playback]`
    PlaybackConfig {
        /// Passes of an animation before the next entry; 0 and less mean one.
        loop_count: i64 = 2,
        /// How long a still image is shown.
        static_image_duration_sec: Bounded<1, 86_400> = Bounded::new::<10>(),
        /// Whether the next entry follows by itself.
        auto_advance: bool = true,
        /// Whether a bar over the picture says how far an upload is.
        show_progress: bool = true,
    }
}

section! {
    /// `[panel]`
    PanelConfig {
        /// Which panel to drive.
        kind: PanelChoice = PanelChoice::Auto,
        /// What drives the SPI panel's lines.
        wire: WireChoice = WireChoice::Auto,
        /// The SPI device.
        spi_device: PathBuf = PathBuf::from("/dev/spidev0.0"),
        /// The GPIO chip the lines below are counted on; rppal has its own way to them and does not ask.
        gpio_chip: GpioChip = GpioChip::Auto,
        /// The line that tells commands from data (D/C); on a Raspberry Pi the BCM number.
        line_dc: Line = Line::new::<25>(),
        /// The line of the controller's reset.
        line_reset: Line = Line::new::<27>(),
        /// The line of the backlight.
        line_backlight: Line = Line::new::<18>(),
        /// Clock asked of the SPI controller; it takes the next it can make below.
        spi_speed_hz: Bounded<100_000, 125_000_000> = Bounded::new::<40_000_000>(),
        /// How the module is mounted.
        rotation: Rotation = Rotation::Deg270,
        /// Whether the glass is seen in a mirror, so that it shows left and right exchanged.
        mirror: bool = false,
        /// The framebuffer device.
        framebuffer: PathBuf = PathBuf::from("/dev/fb1"),
        /// What drives the light.
        backlight: BacklightChoice = BacklightChoice::Auto,
        /// The PWM channel that drives the light, like /sys/class/pwm/pwmchip0/pwm0; empty for the one that is known to drive
        /// its line on a Raspberry Pi.
        backlight_pwm: PathBuf = PathBuf::new(),
    }
}

section! {
    /// `[wifi]`
    Wifi {
        /// Whether networks are managed.
        manage: Manage = Manage::Auto,
    }
}

/// Which panel to drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PanelChoice {
    /// SPI if it is there, else the framebuffer if it is there, else simulated.
    Auto,
    /// The SPI panel.
    Ili9341,
    /// The framebuffer.
    Framebuffer,
    /// None: the picture is seen in the browser only.
    Simulated,
}

/// A line of a GPIO chip, by its offset.
pub type Line = Bounded<0, 1023>;

/// What drives the SPI panel's lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WireChoice {
    /// rppal on a Raspberry Pi it knows, spidev elsewhere.
    Auto,
    /// spidev, and the GPIO registers of a Raspberry Pi.
    Rppal,
    /// spidev and the GPIO character device, on any board.
    Spidev,
}

/// What drives the light.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BacklightChoice {
    /// Hardware PWM where it is connected to the light's line, else the line by itself; behind a framebuffer the kernel's
    /// own driver where there is one.
    Auto,
    /// Hardware PWM, else the line by itself.
    Pwm,
    /// The line by itself.
    Gpio,
    /// Nothing: the light is not ours.
    None,
}

/// Whether networks are managed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Manage {
    /// Where NetworkManager runs.
    Auto,
    /// Never.
    Off,
}

impl Media {
    /// Largest file of an upload, in bytes.
    #[must_use]
    pub fn max_file_bytes(&self) -> u64 {
        self.max_file_size_mb.get().saturating_mul(1_000_000)
    }
}

impl Config {
    /// Reads the file, if there is one, and then the environment of this process.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_here(path: &Path) -> Result<Self, Error> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::load(path, variables)
    }

    /// Reads the file, if there is one, and then the `LOOP_<SECTION>_<KEY>` variables.
    ///
    /// # Errors
    /// For anything in either that is not understood: a daemon must not start on half a configuration.
    pub fn load(
        path: &Path,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => {
                return Err(Error::Read {
                    path: path.to_owned(),
                    source,
                });
            }
        };
        env::overlay(Self::parse(&text, path)?, variables)
    }

    /// Reads the text of a file; `path` is for messages.
    ///
    /// # Errors
    /// With line and column.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        toml::from_str(text).map_err(|error| {
            let before = error
                .span()
                .and_then(|span| text.get(..span.start))
                .unwrap_or_default();
            let line_start = before.rfind('\n').map_or(0, |at| at + 1);
            Error::File {
                path: path.to_owned(),
                line: before.matches('\n').count() + 1,
                column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
                message: error.message().trim().to_owned(),
            }
        })
    }
}
