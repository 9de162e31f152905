"""The units as installed: their sandbox's score, a start without loop-web and network, and each daemon killed and hung while
the other works. loop-hw goes on with the item it was at; what needs no hardware is answered all the while.
LOOP_KILL_ROUNDS says how often each is killed."""

import os
import re
import time

from packaged import PAGE, Packaged, must_be_clean, package

ROUNDS = int(os.environ.get("LOOP_KILL_ROUNDS", "5"))
LIMIT = 480 + 20 * ROUNDS

# The least that must be kept out, by systemd-analyze.
SCORES = {"loop-hw": 3.0, "loop-web": 1.5}

# Asks without a pause what needs no hardware, and writes down what is not answered.
LOAD = f"""systemd-run -q --unit=load bash -c 'while :; do
  curl -fsS -m 20 -o /dev/null {PAGE}/api/dashboard && echo good || echo bad; done >>/var/tmp/load'"""


def scores(loop):
    found = {}
    for unit, most in SCORES.items():
        text = loop.sh(f"systemd-analyze security --no-pager {unit}").out
        found[unit] = float(re.search(r"exposure level for \S+: ([0-9.]+)", text)[1])
        assert found[unit] <= most, f"{unit} scores {found[unit]}"
    return found


def starts_alone(loop):
    """Power off and on, with loop-web masked: there is a picture all the same. Gives the second of the first."""
    loop.sh("systemctl mask loop-web; systemctl stop loop-web; sync")
    loop.device.cut()
    loop.device.start()
    loop.device.wait(180)
    loop.device.until("loopctl status --json | grep -q '\"slug\": *\"red'", limit=60)
    ready = int(loop.property("loop-hw", "ActiveEnterTimestampMonotonic")) / 1e6
    userspace = int(loop.property("", "UserspaceTimestampMonotonic")) / 1e6
    loop.sh("systemctl unmask loop-web && systemctl start loop-web")
    loop.ready()
    return ready, userspace


def goes_on(loop):
    """It is what it was told to be, on the real panel, before all other threads."""
    status = loop.status()
    assert status["current"]["slug"].startswith("red"), status
    assert status["repeat"] == "one" and status["brightness"] == 37, status
    assert status["panel"]["kind"] == "ili9341" and status["panel"]["trouble"] is None, status
    assert status["panel"]["scheduling"] == "realtime", status


def killed(loop):
    """Each is killed ROUNDS times."""
    times = {"loop-hw": [], "loop-web": []}
    for _ in range(ROUNDS):
        for unit, other in (("loop-hw", "loop-web"), ("loop-web", "loop-hw")):
            old, spared = loop.pid(unit), loop.pid(other)
            loop.sh(f"systemctl kill -s KILL {unit}")
            times[unit].append(loop.back(unit, old, 30))
            assert loop.pid(other) == spared, f"{other} went with {unit}"
            if unit == "loop-hw":
                goes_on(loop)
    return times


def hung(loop, unit, patience):
    """The watchdog ends a process that stands still."""
    old, start = loop.pid(unit), time.monotonic()
    loop.sh(f"kill -STOP {old}")
    loop.back(unit, old, 2 * patience + 20)
    took = time.monotonic() - start
    assert "watchdog" in loop.sh(f"journalctl -q -b -u {unit}").out.lower()
    return took


def run(bench):
    loop = Packaged(bench)
    loop.install(package(bench))
    loop.ready()
    loop.add("red", (255, 0, 0))
    loop.add("blue", (0, 0, 255))
    slug = next(slug for slug in loop.status()["playlist"] if slug.startswith("red"))
    loop.sh(f"loopctl select {slug} && loopctl repeat one && loopctl brightness 37")
    goes_on(loop)
    score = scores(loop)
    ready, userspace = starts_alone(loop)
    goes_on(loop)

    loop.sh(LOAD)
    web = loop.pid("loop-web")
    for _ in range(ROUNDS):
        old = loop.pid("loop-hw")
        loop.sh("systemctl kill -s KILL loop-hw")
        loop.back("loop-hw", old, 30)
    hang_hw = hung(loop, "loop-hw", 10)
    loop.sh("systemctl stop load")
    load = loop.sh("cat /var/tmp/load").out.split()
    assert loop.pid("loop-web") == web and load.count("bad") == 0 and len(load) > 10, (load.count("bad"), len(load))
    goes_on(loop)

    times = killed(loop)
    hang_web = hung(loop, "loop-web", 30)
    loop.ready()
    goes_on(loop)
    must_be_clean(loop.journal())
    slowest = ", ".join(f"{unit} {max(took):.1f} s" for unit, took in times.items())
    return (
        f"scores {score}; loop-hw ready {ready - userspace:.1f} s after the start of systemd, without loop-web; killed "
        f"{ROUNDS} times each, back after {slowest} at most; hung, back after {hang_hw:.0f} and {hang_web:.0f} s; "
        f"{len(load)} answers while loop-hw died, none failed"
    )
