// @vitest-environment node
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Clip } from '../clip';
import { HEADER_BYTES, Index, parseHeader } from '../format';
import { blackFrame, COLUMNS, FRAME_BYTES, ROWS, type Frame } from '../frame';
import { unpackLz4 } from '../lz4';
import { DELTA, KEY, MAX_RAW_BYTES, MAX_RECTS, WRAP } from '../record';
import { WholeSource } from '../source';
import { goldenFile, goldenFrames, hashOf, numbers, protoSource } from '../testing';
import { Packer } from './lz4';
import { Raster } from './raster';
import { COARSE, Rects, TIGHT } from './rects';
import { ClipWriter } from './writer';

const GOLDEN = join(import.meta.dirname, '../../../../loop-proto/tests/golden');
const PIXELS = FRAME_BYTES / 2;

interface Shown {
  pixels: Frame;
  durationUs: number;
}

async function write(frames: Iterable<Shown>, tolerance = 0): Promise<Uint8Array> {
  const writer = new ClipWriter(tolerance);
  const raster = new Raster();
  for (const { pixels, durationUs } of frames) {
    raster.copyFrom(pixels);
    writer.push(raster, durationUs);
  }
  return new Uint8Array(await writer.finish().arrayBuffer());
}

async function* play(bytes: Uint8Array): AsyncGenerator<Frame> {
  const clip = await Clip.from(new WholeSource(bytes));
  for (let frame = 0; frame < clip.frameCount; frame++) {
    let state = clip.show(frame);
    while (state === 'working') state = clip.show(frame);
    expect(state).toBe('shown');
    yield clip.pixels;
  }
  expect(clip.show(0)).toBe('shown');
  yield clip.pixels;
}

function kinds(bytes: Uint8Array): number[] {
  const header = parseHeader(bytes, bytes.length);
  const index = new Index(header, bytes.subarray(header.indexOffset));
  return Array.from({ length: header.records }, (_, record) => index.form(record).kind);
}

/** The frames of a clip of the device's, with their times. */
async function framesOf(name: string, durations: number[]): Promise<Shown[]> {
  const frames: Shown[] = [];
  for await (const pixels of play(goldenFile(name))) {
    const durationUs = durations[frames.length];
    if (durationUs !== undefined) frames.push({ pixels: pixels.slice(), durationUs });
  }
  return frames;
}

/** Frames that each change the one before. */
function* changing(
  count: number,
  durationUs: number,
  change: (pixels: Uint16Array, frame: number) => void,
): Generator<Shown> {
  const pixels = new Uint16Array(PIXELS).map((_, at) => Math.floor(at / 700));
  for (let frame = 0; frame < count; frame++) {
    if (frame > 0) change(pixels, frame);
    yield { pixels: new Uint8Array(pixels.buffer.slice(0)), durationUs };
  }
}

const random = numbers(5);
const CHANGES: [string, number, (pixels: Uint16Array, frame: number) => void][] = [
  ['one frame', 1, () => undefined],
  ['nothing that changes', 9, () => undefined],
  ['one pixel that moves', 30, (pixels, frame) => (pixels[frame * 241] = 0xffff)],
  ['noise', 4, (pixels) => pixels.forEach((_, at) => (pixels[at] = random(65_536)))],
  [
    'scattered dots',
    6,
    (pixels) => {
      for (let dot = 0; dot < 9000; dot++) pixels[random(PIXELS)] = random(65_536);
    },
  ],
  [
    'every second pixel',
    3,
    (pixels, frame) => {
      for (let at = frame % 2; at < PIXELS; at += 2) pixels[at] = at * frame;
    },
  ],
  ['a fade', 12, (pixels) => pixels.forEach((pixel, at) => (pixels[at] = pixel ^ 0x0801))],
  ['a picture that moves', 8, (pixels) => pixels.copyWithin(0, COLUMNS * 3 + 2)],
  ['frames that come again', 8, (pixels, frame) => pixels.fill(frame % 2, 9000, 20_000)],
];

describe('a clip that was written', () => {
  it.each(CHANGES)('shows every frame of %s, also round the loop', async (_, count, change) => {
    const frames = [...changing(count, 300_000, change)];
    const wanted = [...frames, frames[0]!].map(({ pixels }) => hashOf(pixels));
    const hashes: string[] = [];
    const bytes = await write(frames);
    for await (const pixels of play(bytes)) hashes.push(hashOf(pixels));
    expect(hashes).toEqual(wanted);
    const keys = (frame: number) => frame % 7 === 0;
    const records = frames.map((_frame, i) => (keys(i) ? KEY : DELTA));
    expect(kinds(bytes)).toEqual(count > 1 ? [...records, WRAP] : records);
  });

  it('may have three thousand frames', async () => {
    const dot = (frame: number) => (frame * 7919) % PIXELS;
    const bytes = await write(
      changing(3000, 33_333, (pixels, frame) => (pixels[dot(frame)] = frame)),
    );
    expect(bytes.length).toBeLessThan(700_000);
    const model = new Uint16Array(PIXELS).map((_, at) => Math.floor(at / 700));
    let frame = 0;
    for await (const pixels of play(bytes)) {
      if (frame > 0 && frame < 3000) model[dot(frame)] = frame;
      if (frame < 3000 && frame % 13 === 0) {
        expect(Buffer.compare(new Uint8Array(model.buffer), pixels), `frame ${frame}`).toBe(0);
      }
      frame++;
    }
    expect(frame).toBe(3001);
  }, 60_000);

  it('has frames, each as long as a frame may be shown', async () => {
    const durations = [1, 1e12, 40_000.4].map((durationUs) => ({
      pixels: blackFrame(),
      durationUs,
    }));
    const bytes = await write(durations);
    expect(parseHeader(bytes, bytes.length).totalUs).toBe(1000 + 3_600_000_000 + 40_000);
    expect(() => new ClipWriter(0).finish()).toThrow(/at least one/);
  });
});

describe('beside the device', () => {
  it('what is written shows the golden frames, and is as small', async () => {
    const golden = goldenFrames();
    const frames = await framesOf(
      'forms.clip',
      golden.map(({ durationUs }) => durationUs),
    );
    const bytes = await write(frames);
    // The device's own test reads what the page has made: loop-proto/tests/page.rs.
    const path = join(GOLDEN, 'page.clip');
    if (process.env.LOOP_GOLDEN === 'write') writeFileSync(path, bytes);
    expect(Buffer.compare(readFileSync(path), bytes), 'page.clip').toBe(0);
    const ratio = bytes.length / goldenFile('forms.clip').length;
    expect(ratio).toBeLessThan(1.02);
    let frame = 0;
    for await (const pixels of play(bytes)) {
      expect(hashOf(pixels)).toBe(golden[frame++ % golden.length]!.hash);
    }
  });

  it('the same changes are left out, and made good at the same time', async () => {
    const lines = readFileSync(join(GOLDEN, 'film.held'), 'utf8').trim().split('\n');
    const table = lines.map((line) => line.split(' '));
    const frames = await framesOf(
      'film.clip',
      table.map(([duration]) => Number(duration)),
    );
    for (const [column, tolerance] of [0, 8, 16].entries()) {
      const wanted = table.map((row) => row[column + 1]);
      const hashes: string[] = [];
      for await (const pixels of play(await write(frames, tolerance))) {
        hashes.push(hashOf(pixels));
      }
      expect(hashes, `tolerance ${tolerance}`).toEqual([...wanted, wanted[0]]);
    }
    expect(new Set(table.map((row) => row[2])).size).toBeGreaterThan(10);
  });

  it.each([
    ['clip/quality.rs', /SETTLE_MS: u16 = (\d+)/, 'encode/deadzone.ts', /SETTLE_MS = (\d+)/],
    [
      'clip.rs',
      /KEY_INTERVAL: Duration = Duration::from_secs\((\d+)\)/,
      'encode/writer.ts',
      /KEY_INTERVAL_US = (\d+)_000_000/,
    ],
  ])('the times are the same: %s, %s', (theirs, there, ours, here) => {
    const own = readFileSync(join(import.meta.dirname, '..', ours), 'utf8');
    expect(here.exec(own)?.[1]).toBe(there.exec(protoSource(theirs))?.[1]);
  });
});

describe('rectangles', () => {
  const covers = (before: Raster, after: Raster, rects: Rects): number => {
    const painted = new Uint8Array(PIXELS);
    for (let i = 0; i < rects.count; i++) {
      for (let y = rects.y[i]!; y < rects.bottom[i]!; y++) {
        for (let x = rects.x[i]!; x < rects.right[i]!; x++) painted[y * COLUMNS + x]!++;
      }
    }
    expect(Math.max(...painted.subarray(0, 60_000), ...painted.subarray(60_000))).toBeLessThan(2);
    const missed = painted.findIndex(
      (times, at) => times === 0 && before.pixels[at] !== after.pixels[at],
    );
    expect(missed).toBe(-1);
    return painted.reduce((sum, times) => sum + times, 0);
  };

  it('cover what differs once, however scattered it is', () => {
    const [before, after, rects] = [new Raster(), new Raster(), new Rects()];
    for (const dots of [0, 1, 40, 900, 6000, 40_000, 200_000]) {
      after.pixels.fill(0);
      for (let dot = 0; dot < dots; dot++) after.pixels[random(PIXELS)] = 1;
      for (const reach of [TIGHT, COARSE]) {
        rects.cover(before, after, reach);
        expect(rects.count).toBeLessThanOrEqual(MAX_RECTS);
        covers(before, after, rects);
      }
    }
  });

  it('are tight around a thing', () => {
    const [before, after, rects] = [new Raster(), new Raster(), new Rects()];
    for (let y = 100; y < 180; y++) after.pixels.fill(7, y * COLUMNS + 30, y * COLUMNS + 90);
    rects.cover(before, after, TIGHT);
    expect([rects.count, covers(before, after, rects)]).toEqual([1, 60 * 80]);
    after.pixels.fill(9);
    rects.cover(before, after, TIGHT);
    expect([rects.count, covers(before, after, rects)]).toEqual([1, COLUMNS * ROWS]);
  });
});

describe('a block', () => {
  const packer = new Packer(MAX_RAW_BYTES);
  const back = (raw: Uint8Array): number => {
    const packed = packer.pack(raw, raw.length).slice();
    const out = new Uint8Array(raw.length);
    unpackLz4(packed, out);
    expect(Buffer.compare(out, raw)).toBe(0);
    return packed.length;
  };

  it('unpacks to what was packed, whatever it is', () => {
    for (let round = 0; round < 300; round++) {
      const pieces: number[] = [];
      for (let piece = random(20); piece > 0; piece--) {
        const [length, values, times] = [1 + random(30), 1 + random(256), 1 + random(60)];
        const bytes = Array.from({ length }, () => random(values));
        for (let time = random(3) === 0 ? times : 1; time > 0; time--) pieces.push(...bytes);
      }
      back(Uint8Array.from(pieces));
    }
  });

  it.each([65_527, 65_528, 65_600, 131_072])('reaches back as far as it may: %i', (gap) => {
    const text = [...new TextEncoder().encode('far away and then the end of it')];
    const middle = Array.from({ length: gap }, (_, at) => Math.floor((at * at) / 7) % 251);
    back(Uint8Array.from([...text.slice(0, 8), ...middle, ...text]));
  });

  it('of noise is hardly longer than the noise, and of nothing next to nothing', () => {
    expect(back(Uint8Array.from({ length: MAX_RAW_BYTES }, () => random(256)))).toBeLessThan(
      MAX_RAW_BYTES * 1.005,
    );
    expect(back(new Uint8Array(FRAME_BYTES))).toBeLessThan(700);
  });
});

it('the columns of a picture are the rows of a frame', () => {
  const picture = new Uint8Array(FRAME_BYTES).map((_, at) => (at * 31) % 256);
  const raster = new Raster();
  raster.takePicture(picture);
  for (const [x, y] of [
    [0, 0],
    [1, 0],
    [319, 0],
    [0, 239],
    [17, 100],
    [319, 239],
  ] as const) {
    const seen = picture.subarray((y * ROWS + x) * 2).slice(0, 2);
    expect(raster.bytes.subarray((x * COLUMNS + y) * 2).slice(0, 2)).toEqual(seen);
  }
  expect(() => raster.takePicture(picture.subarray(HEADER_BYTES))).toThrow(/bytes of a picture/);
});
