//! How a network is to be joined, by what is in reach and what is saved; pure.

use std::collections::HashMap;

use loop_proto::wifi::{Join, JoinFault, Passphrase, Security, Ssid};
use zbus::Variant;

use super::facts::{Device, Facts, Path, device_state};

/// A new profile, in the groups and words of NetworkManager.
pub(crate) type Settings = HashMap<&'static str, HashMap<&'static str, Variant<'static>>>;

/// What to ask of NetworkManager.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Aim {
    pub(crate) device: Path,
    /// `None` to look for it by its name.
    pub(crate) access_point: Option<Path>,
    pub(crate) way: Way,
    pub(crate) ssid: Ssid,
    /// The profile of the network that is joined now.
    pub(crate) before: Option<Path>,
}

/// By which profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// One that is there.
    Saved(Path),
    /// One that is made, and replaces those that are there when it has proved right.
    New {
        key: Key,
        hidden: bool,
        replaced: Vec<Path>,
    },
}

/// What is shown to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Nothing,
    /// Nothing, and nobody can listen.
    Exchanged,
    Psk(Passphrase),
    Sae(Passphrase),
}

/// Why nothing is asked of NetworkManager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// Another look around may find it.
    NotHeard,
    /// It cannot be.
    Never(JoinFault),
}

/// How to join with this adapter.
pub(crate) fn aim(facts: &Facts, at: (&Path, &Device), join: &Join) -> Result<Aim, Miss> {
    let (path, device) = at;
    let heard = facts
        .heard_by(device)
        .filter(|(_, ssid, _)| *ssid == join.ssid);
    let mut heard: Vec<_> = heard.map(|(path, _, heard)| (path, heard)).collect();
    heard.sort_by_key(|(_, heard)| std::cmp::Reverse(heard.strength));
    let strongest = |fits: &dyn Fn(Security) -> bool| {
        let found = heard.iter().find(|(_, heard)| fits(heard.security()));
        found.map(|(path, heard)| ((*path).clone(), heard.security()))
    };
    let is_joined = device.state == device_state::ACTIVATED;
    let before = facts.profile_in_use(device).filter(|_| is_joined);
    let before = before.map(|(path, _)| path.clone());
    let with = |access_point: Option<Path>, way| Aim {
        device: path.clone(),
        access_point,
        way,
        ssid: join.ssid.clone(),
        before: before.clone(),
    };
    let new = |key| Way::New {
        key,
        hidden: heard.is_empty(),
        replaced: facts.profiles_of(&join.ssid).cloned().collect(),
    };
    let saved = facts.profiles_of(&join.ssid).next();
    let any = strongest(&|_| true);
    match (&join.passphrase, saved, any) {
        (_, _, None) if !join.hidden => Err(Miss::NotHeard),
        (None, Some(saved), any) => Ok(with(any.map(|(path, _)| path), Way::Saved(saved.clone()))),
        (Some(passphrase), _, None) => Ok(with(None, new(Key::Psk(passphrase.clone())))),
        (None, None, None) => Ok(with(None, new(Key::Nothing))),
        (Some(passphrase), _, Some((_, other))) => match strongest(&Security::takes_password) {
            Some((path, security)) => Ok(with(Some(path), new(Key::of(security, passphrase)))),
            None if other.takes_nothing() => Err(Miss::Never(JoinFault::NoPasswordTaken)),
            None => Err(Miss::Never(JoinFault::NotSupported)),
        },
        (None, None, Some((_, other))) => match strongest(&Security::takes_nothing) {
            Some((path, Security::EnhancedOpen)) => Ok(with(Some(path), new(Key::Exchanged))),
            Some((path, _)) => Ok(with(Some(path), new(Key::Nothing))),
            None if other.takes_password() => Err(Miss::Never(JoinFault::PasswordNeeded)),
            None => Err(Miss::Never(JoinFault::NotSupported)),
        },
    }
}

impl Key {
    fn of(security: Security, passphrase: &Passphrase) -> Self {
        match security {
            Security::Wpa3 => Self::Sae(passphrase.clone()),
            // Where both ways are open NetworkManager takes the better one that the adapter knows.
            _ => Self::Psk(passphrase.clone()),
        }
    }

    /// What the password is for, by NetworkManager's word; the word is nothing for the profile of an open network.
    fn management(&self) -> Option<(&'static str, Option<&Passphrase>)> {
        match self {
            Self::Nothing => None,
            Self::Exchanged => Some(("owe", None)),
            Self::Psk(passphrase) => Some(("wpa-psk", Some(passphrase))),
            Self::Sae(passphrase) => Some(("sae", Some(passphrase))),
        }
    }
}

/// The profile of a network that is new here. NetworkManager adds what it takes besides.
pub(crate) fn settings(ssid: &Ssid, key: &Key, hidden: bool) -> Settings {
    let connection = HashMap::from([
        ("id", Variant::from(ssid.shown())),
        ("type", "802-11-wireless".into()),
        ("autoconnect", true.into()),
        // For ever: routers restart, too.
        ("autoconnect-retries", 0_i32.into()),
    ]);
    let wireless = HashMap::from([
        ("ssid", Variant::from(ssid.as_bytes().to_vec())),
        ("mode", "infrastructure".into()),
        ("hidden", hidden.into()),
    ]);
    let automatic = || HashMap::from([("method", Variant::from("auto"))]);
    let mut settings = HashMap::from([
        ("connection", connection),
        ("802-11-wireless", wireless),
        ("ipv4", automatic()),
        ("ipv6", automatic()),
    ]);
    if let Some((management, passphrase)) = key.management() {
        let mut security = HashMap::from([("key-mgmt", Variant::from(management))]);
        if let Some(passphrase) = passphrase {
            security.insert("psk", passphrase.reveal().to_owned().into());
        }
        settings.insert("802-11-wireless-security", security);
    }
    settings
}
