"""The power goes while clients upload, sort, edit and delete, and the card forgets what it had not flushed: after each start
everything that was acknowledged is there, as it was acknowledged. LOOP_POWER_ROUNDS says how often.

The load runs outside, over HTTP alone, and writes down there what was acknowledged; it waits for the device and checks it.
"""

import json
import os
import queue
import random
import socket
import subprocess
import threading
import time

from card import DeviceWithCard
from spi_panel import SETTINGS

ROUNDS = int(os.environ.get("LOOP_POWER_ROUNDS", "10"))

# A start takes half a minute on a busy machine, and a check about as long.
LIMIT = 300 + 120 * ROUNDS

# Longest time from a check to the cut, which then waits, but not for ever, for so many pages in the card's cache at most.
SECONDS = 10
PAGES = 64
PATIENCE = 5

# How long a check may take.
CHECK = 240

SEED = 1


class Load:
    """The load generator, and what it says."""

    def __init__(self, bench, port):
        self.journal = bench.folder / "journal"
        self.journal.unlink(missing_ok=True)
        command = [bench.programs / "load", "run", f"http://127.0.0.1:{port}", self.journal]
        command += ["--seed", str(SEED), "--seconds", str(LIMIT)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.said, self.lines = [], queue.SimpleQueue()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.said.append(line)
            self.lines.put(line)
        self.lines.put(None)

    def has_found_all_right(self):
        """Waits for the end of a check."""
        line = ""
        while not line.startswith("right: "):
            line = self.lines.get(timeout=CHECK)
            assert line is not None, "".join(self.said)
        return line.strip()

    def forget(self):
        """What it has said so far was before this."""
        while not self.lines.empty():
            assert self.lines.get() is not None, "".join(self.said)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def counts(self):
        """How many changes were acknowledged, and of how many nobody knows."""
        kinds = [next(iter(json.loads(line))) for line in self.journal.read_text().splitlines()]
        return kinds.count("done"), kinds.count("lost")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def power_on(device, port):
    device.start()
    device.wait(180)
    settings = SETTINGS | {"LOOP_PANEL_KIND": "simulated", "LOOP_WEB_LISTEN": "0.0.0.0:8080"}
    settings = " ".join(f"--setenv={name}={value}" for name, value in settings.items())
    device.sh("mkdir -p /run/loop /var/lib/loop")
    for program in ("loop-hw", "loop-web"):
        device.sh(f"systemd-run -q --unit={program} {settings} /opt/{program}")
    device.until("curl -fsS http://127.0.0.1:8080/health/ready", limit=60)
    device.let_in(port, 8080)


def run(bench):
    device = DeviceWithCard(bench.machine.image, bench.folder / "device", SEED)
    port, dice, load, forgotten = free_port(), random.Random(SEED), None, []
    try:
        device.start()
        device.wait(180)
        bench.install(device, "loop-hw", "loop-web")
        device.sh("sync")
        device.cut()
        power_on(device, port)
        load = Load(bench, port)
        load.has_found_all_right()
        for number in range(ROUNDS):
            time.sleep(dice.uniform(0, SECONDS))
            device.card.fall_silent(1 + dice.randrange(PAGES), PATIENCE)
            forgotten.append(device.cut())
            time.sleep(0.5)  # until the load has said what it knew
            load.forget()
            power_on(device, port)
            found = load.has_found_all_right()
            print(f"   cut {number + 1}, {forgotten[-1]} pages forgotten: {found}", flush=True)
        done, lost = load.counts()
    finally:
        if load:
            load.end()
            (bench.folder / "load.log").write_text("".join(load.said))
        device.cut()
    assert done > ROUNDS and lost > 0, f"{done} changes were acknowledged and {lost} cut off: that shows nothing"
    assert sum(forgotten) > ROUNDS, f"the card has forgotten {sum(forgotten)} pages: that shows nothing"
    return f"{ROUNDS} cuts: {done} changes acknowledged, {lost} cut off, {sum(forgotten)} pages forgotten, nothing lost"
