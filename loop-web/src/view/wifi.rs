//! WiFi as clients see it: a few facts in the words of the original, and all there is to know in our own.

use loop_proto::wifi::{
    Attempt, Band, Course, JoinFault, JoinStep, Joined, Link, Network, Saved, Security, Ssid,
    Unavailable, WifiState,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::always_null;

/// Whether the device is in a network, in the words of the original.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct WifiStatus {
    connected: bool,
    /// This version opens no network of its own.
    hotspot_active: bool,
    current_ssid: Option<String>,
    ip_address: Option<String>,
    /// The network that is joined without being asked for.
    configured_ssid: Option<String>,
    #[schema(schema_with = always_null)]
    hotspot_ssid: (),
    /// In percent.
    signal_strength: Option<String>,
    network_info: NetworkInfo,
    interface: Option<String>,
    state: LinkName,
    /// Why there is no WiFi, for people.
    reason: Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct NetworkInfo {
    ssid: Option<String>,
    ip_address: Option<String>,
    signal_strength: Option<String>,
    connected: bool,
    interface: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum LinkName {
    Unavailable,
    Disconnected,
    Connecting,
    Connected,
}

impl WifiStatus {
    /// Of this state.
    #[must_use]
    pub(crate) fn new(wifi: &WifiState) -> Self {
        let joined = joined(&wifi.link);
        let ssid = joined.map(|joined| joined.ssid.shown());
        let ip_address = joined.and_then(address);
        let signal = joined.and_then(|joined| joined.signal);
        let signal_strength = signal.map(|signal| signal.get().to_string());
        let interface = joined.map(|joined| joined.interface.clone());
        let kept = joined.filter(|joined| joined.saved);
        let configured = kept.map(|joined| &joined.ssid).or_else(|| {
            let mut saved = wifi.saved.iter();
            saved
                .find(|saved| saved.autoconnect)
                .map(|saved| &saved.ssid)
        });
        Self {
            connected: joined.is_some(),
            hotspot_active: false,
            current_ssid: ssid.clone(),
            ip_address: ip_address.clone(),
            configured_ssid: configured.map(Ssid::shown),
            hotspot_ssid: (),
            signal_strength: signal_strength.clone(),
            network_info: NetworkInfo {
                ssid,
                ip_address,
                signal_strength,
                connected: joined.is_some(),
                interface: interface.clone(),
            },
            interface,
            state: LinkName::of(&wifi.link),
            reason: unavailable(&wifi.link).map(Unavailable::sentence),
        }
    }
}

/// All that is known of WiFi.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Wifi {
    state: LinkName,
    /// Why there is no WiFi, for programs.
    reason: Option<Unavailable>,
    /// The same, for people.
    message: Option<&'static str>,
    /// How far joining a network is.
    step: Option<JoinStep>,
    /// The network that is about to be joined.
    joining: Option<NetworkName>,
    current: Option<CurrentNetwork>,
    /// In reach, the strongest first.
    networks: Vec<NetworkInReach>,
    saved: Vec<SavedNetwork>,
    /// The last attempt to join that somebody asked for.
    attempt: Option<JoinAttempt>,
}

/// The name of a network.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NetworkName {
    /// For people; not every name is text.
    ssid: String,
    /// The same for programs: its bytes as hexadecimal digits.
    #[schema(pattern = "^([0-9a-f]{2}){1,32}$")]
    id: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct CurrentNetwork {
    ssid: String,
    id: String,
    #[schema(maximum = 100)]
    signal: Option<u8>,
    band: Option<Band>,
    frequency_mhz: Option<u32>,
    security: Option<Security>,
    ipv4: Option<String>,
    ipv6: Option<String>,
    interface: String,
    /// Whether it will be joined again after a restart.
    saved: bool,
}

/// A network in reach.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NetworkInReach {
    ssid: String,
    id: String,
    /// In percent.
    #[schema(maximum = 100)]
    signal: u8,
    /// Whether it takes a password or an account.
    secured: bool,
    security: Security,
    band: Option<Band>,
    frequency_mhz: u32,
    /// Whether the device knows how to join it.
    saved: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct SavedNetwork {
    ssid: String,
    id: String,
    /// Whether it is joined without being asked for.
    autoconnect: bool,
    in_reach: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct JoinAttempt {
    /// Counts since the display has started.
    number: u64,
    ssid: String,
    id: String,
    state: AttemptState,
    step: Option<JoinStep>,
    /// Why it has failed, for programs.
    fault: Option<JoinFault>,
    /// The same, for people.
    message: Option<&'static str>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum AttemptState {
    Trying,
    Succeeded,
    Failed,
}

impl Wifi {
    /// Of this state.
    #[must_use]
    pub(crate) fn new(wifi: &WifiState) -> Self {
        let reason = unavailable(&wifi.link);
        let (step, joining) = match &wifi.link {
            Link::Connecting { ssid, step } => (Some(*step), Some(NetworkName::of(ssid))),
            _ => (None, None),
        };
        let in_reach = |ssid: &Ssid| wifi.networks.iter().any(|network| network.ssid == *ssid);
        let saved = wifi
            .saved
            .iter()
            .map(|saved| SavedNetwork::of(saved, in_reach(&saved.ssid)));
        Self {
            state: LinkName::of(&wifi.link),
            reason,
            message: reason.map(Unavailable::sentence),
            step,
            joining,
            current: joined(&wifi.link).map(CurrentNetwork::of),
            networks: wifi.networks.iter().map(NetworkInReach::of).collect(),
            saved: saved.collect(),
            attempt: wifi.attempt.as_ref().map(JoinAttempt::of),
        }
    }
}

impl LinkName {
    fn of(link: &Link) -> Self {
        match link {
            Link::Unavailable(_) => Self::Unavailable,
            Link::Disconnected => Self::Disconnected,
            Link::Connecting { .. } => Self::Connecting,
            Link::Connected(_) => Self::Connected,
        }
    }
}

impl NetworkName {
    fn of(ssid: &Ssid) -> Self {
        Self {
            ssid: ssid.shown(),
            id: ssid.id(),
        }
    }
}

impl CurrentNetwork {
    fn of(joined: &Joined) -> Self {
        Self {
            ssid: joined.ssid.shown(),
            id: joined.ssid.id(),
            signal: joined.signal.map(|signal| signal.get()),
            band: joined.frequency_mhz.and_then(Band::of),
            frequency_mhz: joined.frequency_mhz,
            security: joined.security,
            ipv4: joined.ipv4.map(|ip| ip.to_string()),
            ipv6: joined.ipv6.map(|ip| ip.to_string()),
            interface: joined.interface.clone(),
            saved: joined.saved,
        }
    }
}

impl NetworkInReach {
    /// Of this network.
    #[must_use]
    pub(crate) fn of(network: &Network) -> Self {
        Self {
            ssid: network.ssid.shown(),
            id: network.ssid.id(),
            signal: network.signal.get(),
            secured: !network.security.takes_nothing(),
            security: network.security,
            band: Band::of(network.frequency_mhz),
            frequency_mhz: network.frequency_mhz,
            saved: network.saved,
        }
    }
}

impl SavedNetwork {
    fn of(saved: &Saved, in_reach: bool) -> Self {
        Self {
            ssid: saved.ssid.shown(),
            id: saved.ssid.id(),
            autoconnect: saved.autoconnect,
            in_reach,
        }
    }
}

impl JoinAttempt {
    fn of(attempt: &Attempt) -> Self {
        let (state, step, fault) = match attempt.course {
            Course::Trying(step) => (AttemptState::Trying, Some(step), None),
            Course::Succeeded => (AttemptState::Succeeded, None, None),
            Course::Failed(fault) => (AttemptState::Failed, None, Some(fault)),
        };
        Self {
            number: attempt.id.0,
            ssid: attempt.ssid.shown(),
            id: attempt.ssid.id(),
            state,
            step,
            fault,
            message: fault.map(JoinFault::sentence),
        }
    }
}

fn joined(link: &Link) -> Option<&Joined> {
    match link {
        Link::Connected(joined) => Some(joined),
        _ => None,
    }
}

fn unavailable(link: &Link) -> Option<Unavailable> {
    match link {
        Link::Unavailable(reason) => Some(*reason),
        _ => None,
    }
}

fn address(joined: &Joined) -> Option<String> {
    let four = joined.ipv4.map(|ip| ip.to_string());
    four.or_else(|| joined.ipv6.map(|ip| ip.to_string()))
}
