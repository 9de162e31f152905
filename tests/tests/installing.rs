//! What is installed beside the programs: the settings' file, and what readies a Raspberry Pi.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use loop_proto::config::Config;
use tempfile::TempDir;

const CONFIG: &str = "\
# For more options and information see
dtparam=audio=on
camera_auto_detect=1

[cm4]
otg_mode=1
dtparam=spi=on

[all]
";
const CMDLINE: &str =
    "console=tty1 root=PARTUUID=1234-02 rootfstype=ext4 fsck.repair=yes rootwait\n";

fn shipped(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    root.join("systemd").join(name)
}

/// The boot folder of a Raspberry Pi.
struct Pi(TempDir);

impl Pi {
    fn new(config: &str, cmdline: &str) -> Self {
        let pi = Self(TempDir::new().unwrap());
        std::fs::create_dir_all(pi.boot("")).unwrap();
        std::fs::write(pi.boot("config.txt"), config).unwrap();
        std::fs::write(pi.boot("cmdline.txt"), cmdline).unwrap();
        pi
    }

    fn boot(&self, name: &str) -> PathBuf {
        self.0.path().join("boot/firmware").join(name)
    }

    fn files(&self) -> (String, String) {
        let read = |name| std::fs::read_to_string(self.boot(name)).unwrap();
        (read("config.txt"), read("cmdline.txt"))
    }

    /// Nobody is there to answer.
    fn setup(&self, options: &[&str]) -> Output {
        let mut setup = Command::new(shipped("loop-setup"));
        setup.arg("--root").arg(self.0.path()).args(options);
        setup.stdin(std::process::Stdio::null()).output().unwrap()
    }

    fn must(&self, options: &[&str]) -> String {
        let done = self.setup(options);
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    }
}

/// The lines in the section of our own.
fn ours(config: &str) -> Vec<&str> {
    let lines = config.lines();
    let inside = lines.skip_while(|line| !line.starts_with("# LOOP: begin"));
    inside
        .skip(1)
        .take_while(|line| *line != "# LOOP: end")
        .collect()
}

#[test]
fn the_settings_that_are_shipped_are_the_defaults() {
    let text = std::fs::read_to_string(shipped("loop.toml")).unwrap();
    let file = Path::new("loop.toml");
    assert_eq!(Config::parse(&text, file).unwrap(), Config::default());
    let is_setting = |line: &str| {
        let name = line.strip_prefix('#')?;
        name.starts_with(|first: char| first.is_ascii_lowercase())
            .then_some(name.to_owned())
    };
    let set: Vec<_> = text
        .lines()
        .map(|line| is_setting(line).unwrap_or_else(|| line.to_owned()))
        .collect();
    assert_eq!(
        Config::parse(&set.join("\n"), file).unwrap(),
        Config::default()
    );
    assert!(set.iter().filter(|line| line.contains(" = ")).count() > 20);
}

#[test]
fn a_pi_is_told_what_will_change_and_nothing_changes_unasked() {
    let pi = Pi::new(CONFIG, CMDLINE);
    let done = pi.setup(&[]);
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stdout).unwrap();
    for change in ["+dtparam=spi=on", "+dtoverlay=pwm", "spidev.bufsiz=262144"] {
        assert!(said.contains(change), "{said}");
    }
    assert_eq!(pi.files(), (CONFIG.to_owned(), CMDLINE.to_owned()));
}

#[test]
fn a_pi_is_readied_once_and_can_be_left_as_it_was() {
    let pi = Pi::new(CONFIG, CMDLINE);
    pi.must(&["--yes"]);
    let (config, cmdline) = pi.files();
    // SPI is on for another board only.
    assert!(ours(&config).starts_with(&["[all]", "dtparam=spi=on", "dtoverlay=pwm"]));
    assert!(!config.contains("core_freq"));
    assert_eq!(
        cmdline,
        format!("{} spidev.bufsiz=262144\n", CMDLINE.trim_end())
    );

    assert!(pi.must(&["--yes"]).contains("Nothing to change"));
    assert_eq!(pi.files(), (config, cmdline));
    pi.must(&["--yes", "--pin-core-clock"]);
    assert!(ours(&pi.files().0).contains(&"core_freq=400"));

    pi.must(&["--yes", "--uninstall"]);
    assert_eq!(pi.files(), (CONFIG.to_owned(), CMDLINE.to_owned()));
}

#[test]
fn what_somebody_else_has_set_stays_through_all() {
    let config = "dtparam=i2c=on,spi=on\ndtoverlay=pwm,pin=18\ncore_freq=500";
    let cmdline = "root=/dev/sda spidev.bufsiz=65536 rootwait";
    let pi = Pi::new(config, cmdline);
    for options in [
        ["--yes", "--pin-core-clock"].as_slice(),
        &["--yes", "--uninstall"],
    ] {
        assert!(pi.must(options).contains("Nothing to change"));
        assert_eq!(pi.files(), (config.to_owned(), cmdline.to_owned()));
    }
}

#[test]
fn a_last_line_without_an_end_stays_a_line_of_its_own() {
    let pi = Pi::new("dtparam=audio=on", CMDLINE);
    pi.must(&["--yes"]);
    let (config, _) = pi.files();
    assert!(
        config.starts_with("dtparam=audio=on\n# LOOP: begin"),
        "{config}"
    );
}

#[test]
fn where_there_is_no_pi_it_says_so() {
    let empty = TempDir::new().unwrap();
    let mut setup = Command::new(shipped("loop-setup"));
    let done = setup.arg("--root").arg(empty.path()).output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(
        String::from_utf8(done.stderr)
            .unwrap()
            .contains("config.txt")
    );
}
