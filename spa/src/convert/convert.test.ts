// @vitest-environment node
import { deflateSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { Clip } from '../clip/clip';
import { FRAME_BYTES } from '../clip/frame';
import { WholeSource } from '../clip/source';
import { protoSource } from '../clip/testing';
import { ClipBuilder, type PackedFrame } from './clip';
import { readFileSync } from 'node:fs';
import { roundingFor } from './dither';
import { place } from './geometry';
import { TOLERANCE } from './quality';
import { toRgb565 } from './rgb565';
import { sha256Hex } from './sha256';

const rgba = (...pixels: (readonly [number, number, number])[]): Uint8ClampedArray =>
  Uint8ClampedArray.from(pixels.flatMap((pixel) => [...pixel, 255]));

describe('RGB565', () => {
  it('has the high byte first', () => {
    expect([...toRgb565(rgba([255, 0, 0]), 1, 1, 1, 'nearest')]).toEqual([0xf8, 0x00]);
    expect([...toRgb565(rgba([0, 255, 0]), 1, 1, 1, 'nearest')]).toEqual([0x07, 0xe0]);
    expect([...toRgb565(rgba([0, 0, 255]), 1, 1, 1, 'nearest')]).toEqual([0x00, 0x1f]);
  });

  it('rounds to the nearest level', () => {
    for (let value = 0; value < 256; value++) {
      const [high] = toRgb565(rgba([value, 0, 0]), 1, 1, 1, 'nearest');
      expect(Math.abs((high! >> 3) * (255 / 31) - value)).toBeLessThanOrEqual(255 / 62 + 1e-9);
    }
  });

  it('averages blocks before it rounds', () => {
    const block = rgba([255, 0, 0], [0, 0, 0], [0, 255, 0], [255, 255, 255]);
    const grey = toRgb565(block, 1, 1, 2, 'nearest');
    const level = (sum: number, top: number): number => Math.round((sum / 4 / 255) * top);
    const value = (level(510, 31) << 11) | (level(510, 63) << 5) | level(255, 31);
    expect((grey[0]! << 8) | grey[1]!).toBe(value);
  });

  it('refuses a picture of another size', () => {
    expect(() => toRgb565(rgba([0, 0, 0]), 2, 1, 1, 'nearest')).toThrow(/not 2x1/);
  });
});

interface Golden {
  pictures: { k: number; width: number; height: number; sums: number[][]; pixels: number[] }[];
}

describe('the mask', () => {
  /** k x k pixels whose channels add up to the sums, as unevenly as can be. */
  const spread = ({ k, width, height, sums }: Golden['pictures'][number]): Uint8ClampedArray => {
    const data = new Uint8ClampedArray(width * height * k * k * 4);
    sums.forEach((channels, i) => {
      const [x, y] = [(i % width) * k, Math.floor(i / width) * k];
      channels.forEach((sum, channel) => {
        for (let part = 0, left = sum; part < k * k; part++) {
          const at = (y + Math.floor(part / k)) * width * k + x + (part % k);
          data[at * 4 + channel] = Math.min(255, left);
          left -= data[at * 4 + channel]!;
        }
      });
    });
    return data;
  };

  it('makes of the golden pictures what the device makes of them', () => {
    const path = new URL('../../../loop-proto/tests/golden/dither.json', import.meta.url);
    const { pictures } = JSON.parse(readFileSync(path, 'utf8')) as Golden;
    expect(pictures.map(({ k }) => k)).toEqual(expect.arrayContaining([1, 2, 3]));
    for (const picture of pictures) {
      const { k, width, height, pixels } = picture;
      const bytes = toRgb565(spread(picture), width, height, k, 'masked');
      const made = pixels.map((_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
      expect(made).toEqual(pixels);
    }
  });

  it('leaves what RGB565 holds as it is', () => {
    for (let level = 0; level < 32; level++) {
      const value = (level << 3) | (level >> 2);
      const flat = rgba(...Array.from({ length: 64 }, () => [value, 0, value] as const));
      const pixels = toRgb565(flat, 8, 8, 1, 'masked');
      expect(new Set(pixels.filter((_, i) => i % 2 === 0))).toEqual(new Set([level << 3]));
      expect(new Set(pixels.filter((_, i) => i % 2 === 1))).toEqual(new Set([level]));
    }
  });

  it('is for tones, not for a few flat colours', () => {
    const drawn = Array.from({ length: 600 }, (_, i) => [(i % 5) * 50 + 2, 100, 7] as const);
    const tones = Array.from({ length: 600 }, (_, i) => [100 + (i % 5), 100, 7] as const);
    const photo = Array.from({ length: 600 }, (_, i) => [i % 251, (i * 7) % 253, i % 83] as const);
    expect(roundingFor(rgba(...drawn))).toBe('nearest');
    expect(roundingFor(rgba(...tones))).toBe('masked');
    expect(roundingFor(rgba(...photo))).toBe('masked');
    expect(roundingFor(rgba([0, 0, 0], [255, 255, 255])), 'either way the same').toBeUndefined();
  });
});

describe('placement', () => {
  it('fill cuts the sides off a wide film and shrinks it over three times the glass', () => {
    const { k, source, target } = place(1920, 1080, 'fill');
    expect(k).toBe(3);
    expect(source).toEqual({ x: 240, y: 0, width: 1440, height: 1080 });
    expect(target).toEqual({ x: 0, y: 0, width: 960, height: 720 });
  });

  it('fit keeps all of it between black bars', () => {
    const { k, source, target } = place(640, 360, 'fit');
    expect(k).toBe(2);
    expect(source).toEqual({ x: 0, y: 0, width: 640, height: 360 });
    expect(target).toEqual({ x: 0, y: 60, width: 640, height: 360 });
  });

  it('never draws a small picture larger than it needs', () => {
    expect(place(32, 24, 'fill').k).toBe(1);
    expect(place(320, 240, 'fit').target).toEqual({ x: 0, y: 0, width: 320, height: 240 });
  });
});

describe('the hash of a file', () => {
  it("is the same with and without the browser's own", async () => {
    const hash = await sha256Hex(new Blob(['abc']));
    expect(hash).toMatch(/^ba7816bf8f01cfea/);
    vi.stubGlobal('crypto', {});
    expect(await sha256Hex(new Blob(['abc'])), 'on plain http').toBe(hash);
    vi.unstubAllGlobals();
  });
});

describe('a clip', () => {
  /** A picture of one colour. */
  const packed = (colour: number): PackedFrame =>
    deflateSync(new Uint8Array(FRAME_BYTES).fill(colour)) as PackedFrame;
  const open = async (file: Blob): Promise<Clip> =>
    Clip.from(new WholeSource(new Uint8Array(await file.arrayBuffer())));
  const colour = (clip: Clip, frame: number): number => {
    expect(clip.show(frame)).toBe('shown');
    return clip.pixels[0]!;
  };

  it('puts frames that came late in their place', async () => {
    const builder = new ClipBuilder();
    for (const ms of [0, 80, 40, 41]) builder.add(ms * 1000, packed(ms));
    const told: number[] = [];
    const { file } = await builder.finish(130_000, 'off', (fraction) => told.push(fraction));
    const clip = await open(file);
    expect([0, 1, 2].map((frame) => colour(clip, frame))).toEqual([0, 40, 80]);
    expect([clip.frameCount, clip.totalUs]).toEqual([3, 130_000]);
    expect([39_999, 40_000, 80_000].map((us) => clip.frameAt(us))).toEqual([0, 1, 2]);
    expect(told).toEqual([1 / 3, 2 / 3, 1]);
  });

  it('of one frame is a still', async () => {
    const builder = new ClipBuilder();
    builder.add(0, packed(9));
    const clip = await open((await builder.finish(1, 'balanced', () => undefined)).file);
    expect([clip.frameCount, colour(clip, 0)]).toEqual([1, 9]);
  });

  it('is of a quality that leaves out what it says', async () => {
    for (const [quality, second] of [
      ['off', 8],
      ['small', 0],
    ] as const) {
      const builder = new ClipBuilder();
      builder.add(0, packed(0));
      // One step of red, of green and of blue.
      const next = new Uint8Array(FRAME_BYTES).map((_, at) => (at % 2 === 0 ? 8 : 0x21));
      builder.add(40_000, deflateSync(next) as PackedFrame);
      const clip = await open((await builder.finish(80_000, quality, () => undefined)).file);
      expect(colour(clip, 1), quality).toBe(second);
    }
  });

  it('may be off by as much as one that the device makes', () => {
    const theirs = protoSource('clip/quality.rs');
    for (const [name, tolerance] of Object.entries(TOLERANCE)) {
      const variant = name[0]!.toUpperCase() + name.slice(1);
      expect(theirs).toContain(`Self::${variant} => ${tolerance},`);
    }
  });
});
