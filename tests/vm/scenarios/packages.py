"""The package is installed, upgraded, refused where it is too old for what is on the disk, and purged: an upgrade keeps media
and settings, a purge leaves nothing."""

from packaged import UNITS, Packaged, must_be_clean, package, repacked

LIMIT = 420

# What other programs write while nobody asks them to is none of the package's.
FILES = r"""find / -xdev \( -path /var/log -o -path /tmp -o -path /var/tmp -o -path /var/cache -o -path /var/lib/dpkg \
  -o -path /var/lib/systemd -o -path /root \) -prune -o -print | sort"""

SETTING = 'name = "Upgraded"'


def library(loop):
    return loop.sh("cd /var/lib/loop && find media -type f -exec sha256sum {} + | sort; cat loop.json").out


def run(bench):
    original = package(bench)
    newer = repacked(bench, original, "99.0")
    loop = Packaged(bench)
    users = loop.sh("cat /etc/passwd /etc/group").out
    before = set(loop.sh(FILES, limit=120).out.splitlines())

    # Nobody does anything but install it.
    loop.install(original)
    loop.ready()
    for unit in UNITS:
        assert loop.sh(f"systemctl is-enabled {unit}").out.strip() == "enabled"
    added = set(loop.sh(FILES, limit=120).out.splitlines()) - before
    assert "/usr/bin/loop-hw" in added and "/etc/loop/loop.toml" in added, added
    loop.add("red", (255, 0, 0))
    loop.add("blue", (0, 0, 255))
    loop.sh(f"sed -i 's/^#name = .*/{SETTING}/' /etc/loop/loop.toml")
    had, pids = library(loop), [loop.pid(unit) for unit in UNITS]

    loop.install(newer)
    loop.ready()
    assert loop.sh("dpkg-query -W -f '${Version}' loop").out == "99.0"
    assert library(loop) == had, "the upgrade changed the media"
    assert SETTING in loop.sh("cat /etc/loop/loop.toml").out, "the upgrade changed the settings"
    assert not set(pids) & {loop.pid(unit) for unit in UNITS}, "a daemon of before still runs"
    assert loop.sh("curl -fsS http://127.0.0.1/api/dashboard | grep -c Upgraded").out.strip() == "1"

    # As a package that is newer still would have left it.
    loop.sh("systemctl stop loop-web && sed -i 's/\"version\" *: *1/\"version\":7/' /var/lib/loop/loop.json")
    loop.sh("grep -q '\"version\":7' /var/lib/loop/loop.json")
    refused = loop.install(original, check=False)
    assert refused.returncode != 0 and "too old for the loop's order" in refused.err, refused.out + refused.err
    assert loop.sh("dpkg-query -W -f '${Version} ${db:Status-Status}' loop").out == "99.0 installed"
    loop.sh("sed -i 's/\"version\":7/\"version\":1/' /var/lib/loop/loop.json && systemctl start loop-web")
    loop.ready()
    # Of the same formats an older one may come.
    loop.install(original)
    loop.ready()
    assert library(loop) == had
    must_be_clean(loop.journal())

    loop.sh("dpkg -r loop", limit=120)
    assert loop.sh("pgrep -x 'loop-hw|loop-web'", check=False).out == "", "it still runs"
    assert library(loop) == had, "removal took the media"
    loop.sh("dpkg -P loop", limit=120)
    left = set(loop.sh(FILES, limit=120).out.splitlines()) - before
    assert not left, f"left after the purge: {sorted(left)}"
    assert loop.sh("cat /etc/passwd /etc/group").out == users, "the user is still there"
    assert loop.sh("test -e /run/loop", check=False).returncode == 1
    return f"{len(added)} files installed, {len(had.splitlines())} kept by an upgrade, none left by the purge; a downgrade refused"
