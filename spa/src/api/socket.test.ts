import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backoff } from './backoff';
import { failureFrom } from './client';
import { LiveSocket } from './socket';

class FakeSocket {
  static all: FakeSocket[] = [];
  static readonly OPEN = 1;
  readyState = 0;
  sent: string[] = [];
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor() {
    FakeSocket.all.push(this);
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
}

const last = (): FakeSocket => FakeSocket.all.at(-1)!;

describe('the live socket', () => {
  const events = { open: vi.fn(), message: vi.fn(), record: vi.fn(), lost: vi.fn() };
  let live: LiveSocket;

  beforeEach(() => {
    FakeSocket.all = [];
    vi.useFakeTimers();
    vi.stubGlobal('WebSocket', FakeSocket);
    Object.values(events).forEach((event) => event.mockReset());
    live = new LiveSocket('ws://x/ws', events);
    live.wake();
  });

  afterEach(() => {
    live.close();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('comes back for ever', () => {
    for (let loss = 0; loss < 50; loss++) {
      last().onclose?.();
      vi.advanceTimersToNextTimer();
    }
    expect(FakeSocket.all).toHaveLength(51);
    expect(events.lost).toHaveBeenCalledTimes(50);
  });

  it('comes back at once when woken', () => {
    last().onclose?.();
    live.wake();
    expect(FakeSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(9_000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('takes its rooms along', () => {
    live.join('live');
    last().open();
    last().onclose?.();
    live.wake();
    last().open();
    expect(last().sent).toEqual(['{"type":"subscribe","room":"live"}']);
  });

  it('unmasks a socket that is dead but looks open', () => {
    last().open();
    vi.advanceTimersByTime(25_000);
    expect(last().sent).toEqual(['{"type":"ping"}']);
    vi.advanceTimersByTime(8_000);
    expect(events.lost).toHaveBeenCalledTimes(1);
  });

  it('trusts a socket that answers', () => {
    last().open();
    for (let i = 0; i < 10; i++) {
      vi.advanceTimersByTime(25_000);
      last().onmessage?.({ data: '{"type":"pong"}' });
    }
    expect(events.lost).not.toHaveBeenCalled();
  });

  it('gives up on a connection that does not open', () => {
    vi.advanceTimersByTime(10_000);
    expect(events.lost).toHaveBeenCalledTimes(1);
  });
});

it('back-off grows from half a second to fifteen, spread by half', () => {
  const longest = [0, 1, 2, 3, 4, 5, 6, 99].map((attempt) => backoff(attempt, () => 1));
  expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000]);
  expect(backoff(0, () => 0)).toBe(250);
});

it.each([
  [503, '{"success":false,"message":"Busy","code":"HARDWARE_AWAY"}', 'HARDWARE_AWAY', 'Busy'],
  [404, '{"detail":"Media not found"}', 'UNKNOWN', 'Media not found'],
  [502, '<html>', 'UNKNOWN', 'The display answered 502.'],
  [500, 'null', 'UNKNOWN', 'The display answered 500.'],
])('an error answer %i %s is understood', (status, body, code, message) => {
  expect(failureFrom(status, body)).toMatchObject({ status, code, message });
});
