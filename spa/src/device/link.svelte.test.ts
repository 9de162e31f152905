import { flushSync } from 'svelte';
import { expect, it, vi } from 'vitest';
import type { Phase } from './device.svelte';

vi.mock('./device.svelte', () => {
  class FakeDevice {
    phase = $state<Phase>('reconnecting');
  }
  return { device: new FakeDevice() };
});

const { device } = await import('./device.svelte');
const { link } = await import('./link.svelte');

function become(phase: Phase): void {
  device.phase = phase;
  flushSync();
}

it('who waits goes on when the device is back, and no later than agreed', async () => {
  const { signal } = new AbortController();
  expect(link.isUp).toBe(false);
  const woken = link.rest(60_000, signal);
  become('live');
  await woken;
  expect(link.isUp).toBe(true);
  await link.rest(1, signal);
});

it('each return is told, until nobody listens', () => {
  const listener = vi.fn();
  const stop = link.onBack(listener);
  become('reconnecting');
  expect(listener).not.toHaveBeenCalled();
  become('polling');
  expect(listener).toHaveBeenCalledTimes(1);
  stop();
  become('reconnecting');
  become('live');
  expect(listener).toHaveBeenCalledTimes(1);
});

it('who is cancelled does not wait', async () => {
  const control = new AbortController();
  const waits = link.rest(60_000, control.signal);
  control.abort(new Error('enough'));
  await expect(waits).rejects.toThrow('enough');
  await expect(link.rest(60_000, control.signal)).rejects.toThrow('enough');
});
