import { describe, expect, it } from 'vitest';
import { MAX_FRAMES, missingFromList, missingTimes, Pacer, usualStep } from './timing';

/** Runs a steady clip through the pacer; returns the durations in ms. */
function paced(stepMs: number, frames: number): number[] {
  const pacer = new Pacer();
  for (let i = 0; i < frames; i++) pacer.accepts(Math.round(i * stepMs * 1000));
  return pacer.durations(Math.round(frames * stepMs * 1000)).map((us) => us / 1000);
}

const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

describe('the pacer', () => {
  it('keeps every frame up to 30 a second, with its own time', () => {
    expect(paced(40, 5)).toEqual([40, 40, 40, 40, 40]);
    expect(paced(1000 / 30, 90)).toHaveLength(90);
    expect(paced(1001 / 30, 90)).toHaveLength(90);
  });

  it('keeps frames whose container rounds to milliseconds', () => {
    const pacer = new Pacer();
    const accepted = [0, 33, 67, 100, 133, 167].filter((ms) => pacer.accepts(ms * 1000));
    expect(accepted).toHaveLength(6);
  });

  it('halves 60 and 50 a second evenly', () => {
    expect(paced(1000 / 60, 60)).toHaveLength(30);
    expect(new Set(paced(20, 50))).toEqual(new Set([40]));
  });

  it('never shows more than 30 a second, nor fewer than it must', () => {
    const durations = paced(30, 100);
    expect(durations.length).toBeGreaterThan(85);
    expect(durations.length).toBeLessThanOrEqual(90);
  });

  it('never changes the length of the clip', () => {
    for (const step of [7, 16.6, 20, 25, 30, 33.3, 40, 250]) {
      expect(sum(paced(step, 60))).toBeCloseTo(step * 60, 1);
    }
  });

  it('keeps a variable frame rate as it is', () => {
    const pacer = new Pacer();
    for (const ms of [0, 40, 300, 340, 1340]) pacer.accepts(ms * 1000);
    expect(pacer.durations(1_400_000)).toEqual([40_000, 260_000, 40_000, 1_000_000, 60_000]);
  });

  it('refuses more frames than fit, by name', () => {
    const pacer = new Pacer();
    const feed = (): void => {
      for (let i = 0; i <= MAX_FRAMES; i++) pacer.accepts(i * 40_000);
    };
    expect(feed).toThrow(/too-many-frames/);
    expect(pacer.count).toBe(MAX_FRAMES);
  });
});

describe('frames a player dropped', () => {
  it('are found in the gaps of a steady clip', () => {
    const missing = missingTimes([0, 0.04, 0.16, 0.2], 0.28);
    expect(missing.map((time) => Math.round(time * 100))).toEqual([8, 12, 24]);
  });

  it('are none where none are missing', () => {
    expect(missingTimes([0, 0.04, 0.08], 0.12)).toEqual([]);
    expect(missingTimes([0], 1)).toEqual([]);
  });

  it('are exact when the container lists its frames', () => {
    expect(missingFromList([0, 0.04, 0.3, 0.34], [0, 0.3401])).toEqual([0.04, 0.3]);
  });

  it('are not guessed from a list of other times', () => {
    expect(missingFromList([5, 5.04], [0, 0.04])).toBeUndefined();
    expect(missingFromList([], [0])).toBeUndefined();
  });

  it('do not move the usual step', () => {
    expect(usualStep([0, 1, 2, 3, 10, 11])).toBe(1);
    expect(usualStep([4])).toBeUndefined();
  });
});
