import { call } from '../../api/client';
import type { MediaItem, ServerMessage, TagCount } from '../../api/types';
import { device } from '../../device/device.svelte';
import { address, find, tagsOf, type Order, type Question, type Sort } from './catalogue';
import { localListing, RemoteListing, type Listing } from './listing.svelte';
import { selection } from './selection.svelte';

const TYPING_MS = 250;
/** Events come in bursts: a bulk deletion is one question, not two hundred. */
const SETTLE_MS = 200;
/** The most the device gives at once. */
const MOST = 200;

type News = ServerMessage['type'];
const CHANGES: readonly News[] = [
  'initial_dashboard',
  'dashboard_update',
  'media_uploaded',
  'media_changed',
  'media_deleted',
  'loop_updated',
];

/**
 * What the library section shows. A small library is all here, and searched and sorted here; of a large one the device
 * is asked. Without a search the loop stands apart, in its own order, and the listing is the rest.
 */
class Library {
  q = $state('');
  tag = $state<string | null>(null);
  sort = $state<Sort>('added');
  order = $state<Order>('desc');
  /** Items of a large library that have come by asking. */
  #extra = $state.raw<ReadonlyMap<string, MediaItem>>(new Map());
  readonly #remote = new RemoteListing((items) => this.#learn(items));
  #asked = '';
  #typing: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;

  readonly searching = $derived(this.q.trim() !== '' || this.tag !== null);
  readonly large = $derived(device.state.total > device.state.media.length);
  readonly #question = $derived<Question>({
    q: this.q,
    tag: this.tag,
    sort: this.sort,
    order: this.order,
    ...(this.searching ? {} : { inLoop: false }),
  });
  readonly #local = $derived(
    localListing(find(device.state.media, this.#question, device.state.loop)),
  );
  readonly listing: Listing = $derived(this.large ? this.#remote : this.#local);
  readonly tags: readonly TagCount[] = $derived(
    this.large ? this.#remote.tags : tagsOf(device.state.media),
  );
  readonly #known = $derived(
    new Map([...this.#extra, ...device.state.media.map((item) => [item.slug, item] as const)]),
  );
  /** The loop's items in playing order, as far as they are here without a gap. */
  readonly looping = $derived.by(() => {
    const items = device.state.loop.map((slug) => this.#known.get(slug));
    const gap = this.large ? items.indexOf(undefined) : -1;
    return (gap < 0 ? items : items.slice(0, gap)).filter((item) => item !== undefined);
  });

  constructor() {
    device.listen((message) => this.#hear(message));
  }

  item(slug: string): MediaItem | undefined {
    return this.#known.get(slug);
  }

  /** Asks the device what is to be shown, if it has to be asked; to be called whenever that may have changed. */
  follow(): () => void {
    const [question, asked] = [this.#question, JSON.stringify(this.#question)];
    if (!this.large) this.#asked = '';
    if (!this.large || asked === this.#asked) return () => undefined;
    const ask = (): void => {
      this.#asked = asked;
      this.#remote.ask(question);
    };
    const typed = this.#asked !== '' && (JSON.parse(this.#asked) as Question).q !== question.q;
    this.#typing = setTimeout(ask, typed ? TYPING_MS : 0);
    return () => clearTimeout(this.#typing);
  }

  setSort(sort: Sort, order: Order): void {
    [this.sort, this.order] = [sort, order];
  }

  clear(): void {
    [this.q, this.tag] = ['', null];
  }

  /** Fetches the items of a long loop. */
  async loadLoop(): Promise<void> {
    const all = { q: '', tag: null, sort: 'added', order: 'asc', inLoop: true } as const;
    for (let offset = 0, total = 1; offset < total; offset += MOST) {
      const page = await call('GET', address(all, offset, MOST));
      if (page === null) return;
      this.#learn(page.media);
      total = page.total;
    }
  }

  /** The names in the order they are shown, from one to another; both or all of them. */
  async between(one?: string, other?: string): Promise<string[]> {
    const here = (slug: string | undefined): boolean =>
      slug !== undefined && this.looping.some((item) => item.slug === slug);
    const gap = this.large && this.looping.length < device.state.loop.length;
    if (gap && !this.searching && !(here(one) && here(other))) await this.loadLoop();
    const loop = this.searching ? [] : this.looping.map(({ slug }) => slug);
    const place = (slug: string): number => {
      const index = loop.indexOf(slug);
      return index >= 0 ? index : loop.length + this.listing.indexOf(slug);
    };
    const end = loop.length + (this.listing.total ?? 0) - 1;
    const ends = [one === undefined ? 0 : place(one), other === undefined ? end : place(other)];
    const [from, to] = [Math.min(...ends), Math.max(...ends) + 1];
    const rest = await this.listing.slice(
      Math.max(0, from - loop.length),
      Math.max(0, to - loop.length),
    );
    return [...loop.slice(from, to), ...rest.map(({ slug }) => slug)];
  }

  #learn(items: readonly MediaItem[]): void {
    this.#extra = new Map([...this.#extra, ...items.map((item) => [item.slug, item] as const)]);
  }

  #hear(message: ServerMessage): void {
    if (!CHANGES.includes(message.type)) return;
    if (message.type === 'media_changed' || message.type === 'media_uploaded') {
      this.#learn([message.data]);
      this.#remote.patch(message.data);
    }
    if (message.type === 'media_deleted') {
      const { slug } = message.data;
      this.#extra = new Map(Array.from(this.#extra).filter(([other]) => other !== slug));
      selection.drop([slug]);
      this.#remote.drop(slug);
    }
    // Before its first answer it asks anyway.
    if (!this.large || (this.#remote.total === undefined && this.#remote.failure === '')) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#remote.refresh(), SETTLE_MS);
  }
}

export const library = new Library();
