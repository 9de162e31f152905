//! What is called how on the bus.

/// NetworkManager's name, and that of its first interface.
pub(crate) const MANAGER: &str = "org.freedesktop.NetworkManager";
pub(crate) const DEVICE: &str = "org.freedesktop.NetworkManager.Device";
pub(crate) const WIRELESS: &str = "org.freedesktop.NetworkManager.Device.Wireless";
pub(crate) const ACCESS_POINT: &str = "org.freedesktop.NetworkManager.AccessPoint";
pub(crate) const ACTIVE: &str = "org.freedesktop.NetworkManager.Connection.Active";
pub(crate) const CONNECTION: &str = "org.freedesktop.NetworkManager.Settings.Connection";
pub(crate) const IP4_CONFIG: &str = "org.freedesktop.NetworkManager.IP4Config";
pub(crate) const IP6_CONFIG: &str = "org.freedesktop.NetworkManager.IP6Config";
pub(crate) const OBJECT_MANAGER: &str = "org.freedesktop.DBus.ObjectManager";
pub(crate) const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// Where NetworkManager itself is.
pub(crate) const MANAGER_PATH: &str = "/org/freedesktop/NetworkManager";
/// Where it tells of all its objects.
pub(crate) const ROOT_PATH: &str = "/org/freedesktop";
