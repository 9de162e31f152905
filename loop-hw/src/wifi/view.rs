//! What clients see of the facts; pure.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use loop_proto::units::Percent;
use loop_proto::wifi::{
    JoinStep, Joined, Link, MAX_NETWORKS, MAX_SAVED, Network, Saved, Security, Ssid, Unavailable,
    WifiState,
};

use super::facts::{Device, Facts, Profile, device_state};

/// How far a signal has to move to be told: it is never twice the same.
const SAME_SIGNAL: u8 = 5;

/// What is to be told of these facts, of which clients were told before. The attempt is told by others.
pub(crate) fn state(facts: &Facts, told: &WifiState) -> WifiState {
    let unavailable = |reason| WifiState {
        saved: saved(facts),
        ..WifiState::unavailable(reason)
    };
    let Some((_, device)) = facts.adapter() else {
        return unavailable(Unavailable::NoAdapter);
    };
    if !facts.radio.wanted || !facts.radio.permitted {
        return unavailable(Unavailable::RadioOff);
    }
    if device.state <= device_state::UNAVAILABLE {
        return unavailable(Unavailable::NotManaged);
    }
    let mut state = WifiState {
        link: link(facts, device),
        networks: networks(facts, device),
        saved: saved(facts),
        attempt: None,
    };
    steady(&mut state, told);
    state.networks.sort_by(|one, other| {
        let strongest_first = other.signal.cmp(&one.signal);
        strongest_first.then_with(|| (&one.ssid, one.security).cmp(&(&other.ssid, other.security)))
    });
    state.networks.truncate(MAX_NETWORKS);
    state
}

/// How far a device in this state is with joining; `None` if it does not.
pub(crate) fn step(state: u32, authenticating: bool) -> Option<JoinStep> {
    match state {
        device_state::PREPARE | device_state::CONFIG if !authenticating => {
            Some(JoinStep::Associating)
        }
        device_state::PREPARE..device_state::IP_CONFIG => Some(JoinStep::Authenticating),
        device_state::IP_CONFIG..device_state::IP_CHECK => Some(JoinStep::GettingAddress),
        device_state::IP_CHECK..device_state::ACTIVATED => Some(JoinStep::Checking),
        _ => None,
    }
}

fn link(facts: &Facts, device: &Device) -> Link {
    // Without a profile of ours, which leaves out networks that others open on the adapter, none is joined.
    let Some((_, profile)) = facts.profile_in_use(device) else {
        return Link::Disconnected;
    };
    if let Some(step) = step(device.state, device.authenticating) {
        return Link::Connecting {
            ssid: profile.ssid.clone(),
            step,
        };
    }
    if device.state != device_state::ACTIVATED {
        return Link::Disconnected;
    }
    let heard = facts.access_points.get(&device.access_point);
    let ipv6 = facts.ipv6.get(&device.ipv6).and_then(|all| {
        let is_far = |ip: &&Ipv6Addr| !ip.is_unicast_link_local();
        all.iter().find(is_far).or(all.first())
    });
    Link::Connected(Box::new(Joined {
        ssid: profile.ssid.clone(),
        signal: heard.map(|heard| percent(heard.strength)),
        frequency_mhz: heard.map(|heard| heard.frequency_mhz),
        security: heard.map(|heard| heard.security()),
        ipv4: facts
            .ipv4
            .get(&device.ipv4)
            .and_then(|all| all.first())
            .copied(),
        ipv6: ipv6.copied(),
        interface: device.interface.clone(),
        saved: !profile.unsaved,
    }))
}

/// Each name and security once, with the strongest that has it.
fn networks(facts: &Facts, device: &Device) -> Vec<Network> {
    let mut networks: BTreeMap<(Ssid, Security), Network> = BTreeMap::new();
    for (_, ssid, heard) in facts.heard_by(device) {
        let is_saved = |profile: &Profile| profile.ssid == ssid && !profile.unsaved;
        let network = Network {
            security: heard.security(),
            signal: percent(heard.strength),
            frequency_mhz: heard.frequency_mhz,
            saved: facts.profiles.values().any(is_saved),
            ssid,
        };
        let key = (network.ssid.clone(), network.security);
        let known = networks.get(&key);
        if known.is_none_or(|known| known.signal < network.signal) {
            networks.insert(key, network);
        }
    }
    networks.into_values().collect()
}

fn saved(facts: &Facts) -> Vec<Saved> {
    let mut saved: BTreeMap<Ssid, bool> = BTreeMap::new();
    for profile in facts.profiles.values().filter(|profile| !profile.unsaved) {
        *saved.entry(profile.ssid.clone()).or_default() |= profile.autoconnect;
    }
    let saved = saved.into_iter().take(MAX_SAVED);
    let saved = saved.map(|(ssid, autoconnect)| Saved { ssid, autoconnect });
    saved.collect()
}

/// Leaves signals where they were told to be while they only waver.
fn steady(state: &mut WifiState, told: &WifiState) {
    let wavers = |one: Percent, other: Percent| one.get().abs_diff(other.get()) < SAME_SIGNAL;
    for network in &mut state.networks {
        let is_same = |old: &&Network| old.ssid == network.ssid && old.security == network.security;
        match told.networks.iter().find(is_same) {
            Some(old) if wavers(old.signal, network.signal) => network.signal = old.signal,
            _ => {}
        }
    }
    if let (Link::Connected(now), Link::Connected(old)) = (&mut state.link, &told.link)
        && now.ssid == old.ssid
        && let (Some(signal), Some(before)) = (now.signal, old.signal)
        && wavers(signal, before)
    {
        now.signal = old.signal;
    }
}

fn percent(strength: u8) -> Percent {
    Percent::clamped(strength)
}
