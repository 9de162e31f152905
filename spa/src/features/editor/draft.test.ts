import { describe, expect, it } from 'vitest';
import { PLAIN } from '../../convert/edit';
import type { Opened } from '../../convert/preview/messages';
import { Draft } from './draft.svelte';
import { clock } from './texts';

/** Four frames of a quarter of a second. */
const FILM: Opened = {
  size: { width: 640, height: 360 },
  starts: [0, 250_000, 500_000, 750_000],
  endUs: 1_000_000,
};
const open = (opened = FILM): Draft => {
  const draft = new Draft({ fit: 'fill', quality: 'off', edit: PLAIN });
  draft.open(opened);
  return draft;
};

describe('a draft', () => {
  it('is clean until something is changed, and again when that is undone', () => {
    const draft = open();
    expect(draft.dirty).toBe(false);
    draft.turn();
    draft.quality = 'small';
    expect(draft.dirty).toBe(true);
    draft.undo();
    expect([draft.dirty, draft.quality, draft.edit.turn]).toEqual([false, 'off', 0]);
  });

  it('knows three shapes, of which the device knows two', () => {
    const draft = open();
    draft.shape = 'blur';
    expect([draft.look.fit, draft.look.edit.ground, draft.shape]).toEqual(['fit', 'blur', 'blur']);
    draft.shape = 'fill';
    expect([draft.look.fit, draft.look.edit.ground, draft.shape]).toEqual([
      'fill',
      'colour',
      'fill',
    ]);
  });

  it('begins and ends with whole frames, and shows which', () => {
    const draft = open();
    draft.beginAt(300_000);
    expect([draft.edit.fromUs, draft.frame]).toEqual([250_000, 1]);
    draft.endAt(760_000);
    expect([draft.edit.toUs, draft.frame]).toEqual([750_000, 2]);
    draft.endAt(1_000_000);
    expect([draft.edit.toUs, draft.toUs]).toEqual([null, 1_000_000]);
    draft.beginAt(0);
    expect(draft.edit.fromUs).toBe(0);
  });

  it('never leaves nothing, however the ends are pushed', () => {
    for (const first of ['begin', 'end']) {
      const draft = open();
      for (let us = 0; us <= 1_000_000; us += 10_000) {
        if (first === 'begin') draft.beginAt(us);
        draft.endAt(1_000_000 - us);
        if (first === 'end') draft.beginAt(us);
        expect(draft.toUs).toBeGreaterThan(draft.edit.fromUs);
      }
    }
  });

  it('gives others all but the cut, and films their own quality', () => {
    const draft = open();
    draft.beginAt(500_000);
    draft.zoom(2);
    draft.quality = 'small';
    const own = { ...PLAIN, toUs: 9 };
    const still = draft.lookFor({ edit: own, quality: 'off', moves: false });
    expect(still).toMatchObject({ quality: 'off', edit: { zoom: 2, fromUs: 0, toUs: 9 } });
    expect(draft.lookFor({ edit: own, quality: 'off', moves: true }).quality).toBe('small');
  });

  it('of a still has nothing that moves', () => {
    expect(open({ size: { width: 9, height: 9 }, starts: [0], endUs: 1 }).moves).toBe(false);
    expect(open().moves).toBe(true);
  });
});

it.each([
  [0, '0.0'],
  [3_240_000, '3.2'],
  [59_960_000, '1:00.0'],
  [67_500_000, '1:07.5'],
])('%i µs are %s', (us, words) => {
  expect(clock(us)).toBe(words);
});
