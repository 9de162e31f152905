"""The panel through spidev and the GPIO character device, found without being told: a clip is uploaded and played, and what
the board has written down is, frame by frame, what was sent. The board's clock is slower than asked for, which the status
must tell."""

import time

from spi_panel import SpiPanel, must_be_flawless, told

LIMIT = 420

# Frames to be seen on the glass: more than four passes of the scene.
ENOUGH = 100
SECONDS = 30

# LOOP asks for 40 MHz when not told otherwise.
BOARD_HZ = 32_000_000


def run(bench):
    panel = SpiPanel(bench, max_hz=BOARD_HZ)
    panel.start("loop-hw", "loop-web")
    panel.add_scene()
    status = panel.status()
    panel.stop("loop-web", "loop-hw")

    # The power has been away: reset and light lines are low, and the programs start with what they have.
    panel.replug()
    panel.listen("cold")
    panel.start("loop-hw")
    time.sleep(SECONDS)
    panel.stop("loop-hw")
    panel.listen_no_more()

    bus = status["bus"]
    assert status["kind"] == "ili9341" and bus["wire"] == "spidev", status
    # The device's own clock is coarse under emulation, but no noise makes a wire faster.
    assert bus["requested_hz"] > BOARD_HZ and bus["effective_hz"] < 1.1 * BOARD_HZ, bus
    (cold,) = panel.verdicts()
    must_be_flawless(cold)
    assert cold["resets"] == 1, f"{cold['resets']} pulses of the reset line"
    assert cold["wakes"] == 1, f"{cold['wakes']} times out of sleep"
    assert cold["light_ons"] >= 1, "the light stayed off"
    assert cold["unwritten_when_lit"] == 0, f"the light showed {cold['unwritten_when_lit']} pixels nobody had written"
    assert cold["frames"] >= ENOUGH, f"only {cold['frames']} frames in {SECONDS} s"
    return f"{told(cold)}; clock {bus['requested_hz']} Hz asked for, {BOARD_HZ} real, {bus['effective_hz']} measured"
