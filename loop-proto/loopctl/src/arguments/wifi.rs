//! The words about WiFi.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Subcommand};
use loop_proto::wifi::{Ssid, SsidError};

#[derive(Debug, Subcommand)]
pub(crate) enum Wifi {
    /// Tells whether a network is joined, how well it is heard and the address in it
    Status {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Looks for networks and lists them, the strongest first
    Scan {
        /// As JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Joins a network, tells each step and saves it; in vain, all is as it was before
    ///
    /// The password is asked for, or is the first line of the standard input if that is no terminal. Without one, a
    /// network is joined that is open or saved.
    Connect(JoinWords),
    /// Forgets how to join a network, and leaves it
    Forget {
        /// Its name
        #[arg(value_parser = network_name())]
        ssid: Ssid,
    },
}

impl Default for Wifi {
    fn default() -> Self {
        Self::Status { json: false }
    }
}

/// Which network to join. Its password is not among the words: everybody on the device can read those.
#[derive(Args, Debug)]
pub(crate) struct JoinWords {
    /// Its name
    #[arg(value_parser = network_name())]
    pub(crate) ssid: Ssid,
    /// It does not tell its name
    #[arg(long)]
    pub(crate) hidden: bool,
    /// It takes no password, so that none is asked for or read
    #[arg(long)]
    pub(crate) open: bool,
}

/// Not every name is text.
fn network_name() -> impl TypedValueParser<Value = Ssid> {
    OsStringValueParser::new()
        .try_map(|name: OsString| -> Result<Ssid, SsidError> { name.into_vec().try_into() })
}
