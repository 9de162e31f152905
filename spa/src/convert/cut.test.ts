import { describe, expect, it } from 'vitest';
import { Cut, planOf } from './cut';
import { PLAIN } from './edit';

const ms = (values: number[]): number[] => values.map((value) => value * 1000);
const cut = (from: number, to: number | null, speed = 1): Cut =>
  new Cut({ fromUs: from * 1000, toUs: to === null ? null : to * 1000, speed });
const plan = (starts: number[], end: number, which: Cut) => {
  const made = planOf(ms(starts), end * 1000, which)!;
  return [made.frames, made.durationsUs.map((us) => us / 1000)];
};

const UNEVEN = [0, 100, 150, 400];

describe('what is shown of a file', () => {
  it.each([
    ['all of it', cut(0, null), [0, 1, 2, 3], [100, 50, 250, 100]],
    ['from a frame on', cut(100, null), [1, 2, 3], [50, 250, 100]],
    ['from within a frame on', cut(110, null), [1, 2, 3], [40, 250, 100]],
    ['up to a frame', cut(0, 150), [0, 1], [100, 50]],
    ['up to within a frame', cut(0, 200), [0, 1, 2], [100, 50, 50]],
    ['within one frame', cut(200, 300), [2], [100]],
    ['up to behind its end', cut(150, 9000), [2, 3], [250, 100]],
    ['at half its speed', cut(0, null, 0.5), [0, 1, 2, 3], [200, 100, 500, 200]],
    // Two pictures 25 ms apart are too near for the glass.
    ['a part, twice as fast', cut(100, 400, 2), [1], [150]],
  ])('%s', (_, which, frames, durations) => {
    expect(plan(UNEVEN, 500, which)).toEqual([frames, durations]);
  });

  it('is as long as its part, at its speed, whatever is left out', () => {
    const starts = Array.from({ length: 120 }, (_, i) => i * 33);
    for (const speed of [0.25, 0.5, 1, 1.5, 2, 4]) {
      for (const [from, to] of [
        [0, null],
        [50, 1000],
        [1000, 3960],
      ] as const) {
        const { durationsUs, totalUs } = planOf(ms(starts), 3960e3, cut(from, to, speed))!;
        const sum = durationsUs.reduce((a, b) => a + b, 0);
        expect(totalUs).toBeCloseTo((((to ?? 3960) - from) * 1000) / speed, 3);
        // Ends are rounded to microseconds.
        expect(Math.abs(sum - totalUs)).toBeLessThanOrEqual(1);
        // What is left of the last one may be short.
        expect(durationsUs.slice(0, -1).every((us) => us >= 28_000 - 1)).toBe(true);
      }
    }
  });

  it('is refused when it is nothing, by name', () => {
    expect(() => cut(600, null).ends(500_000)).toThrow(/nothing-left/);
    expect(() => planOf(ms(UNEVEN), 500_000, cut(500, null))).toThrow(/nothing-left/);
  });

  it('may be a part of what is too long as a whole', () => {
    const hour = Array.from({ length: 90_000 }, (_, i) => i * 40);
    expect(planOf(ms(hour), 3.6e9, new Cut(PLAIN))).toBeUndefined();
    expect(planOf(ms(hour), 3.6e9, cut(60_000, 70_000))?.frames).toHaveLength(250);
    expect(cut(60_000, 70_000).frames(3.6e9, 25)).toBe(250);
    expect(cut(0, 10_000, 2).frames(3.6e9, 25)).toBe(150);
  });
});
