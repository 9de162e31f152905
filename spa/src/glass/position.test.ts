import { describe, expect, it } from 'vitest';
import { ClipPosition } from './position';
import type { ClipState } from './state';

export const state = (more: Partial<ClipState> = {}): ClipState => ({
  mode: 'clip',
  slug: 'dance',
  clip: 'ab'.repeat(16),
  frame_count: 25,
  duration_ms: 1000,
  position_ms: 100,
  age_ms: 50,
  as_of_ms: 7000,
  paused: false,
  ...more,
});

describe('where a clip is', () => {
  it('is where it was, and the time since', () => {
    const position = new ClipPosition();
    position.note(state(), 5000);
    expect(position.at(5000)).toBe(150);
    expect(position.at(5400)).toBe(550);
  });

  it('starts again with each pass', () => {
    const position = new ClipPosition();
    position.note(state({ age_ms: 3050 }), 5000);
    expect(position.at(5000)).toBe(150);
    expect(position.at(5900)).toBe(50);
  });

  it('stands exactly while paused', () => {
    const position = new ClipPosition();
    position.note(state({ paused: true, position_ms: 123.456 }), 5000);
    expect(position.at(999_999)).toBe(123.456);
  });

  it('is told best by the message that took the least time', () => {
    const position = new ClipPosition();
    position.note(state({ age_ms: 50 }), 5080);
    position.note(state({ age_ms: 10_050 }), 15_003);
    position.note(state({ age_ms: 20_050 }), 25_200);
    expect(position.at(25_200)).toBeCloseTo((100 + 20_050 + 197) % 1000);
  });

  it('follows a clock that runs differently, once what it said long ago is forgotten', () => {
    const position = new ClipPosition();
    for (let i = 0; i < 10; i++)
      position.note(state({ age_ms: 50 + i * 9_999 }), 5000 + i * 10_000);
    expect(position.at(95_000)).toBeCloseTo((100 + 50 + 9 * 9_999 + 5) % 1000);
  });

  it('is a new one when the device says so', () => {
    const position = new ClipPosition();
    position.note(state(), 5000);
    position.note(state({ position_ms: 700, age_ms: 0, as_of_ms: 7100 }), 5050);
    expect(position.at(5050)).toBe(700);
  });
});
