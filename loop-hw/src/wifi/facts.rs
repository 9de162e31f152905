//! What NetworkManager's objects say, as far as it matters here: a copy that its signals keep up to date.

mod values;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{Ipv4Addr, Ipv6Addr};

use loop_proto::wifi::{Security, Ssid};
use zbus::OwnedVariant;

use super::names::{
    ACCESS_POINT, ACTIVE, CONNECTION, DEVICE, IP4_CONFIG, IP6_CONFIG, MANAGER, WIRELESS,
};
use super::security;
use values::{addresses, bytes, path, paths, take};

/// Where an object of NetworkManager is.
pub(crate) type Path = String;

/// Properties of one interface of an object, by name.
pub(crate) type Properties = HashMap<String, OwnedVariant>;

/// `NM_DEVICE_TYPE_WIFI`.
const WIFI: u32 = 2;
/// `NM_802_11_MODE_INFRA`.
const INFRASTRUCTURE: u32 = 2;

/// Steps of `NMDeviceState`; each is reached when the one before is done.
pub(crate) mod device_state {
    /// The last at which the device cannot be used.
    pub(crate) const UNAVAILABLE: u32 = 20;
    /// It begins.
    pub(crate) const PREPARE: u32 = 40;
    /// It turns to the access point.
    pub(crate) const CONFIG: u32 = 50;
    /// It needs the password, which may be known.
    pub(crate) const NEED_AUTH: u32 = 60;
    /// It asks for an address.
    pub(crate) const IP_CONFIG: u32 = 70;
    /// It is looked at whether all is well.
    pub(crate) const IP_CHECK: u32 = 80;
    /// It is connected.
    pub(crate) const ACTIVATED: u32 = 100;
}

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// The radio, by software and by a switch.
    pub(crate) radio: Radio,
    pub(crate) devices: BTreeMap<Path, Device>,
    pub(crate) access_points: BTreeMap<Path, AccessPoint>,
    pub(crate) profiles: BTreeMap<Path, Profile>,
    /// Profiles that go with the next restart; said apart from what else they say, and earlier.
    unsaved: BTreeSet<Path>,
    pub(crate) actives: BTreeMap<Path, Active>,
    pub(crate) ipv4: BTreeMap<Path, Vec<Ipv4Addr>>,
    pub(crate) ipv6: BTreeMap<Path, Vec<Ipv6Addr>>,
}

#[derive(Debug)]
pub(crate) struct Radio {
    pub(crate) wanted: bool,
    pub(crate) permitted: bool,
}

impl Default for Radio {
    fn default() -> Self {
        Self {
            wanted: true,
            permitted: true,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Device {
    kind: u32,
    pub(crate) state: u32,
    /// Whether it has shown the password since it began.
    pub(crate) authenticating: bool,
    pub(crate) interface: String,
    pub(crate) active: Path,
    pub(crate) ipv4: Path,
    pub(crate) ipv6: Path,
    pub(crate) access_points: Vec<Path>,
    pub(crate) access_point: Path,
    /// Changes with each scan.
    pub(crate) last_scan: i64,
}

#[derive(Debug, Default)]
pub(crate) struct AccessPoint {
    pub(crate) ssid: Vec<u8>,
    pub(crate) strength: u8,
    pub(crate) frequency_mhz: u32,
    mode: u32,
    flags: u32,
    wpa: u32,
    rsn: u32,
}

impl AccessPoint {
    /// Its name; `None` if it does not tell it, or belongs to no network of access points.
    pub(crate) fn ssid(&self) -> Option<Ssid> {
        // Who does not tell its name may give zeros for it.
        let is_told = self.mode == INFRASTRUCTURE && self.ssid.iter().any(|byte| *byte != 0);
        Ssid::try_from(self.ssid.clone()).ok().filter(|_| is_told)
    }

    pub(crate) fn security(&self) -> Security {
        security::of(self.flags, self.wpa, self.rsn)
    }
}

/// What the device knows how to join. Of other kinds than WiFi there are none here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    pub(crate) ssid: Ssid,
    pub(crate) autoconnect: bool,
    /// It goes with the next restart.
    pub(crate) unsaved: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Active {
    pub(crate) profile: Path,
}

impl Facts {
    /// Takes over what an object says of itself.
    pub(crate) fn take(&mut self, object: &str, interface: &str, properties: &Properties) {
        for (name, value) in properties {
            self.set(object, interface, name, value);
        }
    }

    /// Takes over what has changed of an object; nothing if it is not known (any more).
    pub(crate) fn change(&mut self, object: &str, interface: &str, properties: &Properties) {
        if interface == MANAGER || self.knows(object, interface) {
            self.take(object, interface, properties);
        }
    }

    /// An object, or a side of it, is no more.
    pub(crate) fn remove(&mut self, object: &str, interface: &str) {
        match interface {
            DEVICE => drop(self.devices.remove(object)),
            ACCESS_POINT => drop(self.access_points.remove(object)),
            ACTIVE => drop(self.actives.remove(object)),
            CONNECTION => {
                self.unsaved.remove(object);
                self.profiles.remove(object);
            }
            IP4_CONFIG => drop(self.ipv4.remove(object)),
            IP6_CONFIG => drop(self.ipv6.remove(object)),
            _ => {}
        }
    }

    /// The state of a device, which is also told by a signal of its own.
    pub(crate) fn set_state(&mut self, device: &str, state: u32) {
        let Some(device) = self.devices.get_mut(device) else {
            return;
        };
        device.state = state;
        device.authenticating = match state {
            device_state::NEED_AUTH => true,
            // Once the password is there it begins anew.
            device_state::PREPARE | device_state::CONFIG => device.authenticating,
            _ => false,
        };
    }

    /// What a profile says.
    pub(crate) fn set_profile(&mut self, path: Path, mut profile: Profile) {
        profile.unsaved = self.unsaved.contains(&path);
        self.profiles.insert(path, profile);
    }

    /// Forgets what is beyond so many of a kind, so that memory is bounded whatever is told.
    pub(crate) fn bound(&mut self, most: usize) {
        while self.access_points.len() > most && self.access_points.pop_last().is_some() {}
        while self.actives.len() > most && self.actives.pop_last().is_some() {}
        while self.profiles.len() > most && self.profiles.pop_last().is_some() {}
        while self.devices.len() > most && self.devices.pop_last().is_some() {}
        while self.ipv4.len() > most && self.ipv4.pop_last().is_some() {}
        while self.ipv6.len() > most && self.ipv6.pop_last().is_some() {}
    }

    /// The adapter that is used, of several one that can be used.
    pub(crate) fn adapter(&self) -> Option<(&Path, &Device)> {
        let adapters = self
            .devices
            .iter()
            .filter(|(_, device)| device.kind == WIFI);
        adapters.min_by_key(|(_, device)| {
            let is_usable = device.state > device_state::UNAVAILABLE;
            (!is_usable, &device.interface)
        })
    }

    /// The access points that an adapter hears, and their names.
    pub(crate) fn heard_by(
        &self,
        device: &Device,
    ) -> impl Iterator<Item = (&Path, Ssid, &AccessPoint)> {
        device.access_points.iter().filter_map(|path| {
            let (path, heard) = self.access_points.get_key_value(path)?;
            Some((path, heard.ssid()?, heard))
        })
    }

    /// Profiles of a network.
    pub(crate) fn profiles_of(&self, ssid: &Ssid) -> impl Iterator<Item = &Path> {
        let profiles = self.profiles.iter();
        profiles.filter_map(move |(path, profile)| (profile.ssid == *ssid).then_some(path))
    }

    /// The profile that a device uses, with where it is.
    pub(crate) fn profile_in_use(&self, device: &Device) -> Option<(&Path, &Profile)> {
        let active = self.actives.get(&device.active)?;
        self.profiles.get_key_value(&active.profile)
    }

    fn knows(&self, object: &str, interface: &str) -> bool {
        match interface {
            DEVICE | WIRELESS => self.devices.contains_key(object),
            ACCESS_POINT => self.access_points.contains_key(object),
            ACTIVE => self.actives.contains_key(object),
            CONNECTION => self.profiles.contains_key(object) || self.unsaved.contains(object),
            IP4_CONFIG => self.ipv4.contains_key(object),
            IP6_CONFIG => self.ipv6.contains_key(object),
            _ => false,
        }
    }

    fn set(&mut self, object: &str, interface: &str, name: &str, value: &OwnedVariant) {
        match interface {
            MANAGER => match name {
                "WirelessEnabled" => take(&mut self.radio.wanted, value),
                "WirelessHardwareEnabled" => take(&mut self.radio.permitted, value),
                _ => {}
            },
            DEVICE => self.set_device(object, name, value),
            WIRELESS => {
                let device = self.devices.entry(object.to_owned()).or_default();
                match name {
                    "AccessPoints" => device.access_points = paths(value),
                    "ActiveAccessPoint" => device.access_point = path(value),
                    "LastScan" => take(&mut device.last_scan, value),
                    _ => {}
                }
            }
            ACCESS_POINT => {
                let heard = self.access_points.entry(object.to_owned()).or_default();
                heard.set(name, value);
            }
            ACTIVE => {
                let active = self.actives.entry(object.to_owned()).or_default();
                if name == "Connection" {
                    active.profile = path(value);
                }
            }
            CONNECTION if name == "Unsaved" => self.set_unsaved(object, value),
            IP4_CONFIG if name == "AddressData" => {
                self.ipv4.insert(object.to_owned(), addresses(value));
            }
            IP6_CONFIG if name == "AddressData" => {
                self.ipv6.insert(object.to_owned(), addresses(value));
            }
            _ => {}
        }
    }

    fn set_unsaved(&mut self, object: &str, value: &OwnedVariant) {
        let mut unsaved = false;
        take(&mut unsaved, value);
        if unsaved {
            self.unsaved.insert(object.to_owned());
        } else {
            self.unsaved.remove(object);
        }
        if let Some(profile) = self.profiles.get_mut(object) {
            profile.unsaved = unsaved;
        }
    }

    fn set_device(&mut self, object: &str, name: &str, value: &OwnedVariant) {
        let device = self.devices.entry(object.to_owned()).or_default();
        match name {
            "DeviceType" => take(&mut device.kind, value),
            "Interface" => device.interface = values::text(value),
            "ActiveConnection" => device.active = path(value),
            "Ip4Config" => device.ipv4 = path(value),
            "Ip6Config" => device.ipv6 = path(value),
            "State" => {
                let mut state = device.state;
                take(&mut state, value);
                self.set_state(object, state);
            }
            _ => {}
        }
    }
}

impl AccessPoint {
    fn set(&mut self, name: &str, value: &OwnedVariant) {
        match name {
            "Ssid" => self.ssid = bytes(value),
            "Strength" => take(&mut self.strength, value),
            "Frequency" => take(&mut self.frequency_mhz, value),
            "Mode" => take(&mut self.mode, value),
            "Flags" => take(&mut self.flags, value),
            "WpaFlags" => take(&mut self.wpa, value),
            "RsnFlags" => take(&mut self.rsn, value),
            _ => {}
        }
    }
}
