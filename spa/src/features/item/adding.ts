/** What an item borrows from the feature that adds files: its queue, and its words for shape and quality. */
import type { ItemSettings } from '../../api/types';
import { queue } from '../add/queue.svelte';

export { FITS, QUALITIES } from '../add/choices';

/** Converts a file in this browser, like one that was dropped here, but with a look of its own. */
export function giveToQueue(file: File, look: Pick<ItemSettings, 'fit' | 'quality'>): void {
  queue.add([file], look);
}
