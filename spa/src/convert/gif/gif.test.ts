import { describe, expect, it } from 'vitest';
import { composeGif } from './compose';
import { unpackLzw } from './lzw';
import { scanGif } from './scan';
import { COLOURS, gifFile, type TestFrame } from './testing/gif_file';

const [BLACK, RED, GREEN, BLUE] = [0, 1, 2, 3];
const NOTHING = -1;

/** Each picture as colour indices, NOTHING where the canvas is clear. */
function play(bytes: Uint8Array): number[][] {
  return Array.from(composeGif(bytes, scanGif(bytes)), ({ rgba }) =>
    Array.from({ length: rgba.length / 4 }, (_, i) => {
      const [r, g, b, a] = rgba.subarray(i * 4, i * 4 + 4);
      if (a === 0) return NOTHING;
      return COLOURS.findIndex((colour) => colour[0] === r && colour[1] === g && colour[2] === b);
    }),
  );
}

const whole = (colour: number, more: Partial<TestFrame> = {}): TestFrame => ({
  width: 3,
  height: 1,
  pixels: [colour, colour, colour],
  ...more,
});
const dot = (left: number, colour: number, more: Partial<TestFrame> = {}): TestFrame => ({
  left,
  width: 1,
  height: 1,
  pixels: [colour],
  ...more,
});

describe('disposal', () => {
  it('0 and 1 leave the frame on the canvas', () => {
    const pictures = play(
      gifFile(3, 1, [whole(RED), dot(1, GREEN, { disposal: 1 }), dot(2, BLUE)]),
    );
    expect(pictures.at(-1)).toEqual([RED, GREEN, BLUE]);
  });

  it('2 clears the frame’s own area', () => {
    const pictures = play(
      gifFile(3, 1, [whole(RED), dot(1, GREEN, { disposal: 2 }), dot(2, BLUE)]),
    );
    expect(pictures.at(-1)).toEqual([RED, NOTHING, BLUE]);
  });

  it('3 puts back what was there before', () => {
    const pictures = play(
      gifFile(3, 1, [whole(RED), dot(1, GREEN, { disposal: 3 }), dot(2, BLUE)]),
    );
    expect(pictures).toEqual([
      [RED, RED, RED],
      [RED, GREEN, RED],
      [RED, RED, BLUE],
    ]);
  });

  it('3 on the first frame puts back an empty canvas', () => {
    const pictures = play(gifFile(3, 1, [whole(RED, { disposal: 3 }), dot(0, BLUE)]));
    expect(pictures.at(-1)).toEqual([BLUE, NOTHING, NOTHING]);
  });
});

describe('pictures', () => {
  it('show what is below a transparent pixel', () => {
    const second = whole(0, { pixels: [GREEN, BLACK, BLUE], transparent: BLACK });
    expect(play(gifFile(3, 1, [whole(RED), second])).at(-1)).toEqual([GREEN, RED, BLUE]);
  });

  it('that are interlaced come out in order', () => {
    const pixels = Array.from({ length: 20 }, (_, y) => y % 8);
    const frame = { width: 1, height: 20, pixels, interlaced: true };
    expect(play(gifFile(1, 20, [frame]))[0]).toEqual(pixels);
  });

  it('that reach over the edge are cut there', () => {
    const wide = { left: 2, width: 3, height: 1, pixels: [GREEN, BLUE, BLUE] };
    expect(play(gifFile(3, 1, [whole(RED), wide])).at(-1)).toEqual([RED, RED, GREEN]);
  });

  it('use their own colours where they have them', () => {
    const palette = [...COLOURS[BLUE]!, ...COLOURS.slice(1).flat()];
    expect(play(gifFile(3, 1, [whole(BLACK, { palette })]))[0]).toEqual([BLUE, BLUE, BLUE]);
  });
});

describe('time', () => {
  it('is each frame’s own, and delays up to 10 ms mean 100', () => {
    const delays = [0, 1, 2, 3, 50];
    const bytes = gifFile(
      3,
      1,
      delays.map((delayCs) => whole(RED, { delayCs })),
    );
    const durations = scanGif(bytes).frames.map(({ durationUs }) => durationUs / 1000);
    expect(durations).toEqual([100, 100, 20, 30, 500]);
  });
});

describe('damaged files', () => {
  const good = gifFile(3, 1, [whole(RED), whole(GREEN)]);

  it('without a trailer still play', () => {
    expect(play(good.subarray(0, -1))).toHaveLength(2);
  });

  it('are refused wherever they were cut', () => {
    // Between blocks, after a whole frame, the file might simply lack its trailer.
    const firstFrameEnds = 6 + 7 + 24 + 8 + 10 + 1 + 1 + 4 + 1;
    const betweenBlocks = [firstFrameEnds, firstFrameEnds + 8];
    for (let length = 0; length < good.length - 1; length++) {
      if (betweenBlocks.includes(length)) continue;
      expect(() => play(good.subarray(0, length)), `${length} bytes`).toThrow(/broken-gif/);
    }
  });

  it('name the frame and the byte', () => {
    expect(() => scanGif(good.subarray(0, -4))).toThrow('(frame 2, byte ');
  });

  it('with codes that cannot be are refused', () => {
    // Four bit codes: clear, 1, 15; code 15 is not known yet.
    const data = Uint8Array.from([2, 0x18, 0x0f, 0]);
    expect(() => unpackLzw(data, 0, 3, new Uint8Array(9))).toThrow(/damaged picture data/);
  });

  it('with a canvas of a gigabyte are refused', () => {
    const huge = gifFile(60_000, 60_000, [dot(0, RED)]);
    expect(() => scanGif(huge)).toThrow(/too many/);
  });
});

it('LZW repeats a string that is not in the dictionary yet', () => {
  // "1 1 1": clear, 1, and code 10, which is being made (1 + its own first byte), then end.
  const codes = [8, 1, 10, 9];
  const data = Uint8Array.from([2, codes[0]! | (codes[1]! << 4), codes[2]! | (codes[3]! << 4), 0]);
  const out = new Uint8Array(4).fill(7);
  expect(unpackLzw(data, 0, 3, out)).toBe(3);
  expect([...out]).toEqual([1, 1, 1, 7]);
});
