//! What is asked of NetworkManager to join a network.

use loop_proto::wifi::{Join, JoinFault, Passphrase};
use zbus::Variant;

use super::{SAE, WPA2, at, bench, hear, save, ssid};
use crate::wifi::aim::{Aim, Key, Miss, Way, aim, settings};
use crate::wifi::facts::{Facts, Path};

fn join(name: &str, passphrase: Option<&str>, hidden: bool) -> Join {
    Join {
        ssid: ssid(name),
        passphrase: passphrase.map(|text| Passphrase::try_from(text.to_owned()).unwrap()),
        hidden,
    }
}

fn aimed(facts: &Facts, join: &Join) -> Result<Aim, Miss> {
    aim(facts, facts.adapter().unwrap(), join)
}

/// Networks of all kinds, and one that is saved and not in reach.
fn air() -> Facts {
    let mut facts = bench();
    let enterprise = 0x288;
    let heard: [(&[u8], u8, u32); 5] = [
        (b"Home", 40, WPA2),
        (b"Home", 90, 0),
        (b"Safe", 50, SAE),
        (b"Cafe", 50, 0),
        (b"Work", 50, enterprise),
    ];
    hear(&mut facts, &heard);
    save(&mut facts, 4, "Saved");
    facts
}

fn way(join: Join) -> Result<(Option<Path>, Way), Miss> {
    aimed(&air(), &join).map(|aim| (aim.access_point, aim.way))
}

#[test]
fn what_is_asked_of_networkmanager_fits_the_network() {
    let new = |number: usize, key| {
        let (hidden, replaced) = (false, Vec::new());
        let way = Way::New {
            key,
            hidden,
            replaced,
        };
        Ok((Some(at("AccessPoint", number)), way))
    };
    let secret = Passphrase::try_from("correct horse".to_owned()).unwrap();
    let psk = Key::Psk(secret.clone());
    // The protected one, although the open one of the same name is stronger.
    assert_eq!(way(join("Home", Some("correct horse"), false)), new(0, psk));
    let sae = Key::Sae(secret);
    assert_eq!(way(join("Safe", Some("correct horse"), false)), new(2, sae));
    assert_eq!(way(join("Cafe", None, false)), new(3, Key::Nothing));
}

#[test]
fn what_cannot_be_joined_is_not_tried() {
    let eight = Some("12345678");
    for (join, fault) in [
        (join("Cafe", eight, false), JoinFault::NoPasswordTaken),
        (join("Safe", None, false), JoinFault::PasswordNeeded),
        (join("Work", None, false), JoinFault::NotSupported),
        (join("Work", eight, true), JoinFault::NotSupported),
    ] {
        assert_eq!(way(join), Err(Miss::Never(fault)));
    }
    for join in [join("Away", None, false), join("Saved", None, false)] {
        assert_eq!(way(join), Err(Miss::NotHeard));
    }
}

#[test]
fn what_is_hidden_is_called_by_its_name_and_a_new_password_replaces_the_old() {
    let saved = Way::Saved(at("Settings", 4));
    assert_eq!(way(join("Saved", None, true)), Ok((None, saved)));
    let (none, made) = way(join("Saved", Some("12345678"), true)).unwrap();
    assert_eq!(none, None);
    let Way::New {
        hidden, replaced, ..
    } = made
    else {
        panic!("the old password would be tried");
    };
    assert!(hidden);
    assert_eq!(replaced, [at("Settings", 4)]);
}

#[test]
fn a_profile_says_what_it_takes_and_the_password_shows_nowhere_else() {
    let secret = Passphrase::try_from("correct horse".to_owned()).unwrap();
    let key = Key::Psk(secret);
    let text = format!(
        "{:?}",
        aimed(&bench(), &join("x", Some("correct horse"), true))
    );
    assert!(!text.contains("horse"), "{text}");
    let made = settings(&ssid("Tom's"), &key, false);
    let security = &made["802-11-wireless-security"];
    assert_eq!(security["psk"], Variant::from("correct horse"));
    assert_eq!(security["key-mgmt"], Variant::from("wpa-psk"));
    assert_eq!(
        made["802-11-wireless"]["ssid"],
        Variant::from(b"Tom's".to_vec())
    );
    let open = settings(&ssid("Cafe"), &Key::Nothing, false);
    assert!(!open.contains_key("802-11-wireless-security"));
}
