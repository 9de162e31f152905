import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { device } from '../../device/device.svelte';
import { toasts } from '../../ui/toasts.svelte';
import { FakeDevice, items } from '../library/testing';
import { withBack, withFirst } from '../playlist/order';
import { deleteItems } from './model.svelte';

const slugs = (): string[] => device.state.media.map(({ slug }) => slug);
let fake: FakeDevice;

beforeEach(() => {
  vi.useFakeTimers();
  fake = new FakeDevice(items(4), ['item_0', 'item_1', 'item_2']);
});
afterEach(() => {
  toasts.list.forEach(({ id }) => toasts.dismiss(id));
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('a deletion is seen at once and can be taken back for as long as the device says', async () => {
  const done = deleteItems(items(4).slice(1, 3));
  expect([slugs(), device.state.loop]).toEqual([['item_0', 'item_3'], ['item_0']]);
  await done;
  const [toast] = toasts.list;
  expect([toast?.text, toast?.ms]).toEqual(['Deleted 2 items', 60_000]);
  await toasts.accept(toast!);
  expect(fake.asked).toEqual(['POST /api/media/delete', 'POST /api/media/restore']);
  expect(slugs().sort()).toEqual(['item_0', 'item_1', 'item_2', 'item_3']);
  expect(device.state.loop).toEqual(['item_0', 'item_1', 'item_2']);
  expect(toasts.list).toEqual([]);
});

it('a refused deletion is taken back, and nothing is offered', async () => {
  fake.refuse = { status: 500, body: { message: 'No' } };
  expect(await deleteItems(items(1))).toBe(false);
  expect(slugs()).toHaveLength(4);
  expect(toasts.list.map(({ text, offer }) => [text, offer])).toEqual([['No', undefined]]);
});

it('an undo that does not get through can be tried again', async () => {
  await deleteItems(items(1));
  const [toast] = toasts.list;
  fake.refuse = { status: 503, body: { message: 'Busy' } };
  await toasts.accept(toast!);
  expect(toasts.offered('u')).toBe(toast);
  fake.refuse = undefined;
  await toasts.accept(toast!);
  expect(slugs()).toContain('item_0');
});

it.each([
  [
    ['a', 'd'],
    ['b', 'c'],
    ['a', 'b', 'c', 'd'],
  ],
  [['x', 'd', 'a'], ['c'], ['x', 'd', 'a', 'c']],
  [[], ['b', 'd'], ['b', 'd']],
  [['b', 'a'], ['b'], ['b', 'a']],
])('to %j come %j back as %j', (now, back, then) => {
  expect(withBack(now, ['a', 'b', 'c', 'd'], back)).toEqual(then);
});

it('what is not seen of an order stays behind what is', () => {
  expect(withFirst(['a', 'b', 'c', 'd'], ['b', 'a'])).toEqual(['b', 'a', 'c', 'd']);
});
