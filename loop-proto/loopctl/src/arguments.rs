//! What can be asked for, and with which words.

mod wifi;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use loop_proto::Slug;
use loop_proto::config::DEFAULT_FILE;
use loop_proto::message::{Colour, MessageText, MessageTime};

pub(crate) use wifi::{JoinWords, Wifi};

const AFTER: &str = "\
Exit codes: 0 done; 1 refused or failed, the message says why; 2 wrong usage or configuration; \
3 loop-hw is not there, does not answer or does not serve this user; 4 loop-hw is of another version.

loop-hw serves root, the user loop and the user it runs as: others use sudo. \
loop-web need not run.";

/// Controls LOOP's display: what plays, how bright it is, and what is on the glass.
#[derive(Debug, Parser)]
#[command(name = "loopctl", version, after_help = AFTER)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reach: Reach,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How loop-hw is reached.
#[derive(Args, Debug)]
pub(crate) struct Reach {
    /// The socket of loop-hw [default: as configured, LOOP_PATHS_SOCKET before the file]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// The configuration of the daemons, which names the socket
    #[arg(long, global = true, value_name = "FILE", default_value = DEFAULT_FILE)]
    pub(crate) config: PathBuf,
    /// How long to wait for an answer, like 5s or 500ms
    #[arg(long, global = true, value_name = "TIME", default_value = "15s", value_parser = humantime::parse_duration)]
    pub(crate) timeout: Duration,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tells what plays and how the display is
    Status {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Tells each change, line by line, until it is stopped
    Watch {
        /// The whole state as JSON after each change, one line each
        #[arg(long)]
        json: bool,
    },
    /// Goes on playing
    Play,
    /// Stops at the picture on the glass
    Pause,
    /// Pauses, or goes on when paused
    Toggle,
    /// Plays the next item
    Next,
    /// Plays the item before
    Previous,
    /// Plays this item of the loop
    Select {
        /// Its name, as `status --json` lists them
        slug: Slug,
    },
    /// Sets what comes after an item
    Repeat {
        /// The whole loop or the same item again
        what: RepeatWhat,
    },
    /// Sets the brightness, or tells it
    Brightness {
        /// In percent
        #[arg(value_parser = clap::value_parser!(u8).range(0..=100))]
        percent: Option<u8>,
    },
    /// Shows a message instead of the picture; playback goes on below it
    Message {
        /// Up to 200 characters; those that ISO 8859-15 lacks are shown as ?
        #[arg(required_unless_present = "clear")]
        text: Option<MessageText>,
        /// Until it goes by itself, 1s to 1h; without, it stays until it is cleared
        #[arg(long = "for", value_name = "TIME", value_parser = message_time)]
        time: Option<MessageTime>,
        /// Of the letters, like ff7f50
        #[arg(long = "color", value_name = "RRGGBB")]
        colour: Option<Colour>,
        /// Take the message away
        #[arg(long, conflicts_with_all = ["text", "time", "colour"])]
        clear: bool,
    },
    /// Saves what is on the glass as PNG
    Snapshot {
        /// Where to; - for the standard output
        file: PathBuf,
    },
    /// Tells the counters of loop-hw since it started
    Health {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Tells of WiFi, joins networks and forgets them
    Wifi {
        /// What to do [default: status]
        #[command(subcommand)]
        what: Option<Wifi>,
    },
    /// Prints a script that completes commands in a shell
    Completions {
        /// For this shell
        shell: Shell,
    },
    /// Prints the manual, for man
    Man {
        /// Write it into this folder instead, with a page for each command
        #[arg(long, value_name = "FOLDER")]
        dir: Option<PathBuf>,
    },
}

fn message_time(text: &str) -> Result<MessageTime, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    MessageTime::try_from(time).map_err(|error| error.to_string())
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RepeatWhat {
    /// The whole loop
    All,
    /// The same item
    One,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_description_of_the_commands_contradicts_itself_nowhere() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for words in [
            &["loopctl"][..],
            &["loopctl", "brightness", "101"],
            &["loopctl", "brightness", "-1"],
            &["loopctl", "select", "../etc"],
            &["loopctl", "repeat", "none"],
            &["loopctl", "message"],
            &["loopctl", "message", ""],
            &["loopctl", "message", "a\tb"],
            &["loopctl", "message", "a", "--for", "2h"],
            &["loopctl", "message", "a", "--color", "red"],
            &["loopctl", "message", "a", "--clear"],
            &["loopctl", "snapshot"],
            &["loopctl", "wifi", "connect"],
            &["loopctl", "wifi", "connect", ""],
            &["loopctl", "wifi", "connect", "Home", "a password"],
            &[
                "loopctl",
                "wifi",
                "connect",
                "a name of more than 32 characters",
            ],
            &["loopctl", "wifi", "forget"],
            &["loopctl", "status", "--timeout", "soon"],
        ] {
            assert!(Arguments::try_parse_from(words).is_err(), "{words:?}");
        }
    }
}
