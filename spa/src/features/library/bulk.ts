import { ApiFailure } from '../../api/client';
import type { MediaItem } from '../../api/types';
import { device } from '../../device/device.svelte';
import { announcer } from '../../ui/announcer.svelte';
import { toasts } from '../../ui/toasts.svelte';
import { withTag } from '../item/draft.svelte';
import { changeItem } from '../media/model.svelte';
import { reorder } from '../playlist/model.svelte';
import { texts } from './texts';

/** Requests on their way at once: more would only wait at the device. */
const TOGETHER = 4;

/** Puts all of them at the loop's end, in this order, but for those that loop already. */
export async function addAll(slugs: readonly string[]): Promise<void> {
  const { loop } = device.state;
  const fresh = slugs.filter((slug) => !loop.includes(slug));
  if (await reorder([...loop, ...fresh])) announcer.say(texts.addedToLoop(fresh.length));
}

export async function takeOutAll(slugs: readonly string[]): Promise<void> {
  const { loop } = device.state;
  const rest = loop.filter((slug) => !slugs.includes(slug));
  if (await reorder(rest)) announcer.say(texts.takenOut(loop.length - rest.length));
}

/** Adds the tags to those each item has; `done` hears how many are through. */
export async function tagAll(
  items: readonly MediaItem[],
  added: readonly string[],
  done: (n: number) => void,
): Promise<void> {
  const waiting = [...items];
  const failed: string[] = [];
  let through = 0;
  const work = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) {
      const tags = added.reduce(withTag, item.tags ?? []);
      try {
        if (tags.length !== (item.tags ?? []).length) await changeItem(item.slug, { tags });
      } catch (error) {
        failed.push(error instanceof ApiFailure ? error.message : String(error));
      }
      done(++through);
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  const [why] = failed;
  if (why !== undefined) toasts.fail(texts.tagFailed(failed.length, why));
  if (items.length > failed.length) announcer.say(texts.tagged(items.length - failed.length));
}
