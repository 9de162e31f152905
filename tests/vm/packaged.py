"""LOOP as its package installs it, on a device with the pretend board, which is there from the start as a real one is."""

import json
import shutil
import struct
import subprocess
import time
import zlib

PAGE = "http://127.0.0.1"
UNITS = ("loop-hw", "loop-web")


def png(red, green, blue):
    """A picture of one colour."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 320, 240, 8, 2, 0, 0, 0)
    lines = (b"\0" + bytes((red, green, blue)) * 320) * 240
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def package(bench, architecture="amd64"):
    """The newest one that was built."""
    found = sorted((bench.root / "target/deb").glob(f"loop_*_{architecture}.deb"), key=lambda file: file.stat().st_mtime)
    assert found, "there is no package: make deb"
    return found[-1]


def repacked(bench, original, version):
    """The package with another version."""
    root, file = bench.folder / "repacked", bench.folder / f"loop_{version}.deb"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-R", original, root], check=True)
    control = root / "DEBIAN/control"
    lines = [f"Version: {version}" if line.startswith("Version:") else line for line in control.read_text().splitlines()]
    control.write_text("\n".join(lines) + "\n")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "-b", root, file], check=True, stdout=subprocess.DEVNULL)
    return file


class Packaged:
    """A fresh device, and what one does with it."""

    def __init__(self, bench):
        self.bench, self.device = bench, bench.device()
        self.sh = self.device.sh
        self.device.push(bench.board, "/var/tmp/loopboard.ko")
        self.sh(
            "install -D -m 644 /var/tmp/loopboard.ko /lib/modules/$(uname -r)/extra/loopboard.ko; rm /var/tmp/loopboard.ko;"
            "depmod; echo loopboard > /etc/modules-load.d/loopboard.conf; modprobe loopboard"
        )
        self.device.until("test -c /dev/spidev0.0 -a -c /dev/gpiochip0", limit=10)

    def install(self, file, check=True):
        self.device.push(file, "/var/tmp/loop.deb")
        return self.sh("DEBIAN_FRONTEND=noninteractive dpkg -i /var/tmp/loop.deb", limit=120, check=check)

    def ready(self):
        """Until both daemons are up and talk to each other."""
        self.device.until(f"curl -fsS {PAGE}/health/ready", limit=60)

    def status(self):
        return json.loads(self.sh("loopctl status --json").out)

    def add(self, name, colour):
        """Uploads a picture, which the device converts."""
        file = self.bench.folder / f"{name}.png"
        file.write_bytes(png(*colour))
        self.device.push(file, f"/var/tmp/{name}.png")
        self.sh(f"curl -fsS -F files=@/var/tmp/{name}.png {PAGE}/api/media", limit=90)
        self.device.until(f"loopctl status --json | grep -q '\"{name}'", limit=60)

    def property(self, unit, name):
        return self.sh(f"systemctl show -P {name} {unit}").out.strip()

    def pid(self, unit):
        return int(self.property(unit, "MainPID"))

    def back(self, unit, old, limit):
        """Waits for another process of the unit that is ready; says how long that took."""
        start = time.monotonic()
        another = f'[ "$(systemctl show -P MainPID {unit})" != {old} ] && systemctl -q is-active {unit}'
        self.device.until(f"{another} && [ $(systemctl show -P MainPID {unit}) != 0 ]", limit=limit)
        return time.monotonic() - start

    def journal(self):
        """What both have logged since the start; kept beside the report."""
        log = self.sh("journalctl -q -b -o short-monotonic -u loop-hw -u loop-web").out
        (self.bench.folder / "journal").write_text(log)
        return log


def must_be_clean(log):
    """What no log of a working device says."""
    for trouble in ("panicked", "Function not implemented", "cannot use the folder", "not permitted"):
        lines = [line for line in log.splitlines() if trouble in line]
        assert not lines, lines[0]
