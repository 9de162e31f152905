//! From properties, as NetworkManager gives them, to what clients see and to what is asked of it.

mod aiming;

use std::collections::HashMap;

use loop_proto::wifi::{
    JoinStep, Link, MAX_NETWORKS, Saved, Security, Ssid, Unavailable, WifiState,
};
use proptest::prelude::*;
use zbus::{ObjectPath, OwnedVariant, Variant};

use super::facts::{Facts, Profile, Properties};
use super::names::{
    ACCESS_POINT, ACTIVE, CONNECTION, DEVICE, IP4_CONFIG, IP6_CONFIG, MANAGER, MANAGER_PATH,
    WIRELESS,
};
use super::view;

const WLAN: &str = "/org/freedesktop/NetworkManager/Devices/2";
const WPA2: u32 = 392;
const SAE: u32 = 0x488;

fn properties<const N: usize>(all: [(&str, Variant<'static>); N]) -> Properties {
    let owned = |value: Variant<'static>| OwnedVariant::try_from(value).unwrap();
    let all = all.map(|(name, value)| (name.to_owned(), owned(value)));
    HashMap::from(all)
}

fn path(text: &str) -> Variant<'static> {
    ObjectPath::try_from(text.to_owned()).unwrap().into()
}

fn at(kind: &str, number: usize) -> String {
    format!("{MANAGER_PATH}/{kind}/{number}")
}

/// A device with an Ethernet port and a WiFi adapter, which hears nothing yet and is not connected.
fn bench() -> Facts {
    let mut facts = Facts::default();
    let radio = properties([
        ("WirelessEnabled", true.into()),
        ("WirelessHardwareEnabled", true.into()),
        ("Version", "1.42.4".into()),
    ]);
    facts.take(MANAGER_PATH, MANAGER, &radio);
    for (number, kind, name) in [
        (1, 1_u32, "end0"),
        (2, 2, "wlan0"),
        (3, 30, "p2p-dev-wlan0"),
    ] {
        let device = properties([
            ("DeviceType", kind.into()),
            ("Interface", name.into()),
            ("State", 30_u32.into()),
        ]);
        facts.take(&at("Devices", number), DEVICE, &device);
    }
    facts
}

/// Lets the adapter hear these: name, strength, `RsnFlags`.
fn hear(facts: &mut Facts, heard: &[(&[u8], u8, u32)]) {
    for (number, (ssid, strength, rsn)) in heard.iter().enumerate() {
        let access_point = properties([
            ("Ssid", ssid.to_vec().into()),
            ("Strength", (*strength).into()),
            ("Frequency", 2437_u32.into()),
            ("Mode", 2_u32.into()),
            ("Flags", u32::from(*rsn != 0).into()),
            ("WpaFlags", 0_u32.into()),
            ("RsnFlags", (*rsn).into()),
        ]);
        facts.take(&at("AccessPoint", number), ACCESS_POINT, &access_point);
    }
    let places: Vec<_> = (0..heard.len())
        .map(|number| ObjectPath::try_from(at("AccessPoint", number)).unwrap())
        .collect();
    let hears = properties([("AccessPoints", places.into())]);
    facts.change(WLAN, WIRELESS, &hears);
}

fn ssid(name: &str) -> Ssid {
    name.parse().unwrap()
}

fn save(facts: &mut Facts, number: usize, name: &str) {
    let (autoconnect, unsaved) = (true, false);
    let ssid = ssid(name);
    let profile = Profile {
        ssid,
        autoconnect,
        unsaved,
    };
    facts.set_profile(at("Settings", number), profile);
}

fn seen(facts: &Facts) -> WifiState {
    view::state(facts, &WifiState::unavailable(Unavailable::Starting))
}

fn device_is(facts: &mut Facts, state: u32) {
    let properties = properties([("State", state.into())]);
    facts.change(WLAN, DEVICE, &properties);
}

/// The adapter uses the profile of this number.
fn use_profile(facts: &mut Facts, number: usize) {
    let active = at("ActiveConnection", 1);
    let connection = properties([("Connection", path(&at("Settings", number)))]);
    facts.take(&active, ACTIVE, &connection);
    facts.change(
        WLAN,
        DEVICE,
        &properties([("ActiveConnection", path(&active))]),
    );
}

#[test]
fn why_there_is_no_wifi_is_told() {
    let reason = |facts: &Facts| match seen(facts).link {
        Link::Unavailable(reason) => Some(reason),
        _ => None,
    };
    assert_eq!(reason(&Facts::default()), Some(Unavailable::NoAdapter));
    let mut facts = bench();
    assert_eq!(reason(&facts), None);
    facts.change(
        MANAGER_PATH,
        MANAGER,
        &properties([("WirelessEnabled", false.into())]),
    );
    assert_eq!(reason(&facts), Some(Unavailable::RadioOff));
    facts.change(
        MANAGER_PATH,
        MANAGER,
        &properties([("WirelessEnabled", true.into())]),
    );
    device_is(&mut facts, 10);
    assert_eq!(reason(&facts), Some(Unavailable::NotManaged));
    facts.remove(WLAN, DEVICE);
    assert_eq!(reason(&facts), Some(Unavailable::NoAdapter));
}

#[test]
fn each_name_and_security_is_listed_once_the_strongest_first_and_hidden_ones_not_at_all() {
    let mut facts = bench();
    let odd: &[u8] = b"\xffTom's \"WiFi\"";
    hear(
        &mut facts,
        &[
            (b"Home", 40, WPA2),
            (b"Home", 70, WPA2),
            (b"Home", 55, 0),
            (b"", 90, WPA2),
            (b"\0\0\0", 90, WPA2),
            (odd, 60, SAE),
            ("Café ☕ 📶".as_bytes(), 130, WPA2),
        ],
    );
    save(&mut facts, 1, "Home");
    let state = seen(&facts);
    let listed = state.networks.iter().map(|network| {
        let signal = network.signal.get();
        (
            network.ssid.shown(),
            network.security,
            signal,
            network.saved,
        )
    });
    let listed: Vec<_> = listed.collect();
    let row = |name: &str, security, signal, saved| (name.to_owned(), security, signal, saved);
    assert_eq!(
        listed,
        [
            row("Café ☕ 📶", Security::Wpa2, 100, false),
            row("Home", Security::Wpa2, 70, true),
            row("\u{fffd}Tom's \"WiFi\"", Security::Wpa3, 60, false),
            row("Home", Security::Open, 55, true),
        ]
    );
    let saved = Saved {
        ssid: ssid("Home"),
        autoconnect: true,
    };
    assert_eq!(state.saved, [saved]);
}

#[test]
fn joining_is_told_step_by_step_and_ends_with_addresses() {
    let mut facts = bench();
    hear(&mut facts, &[(b"Home", 70, WPA2)]);
    save(&mut facts, 1, "Home");
    use_profile(&mut facts, 1);
    let steps = [40, 50, 60, 40, 50, 70, 80, 90].map(|state| {
        device_is(&mut facts, state);
        match seen(&facts).link {
            Link::Connecting { ssid: name, step } if name == ssid("Home") => step,
            other => panic!("{other:?}"),
        }
    });
    use JoinStep::{Associating, Authenticating, Checking, GettingAddress};
    let first = [Associating, Associating];
    assert_eq!(steps[..2], first);
    assert_eq!(steps[2..5], [Authenticating; 3]);
    assert_eq!(steps[5..], [GettingAddress, Checking, Checking]);

    device_is(&mut facts, 100);
    let (four, six) = (at("IP4Config", 1), at("IP6Config", 1));
    let described = |address: &str| {
        let parts = [
            ("address", Variant::from(address.to_owned())),
            ("prefix", 24_u32.into()),
        ];
        HashMap::from(parts)
    };
    let addresses = vec![described("192.168.77.50")];
    facts.take(
        &four,
        IP4_CONFIG,
        &properties([("AddressData", addresses.into())]),
    );
    let addresses = vec![described("fe80::1"), described("fd00::7")];
    facts.take(
        &six,
        IP6_CONFIG,
        &properties([("AddressData", addresses.into())]),
    );
    let configured = properties([("Ip4Config", path(&four)), ("Ip6Config", path(&six))]);
    facts.change(WLAN, DEVICE, &configured);
    let heard = properties([("ActiveAccessPoint", path(&at("AccessPoint", 0)))]);
    facts.change(WLAN, WIRELESS, &heard);
    let Link::Connected(joined) = seen(&facts).link else {
        panic!("not joined");
    };
    assert_eq!(joined.ipv4, Some("192.168.77.50".parse().unwrap()));
    assert_eq!(joined.ipv6, Some("fd00::7".parse().unwrap()));
    assert_eq!((joined.interface.as_str(), joined.saved), ("wlan0", true));
    assert_eq!(joined.security, Some(Security::Wpa2));

    device_is(&mut facts, 30);
    assert_eq!(seen(&facts).link, Link::Disconnected);
}

#[test]
fn a_signal_that_wavers_is_no_news() {
    let mut facts = bench();
    let mut told = seen(&facts);
    for (strength, shown) in [(70, 70), (73, 70), (66, 70), (75, 75), (71, 75), (70, 70)] {
        hear(&mut facts, &[(b"Home", strength, WPA2)]);
        told = view::state(&facts, &told);
        assert_eq!(told.networks[0].signal.get(), shown, "{strength}");
    }
}

#[test]
fn what_is_told_of_objects_that_are_gone_brings_nothing_back() {
    let mut facts = bench();
    hear(&mut facts, &[(b"Home", 70, WPA2)]);
    facts.remove(&at("AccessPoint", 0), ACCESS_POINT);
    let late = properties([("Strength", 80_u8.into())]);
    facts.change(&at("AccessPoint", 0), ACCESS_POINT, &late);
    assert!(facts.access_points.is_empty());
    facts.change(
        &at("Settings", 9),
        CONNECTION,
        &properties([("Unsaved", true.into())]),
    );
    assert!(facts.profiles.is_empty());
}

proptest! {
    #[test]
    fn whatever_is_in_the_air_the_list_is_in_order_and_bounded(
        air in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..40), any::<u8>(), any::<u32>()), 0..150),
    ) {
        let mut facts = bench();
        let heard: Vec<_> = air.iter().map(|(name, strength, rsn)| (name.as_slice(), *strength, *rsn)).collect();
        hear(&mut facts, &heard);
        let networks = seen(&facts).networks;
        prop_assert!(networks.len() <= MAX_NETWORKS);
        prop_assert!(networks.is_sorted_by(|one, other| one.signal >= other.signal));
        let mut names: Vec<_> = networks.iter().map(|network| (&network.ssid, network.security)).collect();
        names.sort();
        names.dedup();
        prop_assert_eq!(names.len(), networks.len());
        for (name, ..) in &air {
            let listable = (1..=32).contains(&name.len()) && name.iter().any(|byte| *byte != 0);
            let listed = networks.iter().any(|network| network.ssid.as_bytes() == name);
            prop_assert!(listable || !listed);
            prop_assert!(listed || !listable || networks.len() == MAX_NETWORKS);
        }
    }

    #[test]
    fn values_of_any_other_type_hurt_nobody(number in any::<u64>(), text in ".{0,40}") {
        let mut facts = bench();
        hear(&mut facts, &[(b"Home", 70, WPA2)]);
        for name in ["Ssid", "Strength", "AccessPoints", "State", "Interface", "AddressData", "LastScan", "Mode"] {
            for interface in [ACCESS_POINT, WIRELESS, DEVICE, IP4_CONFIG, CONNECTION, ACTIVE] {
                for value in [Variant::from(number), Variant::from(text.clone()), Variant::from(vec![text.clone()])] {
                    for object in [WLAN, &at("AccessPoint", 0)] {
                        facts.change(object, interface, &properties([(name, value.try_clone().unwrap())]));
                    }
                }
            }
        }
        seen(&facts);
    }
}
