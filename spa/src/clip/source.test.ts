import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Clip } from './clip';
import { BadClip } from './error';
import { openSource, RangedSource, WHOLE_BYTES, type Source } from './source';
import { goldenFile, goldenFrames, hashOf } from './testing';

const never = new AbortController().signal;

/** A server of one file; remembers which parts were asked for. */
function serve(bytes: Uint8Array<ArrayBuffer>, parts: string[]): typeof fetch {
  return (_, init) => {
    const range = new Headers(init?.headers).get('range');
    parts.push(range ?? 'all');
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(range ?? '') ?? [];
    const body = range === null ? bytes : bytes.slice(Number(from), Number(to) + 1);
    const headers = { 'content-length': String(body.length) };
    return Promise.resolve(new Response(body, { status: range === null ? 200 : 206, headers }));
  };
}

describe('a clip from the device', () => {
  let parts: string[];

  beforeEach(() => (parts = []));
  afterEach(() => vi.unstubAllGlobals());

  it('is fetched whole when it is small', async () => {
    vi.stubGlobal('fetch', serve(goldenFile('forms.clip'), parts));
    const clip = await Clip.open('/clip', never);
    for (let frame = 0; frame < clip.frameCount; frame++) expect(clip.show(frame)).toBe('shown');
    expect(parts).toEqual(['all']);
  });

  it('is fetched in parts when it is long, and not all of it is kept', async () => {
    const bytes = new Uint8Array(WHOLE_BYTES * 2).map((_, at) => at % 251);
    vi.stubGlobal('fetch', serve(bytes, parts));
    const source = await openSource('/clip', never);
    const step = 100_000;
    for (let at = 0; at + step < bytes.length; at += step) {
      expect(source.read(at, step) === undefined || at > 0).toBe(true);
      await source.load(at, step);
      const here = Buffer.from(source.read(at, step) ?? []);
      expect(here.equals(bytes.subarray(at, at + step)), `at ${at}`).toBe(true);
    }
    expect(new Set(parts).size).toBe(parts.length);
    expect(kept(source)).toBeLessThanOrEqual(3 * 1024 * 1024);
    expect(source.read(0, 10)).toBeUndefined();
  });

  it('plays from parts as it does from the whole', async () => {
    const bytes = goldenFile('forms.clip');
    vi.stubGlobal('fetch', serve(bytes, parts));
    const clip = await Clip.from(new RangedSource('/clip', bytes.length, never));
    for (const [frame, { hash }] of goldenFrames().entries()) {
      await clip.load(frame);
      expect(clip.show(frame)).toBe('shown');
      expect(hashOf(clip.pixels)).toBe(hash);
    }
  });

  it.each([
    ['is not there', 404, '0'],
    ['has no length', 200, null],
  ])('that %s is an error', async (_, status, length) => {
    const headers: Record<string, string> = length === null ? {} : { 'content-length': length };
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { status, headers })));
    await expect(openSource('/clip', never)).rejects.toThrow(BadClip);
  });

  it('whose server sends everything when asked for a part is an error', async () => {
    const all = new Response(new Uint8Array(9), { headers: { 'content-length': '999999999' } });
    vi.stubGlobal('fetch', () => Promise.resolve(all));
    await expect(new RangedSource('/clip', 1000, never).load(0, 100)).rejects.toThrow(/200/);
  });

  it('is given up when nobody wants it any more', async () => {
    vi.stubGlobal('fetch', (_: string, { signal }: { signal: AbortSignal }) => {
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    });
    const stop = new AbortController();
    const opening = openSource('/clip', stop.signal);
    stop.abort(new Error('gone'));
    await expect(opening).rejects.toThrow('gone');
  });
});

/** Bytes that can be had without asking again. */
function kept(source: Source): number {
  let bytes = 0;
  for (let at = 0; at < source.size; at += 1024) {
    if (source.read(at, 1024) !== undefined) bytes += 1024;
  }
  return bytes;
}
