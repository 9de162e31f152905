"""A mock of NetworkManager: python-dbusmock's template, and what LOOP asks for beyond it. Scans end, checkpoints are gone
back to, and attempts to join go through the states and reasons that a real one was seen to go through.

  python3 -m dbusmock --system --template manager.py --parameters '{"air": [...], "later": [...], "slips": 0}'

Each network in the air is [name as hexadecimal digits, strength, RsnFlags, password]; those of `later` are heard when
somebody has looked around. So often as it slips, a network that was gone back to is not joined after all.
"""


import dbus
import dbusmock
from dbusmock.templates import networkmanager as template
from dbusmock.templates.networkmanager import *  # noqa: F401,F403  what dbusmock looks for in a template
from gi.repository import GLib

BUS_NAME = template.BUS_NAME
MAIN_OBJ = template.MAIN_OBJ
SYSTEM_BUS = True
IS_OBJECT_MANAGER = True

ROOT = "/org/freedesktop/NetworkManager"
WLAN = ROOT + "/Devices/wlan0"
DEVICE, WIRELESS = template.DEVICE_IFACE, template.WIRELESS_DEVICE_IFACE
STEP_MS = 20
NOWHERE = dbus.ObjectPath("/")


def put(thing, interface, values):
    """Gives properties other values, and tells."""
    for name, value in values.items():
        thing.Set(interface, name, value)


class Name:
    """A network's name: bytes, where the template has a text that it encodes."""

    def __init__(self, digits):
        self.digits = digits

    def encode(self, _):
        return bytes.fromhex(self.digits)


class Air:
    """What there is besides dbusmock's objects."""

    def __init__(self, mock, later, slips):
        self.mock, self.later, self.slips = mock, later, slips
        self.passwords = {}
        self.checkpoints = {}
        self.count = 0
        self.timers = []

    def number(self):
        self.count += 1
        return str(self.count)

    @property
    def device(self):
        return dbusmock.get_object(WLAN)

    def get(self, interface, name):
        return self.device.props[interface][name]

    def hear(self, network):
        name, strength, rsn, password = network
        number = self.number()
        address = "02:00:00:00:00:%02x" % int(number)
        template.AddAccessPoint(self.mock, WLAN, number, Name(name), address, 2, 2437, 54000, strength, rsn)
        self.passwords[bytes.fromhex(name)] = password

    def move(self, to, reason=0):
        old = self.get(DEVICE, "State")
        put(self.device, DEVICE, {"State": dbus.UInt32(to)})
        self.device.EmitSignal(DEVICE, "StateChanged", "uuu", [dbus.UInt32(to), dbus.UInt32(old), dbus.UInt32(reason)])

    def go(self, steps, end):
        """Goes through these states, one by one, and then does what is to be done at the end."""
        self.stop()

        def step():
            if not steps:
                end()
                return False
            self.move(*steps.pop(0))
            return True

        self.timers.append(GLib.timeout_add(STEP_MS, step))

    def stop(self):
        for timer in self.timers:
            if GLib.MainContext.default().find_source_by_id(timer):
                GLib.source_remove(timer)
        self.timers.clear()

    def leave(self, reason):
        """The device lets go of what it has joined."""
        self.stop()
        if self.get(DEVICE, "State") > 30:
            self.move(110, reason)
            self.move(30, reason)
        active = str(self.get(DEVICE, "ActiveConnection"))
        nothing = {"ActiveConnection": NOWHERE, "Ip4Config": NOWHERE}
        put(self.device, DEVICE, nothing)
        if active != "/":
            self.mock.object_manager_emit_removed(active)
            self.mock.RemoveObject(active)

    def disconnect(self):
        if self.get(DEVICE, "State") <= 30:
            name = DEVICE + ".NotActive"
            raise dbus.exceptions.DBusException("This device is not active", name=name)
        self.leave(39)

    def in_use(self):
        active = str(self.get(DEVICE, "ActiveConnection"))
        if active == "/":
            return None
        return str(dbusmock.get_object(active).props[template.ACTIVE_CONNECTION_IFACE]["Connection"])

    def join(self, profile, slips=False):
        """Begins to join by this profile; gives where the joining is."""
        self.leave(60)
        settings = dbusmock.get_object(profile).settings
        ssid = bytes(settings["802-11-wireless"]["ssid"])
        active = ROOT + "/ActiveConnection/" + self.number()
        described = {"Connection": dbus.ObjectPath(profile), "State": dbus.UInt32(1)}
        self.mock.AddObject(active, template.ACTIVE_CONNECTION_IFACE, described, [])
        self.mock.object_manager_emit_added(active)
        put(self.device, DEVICE, {"ActiveConnection": dbus.ObjectPath(active)})
        wanted = self.passwords.get(ssid)
        given = settings.get("802-11-wireless-security", {}).get("psk")
        if slips:
            slipped = [(40,), (50,), (70,), (60, 8), (120, 7)]
            self.go(slipped, lambda: self.leave(0))
        elif wanted is None and given is None:
            self.go([(40,), (50,), (70,)], self.arrive)
        elif wanted == given:
            self.go([(40,), (50,), (60,), (40,), (50,), (70,)], self.arrive)
        else:
            refused = [(40,), (50,), (60,), (40,), (50,), (60, 8), (120, 7)]
            self.go(refused, lambda: self.leave(0))
        return dbus.ObjectPath(active)

    def arrive(self):
        path = ROOT + "/IP4Config/" + self.number()
        address = dbus.Dictionary({"address": "192.168.77.50", "prefix": dbus.UInt32(24)}, signature="sv")
        data = dbus.Array([address], signature="a{sv}")
        self.mock.AddObject(path, ROOT.strip("/").replace("/", ".") + ".IP4Config", {"AddressData": data}, [])
        self.mock.object_manager_emit_added(path)
        put(self.device, DEVICE, {"Ip4Config": dbus.ObjectPath(path)})
        heard = [str(path) for path in self.get(WIRELESS, "AccessPoints")]
        profile = dbusmock.get_object(self.in_use())
        name = bytes(profile.settings["802-11-wireless"]["ssid"])
        ssid = lambda path: bytes(dbusmock.get_object(path).props[template.ACCESS_POINT_IFACE]["Ssid"])
        at = next((path for path in heard if ssid(path) == name), "/")
        put(self.device, WIRELESS, {"ActiveAccessPoint": dbus.ObjectPath(at)})
        for state in (80, 90, 100):
            self.move(state)

    def add(self, settings, unsaved):
        path = ROOT + "/Settings/" + self.number()
        methods = [
            ("Delete", "", "", "self.air.forget(self.path)"),
            ("GetSettings", "", "a{sa{sv}}", "ret = self.air.told(self)"),
            ("Update2", "a{sa{sv}}ua{sv}", "a{sv}", "ret = self.air.keep(self)"),
        ]
        self.mock.AddObject(path, template.CSETTINGS_IFACE, {"Unsaved": unsaved}, methods)
        profile = dbusmock.get_object(path)
        profile.settings, profile.air = settings, self
        self.mock.object_manager_emit_added(path)
        return dbus.ObjectPath(path)

    def told(self, profile):
        """What a profile says, without its secret."""
        told = {group: dict(values) for group, values in profile.settings.items()}
        told.get("802-11-wireless-security", {}).pop("psk", None)
        return dbus.Dictionary(
            {group: dbus.Dictionary(values, signature="sv") for group, values in told.items()}, signature="sa{sv}"
        )

    def keep(self, profile):
        put(profile, template.CSETTINGS_IFACE, {"Unsaved": False})
        profile.EmitSignal(template.CSETTINGS_IFACE, "Updated", "", [])
        return dbus.Dictionary({}, signature="sv")

    def forget(self, profile):
        if self.in_use() == profile:
            self.leave(38)
        self.mock.object_manager_emit_removed(profile)
        self.mock.RemoveObject(profile)

    def scan(self):
        def end():
            for network in self.later:
                self.hear(network)
            self.later = []
            seen = dbus.Int64(self.get(WIRELESS, "LastScan") + 1000)
            put(self.device, WIRELESS, {"LastScan": seen})
            return False

        GLib.timeout_add(STEP_MS, end)

    def checkpoint(self):
        path = ROOT + "/Checkpoint/" + self.number()
        self.checkpoints[path] = self.in_use()
        return dbus.ObjectPath(path)

    def roll_back(self, path):
        before = self.checkpoints.pop(str(path))
        if before != self.in_use():
            self.leave(60)
        if before and before != self.in_use():
            self.slips -= 1
            self.join(before, self.slips >= 0)
        return dbus.Dictionary({WLAN: dbus.UInt32(0)}, signature="su")


def load(mock, parameters):
    template.load(mock, {})
    manager = dbusmock.get_object(template.MANAGER_OBJ)
    template.AddEthernetDevice(mock, "end0", "end0", 100)
    template.AddWiFiDevice(mock, "wlan0", "wlan0", 30)
    air = Air(mock, list(parameters.get("later", [])), parameters.get("slips", 0))
    device = air.device
    device.AddProperties(DEVICE, {"Ip4Config": NOWHERE, "Ip6Config": NOWHERE})
    device.AddProperties(WIRELESS, {"ActiveAccessPoint": NOWHERE, "LastScan": dbus.Int64(1000)})
    manager.air = device.air = air
    for network in parameters.get("air", []):
        air.hear(network)
    device.AddMethod(WIRELESS, "RequestScan", "a{sv}", "", "self.air.scan()")
    device.AddMethod(DEVICE, "Disconnect", "", "", "self.air.disconnect()")
    added = "path = self.air.add(args[0], True); ret = (path, self.air.join(path), {})"
    joined = "ret = self.air.join(args[0])"
    for method, takes, gives, code in (
        ("AddAndActivateConnection2", "a{sa{sv}}ooa{sv}", "ooa{sv}", added),
        ("ActivateConnection", "ooo", "o", joined),
        ("CheckpointCreate", "aouu", "o", "ret = self.air.checkpoint()"),
        ("CheckpointDestroy", "o", "", "self.air.checkpoints.pop(str(args[0]))"),
        ("CheckpointRollback", "o", "a{su}", "ret = self.air.roll_back(args[0])"),
    ):
        manager.AddMethod(template.MANAGER_IFACE, method, takes, gives, code)
