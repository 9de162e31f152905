// @vitest-environment node
import { unzipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { ClipBuilder } from './clip';
import { place } from './geometry';
import { toRgb565 } from './rgb565';
import { framesName, sha256Hex, slugFor } from './slug';
import { crc32, joinZip, pack } from './zip';

const rgba = (...pixels: [number, number, number][]): Uint8ClampedArray =>
  Uint8ClampedArray.from(pixels.flatMap((pixel) => [...pixel, 255]));

describe('RGB565', () => {
  it('has the high byte first', () => {
    expect([...toRgb565(rgba([255, 0, 0]), 1, 1, 1)]).toEqual([0xf8, 0x00]);
    expect([...toRgb565(rgba([0, 255, 0]), 1, 1, 1)]).toEqual([0x07, 0xe0]);
    expect([...toRgb565(rgba([0, 0, 255]), 1, 1, 1)]).toEqual([0x00, 0x1f]);
  });

  it('rounds to the nearest level', () => {
    for (let value = 0; value < 256; value++) {
      const [high] = toRgb565(rgba([value, 0, 0]), 1, 1, 1);
      expect(Math.abs((high! >> 3) * (255 / 31) - value)).toBeLessThanOrEqual(255 / 62 + 1e-9);
    }
  });

  it('averages blocks before it rounds', () => {
    const block = rgba([255, 0, 0], [0, 0, 0], [0, 255, 0], [255, 255, 255]);
    const grey = toRgb565(block, 1, 1, 2);
    const level = (sum: number, top: number): number => Math.round((sum / 4 / 255) * top);
    const value = (level(510, 31) << 11) | (level(510, 63) << 5) | level(255, 31);
    expect((grey[0]! << 8) | grey[1]!).toBe(value);
  });

  it('refuses a picture of another size', () => {
    expect(() => toRgb565(rgba([0, 0, 0]), 2, 1, 1)).toThrow(/not 2x1/);
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

describe('names', () => {
  it('are made of the file name and its content', async () => {
    const hash = await sha256Hex(new Blob(['abc']));
    expect(hash).toMatch(/^ba7816bf8f01cfea/);
    vi.stubGlobal('crypto', {});
    expect(await sha256Hex(new Blob(['abc'])), 'on plain http').toBe(hash);
    vi.unstubAllGlobals();
    expect(slugFor('My Holiday (2).GIF', hash)).toBe('my_holiday_2__ba7816bf8f01cfea');
    expect(slugFor('日本.mp4', hash)).toBe('__ba7816bf8f01cfea');
    expect(slugFor(`${'x'.repeat(200)}.png`, hash)).toHaveLength(60 + 17);
    expect(framesName('a.b.mp4')).toBe('a.b_frames.zip');
  });
});

describe('ZIP', () => {
  it('has the checksum everybody has', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('is read back by another program', async () => {
    const bytes = Uint8Array.from({ length: 5000 }, (_, i) => i % 7);
    const zip = joinZip([
      { name: 'a.txt', entry: pack(new TextEncoder().encode('hello'), 6) },
      { name: 'b.rgb', entry: pack(bytes, 3) },
    ]);
    const entries = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(new TextDecoder().decode(entries['a.txt'])).toBe('hello');
    expect(entries['b.rgb']).toEqual(bytes);
  });
});

describe('a clip', () => {
  const entry = () => pack(new Uint8Array(10), 3);

  it('puts frames that came late in their place', () => {
    const builder = new ClipBuilder();
    for (const ms of [0, 80, 40]) builder.add(ms * 1000, entry());
    const { metadata } = builder.finish('s', 'f.mp4', 130_000);
    expect(metadata).toMatchObject({ type: 'video', frame_count: 3, format: 'rgb565' });
    expect(metadata.durations_us).toEqual([40_000, 40_000, 50_000]);
  });

  it('of one frame is a still without a duration', () => {
    const builder = new ClipBuilder();
    builder.add(0, entry());
    const { metadata } = builder.finish('s', 'f.jpg', 1);
    expect(metadata).toMatchObject({ type: 'image', frame_count: 1, fps: 0 });
    expect(metadata.durations_us).toBeUndefined();
  });
});
