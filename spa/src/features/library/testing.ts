import { vi } from 'vitest';
import type { Dashboard, MediaItem, MediaPage } from '../../api/types';
import { device } from '../../device/device.svelte';
import { find, tagsOf, type Order, type Sort } from './catalogue';

/** An item for tests: `n` is its place in the order of adding. */
export function item(n: number, more: Partial<MediaItem> = {}): MediaItem {
  return {
    slug: `item_${n}`,
    filename: `file_${n}.gif`,
    type: 'image/gif',
    size: 1000 + n,
    uploadedAt: new Date(n * 60_000).toISOString(),
    url: `/media/raw/item_${n}/x.gif`,
    thumbnail: '',
    duration: n / 10,
    frame_count: 12,
    title: `Title ${n}`,
    tags: [],
    settings: { fit: 'fill', quality: 'off', repeat: null, still_seconds: null },
    convertible: true,
    ...more,
  };
}

export const items = (count: number): MediaItem[] =>
  Array.from({ length: count }, (_, n) => item(n));

/** A device with a library of its own, and the page told of it, as far as a dashboard tells. */
export class FakeDevice {
  asked: string[] = [];
  /** What to answer in place of what is right. */
  refuse: { status: number; body: unknown } | undefined;

  constructor(
    public media: MediaItem[],
    public loop: string[] = [],
  ) {
    vi.stubGlobal('fetch', (path: string, init?: RequestInit) => this.#answer(path, init));
    this.tell();
  }

  tell(): void {
    device.told({
      type: 'dashboard_update',
      data: {
        status: { system: '', status: '', timestamp: 0, player: null },
        media: this.media.slice(0, 200),
        media_total: this.media.length,
        active: null,
        loop: this.loop,
      } as Dashboard,
    });
  }

  async #answer(path: string, init?: RequestInit): Promise<Response> {
    const method = init?.method ?? 'GET';
    this.asked.push(`${method} ${path}`);
    await Promise.resolve();
    if (this.refuse) return Response.json(this.refuse.body, { status: this.refuse.status });
    const url = new URL(path, 'http://x');
    const body = typeof init?.body === 'string' ? JSON.parse(init.body) : {};
    return Response.json({ success: true, message: null, data: this.#data(method, url, body) });
  }

  #data(method: string, { pathname, searchParams: query }: URL, body: Record<string, unknown>) {
    const slugs = (body.slugs ?? []) as string[];
    if (pathname === '/api/media/delete') {
      return { deleted: slugs, unknown: [], undo_seconds: 60 };
    }
    if (pathname === '/api/media/restore') return { restored: slugs, gone: [] };
    if (method === 'PATCH') {
      const { repeat, still_seconds, ...rest } = body;
      const old = this.media.find(({ slug }) => pathname.endsWith(`/${slug}`))!;
      const settings = {
        ...old.settings,
        ...(repeat !== undefined && { repeat }),
        ...(still_seconds !== undefined && { still_seconds }),
      };
      return { media: { ...old, ...rest, settings } };
    }
    if (pathname === '/api/loop') return { loop: body.loop };
    if (pathname === '/api/media') return this.#page(query);
    return null;
  }

  #page(query: URLSearchParams): MediaPage {
    const inLoop = query.get('in_loop');
    const found = find(
      this.media,
      {
        q: query.get('q') ?? '',
        tag: query.get('tag'),
        sort: query.get('sort') as Sort,
        order: query.get('order') as Order,
        ...(inLoop !== null && { inLoop: inLoop === 'true' }),
      },
      this.loop,
    );
    const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))];
    const media = found.slice(offset, offset + limit);
    return { media, total: found.length, offset, limit, tags: tagsOf(this.media) };
  }
}
