"""loop-hw ends while the panel shows a picture, once asked to and once killed, and starts again: the controller is neither
reset nor woken again, display and light stay on, and nothing but the clip is ever on the glass."""

import time

from spi_panel import SpiPanel, must_be_flawless, told

LIMIT = 420

SECONDS = 10
# Frames that must be on the glass in that time, start-up included.
ENOUGH = 20


def attach(panel, name):
    """Starts loop-hw, whose log it keeps, and leaves it running."""
    panel.listen(name)
    panel.start("loop-hw")
    time.sleep(SECONDS)


def run(bench):
    panel = SpiPanel(bench)
    panel.listen("cold")
    panel.start("loop-hw", "loop-web")
    panel.add_scene()
    panel.stop("loop-web")
    time.sleep(SECONDS)
    panel.stop("loop-hw")
    panel.listen_no_more()

    attach(panel, "asked")
    panel.device.sh("systemctl kill -s KILL loop-hw; systemctl reset-failed loop-hw", check=False)
    panel.listen_no_more()
    attach(panel, "killed")
    panel.stop("loop-hw")
    panel.listen_no_more()

    cold, *warm = panel.verdicts()
    must_be_flawless(cold)
    assert cold["light_ons"] >= 1 and cold["frames"] > 0, cold
    for name, verdict in zip(("asked", "killed"), warm):
        must_be_flawless(verdict)
        again = {what: verdict[what] for what in ("resets", "wakes", "darkenings", "light_offs") if verdict[what]}
        assert not again, f"after being {name}: {again}"
        assert verdict["frames"] >= ENOUGH, f"after being {name}: only {verdict['frames']} frames"
    return "; ".join(f"{name}: {told(verdict)}" for name, verdict in zip(("asked", "killed"), warm))
