#!/usr/bin/env python3
"""Runs scenarios on the virtual device and writes target/device-test/report.json.

  run.py [SCENARIO...]      without names: all

Each file in scenarios/ is one: its text at the top says what it shows, LIMIT how many seconds it may take, and
run(bench) does it, raises if something is wrong, and returns its figures in a sentence. The device is made from what
image.sh built; programs are those of the target folder.
"""

import importlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
OUT = ROOT / "target" / "device-test"
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True

from machine import Machine  # noqa: E402


class Bench:
    """What a scenario works with."""

    def __init__(self):
        self.machine = Machine(OUT, OUT / "device")
        self.programs = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
        self.root = ROOT
        self.board = OUT / "loopboard.ko"
        self.folder = OUT

    def device(self):
        """A device just started."""
        return self.machine.fresh()

    def install(self, device, *names):
        """Puts programs into /opt, without what only a debugger reads."""
        for name in names:
            slim = self.folder / name
            subprocess.run(["strip", "-o", slim, self.programs / name], check=True)
            device.push(slim, f"/opt/{name}", 0o755)


def too_long(signum, frame):
    raise TimeoutError("took longer than its limit")


def run_one(name, bench):
    print(f"== {name}", flush=True)
    bench.folder = OUT / name
    bench.folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    signal.signal(signal.SIGALRM, too_long)
    try:
        scenario = importlib.import_module(f"scenarios.{name}")
        signal.alarm(scenario.LIMIT)
        figure, passed = scenario.run(bench), True
    except Exception as error:  # whatever it is, the next scenario still runs
        traceback.print_exc()
        figure, passed = f"{type(error).__name__}: {error}", False
    finally:
        signal.alarm(0)
        bench.machine.cut()
    seconds = round(time.monotonic() - start, 1)
    print(f"   {'passed' if passed else 'FAILED'} in {seconds} s: {figure}", flush=True)
    return {"name": name, "passed": passed, "seconds": seconds, "figure": figure}


def keep(report):
    """Replaces what the report has about these scenarios, so that one can be repeated alone."""
    file = OUT / "report.json"
    old = json.loads(file.read_text()) if file.exists() else []
    names = [entry["name"] for entry in report]
    merged = [entry for entry in old if entry["name"] not in names] + report
    file.write_text(json.dumps(sorted(merged, key=lambda entry: entry["name"]), indent=1) + "\n")


def main():
    known = sorted(file.stem for file in (HERE / "scenarios").glob("*.py"))
    wanted = sys.argv[1:] or known
    unknown = set(wanted) - set(known)
    if unknown:
        sys.exit(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    OUT.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    bench = Bench()
    report = []
    try:
        for name in wanted:
            report.append(run_one(name, bench))
    finally:
        bench.machine.cut()
        keep(report)
    sys.exit(0 if all(entry["passed"] for entry in report) else 1)


if __name__ == "__main__":
    main()
