//! The configuration file both daemons read: one TOML file, every key with a default, unknown keys refused.

mod bounded;
mod device;
mod env;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use bounded::Bounded;
pub use device::GpioChip;

use crate::geometry::Rotation;

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
        /// Requests worked on at a time; more wait in a short queue, then get 503.
        max_concurrent_requests: Bounded<1, 10_000> = Bounded::new::<64>(),
        /// WebSockets open at a time.
        max_websockets: Bounded<1, 100_000> = Bounded::new::<256>(),
        /// Longest time a request may take.
        request_timeout_seconds: Bounded<1, 86_400> = Bounded::new::<300>(),
        /// A folder with the page; empty for the one built into the program.
        page_dir: PathBuf = PathBuf::new(),
    }
}

section! {
    /// `[media]`
    Media {
        /// Largest file of an upload.
        max_file_size_mb: Bounded<1, 65_536> = Bounded::new::<200>(),
        /// Uploads are refused when less of the disk than this would stay free.
        min_free_percent: Bounded<0, 90> = Bounded::new::<10>(),
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

impl Config {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("loop.toml")).map_err(|error| error.to_string())
    }

    fn overlay(name: &str, value: &str) -> Result<Config, String> {
        let variables = [(name.to_owned(), value.to_owned())].into_iter();
        env::overlay(Config::default(), variables).map_err(|error| error.to_string())
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(parse(""), Ok(Config::default()));
    }

    #[test]
    fn light_and_mirror_can_be_chosen() {
        let panel = parse("[panel]\nmirror = true\nbacklight = \"pwm\"\n")
            .unwrap()
            .panel;
        assert_eq!(
            (panel.mirror, panel.backlight),
            (true, BacklightChoice::Pwm)
        );
        let channel = overlay("LOOP_PANEL_BACKLIGHT_PWM", "/sys/class/pwm/pwmchip0/pwm1");
        assert_eq!(
            channel.unwrap().panel.backlight_pwm,
            Path::new("/sys/class/pwm/pwmchip0/pwm1")
        );
        assert!(parse("[panel]\nbacklight = \"sun\"\n").is_err());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place() {
        let message = parse("[web]\nmax_websockets = 3\n  colour = 1\n").unwrap_err();
        assert!(
            message.starts_with("loop.toml:3:3: unknown field `colour`"),
            "{message}"
        );
    }

    #[test]
    fn a_value_out_of_range_is_refused_with_its_place() {
        let message = parse("[panel]\nspi_speed_hz = 1\n").unwrap_err();
        assert!(
            message.starts_with("loop.toml:2:16: 1 is not within 100000..=125000000"),
            "{message}"
        );
        assert!(
            parse("[panel]\nrotation = 45\n")
                .unwrap_err()
                .contains("rotation 45")
        );
    }

    #[test]
    fn a_daemon_that_would_listen_nowhere_is_refused() {
        let message = parse("[web]\nlisten = []\n").unwrap_err();
        assert_eq!(message, "loop.toml:2:10: at least one entry is needed");
    }

    #[test]
    fn every_kind_of_key_can_be_set_by_environment() {
        assert_eq!(
            overlay("LOOP_WEB_LISTEN", "127.0.0.1:1,[::1]:2")
                .unwrap()
                .web
                .listen
                .len(),
            2
        );
        assert_eq!(
            overlay("LOOP_PATHS_DATA", "/x").unwrap().paths.data,
            Path::new("/x")
        );
        assert_eq!(
            overlay("LOOP_PANEL_KIND", "simulated").unwrap().panel.kind,
            PanelChoice::Simulated
        );
        assert_eq!(
            overlay("LOOP_PANEL_SPI_SPEED_HZ", "62500000")
                .unwrap()
                .panel
                .spi_speed_hz
                .get(),
            62_500_000
        );
        assert!(
            !overlay("LOOP_PLAYBACK_AUTO_ADVANCE", "false")
                .unwrap()
                .playback
                .auto_advance
        );
        assert_eq!(
            overlay("LOOP_PLAYBACK_LOOP_COUNT", "-1")
                .unwrap()
                .playback
                .loop_count,
            -1
        );
    }

    #[test]
    fn the_wire_and_its_lines_can_be_chosen() {
        let text = "[panel]\nwire = \"spidev\"\ngpio_chip = \"/dev/gpiochip4\"\nline_dc = 7\n";
        let panel = parse(text).unwrap().panel;
        assert_eq!(panel.wire, WireChoice::Spidev);
        assert_eq!(panel.gpio_chip, GpioChip::Path("/dev/gpiochip4".into()));
        assert_eq!((panel.line_dc.get(), panel.line_reset.get()), (7, 27));
        let chip = |value| overlay("LOOP_PANEL_GPIO_CHIP", value);
        assert_eq!(chip("auto").unwrap().panel.gpio_chip, GpioChip::Auto);
        assert!(chip("gpiochip0").unwrap_err().contains("from the root"));
        let message = parse("[panel]\nline_dc = 4000\n").unwrap_err();
        assert!(message.contains("4000 is not within 0..=1023"), "{message}");
    }

    #[test]
    fn a_bad_variable_is_named() {
        for (name, value) in [
            ("LOOP_PANEL_WIRE", "parallel"),
            ("LOOP_PANEL_LINE_RESET", "GPIO27"),
            ("LOOP_WEB_LISTEN", "nowhere"),
            ("LOOP_WEB_LISTEN", ""),
            ("LOOP_WEB_COLOUR", "1"),
            ("LOOP_PANEL_ROTATION", "1"),
            ("LOOP_PLAYBACK_AUTO_ADVANCE", "perhaps"),
        ] {
            let message = overlay(name, value).unwrap_err();
            assert!(message.contains(name), "{message}");
        }
    }

    #[test]
    fn other_variables_are_none_of_our_business() {
        assert_eq!(overlay("LOOP_LOG", "debug"), Ok(Config::default()));
        assert_eq!(overlay("HOME", "/root"), Ok(Config::default()));
    }
}
