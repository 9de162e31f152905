"""The driver of the panel computes the same on a Raspberry Pi's processor: loop-hw's tests of panel and bus, built for
aarch64 and run under emulation of that processor, without a device. LOOP_PANEL_FRAMES is how many random pictures the driver
is to draw, 4000 when not told; a hundred thousand take six minutes.
"""

import os
import re
import subprocess

# Everything is compiled anew the first time.
LIMIT = 2400 + int(os.environ.get("LOOP_PANEL_FRAMES", "0")) // 50


def run(bench):
    log = bench.folder / "log"
    with open(log, "wb") as out:
        done = subprocess.run([bench.root / "tests/vm/arm.sh"], stdout=out, stderr=subprocess.STDOUT)
    text = log.read_text()
    result = re.search(r"test result: (\w+)\. (\d+) passed; (\d+) failed.* finished in (\S+)s", text)
    assert done.returncode == 0 and result, text[-2000:]
    assert int(result[2]) > 0, "no test was run"
    return f"{result[2]} tests passed, {result[3]} failed, in {result[4]} s"
