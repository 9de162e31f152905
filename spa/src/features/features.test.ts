import { describe, expect, it } from 'vitest';
import type { Player } from '../api/types';
import { texts as connection } from './connection/texts';
import { lengthText } from './media/duration';
import { spokenName } from './media/name';
import { passFraction } from './playback/position';
import { movedTo, sameOrder } from './playlist/order';

const player = (more: Partial<Player>): Player =>
  ({
    is_playing: true,
    paused: false,
    duration_ms: 1000,
    position_ms: 100,
    position_at: 5000,
    ...more,
  }) as Player;

describe('the position', () => {
  it('goes on from what the player said', () => {
    expect(passFraction(player({}), 5400)).toBeCloseTo(0.5);
  });

  it('starts again with each pass', () => {
    expect(passFraction(player({}), 6100)).toBeCloseTo(0.2);
  });

  it('stands while paused', () => {
    expect(passFraction(player({ paused: true }), 9999)).toBeCloseTo(0.1);
  });

  it('does not run backwards when clocks disagree', () => {
    expect(passFraction(player({}), 4000)).toBeCloseTo(0.1);
  });

  it('is unknown when nothing plays', () => {
    expect(passFraction(null, 0)).toBeUndefined();
    expect(passFraction(player({ duration_ms: 0 }), 0)).toBeUndefined();
  });
});

describe('moving in the order', () => {
  it('takes an item out and puts it in', () => {
    expect(movedTo(['a', 'b', 'c'], 'a', 2)).toEqual(['b', 'c', 'a']);
    expect(movedTo(['a', 'b', 'c'], 'c', -5)).toEqual(['c', 'a', 'b']);
    expect(movedTo(['a', 'b'], 'x', 0)).toEqual(['a', 'b']);
  });

  it('knows when nothing changed', () => {
    expect(sameOrder(['a', 'b'], ['a', 'b'])).toBe(true);
    expect(sameOrder(['a', 'b'], ['b', 'a'])).toBe(false);
    expect(sameOrder(['a'], ['a', 'b'])).toBe(false);
  });
});

it.each([
  [0, undefined],
  [null, undefined],
  [1.29, '1.3 s'],
  [12.4, '12 s'],
  [59.7, '1:00'],
  [65, '1:05'],
])('%s seconds read %s', (seconds, text) => {
  expect(lengthText(seconds)).toBe(text);
});

it('names are spoken without their ending', () => {
  expect(spokenName('cat.dance.gif')).toBe('cat.dance');
  expect(spokenName('.gif')).toBe('.gif');
});

it('an age is told in one unit', () => {
  expect([0.2, 59, 61, 7200].map(connection.age)).toEqual([
    '1 s ago',
    '59 s ago',
    '1 min ago',
    '2 h ago',
  ]);
});
