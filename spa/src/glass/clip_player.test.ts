import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clip } from '../clip/clip';
import { RangedSource, WholeSource } from '../clip/source';
import { goldenFile, goldenFrames, hashOf } from '../clip/testing';
import { ClipPlayer, clipUrl } from './clip_player';
import type { ClipState } from './state';

const frames = goldenFrames();
const starts = frames.map((_, i) =>
  frames.slice(0, i).reduce((sum, { durationUs }) => sum + durationUs / 1000, 0),
);
const total = starts.at(-1)! + frames.at(-1)!.durationUs / 1000;

const state = (more: Partial<ClipState> = {}): ClipState => ({
  mode: 'clip',
  slug: 'dance',
  clip: 'ab'.repeat(16),
  frame_count: frames.length,
  duration_ms: total,
  position_ms: 0,
  age_ms: 0,
  as_of_ms: 1,
  paused: false,
  ...more,
});

describe('the clip player', () => {
  let drawn: string[];
  const failed = vi.fn();
  const open = vi.fn(() => Clip.from(new WholeSource(goldenFile('forms.clip'))));
  let player: ClipPlayer;

  beforeEach(() => {
    vi.useFakeTimers();
    drawn = [];
    failed.mockReset();
    open.mockClear();
    player = new ClipPlayer({ picture: (pixels) => drawn.push(hashOf(pixels)), failed }, open);
  });

  afterEach(() => {
    player.stop();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  /** Lets promises settle without letting time pass. */
  const settle = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);
  const index = (hash: string | undefined): number => frames.findIndex((f) => f.hash === hash);

  it('shows each frame in its turn, and goes round', async () => {
    player.follow(state());
    await settle();
    await vi.advanceTimersByTimeAsync(total + starts[3]! + 20);
    const order = drawn.map((hash) => frames[index(hash)]!.hash);
    const wanted = [...frames, ...frames.slice(0, 4)].map(({ hash }) => hash);
    expect(order).toEqual(wanted);
    expect(open).toHaveBeenCalledTimes(1);
  });

  it('stands on the frame where it was paused, and asks for no more turns', async () => {
    player.follow(state());
    await settle();
    await vi.advanceTimersByTimeAsync(100);
    player.follow(state({ paused: true, position_ms: starts[7]! + 1, as_of_ms: 2 }));
    expect(drawn.at(-1)).toBe(frames[7]!.hash);
    const before = drawn.length;
    await vi.advanceTimersByTimeAsync(5000);
    expect(drawn).toHaveLength(before);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('goes to another clip at once and forgets the one that comes too late', async () => {
    let arrive: (clip: Clip) => void = () => undefined;
    open.mockImplementationOnce(() => new Promise<Clip>((resolve) => (arrive = resolve)));
    player.follow(state({ slug: 'slow' }));
    player.follow(state({ slug: 'fast', paused: true, position_ms: starts[2]! }));
    await settle();
    arrive(await Clip.from(new WholeSource(goldenFile('forms.clip'))));
    await settle();
    expect(drawn).toEqual([frames[2]!.hash]);
    expect(open).toHaveBeenCalledWith(
      clipUrl(state({ slug: 'fast' })),
      expect.objectContaining({ aborted: false }),
    );
  });

  it('says when the clip cannot be had, once', async () => {
    open.mockRejectedValueOnce(new Error('no'));
    player.follow(state());
    await vi.advanceTimersByTimeAsync(1000);
    expect(failed).toHaveBeenCalledTimes(1);
    expect(drawn).toEqual([]);
  });

  it('says when the clip is damaged in the middle', async () => {
    const bytes = goldenFile('forms.clip');
    bytes.fill(0xff, 2000, 9000);
    open.mockImplementationOnce(() => Clip.from(new WholeSource(bytes)));
    player.follow(state());
    await vi.advanceTimersByTimeAsync(total);
    expect(failed).toHaveBeenCalledTimes(1);
  });

  it('draws a paused frame as soon as its part of a long clip is here', async () => {
    const bytes = goldenFile('forms.clip');
    vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
      const [, from, to] = /(\d+)-(\d+)/.exec(new Headers(init.headers).get('range') ?? '') ?? [];
      const body = bytes.slice(Number(from), Number(to) + 1);
      const headers = { 'content-length': String(body.length) };
      return new Promise((resolve) =>
        setTimeout(() => resolve(new Response(body, { status: 206, headers })), 300),
      );
    });
    const signal = new AbortController().signal;
    open.mockImplementationOnce(() => Clip.from(new RangedSource('/c', bytes.length, signal)));
    player.follow(state({ paused: true, position_ms: starts[9]! }));
    await vi.advanceTimersByTimeAsync(2000);
    expect(drawn).toEqual([frames[9]!.hash]);
  });
});
