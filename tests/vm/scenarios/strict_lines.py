"""A kernel that lets go of lines when their owner ends: the reset line falls, so the controller is reset, while loop-hw is
away. Starting again it must notice, and start the panel from cold rather than attach to what is not there any more."""

import time

from spi_panel import SpiPanel, must_be_flawless, told

LIMIT = 420

SECONDS = 10
ENOUGH = 20


def run(bench):
    panel = SpiPanel(bench, strict=1)
    panel.listen("before")
    panel.start("loop-hw", "loop-web")
    panel.add_scene()
    panel.stop("loop-web", "loop-hw")
    panel.listen_no_more()
    panel.listen("after")
    panel.start("loop-hw")
    time.sleep(SECONDS)
    panel.stop("loop-hw")
    panel.listen_no_more()

    before, after = panel.verdicts()
    assert before["frames"] > 0 and before["light_offs"] == 1, before
    # The log ends after loop-hw has: with the lines gone, the display is off.
    for verdict in (before, after):
        assert not verdict["showing"], "the reset line did not fall"
        must_be_flawless(verdict | {"showing": True})
    assert after["wakes"] == 1, f"{after['wakes']} times out of sleep"
    assert after["unwritten_when_lit"] == 0, "the light came on before the display"
    assert after["frames"] >= ENOUGH, f"only {after['frames']} frames in {SECONDS} s"
    return told(after)
