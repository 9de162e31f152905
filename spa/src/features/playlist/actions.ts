import type { MediaItem } from '../../api/types';
import { device } from '../../device/device.svelte';
import { announcer } from '../../ui/announcer.svelte';
import { titleOf } from '../media/name';
import { addToLoop, reorder, takeOutOfLoop } from './model.svelte';
import { movedTo } from './order';
import { texts } from './texts';

/** Moves an item to another place of the loop, and says which. */
export async function moveTo(item: MediaItem, to: number): Promise<void> {
  const order = movedTo(device.state.loop, item.slug, to);
  if (await reorder(order)) announcer.say(texts.moved(titleOf(item), to + 1, order.length));
}

/** Puts an item into the loop or takes it out, and says so. */
export async function setInLoop(item: MediaItem, wanted: boolean): Promise<void> {
  const done = await (wanted ? addToLoop(item.slug) : takeOutOfLoop(item.slug));
  if (done) announcer.say((wanted ? texts.added : texts.takenOut)(titleOf(item)));
}
