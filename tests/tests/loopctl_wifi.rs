//! The command line about WiFi, over the real hardware daemon and a mock of NetworkManager.

use std::path::Path;
use std::process::{Output, Stdio};

use loop_tests::network::{Network, WPA2};
use loop_tests::rig::{Rig, program};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

const PASSWORD: &str = "correct horse";
const WRONG: &str = "wrong battery";

const AIR: [(&[u8], u8, u32, Option<&str>); 3] = [
    (b"Cafe", 50, 0, None),
    (b"Home", 70, WPA2, Some(PASSWORD)),
    (b"\xff\x1b", 30, WPA2, Some("12345678")),
];

/// A device that is in no network yet.
async fn device(network: &Network) -> Rig {
    let rig = network.rig(&[]).await;
    until(&rig, |wifi| wifi["state"] == "disconnected").await;
    rig
}

/// Runs the command with this as its whole input.
async fn loopctl(socket: &Path, words: &[&str], input: &str) -> Output {
    let mut command = Command::new(program("loopctl"));
    command.arg("--socket").arg(socket).arg("wifi").args(words);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.stderr(Stdio::piped()).spawn().unwrap();
    // Whoever wants no input may have ended before it comes.
    let mut pipe = running.stdin.take().unwrap();
    pipe.write_all(input.as_bytes()).await.unwrap_or_default();
    drop(pipe);
    running.wait_with_output().await.unwrap()
}

/// What it printed, which must have gone well.
async fn said(rig: &Rig, words: &[&str], input: &str) -> String {
    let output = loopctl(&rig.socket_path(), words, input).await;
    assert!(output.status.success(), "{words:?}: {output:?}");
    assert_eq!(output.stderr, b"", "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Its exit code and what it complains about.
async fn refusal(rig: &Rig, words: &[&str], input: &str) -> (i32, String) {
    let output = loopctl(&rig.socket_path(), words, input).await;
    let complaint = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), complaint)
}

/// Waits until WiFi is as wanted.
async fn until(rig: &Rig, wanted: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..500 {
        last = serde_json::from_str(&said(rig, &["status", "--json"], "").await).unwrap();
        if wanted(&last) {
            return last;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("WiFi never was as wanted: {last:#}");
}

#[tokio::test]
async fn networks_in_reach_are_a_table_the_strongest_first() {
    let network = Network::hearing(&AIR).await;
    let rig = device(&network).await;
    let table = "\
SIGNAL  SECURITY       BAND     SAVED  NETWORK
  70 %  WPA2           2.4 GHz  -      Home
  50 %  open           2.4 GHz  -      Cafe
  30 %  WPA2           2.4 GHz  -      \u{fffd}\u{fffd}
";
    assert_eq!(said(&rig, &["scan"], "").await, table);
    let list: Value = serde_json::from_str(&said(&rig, &["scan", "--json"], "").await).unwrap();
    let home = json!({"ssid": "Home", "id": "486f6d65", "signal": 70, "security": "wpa2", "band": "2.4 GHz",
        "frequency_mhz": 2437, "saved": false});
    assert_eq!((&list[0], &list[2]["id"]), (&home, &json!("ff1b")));
    rig.finish().await;
}

#[tokio::test]
async fn the_right_password_joins_and_each_step_is_told_until_the_network_is_forgotten() {
    let network = Network::hearing(&AIR).await;
    let rig = device(&network).await;
    assert_eq!(
        said(&rig, &[], "").await,
        "link       no network is joined\n"
    );
    let steps = said(&rig, &["connect", "Home"], "correct horse\n").await;
    let steps: Vec<_> = steps.lines().collect();
    let (end, steps) = steps.split_last().unwrap();
    assert_eq!(*end, "joined Home");
    // Those that were over at once may be told as one.
    let mut order = [
        "looking for the network",
        "turning to the access point",
        "showing the password",
        "asking for an address",
        "looking whether all is well",
    ]
    .iter();
    assert!(!steps.is_empty());
    assert!(
        steps.iter().all(|step| order.any(|next| next == step)),
        "{steps:?}"
    );

    until(&rig, |wifi| wifi["current"]["saved"] == true).await;
    let joined = "\
link       joined by wlan0
network    Home
signal     70 %, 2.4 GHz, WPA2
address    192.168.77.50
";
    assert_eq!(said(&rig, &["status"], "").await, joined);
    let scanned = said(&rig, &["scan"], "").await;
    assert!(scanned.contains("2.4 GHz  yes    Home\n"), "{scanned}");
    let again = said(&rig, &["connect", "Home"], "").await;
    assert!(again.ends_with("joined Home\n"), "saved: {again}");

    assert_eq!(said(&rig, &["forget", "Home"], "").await, "forgot Home\n");
    let forgotten = until(&rig, |wifi| wifi["saved"] == json!([])).await;
    assert_eq!(forgotten["current"], Value::Null);
    let (code, complaint) = refusal(&rig, &["forget", "Home"], "").await;
    assert_eq!(code, 1, "{complaint}");
    rig.finish().await;
}

#[tokio::test]
async fn what_keeps_a_network_from_being_joined_is_said_and_the_password_is_not() {
    let network = Network::hearing(&AIR).await;
    let rig = device(&network).await;
    let open = said(&rig, &["connect", "Cafe", "--open"], WRONG).await;
    assert!(open.ends_with("joined Cafe\n"), "{open}");
    for (words, input, expected, fault) in [
        (
            &["connect", "Home"][..],
            WRONG,
            1,
            "Home is not joined: the password is wrong",
        ),
        (
            &["connect", "Home", "--open"],
            PASSWORD,
            1,
            "asks for a password",
        ),
        (&["connect", "Home"], "\n", 1, "asks for a password"),
        (&["connect", "Nowhere"], WRONG, 1, "in reach"),
        (&["connect", "Home"], "short77", 2, "8 to 63 characters"),
        (&["connect", "Home", PASSWORD], "", 2, "--help"),
    ] {
        let (code, complaint) = refusal(&rig, words, input).await;
        assert_eq!(code, expected, "{words:?}: {complaint}");
        assert!(complaint.contains(fault), "{words:?}: {complaint}");
        assert!(
            !complaint.contains("battery") && !complaint.contains("short77"),
            "{complaint}"
        );
    }
    let back = until(&rig, |wifi| wifi["state"] == "connected").await;
    assert_eq!(back["current"]["ssid"], "Cafe", "as before");
    rig.finish().await;
}

#[tokio::test]
async fn without_networkmanager_it_is_said_what_to_do() {
    let network = Network::nowhere();
    let rig = network.rig(&[]).await;
    until(&rig, |wifi| wifi["reason"] == "no_network_manager").await;
    for words in [&["scan"][..], &["connect", "Home"], &["forget", "Home"]] {
        let (code, complaint) = refusal(&rig, words, PASSWORD).await;
        assert_eq!(code, 1, "{complaint}");
        assert!(complaint.contains("install and start it"), "{complaint}");
    }
    rig.finish().await;
}

#[tokio::test]
async fn manual_and_completions_know_what_can_be_done_with_wifi() {
    let nowhere = Path::new("none.sock");
    let run = async |words: &[&str]| {
        let mut command = Command::new(program("loopctl"));
        let output = command.arg("--socket").arg(nowhere).args(words).output();
        let output = output.await.unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let folder = TempDir::new().unwrap();
    run(&["man", "--dir", folder.path().to_str().unwrap()]).await;
    for name in ["status", "scan", "connect", "forget"] {
        let page = folder.path().join(format!("loopctl-wifi-{name}.1"));
        assert!(page.exists(), "{name}");
        for shell in ["bash", "zsh", "fish"] {
            let script = run(&["completions", shell]).await;
            assert!(
                script.contains(name) && script.contains("hidden"),
                "{shell}: {name}"
            );
        }
    }
}
