import type { MediaItem, TagCount } from '../../api/types';
import { titleOf } from '../media/name';

export const SORTS = ['added', 'title', 'size', 'duration'] as const;
export type Sort = (typeof SORTS)[number];
export type Order = 'asc' | 'desc';

/** What is looked for, and how it is put in order. */
export interface Question {
  q: string;
  tag: string | null;
  sort: Sort;
  order: Order;
  /** Only what loops, or only what does not. */
  inLoop?: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Whether an item has the text in its title, its file's name or a tag, as the device looks for it. */
export function matches(item: MediaItem, { q, tag }: Pick<Question, 'q' | 'tag'>): boolean {
  if (tag !== null && !(item.tags ?? []).includes(tag)) return false;
  const wanted = q.trim().toLowerCase();
  const places = [titleOf(item), item.filename, ...(item.tags ?? [])];
  return wanted === '' || places.some((place) => place.toLowerCase().includes(wanted));
}

function ascending(a: MediaItem, b: MediaItem, sort: Sort): number {
  switch (sort) {
    case 'added':
      return a.uploadedAt.localeCompare(b.uploadedAt);
    case 'title':
      return collator.compare(titleOf(a), titleOf(b));
    case 'size':
      return a.size - b.size;
    case 'duration':
      return (a.duration ?? 0) - (b.duration ?? 0);
  }
}

/** What is asked for, out of items that are all here. */
export function find(
  media: readonly MediaItem[],
  question: Question,
  loop: readonly string[] = [],
): MediaItem[] {
  const looping = new Set(loop);
  const direction = question.order === 'asc' ? 1 : -1;
  return media
    .filter((item) => matches(item, question))
    .filter(({ slug }) => (question.inLoop ?? looping.has(slug)) === looping.has(slug))
    .sort((a, b) => direction * ascending(a, b, question.sort) || a.slug.localeCompare(b.slug));
}

/** All tags in use, the most used first. */
export function tagsOf(media: readonly MediaItem[]): TagCount[] {
  const counts = new Map<string, number>();
  for (const { tags = [] } of media) {
    for (const tag of tags) counts.set(tag, (counts.get(tag) ?? 0) + 1);
  }
  return Array.from(counts, ([tag, count]) => ({ tag, count })).sort(
    (a, b) => b.count - a.count || collator.compare(a.tag, b.tag),
  );
}

/** The address of a part of the answer. */
export function address(question: Question, offset: number, limit: number): `/api/media?${string}` {
  const { q, tag, sort, order, inLoop } = question;
  const query = new URLSearchParams({ sort, order });
  if (q.trim() !== '') query.set('q', q.trim());
  if (tag !== null) query.set('tag', tag);
  if (inLoop !== undefined) query.set('in_loop', String(inLoop));
  query.set('offset', String(offset));
  query.set('limit', String(limit));
  return `/api/media?${query}`;
}
