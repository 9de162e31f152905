//! How both daemons start and stop: the same options, log, signals and exit codes.

mod log;
mod watchdog;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tokio::signal::unix::{Signal, SignalKind, signal};

pub use self::watchdog::prove_life;
use crate::config::{Config, DEFAULT_FILE};
pub use crate::fault::report;

/// Exit code of a daemon that refuses its options or its configuration.
const BAD_CONFIG: u8 = 2;

/// What `--help` and `--version` tell.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Of the program.
    pub name: &'static str,
    /// Of the program.
    pub version: &'static str,
    /// One sentence.
    pub purpose: &'static str,
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Run(PathBuf),
    CheckConfig(PathBuf),
    Help,
    Version,
}

/// Reads the command line and the configuration, starts the log and runs the daemon.
///
/// Exit code 0 after a graceful stop, 1 when `run` fails, 2 for bad options or a bad configuration.
pub fn launch<E: std::error::Error>(
    about: About,
    run: impl FnOnce(Config) -> Result<(), E>,
) -> ExitCode {
    match parse(std::env::args_os().skip(1)) {
        Err(error) => {
            complain(&format!("{}: {error}\nTry '{0} --help'.", about.name));
            ExitCode::from(BAD_CONFIG)
        }
        Ok(Request::Help) => say(&help(about)),
        Ok(Request::Version) => say(&format!("{} {}", about.name, about.version)),
        Ok(Request::CheckConfig(path)) => with_config(&path, |_| say(&checked(&path))),
        Ok(Request::Run(path)) => with_config(&path, |config| {
            log::start();
            match run(config) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    tracing::error!("{}", report(&error));
                    ExitCode::FAILURE
                }
            }
        }),
    }
}

/// The signals that ask a daemon to stop: SIGTERM and SIGINT.
#[derive(Debug)]
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Begins to catch them. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub fn catch() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Ends when one has come.
    pub async fn received(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Tells systemd that the daemon is ready. Without systemd there is nobody to tell.
pub fn tell_ready() {
    tell_systemd(sd_notify::NotifyState::Ready);
}

/// Tells systemd that the daemon is stopping.
pub fn tell_stopping() {
    tell_systemd(sd_notify::NotifyState::Stopping);
}

fn tell_systemd(state: sd_notify::NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!("systemd was not told: {error}");
    }
}

fn with_config(path: &Path, then: impl FnOnce(Config) -> ExitCode) -> ExitCode {
    match Config::load_here(path) {
        Ok(config) => then(config),
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(BAD_CONFIG)
        }
    }
}

/// What is told of a configuration without a fault.
fn checked(path: &Path) -> String {
    if path.exists() {
        format!("{}: the configuration is valid", path.display())
    } else {
        format!(
            "{}: there is no such file; the defaults are used, and they are valid",
            path.display()
        )
    }
}

fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Request, lexopt::Error> {
    use lexopt::prelude::{Long, Short};
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut path = PathBuf::from(DEFAULT_FILE);
    let mut check = false;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("config") => path = parser.value()?.into(),
            Long("check-config") => check = true,
            Long("version") | Short('V') => return Ok(Request::Version),
            Long("help") | Short('h') => return Ok(Request::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(if check {
        Request::CheckConfig(path)
    } else {
        Request::Run(path)
    })
}

fn help(about: About) -> String {
    format!(
        "{} {}: {}\n\n\
         Options:\n  \
         --config FILE    configuration (default {DEFAULT_FILE}; a missing file means defaults)\n  \
         --check-config   check the configuration and stop\n  \
         --version        print the version\n  \
         --help           print this\n\n\
         Any key of the configuration can be set by environment: LOOP_<SECTION>_<KEY>, e.g. LOOP_PANEL_KIND=simulated.\n\
         LOOP_LOG=error|warn|info|debug|trace sets how much is logged, to stderr, \
         and LOOP_LOG_FORMAT=text|json how.",
        about.name, about.version, about.purpose
    )
}

fn say(text: &str) -> ExitCode {
    use std::io::Write;
    match writeln!(std::io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(text: &str) {
    use std::io::Write;
    // With stderr closed there is nobody left to tell; the exit code remains.
    drop(writeln!(std::io::stderr(), "{text}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Request, String> {
        parse(arguments.iter().map(OsString::from)).map_err(|error| error.to_string())
    }

    #[test]
    fn options_are_understood() {
        assert_eq!(parsed(&[]), Ok(Request::Run(DEFAULT_FILE.into())));
        assert_eq!(parsed(&["--config=a"]), Ok(Request::Run("a".into())));
        assert_eq!(
            parsed(&["--check-config", "--config", "a"]),
            Ok(Request::CheckConfig("a".into()))
        );
    }

    #[test]
    fn a_file_that_is_not_there_is_not_called_valid() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let there = checked(&folder.join("Cargo.toml"));
        assert!(
            there.ends_with("Cargo.toml: the configuration is valid"),
            "{there}"
        );
        let missing = checked(&folder.join("loop.toml"));
        assert!(
            missing.contains("no such file; the defaults are used"),
            "{missing}"
        );
    }

    #[test]
    fn unknown_options_are_named() {
        assert!(parsed(&["--colour"]).unwrap_err().contains("--colour"));
    }
}
