import { cleanup, render, screen } from '@testing-library/svelte';
import { createRawSnippet } from 'svelte';
import { afterEach, expect, it, vi } from 'vitest';
import VirtualList from './VirtualList.svelte';
import { windowOf } from './window_of';

afterEach(cleanup);

const row = createRawSnippet<[{ slug: string }]>((item) => ({
  render: () => `<button>${item().slug}</button>`,
}));
const at = (index: number) => (index < 500 ? { slug: `item ${index}` } : undefined);
const show = (total: number) => {
  const onsight = vi.fn();
  render(VirtualList, { label: 'All', total, at, row, onsight });
  return onsight;
};

it('a short list is there as a whole', () => {
  show(80);
  expect(screen.getAllByRole('listitem')).toHaveLength(80);
});

it('of a long list only what is near the screen is there, and each says its place', () => {
  const onsight = show(2000);
  const rows = screen.getAllByRole('listitem');
  expect(rows.length).toBeLessThan(60);
  expect(rows[3]?.getAttribute('aria-posinset')).toBe('4');
  expect(rows[3]?.getAttribute('aria-setsize')).toBe('2000');
  expect(onsight.mock.lastCall?.[0]).toBe(0);
});

it.each([
  [-500, 800, 2000, [0, 18]],
  [0, 800, 2000, [0, 24]],
  [7200, 800, 2000, [84, 126]],
  [143_500, 800, 2000, [1980, 2000]],
  [0, 800, 5, [0, 5]],
])('%i px down a screen of %i px shows of %i rows %j', (offset, height, total, rows) => {
  expect(windowOf(offset, height, 72, total, 12)).toEqual(rows);
});
