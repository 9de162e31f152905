import { describe, expect, it } from 'vitest';
import {
  forOthers,
  isPlain,
  mirrored,
  MOST_ZOOM,
  PLAIN,
  readEdit,
  turned,
  type Edit,
} from './edit';
import {
  HEIGHT,
  panned,
  place,
  settled,
  sizeTurned,
  transformOf,
  WIDTH,
  zoomed,
  type Fit,
  type Size,
} from './geometry';

const SIZES: Size[] = [
  { width: 1920, height: 1080 },
  { width: 1080, height: 1920 },
  { width: 320, height: 240 },
  { width: 37, height: 500 },
  { width: 12, height: 9 },
];
const TURNS = [0, 90, 180, 270] as const;
const cases = SIZES.flatMap((size) =>
  (['fill', 'fit'] as const).flatMap((fit) =>
    TURNS.flatMap((turn) =>
      [false, true].flatMap((mirrored) =>
        [1, 1.7, MOST_ZOOM].map((zoom) => ({
          size,
          fit,
          edit: { ...PLAIN, turn, mirrored, zoom, x: 0.2, y: 0.9 },
        })),
      ),
    ),
  ),
);

/** Which point of the file is seen in the middle of a pixel of the glass. */
function seenAt(size: Size, fit: Fit, edit: Edit, at: { x: number; y: number }) {
  const placed = place(size.width, size.height, fit, edit);
  const { source, target, k, turn } = placed;
  const { a = 0, b = 0, c = 0, d = 0, e = 0, f = 0 } = transformOf(placed);
  const [dx, dy] = [at.x * k - e, at.y * k - f];
  // A turn and a mirror are undone by what they are the other way about.
  const [u, v] = [a * dx + b * dy, c * dx + d * dy];
  const across = turn % 180 === 0 ? target.width : target.height;
  const down = turn % 180 === 0 ? target.height : target.width;
  return {
    x: source.x + (u / across + 0.5) * source.width,
    y: source.y + (v / down + 0.5) * source.height,
  };
}

describe('a picture on the glass', () => {
  it.each(cases)('$size $fit $edit.turn° ×$edit.zoom stays inside file and glass', (one) => {
    const { size, fit, edit } = one;
    const { source, target, k } = place(size.width, size.height, fit, edit);
    const inside = (start: number, length: number, all: number): void => {
      expect(start).toBeGreaterThanOrEqual(-1e-6);
      expect(start + length).toBeLessThanOrEqual(all + 1e-6);
    };
    inside(source.x, source.width, size.width);
    inside(source.y, source.height, size.height);
    inside(target.x, target.width, WIDTH * k);
    inside(target.y, target.height, HEIGHT * k);
    if (fit === 'fill') expect([target.width, target.height]).toEqual([WIDTH * k, HEIGHT * k]);
    // Square pixels stay square.
    const lying = sizeTurned(source, edit);
    expect(target.width / lying.width).toBeCloseTo(target.height / lying.height, 6);
  });

  it('lies as the turn and the mirror say', () => {
    const size = { width: 320, height: 240 };
    const corner = (edit: Partial<Edit>) => {
      const { x, y } = seenAt(size, 'fit', { ...PLAIN, ...edit }, { x: 160.5, y: 0.5 });
      return [Math.floor(x), Math.floor(y)];
    };
    // The middle of the upper edge is the file's upper, left, lower and right edge in turn.
    expect(corner({})[1]).toBe(0);
    expect(corner({ turn: 90 })[0]).toBe(0);
    expect(corner({ turn: 180 })[1]).toBe(239);
    expect(corner({ turn: 270 })[0]).toBe(319);
    const left = seenAt(size, 'fit', { ...PLAIN, mirrored: true }, { x: 0, y: 120 });
    expect(Math.round(left.x)).toBe(320);
  });

  it.each(cases)('$size $fit $edit.turn° ×$edit.zoom keeps its middle when it is turned', (one) => {
    const { size, fit, edit } = one;
    const centre = { x: WIDTH / 2, y: HEIGHT / 2 };
    const flat = settled({ ...edit, x: 0.5, y: 0.5 }, size, fit);
    for (const change of [turned, mirrored]) {
      const [before, after] = [flat, change(flat)].map((now) => seenAt(size, fit, now, centre));
      expect(after!.x).toBeCloseTo(before!.x, 6);
      expect(after!.y).toBeCloseTo(before!.y, 6);
    }
    let round = edit;
    for (let i = 0; i < 4; i++) round = turned(round);
    expect(round.turn).toBe(edit.turn);
    expect([round.x, round.y]).toEqual([expect.closeTo(edit.x), expect.closeTo(edit.y)]);
  });

  it('a quarter turn is one to the right, in the mirror too', () => {
    expect(turned(PLAIN).turn).toBe(90);
    expect(turned(mirrored(PLAIN)).turn).toBe(270);
  });

  it.each(cases)('$size $fit $edit.turn° ×$edit.zoom grows around the finger', (one) => {
    const { size, fit, edit } = one;
    const start = settled({ ...edit, zoom: 2, x: 0.5, y: 0.5 }, size, fit);
    const at = { x: 200, y: 90 };
    const before = seenAt(size, fit, start, at);
    const after = seenAt(size, fit, zoomed(start, size, fit, 1.5, at), at);
    // Where ground shows beside the picture it is centred, whatever the finger says.
    const { target, k } = place(size.width, size.height, fit, start);
    if (target.width < WIDTH * k || target.height < HEIGHT * k) return;
    expect(after.x).toBeCloseTo(before.x, 6);
    expect(after.y).toBeCloseTo(before.y, 6);
  });

  it('follows the finger, and stops at its edge', () => {
    const size = { width: 640, height: 480 };
    const start = { ...PLAIN, zoom: 2 };
    const at = { x: 100, y: 100 };
    const before = seenAt(size, 'fill', start, at);
    const moved = panned(start, size, 'fill', 30, -20);
    const after = seenAt(size, 'fill', moved, { x: 130, y: 80 });
    expect([after.x, after.y]).toEqual([expect.closeTo(before.x), expect.closeTo(before.y)]);
    const far = panned(start, size, 'fill', 10_000, 10_000);
    expect([far.x, far.y]).toEqual([0.25, 0.25]);
    expect(panned(far, size, 'fill', -1, 0).x).toBeGreaterThan(far.x);
  });

  it('is never smaller than its fit, nor larger than eight times that', () => {
    const size = { width: 640, height: 480 };
    expect(zoomed(PLAIN, size, 'fit', 0.1).zoom).toBe(1);
    expect(zoomed(PLAIN, size, 'fit', 100).zoom).toBe(MOST_ZOOM);
  });
});

describe('an edit', () => {
  it('that does nothing is known as such', () => {
    expect(isPlain(PLAIN)).toBe(true);
    expect(isPlain({ ...PLAIN, speed: 2 })).toBe(false);
    expect(isPlain(readEdit(undefined))).toBe(true);
  });

  it('comes back from where it was kept', () => {
    const kept: Edit = {
      turn: 270,
      mirrored: true,
      zoom: 3,
      x: 0.1,
      y: 0.8,
      fromUs: 40_000,
      toUs: 90_000,
      speed: 0.25,
      ground: 'blur',
      background: '#a0b1c2',
      dither: 'nearest',
    };
    expect(readEdit(structuredClone(kept))).toEqual(kept);
  });

  it.each([
    { turn: 45 },
    { zoom: Number.NaN },
    { zoom: 0 },
    { x: -1 },
    { speed: 100 },
    { toUs: 0 },
    { background: 'url(x)' },
    { dither: 'loud' },
  ])('of which this makes no sense does nothing: %o', (bad) => {
    expect(isPlain(readEdit(bad as Partial<Edit>))).toBe(true);
  });

  it('for others leaves each its own time', () => {
    const own = { ...PLAIN, fromUs: 5, toUs: 9 };
    const given = forOthers({ ...PLAIN, zoom: 2, fromUs: 1, toUs: 2 }, own);
    expect(given).toEqual({ ...own, zoom: 2 });
  });
});
