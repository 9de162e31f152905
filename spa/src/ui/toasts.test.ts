import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { toasts } from './toasts.svelte';
import Toasts from './Toasts.svelte';

const run = vi.fn(() => Promise.resolve(true));
const offer = (text: string, ms = 60_000) =>
  toasts.show({ text, ms, offer: { label: 'Undo', key: 'u', run } });
const texts = (): string[] => toasts.list.map(({ text }) => text);

beforeEach(() => {
  vi.useFakeTimers();
  run.mockClear();
});
afterEach(() => {
  cleanup();
  toasts.hold(false);
  toasts.list.forEach(({ id }) => toasts.dismiss(id));
  vi.advanceTimersByTime(1000);
  vi.useRealTimers();
});

it('a message goes after seven seconds, an offer when its time is over', () => {
  toasts.say('hello');
  offer('Deleted');
  vi.advanceTimersByTime(7_250);
  expect(texts()).toEqual(['Deleted']);
  vi.advanceTimersByTime(53_000);
  expect(texts()).toEqual([]);
});

it('nothing goes under the pointer, but the time of an offer is the device’s and runs on', () => {
  toasts.say('hello');
  const toast = offer('Deleted', 10_000);
  toasts.hold(true);
  vi.advanceTimersByTime(30_000);
  expect([texts(), toast.left]).toEqual([['hello', 'Deleted'], 0]);
  toasts.hold(false);
  vi.advanceTimersByTime(250);
  expect(texts()).toEqual(['hello']);
});

it('many messages do not push an offer out', () => {
  offer('Deleted');
  ['a', 'b', 'c', 'd'].forEach((text) => toasts.say(text));
  expect(texts()).toEqual(['Deleted', 'b', 'c', 'd']);
});

it('U takes the newest offer, but not while somebody writes', async () => {
  render(Toasts, { closeLabel: 'Close' });
  offer('first');
  offer('second');
  const input = document.body.appendChild(document.createElement('input'));
  await fireEvent.keyDown(input, { key: 'u' });
  expect(run).not.toHaveBeenCalled();
  input.remove();
  await fireEvent.keyDown(document.body, { key: 'u' });
  await vi.advanceTimersByTimeAsync(0);
  expect(texts()).toEqual(['first']);
});

it('shows what is left and a button for it', async () => {
  render(Toasts, { closeLabel: 'Close' });
  offer('Deleted', 60_000);
  await vi.advanceTimersByTimeAsync(1_500);
  expect(document.querySelector('.count')?.textContent?.trim()).toBe('59');
  await fireEvent.click(screen.getByRole('button', { name: 'Undo' }));
  expect(run).toHaveBeenCalledTimes(1);
});
