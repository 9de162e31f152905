//! A system bus of a test's own, and on it a mock of NetworkManager, which is not the real one: see
//! `network/manager.py`. The real one is on the virtual device.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::rig::Rig;

/// `RsnFlags` of a network with a password.
pub const WPA2: u32 = 392;

/// The bus, and the mock while there is one; both end when it is dropped.
pub struct Network {
    dir: TempDir,
    bus: Option<Child>,
    manager: Option<Child>,
    /// How often a network that the mock goes back to is not joined after all.
    pub slips: u32,
}

impl Network {
    /// A place for a bus where there is none yet.
    #[must_use]
    pub fn nowhere() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
            bus: None,
            manager: None,
            slips: 0,
        }
    }

    /// A bus that nobody is on.
    pub async fn start() -> Self {
        let mut network = Self::nowhere();
        network.start_bus().await;
        network
    }

    /// A bus with the mock on it, which hears these networks: name, strength, `RsnFlags`, password.
    pub async fn hearing(air: &[(&[u8], u8, u32, Option<&str>)]) -> Self {
        let mut network = Self::start().await;
        network.start_manager(air, &[]).await;
        network
    }

    /// A device on this bus, with more settings.
    pub async fn rig(&self, more: &[(&str, &str)]) -> Rig {
        let bus = self.address();
        let here = [
            ("LOOP_WIFI_MANAGE", "auto"),
            ("DBUS_SYSTEM_BUS_ADDRESS", bus.as_str()),
        ];
        Rig::start_with(&[more, &here].concat()).await
    }

    /// Starts the bus.
    pub async fn start_bus(&mut self) {
        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--nopidfile", "--address"]);
        bus.arg(self.address()).stderr(Stdio::null());
        self.bus = Some(bus.kill_on_drop(true).spawn().unwrap());
        let socket = self.dir.path().join("bus");
        self.wait_until("the bus is there", || socket.exists())
            .await;
    }

    /// Starts the mock; it hears the second list, too, when somebody has looked around.
    pub async fn start_manager(
        &mut self,
        air: &[(&[u8], u8, u32, Option<&str>)],
        later: &[(&[u8], u8, u32, Option<&str>)],
    ) {
        let template = Path::new(env!("CARGO_MANIFEST_DIR")).join("network/manager.py");
        let parameters = json!({"air": listed(air), "later": listed(later), "slips": self.slips});
        // Debian's own, which has the module, and not one that is before it in the path.
        let mut manager = Command::new("/usr/bin/python3");
        manager.args(["-u", "-m", "dbusmock", "--system", "--template"]);
        manager
            .arg(template)
            .args(["--parameters", &parameters.to_string()]);
        manager.env("DBUS_SYSTEM_BUS_ADDRESS", self.address());
        manager.stdout(File::create(self.dir.path().join("calls")).unwrap());
        manager.stderr(File::create(self.dir.path().join("errors")).unwrap());
        self.manager = Some(manager.kill_on_drop(true).spawn().unwrap());
    }

    /// Ends the mock at once.
    pub async fn stop_manager(&mut self) {
        self.manager.take().unwrap().kill().await.unwrap();
    }

    /// The calls and signals of the mock that is running, or was last.
    #[must_use]
    pub fn calls(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("calls")).unwrap_or_default()
    }

    fn address(&self) -> String {
        format!("unix:path={}", self.dir.path().join("bus").display())
    }

    async fn wait_until(&self, what: &str, is_so: impl Fn() -> bool) {
        for _ in 0..1000 {
            if is_so() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("never: {what}");
    }
}

fn listed(air: &[(&[u8], u8, u32, Option<&str>)]) -> Vec<Value> {
    let listed = air.iter().map(|(name, strength, rsn, password)| {
        let name: String = name.iter().map(|byte| format!("{byte:02x}")).collect();
        json!([name, strength, rsn, password])
    });
    listed.collect()
}

/// A failed test shows what the mock had to say.
impl Drop for Network {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let errors = std::fs::read_to_string(self.dir.path().join("errors"));
            eprintln!("--- mock\n{}\n{}", self.calls(), errors.unwrap_or_default());
        }
    }
}
