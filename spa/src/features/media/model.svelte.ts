import { ApiFailure, call, segment } from '../../api/client';
import type { ItemChanges, ItemSettings, MediaItem } from '../../api/types';
import { device } from '../../device/device.svelte';
import { withLoop, withoutMedia } from '../../device/state';
import { announcer } from '../../ui/announcer.svelte';
import { toasts } from '../../ui/toasts.svelte';
import { withBack } from '../playlist/order';
import { titleOf } from './name';
import { texts } from './texts';

/** Shows an item on the glass now; the device also puts it in the loop. */
export function playNow(slug: string): Promise<boolean> {
  return device.change(
    (state) => (state.loop.includes(slug) ? state : withLoop(state, [...state.loop, slug])),
    async () => {
      await call('POST', `/api/media/${segment(slug)}/activate`);
      return undefined;
    },
  );
}

/** Changes an item; rejects with the device's refusal, which names the field. */
export async function changeItem(slug: string, changes: ItemChanges): Promise<void> {
  const answer = await call('PATCH', `/api/media/${segment(slug)}`, changes);
  if (answer !== null) device.told({ type: 'media_changed', data: answer.media });
}

interface Deleted {
  deleted: string[];
  unknown: string[];
  undo_seconds: number;
}

/** Deletes items at once and offers to take it back, for as long as the device keeps them. */
export async function deleteItems(items: readonly MediaItem[]): Promise<boolean> {
  const slugs = items.map(({ slug }) => slug);
  const loop = device.state.loop;
  let answer: Deleted | null = null;
  const done = await device.change(
    (state) => withoutMedia(state, ...slugs),
    async () => {
      answer = await call('POST', '/api/media/delete', { slugs });
      return undefined;
    },
  );
  if (!done) return false;
  const { deleted = [], undo_seconds = 0 } = (answer as Deleted | null) ?? {};
  // What is not on the page's own list is in what it has asked for.
  for (const slug of deleted) device.told({ type: 'media_deleted', data: { slug } });
  offerUndo(items, loop, undo_seconds);
  return true;
}

function offerUndo(items: readonly MediaItem[], loop: readonly string[], seconds: number): void {
  const [first] = items;
  if (first === undefined) return;
  const text = items.length === 1 ? texts.deleted(titleOf(first)) : texts.deletedMany(items.length);
  if (seconds <= 0) {
    toasts.say(text);
    return;
  }
  const offer = { label: texts.undo, key: 'u', run: () => restore(items, loop) };
  toasts.show({ text, ms: seconds * 1000, offer });
  announcer.say(texts.undoHow(seconds));
}

async function restore(items: readonly MediaItem[], before: readonly string[]): Promise<boolean> {
  const slugs = items.map(({ slug }) => slug);
  let answer: { restored: string[]; gone: string[] } | null;
  try {
    answer = await call('POST', '/api/media/restore', { slugs });
  } catch (error) {
    toasts.fail(error instanceof ApiFailure ? error.message : String(error));
    return false;
  }
  const { restored = [], gone = [] } = answer ?? {};
  // As the device will say it, so that nobody waits for its events.
  for (const item of items) {
    if (restored.includes(item.slug)) device.told({ type: 'media_uploaded', data: item });
  }
  const loop = withBack(device.state.loop, before, restored);
  device.told({ type: 'loop_updated', data: { loop } });
  if (gone.length > 0) toasts.fail(texts.gone(gone.length));
  if (restored.length > 0) announcer.say(texts.restored(restored.length));
  return true;
}

/** Has the device make a clip anew; resolves with the job's name. */
export async function convertAgain(
  slug: string,
  look: Pick<ItemSettings, 'fit' | 'quality'>,
): Promise<string | undefined> {
  const answer = await call('POST', `/api/media/${segment(slug)}/convert`, look);
  return answer?.job_id;
}
