import { afterEach, expect, it, vi } from 'vitest';
import { call } from './client';

/** As browsers do: what outlives the page may not be longer than 64 KiB. */
function browserFetch(_path: string, { body, keepalive }: RequestInit): Promise<Response> {
  const length = typeof body === 'string' ? body.length : 0;
  if (keepalive === true && length > 65_536) return Promise.reject(new TypeError('too long'));
  return Promise.resolve(Response.json({ success: true, data: { keepalive } }));
}

afterEach(() => vi.unstubAllGlobals());

it.each([
  ['PUT', 20, true],
  ['PUT', 4096, false],
  ['GET', 0, false],
] as const)(
  'a %s with %i names is sent, outliving the page: %s',
  async (method, names, outlives) => {
    vi.stubGlobal('fetch', browserFetch);
    const loop = Array.from({ length: names }, (_, i) => `name_${i}_0123456789abcdef`);
    const data =
      method === 'GET' ? await call('GET', '/api/loop') : await call(method, '/api/loop', { loop });
    expect(data).toEqual({ keepalive: outlives });
  },
);
