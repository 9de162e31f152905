//! WiFi, from the interface to the bus and back, against a mock of NetworkManager (`network/manager.py`).

use loop_tests::network::{Network, WPA2};
use loop_tests::rig::{Daemon, Rig};
use serde_json::{Value, json};

const HOME: &[u8] = b"Home";
const PASSWORD: &str = "correct horse";
const WRONG: &str = "wrong battery";

/// A network with a password, one whose name is no text, and an open one with a name of all sorts.
const AIR: [(&[u8], u8, u32, Option<&str>); 4] = [
    (HOME, 70, WPA2, Some(PASSWORD)),
    (b"\xff\xfe", 30, WPA2, Some("12345678")),
    ("Tom's \"Café\" 📶 $(x)".as_bytes(), 50, 0, None),
    (b"", 90, WPA2, Some("hidden one")),
];

async fn wifi(rig: &Rig) -> Value {
    rig.get("/api/wifi").await.unwrap().ok()["data"].take()
}

/// Waits until WiFi is as wanted.
async fn until(rig: &Rig, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..1500 {
        last = wifi(rig).await;
        if wanted(&last) {
            return last;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("WiFi never was as wanted: {last:#}");
}

async fn connect(rig: &Rig, ssid: &str, password: Option<&str>) -> loop_tests::rig::Answer {
    let body = json!({"ssid": ssid, "password": password});
    rig.post("/api/wifi/connect", &body).await.unwrap()
}

fn names(list: &Value) -> Vec<&str> {
    let names = list.as_array().unwrap().iter();
    names
        .map(|network| network["ssid"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn networks_in_reach_are_listed_whatever_they_are_called() {
    let mut network = Network::start().await;
    let later: [(&[u8], u8, u32, Option<&str>); 1] = [(b"Late", 40, 0, None)];
    network.start_manager(&AIR, &later).await;
    let rig = network.rig(&[]).await;
    let before = until(&rig, |wifi| wifi["state"] == "disconnected").await;
    let odd = "Tom's \"Café\" 📶 $(x)";
    assert_eq!(
        names(&before["networks"]),
        ["Home", odd, "\u{fffd}\u{fffd}"]
    );

    let scanned = rig.get("/api/wifi/scan").await.unwrap().ok();
    let networks = &scanned["data"]["networks"];
    assert_eq!(names(networks), ["Home", odd, "Late", "\u{fffd}\u{fffd}"]);
    let home = json!({"ssid": "Home", "id": "486f6d65", "signal": 70, "secured": true, "security": "wpa2",
        "band": "2.4 GHz", "frequency_mhz": 2437, "saved": false});
    assert_eq!(networks[0], home);
    assert_eq!(networks[1]["secured"], false);
    assert_eq!(networks[3]["id"], "fffe");
    rig.get("/api/wifi/scan").await.unwrap().ok();
    let looks = network.calls().matches("RequestScan").count();
    assert_eq!(looks, 1, "what was seen a moment ago is told again");
    rig.finish().await;
}

#[tokio::test]
async fn the_right_password_joins_and_each_step_is_told_but_never_the_password() {
    let network = Network::hearing(&AIR).await;
    let rig = network.rig(&[]).await;
    until(&rig, |wifi| wifi["state"] == "disconnected").await;
    let mut socket = rig.websocket().await;
    socket.subscribe("wifi").await;

    let answer = connect(&rig, "Home", Some(PASSWORD)).await.ok();
    assert_eq!(answer["message"], "Connected to Home");
    let mut steps = Vec::new();
    loop {
        let told = socket.next("wifi_status_changed").await;
        assert!(!told.to_string().contains("horse"), "{told}");
        let attempt = &told["data"]["attempt"];
        if let Some(step) = attempt["step"].as_str() {
            steps.push(step.to_owned());
        }
        if attempt["state"] == "succeeded" {
            break;
        }
    }
    steps.dedup();
    assert_eq!(
        steps,
        [
            "searching",
            "associating",
            "authenticating",
            "getting_address",
            "checking"
        ]
    );

    let joined = wifi(&rig).await;
    let current = json!({"ssid": "Home", "id": "486f6d65", "signal": 70, "band": "2.4 GHz", "frequency_mhz": 2437,
        "security": "wpa2", "ipv4": "192.168.77.50", "ipv6": null, "interface": "wlan0", "saved": true});
    let joined = match joined["current"]["saved"] == true {
        true => joined,
        false => until(&rig, |wifi| wifi["current"]["saved"] == true).await,
    };
    assert_eq!(
        (&joined["state"], &joined["current"]),
        (&json!("connected"), &current)
    );
    let saved = json!([{"ssid": "Home", "id": "486f6d65", "autoconnect": true, "in_reach": true}]);
    assert_eq!(joined["saved"], saved);
    let status = rig.get("/api/poll/status").await.unwrap().ok();
    let told = &status["data"]["wifi"];
    assert_eq!(told["current_ssid"], "Home");
    assert_eq!(
        (&told["ip_address"], &told["signal_strength"]),
        (&json!("192.168.77.50"), &json!("70"))
    );
    let calls = network.calls();
    assert!(calls.contains("CheckpointDestroy") && !calls.contains("CheckpointRollback"));
    rig.finish().await;
}

#[tokio::test]
async fn a_wrong_password_is_told_as_such_and_the_network_from_before_is_joined_again() {
    let network = Network::hearing(&AIR).await;
    let rig = network.rig(&[]).await;
    until(&rig, |wifi| wifi["state"] == "disconnected").await;
    let odd = "Tom's \"Café\" 📶 $(x)";
    connect(&rig, odd, None).await.ok();

    let refused = connect(&rig, "Home", Some(WRONG)).await;
    assert_eq!(refused.status, 422, "{}", refused.json);
    assert!(
        refused.json["errors"][0]["password"].is_string(),
        "{}",
        refused.json
    );
    assert!(!refused.json.to_string().contains(WRONG));
    let back = until(&rig, |wifi| wifi["state"] == "connected").await;
    assert_eq!(back["current"]["ssid"], odd);
    assert_eq!(names(&back["saved"]), [odd], "what was tried is not kept");
    assert_eq!(back["attempt"]["fault"], "wrong_password");
    assert_eq!(network.calls().matches("CheckpointRollback").count(), 1);
    rig.finish().await;
}

#[tokio::test]
async fn the_network_from_before_is_asked_for_again_when_it_slips() {
    let mut network = Network::start().await;
    network.slips = 1;
    network.start_manager(&AIR, &[]).await;
    let rig = network.rig(&[]).await;
    until(&rig, |wifi| wifi["state"] == "disconnected").await;
    let odd = "Tom's \"Café\" 📶 $(x)";
    connect(&rig, odd, None).await.ok();
    assert_eq!(connect(&rig, "Home", Some(WRONG)).await.status, 422);
    let back = wifi(&rig).await;
    assert_eq!(back["current"]["ssid"], odd, "joined when it is answered");
    assert_eq!(network.calls().matches(" ActivateConnection ").count(), 1);
    rig.finish().await;
}

#[tokio::test]
async fn what_is_saved_is_joined_without_a_password_until_it_is_forgotten() {
    let network = Network::hearing(&AIR).await;
    let rig = network.rig(&[]).await;
    until(&rig, |wifi| wifi["state"] == "disconnected").await;
    connect(&rig, "Home", Some(PASSWORD)).await.ok();
    let kept = rig
        .post("/api/wifi/save-current", &json!({}))
        .await
        .unwrap()
        .ok();
    assert_eq!(kept["data"]["configured_ssid"], "Home");
    rig.post("/api/wifi/disconnect", &json!({}))
        .await
        .unwrap()
        .ok();
    until(&rig, |wifi| wifi["state"] == "disconnected").await;
    // It is told all the same, for it may have begun to join something by itself.
    rig.post("/api/wifi/disconnect", &json!({}))
        .await
        .unwrap()
        .ok();
    assert!(network.calls().contains(" Disconnect raised: "));
    let nothing = rig
        .post("/api/wifi/save-current", &json!({}))
        .await
        .unwrap();
    assert_eq!(
        (nothing.status, &nothing.json["code"]),
        (400, &json!("NOT_CONNECTED"))
    );
    connect(&rig, "Home", None).await.ok();

    rig.delete("/api/wifi/saved/486f6d65").await.unwrap().ok();
    let forgotten = until(&rig, |wifi| wifi["saved"] == json!([])).await;
    assert_eq!(forgotten["networks"][0]["saved"], false);
    assert_eq!(
        rig.delete("/api/wifi/saved/486f6d65").await.unwrap().status,
        404
    );
    assert_eq!(
        rig.delete("/api/wifi/saved/home").await.unwrap().status,
        400
    );
    let unknown = connect(&rig, "Home", None).await;
    assert_eq!(
        unknown.json["errors"][0]["password"],
        "this network asks for a password"
    );
    rig.finish().await;
}

#[tokio::test]
async fn what_cannot_be_a_network_or_a_password_is_refused_before_anything_is_touched() {
    let network = Network::hearing(&AIR).await;
    let rig = network.rig(&[]).await;
    until(&rig, |wifi| wifi["state"] == "disconnected").await;
    for (body, field) in [
        (json!({}), "ssid"),
        (json!({"ssid": ""}), "ssid"),
        (json!({"ssid": "x".repeat(33)}), "ssid"),
        (json!({"ssid": "Home", "id": "486f6d65"}), "ssid"),
        (json!({"id": "4"}), "id"),
        (json!({"ssid": "Home", "password": "short77"}), "password"),
        (
            json!({"ssid": "Home", "password": "x".repeat(64)}),
            "password",
        ),
        (
            json!({"ssid": "Home", "password": "line\nbreak"}),
            "password",
        ),
    ] {
        let refused = rig.post("/api/wifi/connect", &body).await.unwrap();
        assert_eq!(refused.status, 422, "{body}: {}", refused.json);
        assert!(
            refused.json["errors"][0][field].is_string(),
            "{}",
            refused.json
        );
    }
    let number = json!({"ssid": "Home", "password": 1_234_567_890});
    let refused = rig.post("/api/wifi/connect", &number).await.unwrap();
    assert_eq!(refused.status, 422);
    assert!(
        !refused.json.to_string().contains("1234567890"),
        "{}",
        refused.json
    );
    let absent = connect(&rig, "Nowhere", None).await;
    assert_eq!(absent.status, 404, "{}", absent.json);
    assert!(!network.calls().contains("CheckpointCreate"));
    rig.finish().await;
}

#[tokio::test]
async fn networkmanager_may_be_absent_come_and_be_restarted() {
    let mut network = Network::nowhere();
    let rig = network.rig(&[]).await;
    let absent = |wifi: &Value| wifi["reason"] == "no_network_manager";
    until(&rig, absent).await;
    let refused = rig.get("/api/wifi/scan").await.unwrap();
    assert_eq!(refused.status, 409);
    assert!(
        refused.json["message"]
            .as_str()
            .unwrap()
            .contains("NetworkManager")
    );

    network.start_bus().await;
    network.start_manager(&AIR, &[]).await;
    until(&rig, |wifi| wifi["state"] == "disconnected").await;
    connect(&rig, "Home", Some(PASSWORD)).await.ok();

    network.stop_manager().await;
    until(&rig, absent).await;
    network.start_manager(&AIR[..1], &[]).await;
    let again = until(&rig, |wifi| wifi["state"] == "disconnected").await;
    assert_eq!(names(&again["networks"]), ["Home"]);
    connect(&rig, "Home", Some(PASSWORD)).await.ok();
    rig.finish().await;
}

#[tokio::test]
async fn an_attempt_that_networkmanager_does_not_survive_ends_and_the_picture_stays() {
    let mut network = Network::hearing(&AIR).await;
    let mut rig = network.rig(&[]).await;
    until(&rig, |wifi| wifi["state"] == "disconnected").await;
    let hardware = rig.hardware().await;
    let join = loop_proto::wifi::Join {
        ssid: "Home".parse().unwrap(),
        passphrase: Some(PASSWORD.to_owned().try_into().unwrap()),
        hidden: false,
    };
    hardware.join_wifi(join.clone()).await.unwrap();
    let second = hardware.join_wifi(join).await.unwrap_err();
    assert!(second.to_string().contains("being joined"), "{second}");
    network.stop_manager().await;
    let ended = until(&rig, |wifi| wifi["attempt"]["state"] == "failed").await;
    assert_eq!(ended["attempt"]["fault"], "refused");
    let pid = rig.pid(Daemon::Hw);
    rig.kill(Daemon::Web).await;
    rig.launch(Daemon::Web).await;
    assert_eq!(rig.pid(Daemon::Hw), pid);
    rig.finish().await;
}
