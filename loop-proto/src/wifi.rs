//! Networks without a cable: what is in reach, what is joined, and how joining goes.

mod ssid;

use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use crate::units::Percent;

pub use ssid::{Passphrase, PassphraseError, Ssid, SsidError};

/// Most networks in reach that are told of; the strongest.
pub const MAX_NETWORKS: usize = 64;

/// Most profiles that are told of.
pub const MAX_SAVED: usize = 64;

/// What is known of WiFi.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WifiState {
    /// Whether a network is joined.
    pub link: Link,
    /// What is in reach, the strongest first, each name and security once. Hidden ones are left out.
    pub networks: Vec<Network>,
    /// What the device knows how to join.
    pub saved: Vec<Saved>,
    /// The last attempt to join that somebody asked for; `None` before the first.
    pub attempt: Option<Attempt>,
}

impl WifiState {
    /// Without WiFi, for this reason.
    #[must_use]
    pub const fn unavailable(reason: Unavailable) -> Self {
        Self {
            link: Link::Unavailable(reason),
            networks: Vec::new(),
            saved: Vec::new(),
            attempt: None,
        }
    }
}

/// Whether a network is joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// There is no WiFi to use.
    Unavailable(Unavailable),
    /// None is.
    Disconnected,
    /// One is about to be, at this device's own initiative or at somebody's request.
    Connecting {
        /// The network.
        ssid: Ssid,
        /// How far it is.
        step: JoinStep,
    },
    /// This one is.
    Connected(Box<Joined>),
}

/// Why there is no WiFi.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unavailable {
    /// Nobody has looked yet.
    Starting,
    /// The configuration has it so.
    Off,
    /// NetworkManager does not run, or there is no system bus to reach it by.
    NoNetworkManager,
    /// NetworkManager knows of no WiFi adapter.
    NoAdapter,
    /// The radio is switched off.
    RadioOff,
    /// What follows NetworkManager in loop-hw has ended.
    Failed,
    /// NetworkManager was told to leave the adapter alone, or it is not ready.
    NotManaged,
}

impl Unavailable {
    /// A sentence for the user: what is wrong and what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Starting => "WiFi is not known yet; try again in a moment",
            Self::Off => {
                "WiFi is not managed by LOOP: set `manage = \"auto\"` below `[wifi]` in loop.toml"
            }
            Self::NoNetworkManager => {
                "NetworkManager does not run on this device: install and start it to use WiFi"
            }
            Self::NoAdapter => "there is no WiFi adapter",
            Self::RadioOff => {
                "the WiFi radio is switched off: switch it on with `nmcli radio wifi on`"
            }
            Self::Failed => {
                "LOOP does not follow WiFi any more: restart it with `systemctl restart loop-hw`"
            }
            Self::NotManaged => {
                "NetworkManager does not use the WiFi adapter: its driver may be missing, or its configuration leaves it out"
            }
        }
    }
}

/// How far joining is.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinStep {
    /// The network is looked for.
    Searching,
    /// The adapter turns to the access point.
    Associating,
    /// The password is shown to be known.
    Authenticating,
    /// The network is asked for an address.
    GettingAddress,
    /// It is looked at whether all is well.
    Checking,
}

/// The network that is joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// Its name.
    pub ssid: Ssid,
    /// How well it is heard; `None` while the adapter does not say.
    pub signal: Option<Percent>,
    /// In megahertz; `None` while the adapter does not say.
    pub frequency_mhz: Option<u32>,
    /// How it is protected; `None` while the adapter does not say.
    pub security: Option<Security>,
    /// This device's address in it.
    pub ipv4: Option<Ipv4Addr>,
    /// The same, by IPv6: one that is valid beyond the link if there is one.
    pub ipv6: Option<Ipv6Addr>,
    /// The adapter, as the kernel calls it.
    pub interface: String,
    /// Whether it will be joined again after a restart.
    pub saved: bool,
}

/// A network in reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its name.
    pub ssid: Ssid,
    /// How it is protected.
    pub security: Security,
    /// Of its strongest access point.
    pub signal: Percent,
    /// Of the same, in megahertz.
    pub frequency_mhz: u32,
    /// Whether the device knows how to join it.
    pub saved: bool,
}

/// A network the device knows how to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// Its name.
    pub ssid: Ssid,
    /// Whether it is joined without being asked for.
    pub autoconnect: bool,
}

/// How a network is protected.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// Not at all.
    Open,
    /// Without a password, yet nobody can listen (OWE).
    EnhancedOpen,
    /// By WEP, which protects from nobody.
    Wep,
    /// By a password, as of 2003.
    Wpa,
    /// By a password.
    Wpa2,
    /// By a password, in a way that keeps it from being guessed (SAE).
    Wpa3,
    /// Either, as the device likes.
    Wpa2Wpa3,
    /// By accounts.
    Enterprise,
}

impl Security {
    /// Whether a password is what it takes to join.
    #[must_use]
    pub const fn takes_password(self) -> bool {
        matches!(self, Self::Wpa | Self::Wpa2 | Self::Wpa3 | Self::Wpa2Wpa3)
    }

    /// Whether nothing at all is what it takes.
    #[must_use]
    pub const fn takes_nothing(self) -> bool {
        matches!(self, Self::Open | Self::EnhancedOpen)
    }
}

/// A part of the spectrum.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Band {
    /// Far and slow.
    #[serde(rename = "2.4 GHz")]
    Ghz2,
    /// Nearer and faster.
    #[serde(rename = "5 GHz")]
    Ghz5,
    /// Nearest and fastest.
    #[serde(rename = "6 GHz")]
    Ghz6,
}

impl Band {
    /// The one a frequency in megahertz is in; `None` if that is none of WiFi's.
    #[must_use]
    pub const fn of(frequency_mhz: u32) -> Option<Self> {
        match frequency_mhz {
            2_400..=2_500 => Some(Self::Ghz2),
            4_900..=5_924 => Some(Self::Ghz5),
            5_925..=7_125 => Some(Self::Ghz6),
            _ => None,
        }
    }
}

/// Which network to join.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Join {
    /// Its name.
    pub ssid: Ssid,
    /// `None` for a network without one, or one that is saved.
    pub passphrase: Option<Passphrase>,
    /// Whether it does not tell its name, and has to be called by it.
    pub hidden: bool,
}

/// Numbers the attempts to join since loop-hw started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AttemptId(pub u64);

/// An attempt to join that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Which one.
    pub id: AttemptId,
    /// The network.
    pub ssid: Ssid,
    /// How it goes, or went.
    pub course: Course,
}

/// How an attempt goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Course {
    /// It is on its way.
    Trying(JoinStep),
    /// The network is joined, and saved.
    Succeeded,
    /// It is not; everything is as it was before.
    Failed(JoinFault),
}

/// Why a network was not joined.
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinFault {
    /// The password is not the network's.
    WrongPassword,
    /// The network asks for a password, and none was given.
    PasswordNeeded,
    /// The network is open to everybody, and a password was given.
    NoPasswordTaken,
    /// No network of that name is in reach.
    NotInReach,
    /// It is protected in a way that takes more than a password.
    NotSupported,
    /// The access point does not answer.
    NoAnswer,
    /// The network gives no address.
    NoAddress,
    /// It took too long.
    TimedOut,
    /// Something else was asked of the adapter meanwhile.
    Interrupted,
    /// The adapter, its driver or NetworkManager is gone or refuses.
    Refused,
}

impl JoinFault {
    /// A sentence for the user: what is wrong and what to do.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::WrongPassword => "the password is wrong: check it and try again",
            Self::PasswordNeeded => "this network asks for a password",
            Self::NoPasswordTaken => {
                "this network is open to everybody: join it without a password, or look whether it is the right one"
            }
            Self::NotInReach => {
                "no network of that name is in reach: go nearer, or say that it is hidden if it does not tell its name"
            }
            Self::NotSupported => {
                "this network takes more than a password, or has a protection that is broken: set it up on the device with `nmtui`"
            }
            Self::NoAnswer => "the access point does not answer: go nearer and try again",
            Self::NoAddress => {
                "the network gives no address: look whether its router is well, then try again"
            }
            Self::TimedOut => "it took too long: go nearer and try again",
            Self::Interrupted => "something else was asked of WiFi meanwhile: try again",
            Self::Refused => "NetworkManager refuses; the log of loop-hw has its reason",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_band_ends_where_the_next_begins() {
        let bands = [2_412, 2_484, 5_180, 5_885, 5_925, 5_955, 7_115].map(Band::of);
        let [two, five, six] = [Band::Ghz2, Band::Ghz5, Band::Ghz6].map(Some);
        assert_eq!(bands, [two, two, five, five, six, six, six]);
        assert_eq!([0, 900, 60_480].map(Band::of), [None; 3]);
    }
}
