"""WiFi through the real NetworkManager, with simulated radios and real access points: an adapter appears while LOOP runs, a
network is found and joined with the right password, and with a wrong one everything is as it was before. NetworkManager is
restarted, an access point goes and comes back, and no log has a password. loop-hw runs in the sandbox of its unit.

The radios are mac80211_hwsim's: what a real driver and real air do is not seen here.
"""

import json
import time

LIMIT = 900

PAGE = "http://127.0.0.1:8080"
# One of the names the original refused, with WPA2, and one with WPA3.
HOME, SAFE = "Tom's \"Café\" 📶", "Safe"
PASSWORD, WRONG = "correct horse", "wrong battery"

HOSTAPD = """interface={radio}
driver=nl80211
utf8_ssid=1
ssid={ssid}
hw_mode=g
channel={channel}
wpa=2
rsn_pairwise=CCMP
wpa_passphrase={password}
{protection}
"""
PROTECTION = {HOME: "wpa_key_mgmt=WPA-PSK", SAFE: "wpa_key_mgmt=SAE\nieee80211w=2"}

DROP_IN = f"""[Service]
ExecStart=
ExecStart=/opt/loop-hw
Environment=LOOP_PANEL_KIND=simulated LOOP_PATHS_DATA=/var/lib/loop LOOP_PATHS_SOCKET=/run/loop/hw.sock
Environment=LOOP_WEB_LISTEN=127.0.0.1:8080
"""


class Place:
    """A device with LOOP on it, and the access points around."""

    def __init__(self, bench):
        self.bench, self.device = bench, bench.device()
        bench.install(self.device, "loop-hw", "loop-web")

    def start(self):
        self.write("/etc/systemd/system/loop-hw.service.d/bench.conf", DROP_IN)
        self.device.push(self.bench.root / "systemd/loop-hw.service", "/etc/systemd/system/loop-hw.service")
        self.device.sh("mkdir -p /var/lib/loop/hw /run/loop; systemctl daemon-reload; systemctl start loop-hw")
        settings = "--setenv=LOOP_PATHS_DATA=/var/lib/loop --setenv=LOOP_PATHS_SOCKET=/run/loop/hw.sock"
        settings += " --setenv=LOOP_WEB_LISTEN=127.0.0.1:8080 --setenv=LOOP_MEDIA_MIN_FREE_PERCENT=0"
        self.device.sh(f"systemd-run -q --unit=loop-web {settings} /opt/loop-web")
        self.device.until(f"curl -fsS {PAGE}/health/ready", limit=60)

    def write(self, path, text):
        file = self.bench.folder / "file"
        file.write_text(text)
        self.device.sh(f"mkdir -p $(dirname {path})")
        self.device.push(file, path)

    def plug_adapter(self):
        """Three radios: the device's, and two for access points in a network of their own."""
        self.device.sh("modprobe mac80211_hwsim radios=3")
        self.device.until("test -e /sys/class/net/wlan2", limit=20)
        self.device.sh("ip netns add air; ip -n air link set lo up")
        for radio in ("wlan1", "wlan2"):
            self.device.sh(f"iw phy $(cat /sys/class/net/{radio}/phy80211/name) set netns name air")

    def open(self, ssid, radio, channel):
        """An access point that gives addresses of its own."""
        protection = PROTECTION[ssid]
        settings = HOSTAPD.format(radio=radio, ssid=ssid, channel=channel, password=PASSWORD, protection=protection)
        self.write(f"/run/{radio}.conf", settings)
        here = "ip netns exec air"
        self.device.sh(f"{here} hostapd -B -P /run/{radio}.pid /run/{radio}.conf")
        net = f"192.168.{70 + channel}"
        self.device.sh(f"ip -n air addr replace {net}.1/24 dev {radio}")
        self.device.sh(
            f"test -e /run/{radio}-dns.pid || {here} dnsmasq --interface={radio} --bind-interfaces --port=0"
            f" --dhcp-range={net}.50,{net}.99,5m --pid-file=/run/{radio}-dns.pid --leasefile-ro"
        )
        return net

    def close(self, radio):
        self.device.sh(f"kill $(cat /run/{radio}.pid)")

    def ask(self, method, path, body=None):
        """Gives the status and the answer."""
        send = ""
        if body is not None:
            self.write("/run/body", json.dumps(body))
            send = "-H 'content-type: application/json' -d @/run/body"
        answer = self.device.sh(f"curl -sS -X {method} {send} -w '\\n%{{http_code}}' {PAGE}{path}", limit=150).out
        text, _, status = answer.rpartition("\n")
        assert PASSWORD not in text and WRONG not in text, text
        return int(status), json.loads(text)

    def wifi(self):
        return self.ask("GET", "/api/wifi")[1]["data"]

    def until(self, wanted, limit=60):
        """Waits until WiFi is as wanted; gives how it is, and after how many seconds."""
        start = time.monotonic()
        while not wanted(last := self.wifi()):
            assert time.monotonic() - start < limit, f"never in {limit} s: {json.dumps(last, indent=1)}"
            time.sleep(0.2)
        return last, round(time.monotonic() - start, 1)

    def find(self, ssid, limit=90):
        """Looks around until a network is heard; gives it, and after how many seconds. An access point that has just
        begun need not be heard by the first look."""
        start = time.monotonic()
        while True:
            status, answer = self.ask("GET", "/api/wifi/scan")
            assert status == 200, answer
            after = round(time.monotonic() - start, 1)
            for each in answer["data"]["networks"]:
                if each["ssid"] == ssid:
                    return each, after
            assert after < limit, f"{ssid} was not heard in {limit} s: {answer}"
            time.sleep(1)

    def connect(self, ssid, password):
        start = time.monotonic()
        status, answer = self.ask("POST", "/api/wifi/connect", {"ssid": ssid, "password": password})
        return status, answer, round(time.monotonic() - start, 1)

    def profiles(self):
        return self.device.sh("nmcli -g NAME,TYPE connection show | grep 802-11-wireless || true").out.splitlines()


def is_connected(ssid):
    return lambda wifi: wifi["state"] == "connected" and wifi["current"]["ssid"] == ssid and wifi["current"]["ipv4"]


def run(bench):
    place = Place(bench)
    try:
        return live(place)
    finally:
        log = place.device.sh("journalctl -q -o short-monotonic -u loop-hw -u loop-web -u NetworkManager", check=False).out
        (bench.folder / "journal").write_text(log)


def live(place):
    place.start()
    wifi, _ = place.until(lambda wifi: wifi["reason"] != "starting")
    assert wifi["reason"] == "no_adapter", wifi
    place.plug_adapter()
    net = place.open(HOME, "wlan1", 6)
    place.until(lambda wifi: wifi["state"] == "disconnected")
    home, scan = place.find(HOME)
    assert home["security"] == "wpa2" and home["band"] == "2.4 GHz" and not home["saved"], home

    status, answer, wrong = place.connect(HOME, WRONG)
    assert status == 422 and "password" in answer["errors"][0], answer
    place.until(lambda wifi: wifi["state"] == "disconnected")
    assert place.profiles() == [], "what was tried is kept"

    status, answer, right = place.connect(HOME, PASSWORD)
    assert status == 200 and answer["message"] == f"Connected to {HOME}", answer
    wifi, _ = place.until(lambda wifi: is_connected(HOME)(wifi) and wifi["current"]["saved"])
    assert wifi["current"]["ipv4"].startswith(net), wifi["current"]
    place.device.sh(f"ping -c 2 -W 3 {net}.1")
    assert len(place.profiles()) == 1, place.profiles()

    # A network that is joined is joined again when another cannot be.
    place.open(SAFE, "wlan2", 11)
    safe, _ = place.find(SAFE)
    assert safe["security"] == "wpa3", safe
    status, answer, safe_wrong = place.connect(SAFE, WRONG)
    assert status == 422 and "password" in answer["errors"][0], answer
    _, back = place.until(is_connected(HOME), 90)
    assert len(place.profiles()) == 1, place.profiles()
    status, answer, _ = place.connect(SAFE, PASSWORD)
    assert status == 200, answer
    place.until(is_connected(SAFE))
    status, answer, _ = place.connect(HOME, None)
    assert status == 200, answer

    place.device.sh("systemctl restart NetworkManager", limit=120)
    place.until(is_connected(HOME), 120)
    place.device.sh("systemctl stop NetworkManager", limit=120)
    place.until(lambda wifi: wifi["reason"] == "no_network_manager")
    assert place.ask("GET", "/api/wifi/scan")[0] == 409
    place.device.sh("systemctl start NetworkManager", limit=120)
    place.until(is_connected(HOME), 120)

    for name in (SAFE, HOME):
        status, answer = place.ask("DELETE", f"/api/wifi/saved/{name.encode().hex()}")
        assert status == 200, answer
    place.until(lambda wifi: wifi["state"] == "disconnected" and wifi["saved"] == [])
    assert place.profiles() == []

    log = place.device.sh("journalctl -q -u loop-hw -u loop-web").out
    assert PASSWORD not in log and WRONG not in log, "a password is in the log"
    assert "panicked" not in log
    return (
        f"scan {scan} s; wrong password told after {wrong} s, right one joined after {right} s; for WPA3 a wrong one after "
        f"{safe_wrong} s, and back on the network from before {back} s later; forgotten, nothing left"
    )
