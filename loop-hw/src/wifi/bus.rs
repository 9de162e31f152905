//! The calls to NetworkManager; thin.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::Duration;

use loop_proto::wifi::Ssid;
use serde::Serialize;
use zbus::message::Type as Kind;
use zbus::names::WellKnownName;
use zbus::{
    Connection, DynamicType, MatchRule, MessageStream, OwnedObjectPath, OwnedVariant, Variant,
    connection,
};

use super::aim::Settings;
use super::facts::{Path, Profile, Properties};
use super::names::{
    CONNECTION, DEVICE, MANAGER, MANAGER_PATH, OBJECT_MANAGER, ROOT_PATH, WIRELESS,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Signals that may wait while we are busy. More than all that NetworkManager says at once: when they are too many, nothing
/// is read any more, not even answers.
const WAITING: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);

/// How long a checkpoint stands by itself: when nobody has let go of it by then, NetworkManager goes back to it.
pub(crate) const CHECKPOINT: Duration = Duration::from_secs(120);

/// `NM_SETTINGS_UPDATE2_FLAG_TO_DISK`.
const TO_DISK: u32 = 0x1;

/// What NetworkManager says of a device that is to leave and has joined nothing.
const NOT_ACTIVE: &str = "org.freedesktop.NetworkManager.Device.NotActive";

/// Most characters of a reason in the log.
const LONGEST_REASON: usize = 200;

/// Where nothing is.
const NOWHERE: &str = "/";

/// All objects, by where they are, with their interfaces and properties.
pub(crate) type Objects = HashMap<OwnedObjectPath, HashMap<String, Properties>>;

/// A connection to the system bus, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Bus(Connection);

impl Bus {
    pub(crate) async fn connect() -> zbus::Result<Self> {
        let bus = connection::Builder::system().method_timeout(PATIENCE);
        bus.build().await.map(Self)
    }

    /// Tells who is called NetworkManager, each time it is another one.
    pub(crate) async fn owners(&self) -> zbus::Result<MessageStream> {
        let rule = MatchRule::builder()
            .msg_type(Kind::Signal)
            .sender("org.freedesktop.DBus")
            .member("NameOwnerChanged")
            .arg(0, MANAGER)
            .build()?;
        MessageStream::for_match_rule(rule, &self.0, None).await
    }

    /// All that NetworkManager says by itself.
    pub(crate) async fn signals(&self) -> zbus::Result<MessageStream> {
        let rule = MatchRule::builder()
            .msg_type(Kind::Signal)
            .sender(MANAGER)
            .path_namespace(ROOT_PATH)
            .build()?;
        MessageStream::for_match_rule(rule, &self.0, Some(WAITING)).await
    }

    /// By which name of its own NetworkManager is on the bus; `None` if it is not. It is not started by being asked for.
    pub(crate) async fn owner(&self) -> Option<String> {
        let name = WellKnownName::try_from(MANAGER).ok()?;
        let (bus, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        let answer = self
            .0
            .call_method(Some(bus), path, Some(bus), "GetNameOwner", &name);
        answer.await.ok()?.body().deserialize().ok()
    }

    pub(crate) async fn objects(&self) -> zbus::Result<Objects> {
        self.call(ROOT_PATH, OBJECT_MANAGER, "GetManagedObjects", &())
            .await
    }

    /// What a profile says; `None` if it is none for joining a WiFi network, or gone.
    pub(crate) async fn profile(&self, path: &str) -> Option<Profile> {
        let settings = self.call(path, CONNECTION, "GetSettings", &()).await;
        let settings: HashMap<String, Properties> = settings.ok()?;
        let wireless = settings.get("802-11-wireless")?;
        let mode = wireless.get("mode").map(<&str>::try_from);
        // Without a mode it is the usual one.
        if !matches!(mode, None | Some(Ok("infrastructure"))) {
            return None;
        }
        let name = wireless.get("ssid")?.try_clone().ok()?;
        let autoconnect = settings.get("connection")?.get("autoconnect");
        Some(Profile {
            ssid: Ssid::try_from(Vec::<u8>::try_from(name).ok()?).ok()?,
            autoconnect: autoconnect.is_none_or(|wanted| bool::try_from(wanted) != Ok(false)),
            unsaved: false,
        })
    }

    pub(crate) async fn scan(&self, device: &str) -> zbus::Result<()> {
        let nothing: HashMap<&str, Variant<'_>> = HashMap::new();
        self.call(device, WIRELESS, "RequestScan", &nothing).await
    }

    /// Leaves what a device has joined, if it has; it joins nothing by itself any more.
    pub(crate) async fn disconnect(&self, device: &str) -> zbus::Result<()> {
        match self.call(device, DEVICE, "Disconnect", &()).await {
            Err(zbus::Error::MethodError(name, ..)) if name.as_str() == NOT_ACTIVE => Ok(()),
            told => told,
        }
    }

    /// Joins by a profile that is there.
    pub(crate) async fn activate(
        &self,
        profile: &str,
        device: &str,
        access_point: Option<&str>,
    ) -> zbus::Result<()> {
        let at = (
            place(profile)?,
            place(device)?,
            place_or_none(access_point)?,
        );
        let active: zbus::Result<OwnedObjectPath> = self
            .call(MANAGER_PATH, MANAGER, "ActivateConnection", &at)
            .await;
        active.map(drop)
    }

    /// Joins by a profile that is new, gives where it is, and forgets it when the network is left.
    pub(crate) async fn add_and_activate(
        &self,
        settings: &Settings,
        device: &str,
        access_point: Option<&str>,
    ) -> zbus::Result<Path> {
        let options = HashMap::from([("persist", Variant::from("volatile"))]);
        let (device, access_point) = (place(device)?, place_or_none(access_point)?);
        let request = (settings, device, access_point, options);
        let method = "AddAndActivateConnection2";
        let made = self.call(MANAGER_PATH, MANAGER, method, &request).await;
        let made: (
            OwnedObjectPath,
            OwnedObjectPath,
            HashMap<String, OwnedVariant>,
        ) = made?;
        Ok(made.0.to_string())
    }

    /// Keeps a profile through restarts.
    pub(crate) async fn keep(&self, profile: &str) -> zbus::Result<()> {
        let as_it_is: HashMap<&str, HashMap<&str, Variant<'_>>> = HashMap::new();
        let no_options: HashMap<&str, Variant<'_>> = HashMap::new();
        let request = (as_it_is, TO_DISK, no_options);
        let kept: zbus::Result<HashMap<String, OwnedVariant>> =
            self.call(profile, CONNECTION, "Update2", &request).await;
        kept.map(drop)
    }

    pub(crate) async fn delete(&self, profile: &str) -> zbus::Result<()> {
        self.call(profile, CONNECTION, "Delete", &()).await
    }

    /// Notes how a device is connected, to go back to.
    pub(crate) async fn checkpoint(&self, device: &str) -> zbus::Result<Path> {
        let seconds = u32::try_from(CHECKPOINT.as_secs()).unwrap_or(u32::MAX);
        let request = (vec![place(device)?], seconds, 0_u32);
        let made = self
            .call(MANAGER_PATH, MANAGER, "CheckpointCreate", &request)
            .await;
        made.map(|path: OwnedObjectPath| path.to_string())
    }

    /// Stays with what is.
    pub(crate) async fn let_go(&self, checkpoint: &str) -> zbus::Result<()> {
        let at = place(checkpoint)?;
        self.call(MANAGER_PATH, MANAGER, "CheckpointDestroy", &at)
            .await
    }

    /// Goes back to what was.
    pub(crate) async fn roll_back(&self, checkpoint: &str) -> zbus::Result<()> {
        let at = place(checkpoint)?;
        let devices: zbus::Result<HashMap<String, u32>> = self
            .call(MANAGER_PATH, MANAGER, "CheckpointRollback", &at)
            .await;
        devices.map(drop)
    }

    async fn call<T: serde::de::DeserializeOwned + zbus::Type>(
        &self,
        object: &str,
        interface: &str,
        method: &str,
        request: &(impl Serialize + DynamicType),
    ) -> zbus::Result<T> {
        let answer = self
            .0
            .call_method(Some(MANAGER), object, Some(interface), method, request);
        answer.await?.body().deserialize()
    }
}

/// What has gone wrong, in a line for the log.
pub(crate) fn reason(error: &zbus::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.chars().take(LONGEST_REASON).collect()
}

fn place(path: &str) -> zbus::Result<OwnedObjectPath> {
    OwnedObjectPath::try_from(path)
}

fn place_or_none(path: Option<&str>) -> zbus::Result<OwnedObjectPath> {
    place(path.unwrap_or(NOWHERE))
}
