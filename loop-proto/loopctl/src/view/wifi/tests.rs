use loop_proto::units::Percent;
use loop_proto::wifi::Ssid;
use serde_json::json;

use super::*;

fn network(name: &[u8], signal: u8, frequency_mhz: u32, security: Security) -> Network {
    Network {
        ssid: Ssid::try_from(name.to_vec()).unwrap(),
        security,
        signal: Percent::clamped(signal),
        frequency_mhz,
        saved: security == Security::Open,
    }
}

fn linked(link: Link) -> WifiState {
    WifiState {
        link,
        ..WifiState::unavailable(Unavailable::Starting)
    }
}

fn joined() -> Joined {
    Joined {
        ssid: "Home".parse().unwrap(),
        signal: Some(Percent::clamped(70)),
        frequency_mhz: Some(5_180),
        security: Some(Security::Wpa2Wpa3),
        ipv4: Some(Ipv4Addr::new(192, 168, 77, 50)),
        ipv6: Some(Ipv6Addr::LOCALHOST),
        interface: "wlan0".to_owned(),
        saved: true,
    }
}

#[test]
fn networks_are_lines_of_columns_whatever_they_are_called() {
    let networks = [
        network(b"Home", 100, 5_180, Security::EnhancedOpen),
        network(b"\xff\x1b[2J\n", 7, 2_412, Security::Open),
        network(b"Far", 0, 60_480, Security::Wpa2Wpa3),
    ];
    let expected = "\
SIGNAL  SECURITY       BAND     SAVED  NETWORK
 100 %  enhanced open  5 GHz    -      Home
   7 %  open           2.4 GHz  yes    \u{fffd}\u{fffd}[2J\u{fffd}
   0 %  WPA2/WPA3      -        -      Far
";
    assert_eq!(table(&networks), expected);
    assert_eq!(table(&[]), "no network is in reach\n");
    let listed = serde_json::to_value(list(&networks[2..])).unwrap();
    let far = json!([{"ssid": "Far", "id": "466172", "signal": 0, "security": "wpa2_wpa3", "band": null,
        "frequency_mhz": 60_480, "saved": false}]);
    assert_eq!(listed, far);
}

#[test]
fn the_status_tells_what_is_known_and_nothing_else() {
    let whole = "\
link       joined by wlan0
network    Home
signal     70 %, 5 GHz, WPA2/WPA3
address    192.168.77.50, ::1
";
    let state = linked(Link::Connected(Box::new(joined())));
    assert_eq!(status(&state), whole);
    let bare = Joined {
        signal: None,
        frequency_mhz: None,
        security: None,
        ipv4: None,
        ipv6: None,
        saved: false,
        ..joined()
    };
    let state = linked(Link::Connected(Box::new(bare)));
    let told = "link       joined by wlan0\nnetwork    Home, not saved\naddress    none yet\n";
    assert_eq!(status(&state), told);
    let state = linked(Link::Connecting {
        ssid: "Home".parse().unwrap(),
        step: JoinStep::GettingAddress,
    });
    let told = "link       joining: asking for an address\nnetwork    Home\n";
    assert_eq!(status(&state), told);
    let none = status(&linked(Link::Unavailable(Unavailable::NoAdapter)));
    assert_eq!(none, "link       none: there is no WiFi adapter\n");
}

#[test]
fn scripts_are_told_the_state_by_words_that_stay() {
    let json_of = |link| serde_json::to_value(Status::of(&linked(link))).unwrap();
    let off = json_of(Link::Unavailable(Unavailable::RadioOff));
    assert_eq!(
        (&off["state"], &off["reason"]),
        (&json!("unavailable"), &json!("radio_off"))
    );
    let joining = json_of(Link::Connecting {
        ssid: "Home".parse().unwrap(),
        step: JoinStep::Searching,
    });
    assert_eq!(
        (&joining["state"], &joining["step"], &joining["joining"]),
        (&json!("connecting"), &json!("searching"), &json!("Home"))
    );
    let connected = json_of(Link::Connected(Box::new(joined())));
    let current = json!({"ssid": "Home", "id": "486f6d65", "signal": 70, "band": "5 GHz", "frequency_mhz": 5180,
        "security": "wpa2_wpa3", "ipv4": "192.168.77.50", "ipv6": "::1", "interface": "wlan0", "saved": true});
    assert_eq!(
        (&connected["state"], &connected["current"]),
        (&json!("connected"), &current)
    );
    assert_eq!(json_of(Link::Disconnected)["current"], json!(null));
}
