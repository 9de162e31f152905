"""Writes an animated GIF with varied delays, see-through frames and all three disposals, and what it must look like.

    animate.py OUT.gif OUT.json OUT.raw

OUT.raw holds the finished pictures as RGB24 of 400x300. They are worked out here from the GIF's rules by simple
means (a list of colours per picture), on their own, so a fault of the page's decoder cannot hide in them.
"""

import json
import struct
import sys

WIDTH, HEIGHT = 400, 300
CLEAR = 255
KEEP, BACKGROUND, PREVIOUS = 1, 2, 3


def palette():
    """255 colours on a smooth wheel; the last one is the see-through one."""
    colours = []
    for i in range(255):
        phase = i / 255 * 3
        third, rise = int(phase), int((phase % 1) * 200)
        high, low = 228 - rise, 28 + rise
        colours.append([(high, low, 28), (28, high, low), (low, 28, high)][third])
    return colours + [(0, 0, 0)]


def ground(x, y):
    return int((x + y) / (WIDTH + HEIGHT) * 200)


def disc(size, colour):
    """A round frame: one colour with see-through corners."""
    middle = (size - 1) / 2
    return [
        colour if (x - middle) ** 2 + (y - middle) ** 2 <= middle**2 else CLEAR
        for y in range(size)
        for x in range(size)
    ]


def frames():
    """(left, top, width, height, indices, delay in 1/100 s, disposal, interlaced)"""
    whole = [ground(x, y) for y in range(HEIGHT) for x in range(WIDTH)]
    yield (0, 0, WIDTH, HEIGHT, whole, 30, KEEP, False)
    yield (60, 40, 120, 120, disc(120, 10), 7, KEEP, False)
    yield (180, 60, 140, 140, disc(140, 90), 12, PREVIOUS, True)
    yield (130, 150, 100, 100, disc(100, 170), 25, BACKGROUND, False)
    yield (200, 120, 90, 90, disc(90, 220), 5, KEEP, True)
    yield (20, 180, 80, 80, disc(80, 60), 40, PREVIOUS, False)
    yield (250, 30, 110, 110, disc(110, 130), 15, KEEP, False)


def lzw(indices):
    """GIF's LZW with 8 bit symbols and a growing dictionary."""
    out, buffer, bits = bytearray(), 0, 0

    def put(code, size):
        nonlocal buffer, bits
        buffer |= code << bits
        bits += size
        while bits >= 8:
            out.append(buffer & 0xFF)
            buffer >>= 8
            bits -= 8

    table, size = {(i,): i for i in range(256)}, 9
    put(256, size)
    run = ()
    for index in indices:
        longer = run + (index,)
        if longer in table:
            run = longer
            continue
        put(table[run], size)
        code = len(table) + 2
        if code < 4096:
            table[longer] = code
            if code == 1 << size and size < 12:
                size += 1
        else:
            put(256, size)
            table, size = {(i,): i for i in range(256)}, 9
        run = (index,)
    put(table[run], size)
    put(257, size)
    if bits:
        out.append(buffer & 0xFF)
    return bytes(out)


def interlace(indices, width, height):
    rows = [y for start, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(start, height, step)]
    return [index for y in rows for index in indices[y * width : (y + 1) * width]]


def encode(colours):
    yield b'GIF89a' + struct.pack('<HHBBB', WIDTH, HEIGHT, 0xF7, 0, 0)
    yield bytes(value for colour in colours for value in colour)
    yield b'!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00'
    for left, top, width, height, indices, delay, disposal, woven in frames():
        yield struct.pack('<BBBBHBB', 0x21, 0xF9, 4, disposal << 2 | 1, delay, CLEAR, 0)
        yield struct.pack('<BHHHHB', 0x2C, left, top, width, height, 0x40 if woven else 0)
        data = lzw(interlace(indices, width, height) if woven else indices)
        yield b'\x08'
        for at in range(0, len(data), 255):
            part = data[at : at + 255]
            yield bytes([len(part)]) + part
        yield b'\x00'
    yield b';'


def pictures(colours):
    canvas = [(0, 0, 0)] * (WIDTH * HEIGHT)
    for left, top, width, height, indices, _delay, disposal, _woven in frames():
        before = list(canvas)
        for i, index in enumerate(indices):
            if index != CLEAR:
                canvas[(top + i // width) * WIDTH + left + i % width] = colours[index]
        yield canvas
        if disposal == PREVIOUS:
            canvas = before
        elif disposal == BACKGROUND:
            for y in range(top, top + height):
                canvas[y * WIDTH + left : y * WIDTH + left + width] = [(0, 0, 0)] * width


def main():
    gif_path, json_path, raw_path = sys.argv[1:4]
    colours = palette()
    with open(gif_path, 'wb') as gif:
        gif.write(b''.join(encode(colours)))
    with open(raw_path, 'wb') as raw:
        for picture in pictures(colours):
            raw.write(bytes(value for colour in picture for value in colour))
    delays = [frame[5] * 10_000 for frame in frames()]
    with open(json_path, 'w') as about:
        json.dump({'frame_count': len(delays), 'durations_us': delays}, about)


main()
