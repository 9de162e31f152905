//! WiFi as people and scripts read it.

use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

use loop_proto::wifi::{
    Band, JoinStep, Joined, Link, Network, Saved, Security, Unavailable, WifiState,
};
use serde::Serialize;

use super::one_line;

/// The link and what is saved, in names of its own.
#[derive(Debug, Serialize)]
pub(crate) struct Status<'a> {
    state: &'static str,
    /// Why there is no WiFi.
    reason: Option<Unavailable>,
    /// How far joining is, and which network.
    step: Option<JoinStep>,
    joining: Option<String>,
    current: Option<Current<'a>>,
    saved: Vec<Known>,
}

#[derive(Debug, Serialize)]
struct Current<'a> {
    ssid: String,
    /// The name's bytes as hexadecimal digits, as not every name is text.
    id: String,
    signal: Option<u8>,
    band: Option<Band>,
    frequency_mhz: Option<u32>,
    security: Option<Security>,
    ipv4: Option<Ipv4Addr>,
    ipv6: Option<Ipv6Addr>,
    interface: &'a str,
    saved: bool,
}

#[derive(Debug, Serialize)]
struct Known {
    ssid: String,
    id: String,
    autoconnect: bool,
}

/// A network in reach.
#[derive(Debug, Serialize)]
pub(crate) struct InReach {
    ssid: String,
    id: String,
    signal: u8,
    security: Security,
    band: Option<Band>,
    frequency_mhz: u32,
    saved: bool,
}

impl<'a> Status<'a> {
    pub(crate) fn of(wifi: &'a WifiState) -> Self {
        let mut status = Self {
            state: "disconnected",
            reason: None,
            step: None,
            joining: None,
            current: None,
            saved: wifi.saved.iter().map(Known::of).collect(),
        };
        match &wifi.link {
            Link::Unavailable(reason) => {
                (status.state, status.reason) = ("unavailable", Some(*reason));
            }
            Link::Disconnected => {}
            Link::Connecting { ssid, step } => {
                status.state = "connecting";
                (status.step, status.joining) = (Some(*step), Some(ssid.shown()));
            }
            Link::Connected(joined) => {
                (status.state, status.current) = ("connected", Some(Current::of(joined)));
            }
        }
        status
    }
}

impl<'a> Current<'a> {
    fn of(joined: &'a Joined) -> Self {
        Self {
            ssid: joined.ssid.shown(),
            id: joined.ssid.id(),
            signal: joined.signal.map(|signal| signal.get()),
            band: joined.frequency_mhz.and_then(Band::of),
            frequency_mhz: joined.frequency_mhz,
            security: joined.security,
            ipv4: joined.ipv4,
            ipv6: joined.ipv6,
            interface: &joined.interface,
            saved: joined.saved,
        }
    }
}

impl Known {
    fn of(saved: &Saved) -> Self {
        Self {
            ssid: saved.ssid.shown(),
            id: saved.ssid.id(),
            autoconnect: saved.autoconnect,
        }
    }
}

/// For scripts.
pub(crate) fn list(networks: &[Network]) -> Vec<InReach> {
    let list = networks.iter().map(|network| InReach {
        ssid: network.ssid.shown(),
        id: network.ssid.id(),
        signal: network.signal.get(),
        security: network.security,
        band: Band::of(network.frequency_mhz),
        frequency_mhz: network.frequency_mhz,
        saved: network.saved,
    });
    list.collect()
}

/// A network a line. The name is the last: it may be of any width.
pub(crate) fn table(networks: &[Network]) -> String {
    if networks.is_empty() {
        return "no network is in reach\n".to_owned();
    }
    let mut text = "SIGNAL  SECURITY       BAND     SAVED  NETWORK\n".to_owned();
    for network in networks {
        let (signal, security) = (network.signal.get(), security(network.security));
        let band = Band::of(network.frequency_mhz).map_or("-", band);
        let (saved, name) = (if network.saved { "yes" } else { "-" }, &network.ssid);
        // Writing into a string cannot fail.
        writeln!(
            text,
            "{signal:>4} %  {security:<13}  {band:<7}  {saved:<5}  {name}"
        )
        .unwrap_or_default();
    }
    text
}

/// Several lines.
pub(crate) fn status(wifi: &WifiState) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        writeln!(text, "{name:<11}{value}").unwrap_or_default();
    };
    match &wifi.link {
        Link::Unavailable(reason) => line("link", &format!("none: {}", reason.sentence())),
        Link::Disconnected => line("link", "no network is joined"),
        Link::Connecting { ssid, step: at } => {
            line("link", &format!("joining: {}", step(*at)));
            line("network", &ssid.shown());
        }
        Link::Connected(joined) => {
            line(
                "link",
                &format!("joined by {}", one_line(&joined.interface)),
            );
            let kept = if joined.saved { "" } else { ", not saved" };
            line("network", &format!("{}{kept}", joined.ssid));
            let facts = [
                joined.signal.map(|signal| format!("{} %", signal.get())),
                joined
                    .frequency_mhz
                    .and_then(Band::of)
                    .map(|of| band(of).to_owned()),
                joined.security.map(|of| security(of).to_owned()),
            ];
            let facts: Vec<_> = facts.into_iter().flatten().collect();
            if !facts.is_empty() {
                line("signal", &facts.join(", "));
            }
            let addresses = [
                joined.ipv4.map(|address| address.to_string()),
                joined.ipv6.map(|address| address.to_string()),
            ];
            let addresses: Vec<_> = addresses.into_iter().flatten().collect();
            let none = addresses.is_empty().then_some("none yet");
            line("address", none.unwrap_or(&addresses.join(", ")));
        }
    }
    text
}

/// What is being done.
pub(crate) fn step(step: JoinStep) -> &'static str {
    match step {
        JoinStep::Searching => "looking for the network",
        JoinStep::Associating => "turning to the access point",
        JoinStep::Authenticating => "showing the password",
        JoinStep::GettingAddress => "asking for an address",
        JoinStep::Checking => "looking whether all is well",
    }
}

fn band(band: Band) -> &'static str {
    match band {
        Band::Ghz2 => "2.4 GHz",
        Band::Ghz5 => "5 GHz",
        Band::Ghz6 => "6 GHz",
    }
}

fn security(security: Security) -> &'static str {
    match security {
        Security::Open => "open",
        Security::EnhancedOpen => "enhanced open",
        Security::Wep => "WEP",
        Security::Wpa => "WPA",
        Security::Wpa2 => "WPA2",
        Security::Wpa3 => "WPA3",
        Security::Wpa2Wpa3 => "WPA2/WPA3",
        Security::Enterprise => "enterprise",
    }
}

#[cfg(test)]
mod tests;
