import { ApiFailure, call } from '../../api/client';
import type { MediaItem, TagCount } from '../../api/types';
import { address, type Question } from './catalogue';
import { itemAt, NO_PAGES, PAGE, placeOf, withItem, withPage } from './pages';

/** Items in order, of which some may not be here yet. */
export interface Listing {
  /** Unknown until the device has said it. */
  readonly total: number | undefined;
  readonly failure: string;
  at(index: number): MediaItem | undefined;
  indexOf(slug: string): number;
  /** These are about to be seen. */
  need(from: number, to: number): void;
  /** All from one to before another, fetched where they are missing. */
  slice(from: number, to: number): Promise<MediaItem[]>;
  retry(): void;
}

/** A listing of items that are all here. */
export function localListing(items: readonly MediaItem[]): Listing {
  return {
    total: items.length,
    failure: '',
    at: (index) => items[index],
    indexOf: (slug) => items.findIndex((item) => item.slug === slug),
    need: () => undefined,
    slice: (from, to) => Promise.resolve(items.slice(from, to)),
    retry: () => undefined,
  };
}

/** The device gives 200 items at once, when many are wanted together. */
const MOST_PAGES = 4;

/**
 * A listing the device keeps, fetched page by page where it is looked at. When something changes, the pages here stay
 * to be seen until their new edition has come.
 */
export class RemoteListing implements Listing {
  total = $state<number>();
  tags = $state.raw<readonly TagCount[]>([]);
  failure = $state('');
  #pages = $state.raw(NO_PAGES);
  #fresh: readonly number[] = [];
  #question: Question | undefined;
  #wanted: readonly number[] = [0];
  /** Tells answers to an older question from those that are waited for. */
  #edition = 0;
  #working = -1;
  readonly #seen: (items: readonly MediaItem[]) => void;

  /** `seen` is told of every item that comes. */
  constructor(seen: (items: readonly MediaItem[]) => void = () => undefined) {
    this.#seen = seen;
  }

  at(index: number): MediaItem | undefined {
    return itemAt(this.#pages, index);
  }

  indexOf(slug: string): number {
    return placeOf(this.#pages, slug);
  }

  /** Another question: nothing of the old answer is shown under it. */
  ask(question: Question): void {
    this.#question = question;
    this.#pages = NO_PAGES;
    this.total = undefined;
    this.#wanted = [0];
    this.refresh();
  }

  /** The answer may be another now. */
  refresh(): void {
    this.#edition++;
    this.#fresh = [];
    this.failure = '';
    void this.#work();
  }

  retry(): void {
    this.failure = '';
    void this.#work();
  }

  need(from: number, to: number): void {
    const first = Math.max(0, Math.floor(from / PAGE));
    const last = Math.max(first, Math.floor(to / PAGE));
    this.#wanted = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    if (this.failure === '') void this.#work();
  }

  async slice(from: number, to: number): Promise<MediaItem[]> {
    const last = Math.floor(Math.max(from, to - 1) / PAGE);
    for (let page = Math.floor(from / PAGE); page <= last; page++) {
      if (!this.#pages.has(page)) await this.#fetch(page, MOST_PAGES);
    }
    const indices = Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);
    return indices.flatMap((index) => this.at(index) ?? []);
  }

  /** Shows what is new of an item at once, wherever it is. */
  patch(item: MediaItem): void {
    this.#pages = withItem(this.#pages, item.slug, item);
  }

  /** Shows at once that an item is gone; what comes in its place is for the device to say. */
  drop(slug: string): void {
    this.#pages = withItem(this.#pages, slug, undefined);
  }

  async #work(): Promise<void> {
    const edition = this.#edition;
    if (this.#working === edition || this.#question === undefined) return;
    this.#working = edition;
    try {
      for (let page = this.#next(); page !== undefined; page = this.#next()) {
        await this.#fetch(page);
        if (edition !== this.#edition) return;
      }
    } catch (error) {
      if (edition === this.#edition) {
        this.failure = error instanceof ApiFailure ? error.message : String(error);
      }
    } finally {
      if (edition === this.#edition) this.#working = -1;
    }
  }

  #next(): number | undefined {
    const end = this.total ?? Infinity;
    const there = (page: number): boolean => page === 0 || page * PAGE < end;
    return this.#wanted.find((page) => there(page) && !this.#fresh.includes(page));
  }

  async #fetch(page: number, count = 1): Promise<void> {
    const [edition, question] = [this.#edition, this.#question];
    if (question === undefined) return;
    const answer = await call('GET', address(question, page * PAGE, count * PAGE));
    if (answer === null || edition !== this.#edition) return;
    this.#seen(answer.media);
    this.total = answer.total;
    this.tags = answer.tags;
    // What is out of date stays only where it is looked at.
    const keep = (other: number): boolean =>
      this.#fresh.includes(other) || this.#wanted.includes(other);
    for (let part = 0; part < count; part++) {
      const items = answer.media.slice(part * PAGE, (part + 1) * PAGE);
      if (part > 0 && items.length === 0) break;
      this.#pages = withPage(this.#pages, page + part, items, keep);
      this.#fresh = [...this.#fresh, page + part];
    }
  }
}
