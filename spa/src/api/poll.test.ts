import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StatePoll } from './poll';

const events = { answered: vi.fn(), failed: vi.fn() };
const date = 'Sat, 21 Nov 2026 11:00:00 GMT';
let state = 'one';
let asked: string[] = [];
let poll: StatePoll;

/** As the device does: the state, or the news that it is still the same. */
function device(path: string, { headers }: RequestInit): Promise<Response> {
  const known = new Headers(headers).get('if-none-match') ?? '';
  asked.push(`${path} ${known}`);
  if (state === 'away') return Promise.reject(new TypeError('no way'));
  if (state === 'broken') return Promise.resolve(new Response('{}', { status: 500 }));
  const about = { headers: { etag: `"${state}"`, date } };
  if (known === `"${state}"`) return Promise.resolve(new Response(null, { status: 304, ...about }));
  return Promise.resolve(Response.json({ active: state }, about));
}

beforeEach(() => {
  state = 'one';
  asked = [];
  vi.useFakeTimers();
  vi.stubGlobal('fetch', device);
  Object.values(events).forEach((event) => event.mockReset());
  poll = new StatePoll(events);
});

afterEach(() => {
  poll.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('asks every two seconds and gets each state once', async () => {
  poll.start();
  poll.start();
  await vi.advanceTimersByTimeAsync(4_500);
  expect(asked).toEqual(['/api/dashboard ', '/api/dashboard "one"']);
  state = 'two';
  await vi.advanceTimersByTimeAsync(2_000);
  const at = Date.parse(date);
  expect(events.answered.mock.calls).toEqual([
    [{ active: 'one' }, at],
    [undefined, at],
    [{ active: 'two' }, at],
  ]);
});

it.each(['away', 'broken'])('goes on asking while the device is %s', async (trouble) => {
  state = trouble;
  poll.start();
  await vi.advanceTimersByTimeAsync(6_500);
  expect(events.failed).toHaveBeenCalledTimes(3);
  state = 'one';
  await vi.advanceTimersByTimeAsync(2_000);
  expect(events.answered).toHaveBeenCalledTimes(1);
});

it('asks no more after it was stopped, and takes no answer that comes then', async () => {
  poll.start();
  vi.advanceTimersByTime(2_000);
  poll.stop();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).toHaveLength(1);
  expect(events.answered).not.toHaveBeenCalled();
});

it('begins with the whole state, since a socket may have told another in between', async () => {
  for (let time = 0; time < 2; time++) {
    poll.start();
    await vi.advanceTimersByTimeAsync(2_500);
    poll.stop();
  }
  expect(asked).toEqual(['/api/dashboard ', '/api/dashboard ']);
  expect(events.answered).toHaveBeenCalledTimes(2);
});
