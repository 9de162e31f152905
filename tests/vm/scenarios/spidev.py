"""The panel through spidev and the GPIO character device: a clip is uploaded and played, and what the board has written
down is, frame by frame, what was sent."""

import time

from spi_panel import SpiPanel, must_be_flawless, told

LIMIT = 420

# Frames to be seen on the glass: more than four passes of the scene.
ENOUGH = 100
SECONDS = 30


def run(bench):
    panel = SpiPanel(bench)
    panel.start("loop-hw", "loop-web")
    panel.add_scene()
    panel.stop("loop-web", "loop-hw")

    # The power has been away: reset and light lines are low, and the programs start with what they have.
    panel.device.sh("rmmod loopboard && insmod /var/tmp/loopboard.ko && udevadm settle; rm -rf /run/loop; mkdir /run/loop")
    panel.listen("cold")
    panel.start("loop-hw")
    time.sleep(SECONDS)
    panel.stop("loop-hw")
    panel.listen_no_more()

    (cold,) = panel.verdicts()
    must_be_flawless(cold)
    assert cold["resets"] == 1, f"{cold['resets']} pulses of the reset line"
    assert cold["sleep_outs"] == 1, f"{cold['sleep_outs']} times out of sleep"
    assert cold["light_ons"] >= 1, "the light stayed off"
    assert cold["unwritten_when_lit"] == 0, f"the light showed {cold['unwritten_when_lit']} pixels nobody had written"
    assert cold["frames"] >= ENOUGH, f"only {cold['frames']} frames in {SECONDS} s"
    return told(cold)
