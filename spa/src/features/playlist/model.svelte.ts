import { call, segment } from '../../api/client';
import { device } from '../../device/device.svelte';
import { withLoop } from '../../device/state';
import { sameOrder } from './order';

type LoopAnswer = { loop: string[] } | null;

function change(loop: readonly string[], request: () => Promise<LoopAnswer>): Promise<boolean> {
  return device.change(
    (state) => withLoop(state, loop),
    async () => {
      const confirmed = (await request())?.loop;
      return confirmed === undefined ? undefined : (state) => withLoop(state, confirmed);
    },
  );
}

/** Puts the loop in this order. */
export function reorder(loop: readonly string[]): Promise<boolean> {
  if (sameOrder(loop, device.state.loop)) return Promise.resolve(true);
  return change(loop, () => call('PUT', '/api/loop', { loop }));
}

export function addToLoop(slug: string): Promise<boolean> {
  const loop = [...device.state.loop.filter((other) => other !== slug), slug];
  return change(loop, () => call('POST', '/api/loop', { slug }));
}

export function takeOutOfLoop(slug: string): Promise<boolean> {
  const loop = device.state.loop.filter((other) => other !== slug);
  return change(loop, () => call('DELETE', `/api/loop/${segment(slug)}`));
}
