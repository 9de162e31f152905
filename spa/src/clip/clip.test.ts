import { describe, expect, it } from 'vitest';
import { Clip } from './clip';
import { BadClip } from './error';
import { blackFrame, FRAME_BYTES, type Frame } from './frame';
import { LivePicture } from './live';
import { unpackLz4 } from './lz4';
import { Painter } from './paint';
import { Index, MAX_FRAMES, parseHeader, type Header } from './format';
import { DELTA, MAX_RECTS, RecordReader, type Form } from './record';
import { WholeSource } from './source';
import { goldenFile, goldenFrames, hashOf, numbers, protoSource } from './testing';

const golden = goldenFile('forms.clip');
const frames = goldenFrames();

function open(bytes: Uint8Array): Promise<Clip> {
  return Clip.from(new WholeSource(bytes));
}

function shown(clip: Clip, frame: number): Frame {
  expect(clip.show(frame)).toBe('shown');
  return clip.pixels;
}

function parts(bytes: Uint8Array): { header: Header; entries: Form[] } {
  const header = parseHeader(bytes, bytes.length);
  const index = new Index(header, bytes.subarray(header.indexOffset));
  const entries = Array.from({ length: header.records }, (_, record) => index.form(record));
  return { header, entries };
}

describe('the golden clip', () => {
  it('has every frame as the device has it, also round the loop', async () => {
    const clip = await open(golden);
    expect(clip.frameCount).toBe(frames.length);
    for (let step = 0; step < frames.length * 2; step++) {
      const frame = step % frames.length;
      expect(hashOf(shown(clip, frame)), `step ${step}`).toBe(frames[frame]!.hash);
    }
  });

  it('has records of every form there is', () => {
    const { header, entries } = parts(golden);
    expect(entries).toHaveLength(header.records);
    const of = (what: keyof Form): number[] =>
      [...new Set(entries.map((form) => form[what]))].sort();
    expect([of('kind'), of('mode'), of('packing')]).toEqual([
      [0, 1, 2],
      [0, 1, 2, 3],
      [0, 1],
    ]);
  });

  it('shows the same from wherever it comes', async () => {
    const clip = await open(golden);
    const random = numbers(7);
    for (let jump = 0; jump < 60; jump++) {
      const frame = random(frames.length);
      expect(hashOf(shown(clip, frame)), `jump ${jump}`).toBe(frames[frame]!.hash);
    }
  });

  it('shows each frame for its own time', async () => {
    const clip = await open(golden);
    let start = 0;
    for (const [frame, { durationUs }] of frames.entries()) {
      expect([clip.frameAt(start), clip.frameAt(start + durationUs - 1)]).toEqual([frame, frame]);
      start += durationUs;
    }
    expect(clip.totalUs).toBe(start);
    expect([clip.frameAt(-5), clip.frameAt(start * 9)]).toEqual([0, frames.length - 1]);
  });
});

it('golden messages lead from picture to picture', () => {
  const bytes = goldenFile('forms.messages');
  const live = new LivePicture();
  let at = 0;
  for (const { hash } of frames) {
    const length = new DataView(bytes.buffer).getUint32(at, true);
    live.apply(bytes.buffer.slice(at + 4, at + 4 + length));
    expect(hashOf(live.pixels)).toBe(hash);
    at += 4 + length;
  }
  expect(at).toBe(bytes.length);
});

it('a message that does not follow on what is there is refused', () => {
  const bytes = goldenFile('forms.messages');
  const view = new DataView(bytes.buffer);
  const messages: ArrayBuffer[] = [];
  for (let at = 0; at < bytes.length; at += 4 + view.getUint32(at, true)) {
    messages.push(bytes.buffer.slice(at + 4, at + 4 + view.getUint32(at, true)));
  }
  const live = new LivePicture();
  expect(() => live.apply(messages[1]!)).toThrow(/missing/);
  live.apply(messages[0]!);
  expect(() => live.apply(messages[2]!)).toThrow(/missing/);
  live.apply(messages[1]!);
  live.reset();
  expect(() => live.apply(messages[2]!)).toThrow(BadClip);
});

/** Does with foreign bytes all that a player does. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const clip = await open(bytes);
  for (let frame = 0; frame < clip.frameCount; frame++) clip.show(frame);
  clip.show(0);
}

describe('hostile bytes', () => {
  it('are an error or pictures, never anything else', async () => {
    const random = numbers(99);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const bytes = golden.slice(0, round % 4 === 0 ? random(golden.length) : golden.length);
      // Half of them hit header and index, where every byte counts.
      const from = round % 2 === 0 ? 0 : golden.length - frames.length * 24;
      for (let hit = 0; hit < 1 + random(4) && bytes.length > 0; hit++) {
        bytes[Math.min(bytes.length - 1, from + random(golden.length - from))] = random(256);
      }
      await readAll(bytes).catch((error: unknown) => {
        expect(error).toBeInstanceOf(BadClip);
        refused++;
      });
    }
    expect(refused).toBeGreaterThan(200);
  });

  it('cannot ask for more memory than a clip may have', async () => {
    const bytes = golden.slice();
    const view = new DataView(bytes.buffer);
    view.setUint32(16, 0xffff_fffe, true);
    view.setUint32(20, 0xffff_ffff, true);
    await expect(open(bytes)).rejects.toThrow(/frames/);
    // A record that says it becomes huge.
    const index = golden.slice();
    new DataView(index.buffer).setUint32(index.length - 24 + 12, 0x7fff_ffff, true);
    await expect(open(index)).rejects.toThrow(BadClip);
  });

  it('that pack nonsense are refused', () => {
    const out = new Uint8Array(40);
    const cases: [number[], RegExp][] = [
      [[], /ends before/],
      [[0xf0, 0xff], /ends in a length/],
      [[0x50, 1, 2], /more literals/],
      [[0x10, 1, 1], /ends in an offset/],
      [[0x10, 1, 0, 0], /repeats what is not there/],
      [[0x10, 1, 2, 0], /repeats what is not there/],
      [[0x1f, 1, 1, 0, 0xff, 0], /too much/],
      [[0x30, 1, 2, 3], /too little/],
      [[0xf0, ...Array<number>(9).fill(255)], /length/],
    ];
    for (const [bytes, reason] of cases) {
      expect(() => unpackLz4(Uint8Array.from(bytes), out), String(bytes)).toThrow(reason);
    }
  });

  it('a refused record leaves the picture as it was', () => {
    const frame = blackFrame();
    const raw = new Uint8Array(2 + 16 + 4);
    new Uint16Array(raw.buffer).set([2, 0, 0, 1, 1, 240, 0, 1, 1, 0xffff, 0xffff]);
    const form = { kind: DELTA, mode: 0, packing: 0, raw: raw.length, stored: raw.length };
    expect(() => new RecordReader().apply(form, raw, frame)).toThrow(/outside/);
    expect(frame.every((byte) => byte === 0)).toBe(true);
  });
});

it.each([
  ['clip.rs', 'MAX_FRAMES', MAX_FRAMES],
  ['clip/delta.rs', 'MAX_RECTS', MAX_RECTS],
])('the limits are those of the device: %s, %s', (file, name, ours) => {
  const [, theirs] =
    new RegExp(`pub const ${name}: \\w+ = ([\\d_]+);`).exec(protoSource(file)) ?? [];
  expect(theirs?.replaceAll('_', '')).toBe(String(ours));
});

it('what overlaps itself is repeated', () => {
  const out = new Uint8Array(14);
  unpackLz4(Uint8Array.from([0x25, 7, 8, 2, 0, 0x30, 1, 2, 3]), out);
  expect([...out]).toEqual([7, 8, 7, 8, 7, 8, 7, 8, 7, 8, 7, 1, 2, 3]);
});

describe('a record with a mask', () => {
  // Two rectangles, 3x2 at (1, 0) and 2x2 at (5, 5): ten pixels, of which the 1st, 4th, 8th and 9th change.
  const rects = [2, 0, 1, 0, 0, 0, 3, 0, 2, 0, 5, 0, 5, 0, 2, 0, 2, 0];
  const mask = [0b1000_1001, 0b0000_0001];
  const pixels = [1, 2, 3, 4, 5, 6, 7, 8];
  const raw = Uint8Array.from([...rects, ...mask, ...pixels]);
  const places = [1, 240 + 1, 5 * 240 + 6, 6 * 240 + 5];

  it.each([
    [2, (i: number) => pixels[i]!],
    [3, (i: number) => pixels[i]! ^ 0xaa],
  ])('of mode %i changes just those', (mode, wanted) => {
    const frame = blackFrame().fill(0xaa);
    const form = { kind: DELTA, mode, packing: 0, raw: raw.length, stored: raw.length };
    new RecordReader().apply(form, raw, frame);
    const expected = blackFrame().fill(0xaa);
    places.forEach((place, i) => {
      expected[place * 2] = wanted(i * 2);
      expected[place * 2 + 1] = wanted(i * 2 + 1);
    });
    expect(hashOf(frame)).toBe(hashOf(expected));
  });

  it('must have as many pixels as bits', () => {
    const short = raw.subarray(0, raw.length - 2);
    const form = { kind: DELTA, mode: 2, packing: 0, raw: short.length, stored: short.length };
    expect(() => new RecordReader().apply(form, short, blackFrame())).toThrow(/more or fewer/);
  });
});

it('a picture is painted as the viewer sees it, in the device’s own colours', () => {
  const frame = blackFrame();
  expect(frame).toHaveLength(FRAME_BYTES);
  // The viewer's pixel (2, 1) is in row 2 of the panel's order, second in it.
  frame.set([0b10101_010, 0b111_00001], (2 * 240 + 1) * 2);
  const rgba = new Painter().rgba(frame);
  const at = (x: number, y: number): number[] => [...rgba.subarray((y * 320 + x) * 4).slice(0, 4)];
  expect(at(2, 1)).toEqual([0b10101101, 0b01011101, 0b00001000, 255]);
  expect([at(1, 2), at(3, 1)]).toEqual([
    [0, 0, 0, 255],
    [0, 0, 0, 255],
  ]);
});
