import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { device } from '../../device/device.svelte';
import { address, find, matches, tagsOf } from './catalogue';
import { library } from './library.svelte';
import { selection } from './selection.svelte';
import { FakeDevice, item, items } from './testing';

const titles = (from: number, to: number): (string | undefined)[] =>
  Array.from({ length: to - from }, (_, i) => library.listing.at(from + i)?.title);

let unfollow: () => void;
beforeEach(() => {
  vi.useFakeTimers();
  library.clear();
  library.setSort('added', 'desc');
  selection.leave();
  // As the component does that shows the library.
  unfollow = $effect.root(() => {
    $effect(() => library.follow());
  });
});
afterEach(() => {
  unfollow();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('looking for items', () => {
  it('looks into titles, file names and tags, whatever the case', () => {
    const it = item(1, { title: 'Grandma', filename: 'IMG_7.gif', tags: ['Family'] });
    expect(
      ['grand', 'img_7', 'fam', ' GRANDMA '].map((q) => matches(it, { q, tag: null })),
    ).toEqual([true, true, true, true]);
    expect(matches(it, { q: 'cat', tag: null })).toBe(false);
    expect(matches(it, { q: '', tag: 'Fam' })).toBe(false);
  });

  it('orders titles as people do', () => {
    const media = ['b 10', 'B 2', 'a'].map((title, n) => item(n, { title }));
    const question = { q: '', tag: null, sort: 'title', order: 'asc' } as const;
    expect(find(media, question).map(({ title }) => title)).toEqual(['a', 'B 2', 'b 10']);
  });

  it('keeps to what loops, or to what does not', () => {
    const question = { q: '', tag: null, sort: 'size', order: 'asc' } as const;
    const slugs = (inLoop?: boolean) =>
      find(items(3), { ...question, ...(inLoop !== undefined && { inLoop }) }, ['item_1']).map(
        ({ slug }) => slug,
      );
    expect([slugs(), slugs(true), slugs(false)]).toEqual([
      ['item_0', 'item_1', 'item_2'],
      ['item_1'],
      ['item_0', 'item_2'],
    ]);
  });

  it('counts tags, the most used first', () => {
    const media = [['b', 'a'], ['b'], ['c']].map((tags, n) => item(n, { tags }));
    expect(tagsOf(media)).toEqual([
      { tag: 'b', count: 2 },
      { tag: 'a', count: 1 },
      { tag: 'c', count: 1 },
    ]);
  });

  it('asks the device for just what is meant', () => {
    const question = { q: ' é&f ', tag: 'x y', sort: 'size', order: 'asc', inLoop: false } as const;
    expect(address(question, 50, 50)).toBe(
      '/api/media?sort=size&order=asc&q=%C3%A9%26f&tag=x+y&in_loop=false&offset=50&limit=50',
    );
  });
});

describe('a small library', () => {
  it('is searched and sorted here, at once, without a request', () => {
    const fake = new FakeDevice(items(5), ['item_4']);
    expect(titles(0, 4)).toEqual(['Title 3', 'Title 2', 'Title 1', 'Title 0']);
    library.setSort('added', 'asc');
    expect(titles(0, 2)).toEqual(['Title 0', 'Title 1']);
    library.q = 'title 4';
    expect([library.searching, library.listing.total, ...titles(0, 1)]).toEqual([
      true,
      1,
      'Title 4',
    ]);
    expect(fake.asked).toEqual([]);
  });

  it('follows what the device says', () => {
    new FakeDevice(items(3), []);
    device.told({ type: 'media_changed', data: item(1, { title: 'New' }) });
    device.told({ type: 'media_deleted', data: { slug: 'item_2' } });
    expect(titles(0, 3)).toEqual(['New', 'Title 0', undefined]);
  });
});

describe('a large library', () => {
  const settle = (ms = 600): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);

  it('is asked for page by page, where it is looked at', async () => {
    const fake = new FakeDevice(items(1000), ['item_0']);
    await settle();
    expect(library.large).toBe(true);
    expect(library.listing.total).toBe(999);
    expect(fake.asked).toHaveLength(1);
    expect(titles(0, 1)).toEqual(['Title 999']);
    library.listing.need(510, 560);
    await settle();
    expect(fake.asked).toHaveLength(3);
    expect(titles(510, 511)).toEqual(['Title 489']);
    expect(library.listing.at(300)).toBeUndefined();
  });

  it('waits for the end of typing and shows nothing of an older answer', async () => {
    const fake = new FakeDevice(items(300));
    await settle();
    fake.asked = [];
    for (const q of ['T', 'Ti', 'Title 29']) {
      library.q = q;
      await settle(100);
    }
    expect(fake.asked).toEqual([]);
    await settle();
    expect(fake.asked).toHaveLength(1);
    expect(library.listing.total).toBe(11);
  });

  it('is asked again, once, when things change, and until then the rest stays', async () => {
    const fake = new FakeDevice(items(300));
    await settle();
    fake.asked = [];
    fake.media = fake.media.slice(0, 290);
    for (let n = 290; n < 300; n++)
      device.told({ type: 'media_deleted', data: { slug: `item_${n}` } });
    expect(titles(9, 11)).toEqual([undefined, 'Title 289']);
    await settle();
    expect([fake.asked.length, library.listing.total, ...titles(0, 1)]).toEqual([
      1,
      290,
      'Title 289',
    ]);
  });

  it('says why there is nothing and tries again when told to', async () => {
    const fake = new FakeDevice(items(300));
    fake.refuse = { status: 503, body: { message: 'Busy', code: 'BUSY' } };
    await settle();
    expect(library.listing.failure).toBe('Busy');
    fake.refuse = undefined;
    library.listing.retry();
    await settle();
    expect([library.listing.failure, library.listing.total]).toEqual(['', 300]);
  });

  it('is chosen as a whole, also what was never seen', async () => {
    const loop = items(260).map(({ slug }) => slug);
    new FakeDevice(items(500), loop);
    await settle();
    const all = library.between();
    await settle();
    expect(new Set(await all).size).toBe(500);
    expect((await all).every((slug) => library.item(slug) !== undefined)).toBe(true);
  });
});

describe('choosing', () => {
  it('goes from the last tapped to the next, in the order shown, across the lists', async () => {
    new FakeDevice(items(5), ['item_1', 'item_3']);
    expect(await library.between('item_3', 'item_2')).toEqual(['item_3', 'item_4', 'item_2']);
    expect(await library.between('item_2', 'item_3')).toEqual(['item_3', 'item_4', 'item_2']);
  });

  it('lets go of what is deleted elsewhere', () => {
    new FakeDevice(items(2));
    selection.enter('item_0');
    selection.add(['item_1']);
    device.told({ type: 'media_deleted', data: { slug: 'item_0' } });
    expect(selection.slugs).toEqual(['item_1']);
  });

  it('forgets all when it ends', () => {
    selection.enter('item_0');
    selection.toggle('item_0');
    expect([selection.on, selection.size, selection.anchor]).toEqual([true, 0, 'item_0']);
    selection.leave();
    expect([selection.on, selection.anchor]).toEqual([false, undefined]);
  });
});
