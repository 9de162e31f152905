"""The pretend board itself: what is written to /dev/spidev0.0 and to its lines comes out of its log, byte for byte.

Everything else is judged by that log, so it is looked at first, with a writer of its own.
"""

import struct

LIMIT = 240

ENTRY = struct.Struct("<QIBBBB")

# Resets, sends a command with parameters and then 100 kB in the pieces spidev takes, all different.
WRITER = r"""
import fcntl, os, struct, time
chip = os.open("/dev/gpiochip0", os.O_RDWR)
request = bytearray(592)                                   # struct gpio_v2_line_request
struct.pack_into("3I", request, 0, 25, 27, 18)
struct.pack_into("Q", request, 288, 1 << 3)                # GPIO_V2_LINE_FLAG_OUTPUT
struct.pack_into("I", request, 560, 3)
fcntl.ioctl(chip, 0xC250B407, request)                     # GPIO_V2_GET_LINE_IOCTL
held = struct.unpack_from("i", request, 588)[0]
def set_lines(data, reset, light):
    fcntl.ioctl(held, 0xC010B40F, struct.pack("QQ", data | reset << 1 | light << 2, 7))
spi = os.open("/dev/spidev0.0", os.O_RDWR)
fcntl.ioctl(spi, 0x40046B04, struct.pack("I", 40000000))   # SPI_IOC_WR_MAX_SPEED_HZ
for reset in (1, 0, 1):
    set_lines(1, reset, 0)
set_lines(0, 1, 0)
os.write(spi, b"\x2a")
set_lines(1, 1, 0)
os.write(spi, b"\x00\x00\x00\xef")
bytes_sent = bytes(at * 7 % 251 for at in range(100_000))
start = time.monotonic()
for at in range(0, len(bytes_sent), 4096):
    os.write(spi, bytes_sent[at:at + 4096])
print(round((time.monotonic() - start) * 1000))
set_lines(1, 1, 1)
"""


def entries(log):
    at = 0
    while at < len(log):
        _, length, kind, number, level, lost = ENTRY.unpack_from(log, at)
        at += ENTRY.size
        yield (kind, number, level, lost, log[at : at + length])
        at += length


def run(bench):
    device = bench.device()
    device.push(bench.board, "/var/tmp/loopboard.ko")
    device.sh("insmod /var/tmp/loopboard.ko")
    device.until("test -c /dev/spidev0.0 -a -c /dev/loopboard", limit=10)
    (bench.folder / "writer.py").write_text(WRITER)
    device.push(bench.folder / "writer.py", "/var/tmp/writer.py")
    millis = device.sh("python3 /var/tmp/writer.py").out.strip()
    device.sh("timeout 2 dd if=/dev/loopboard of=/var/tmp/log bs=64k iflag=nonblock 2>/dev/null; test -s /var/tmp/log")
    device.pull("/var/tmp/log", bench.folder / "log")
    log = (bench.folder / "log").read_bytes()

    got = list(entries(log))
    assert not any(lost for _, _, _, lost, _ in got), "the log has a gap"
    edges = [(number, level) for kind, number, level, _, _ in got if kind == 1]
    assert edges == [(27, 1), (27, 0), (27, 1), (18, 1)], edges
    sent = [(level, data) for kind, number, level, _, data in got if kind == 0]
    assert sent[0] == (0, b"\x2a") and sent[1] == (1, b"\x00\x00\x00\xef"), sent[:2]
    data = b"".join(data for _, data in sent[2:])
    assert data == bytes(at * 7 % 251 for at in range(100_000)), "bytes differ"
    assert all(level == 1 for level, _ in sent[2:])
    return f"{len(got)} entries, {len(log)} bytes of log, 0 differ; 100 kB at 40 MHz in {millis} ms"
