import { call, segment } from '../../api/client';
import { device } from '../../device/device.svelte';
import { withLoop, withoutMedia } from '../../device/state';

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

/** Removes an item and its original from the device. */
export function deleteMedia(slug: string): Promise<boolean> {
  return device.change(
    (state) => withoutMedia(state, slug),
    async () => {
      await call('DELETE', `/api/media/${segment(slug)}`);
      return undefined;
    },
  );
}
