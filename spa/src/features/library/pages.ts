import type { MediaItem } from '../../api/types';

/** Items fetched together while scrolling. */
export const PAGE = 50;

/** The pages of a listing that are here, by their number. Where an item has just been deleted is a hole. */
export type Pages = ReadonlyMap<number, readonly (MediaItem | undefined)[]>;

export const NO_PAGES: Pages = new Map();

export function itemAt(pages: Pages, index: number): MediaItem | undefined {
  return pages.get(Math.floor(index / PAGE))?.[index % PAGE];
}

/** Where an item is in the whole listing; -1 when it is on no page that is here. */
export function placeOf(pages: Pages, slug: string): number {
  for (const [page, items] of pages) {
    const index = items.findIndex((item) => item?.slug === slug);
    if (index >= 0) return page * PAGE + index;
  }
  return -1;
}

/** With a page, and of the others only those that are to be kept. */
export function withPage(
  pages: Pages,
  page: number,
  items: readonly MediaItem[],
  keep: (page: number) => boolean,
): Pages {
  return new Map([...Array.from(pages).filter(([other]) => keep(other)), [page, items]]);
}

/** With what is new of an item, wherever it is; nothing new means that it is gone. */
export function withItem(pages: Pages, slug: string, item: MediaItem | undefined): Pages {
  const fresh = (old?: MediaItem): MediaItem | undefined => (old?.slug === slug ? item : old);
  return new Map(Array.from(pages, ([page, items]) => [page, items.map(fresh)]));
}
