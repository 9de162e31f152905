import { call, segment } from '../../api/client';
import { device } from '../../device/device.svelte';
import { withLoop } from '../../device/state';
import { sameOrder } from './order';

type LoopAnswer = { loop: string[] } | null;

let earlier: Promise<unknown> = Promise.resolve();

/** Sends one change after the other: two at once could arrive in the wrong order. */
function inTurn(request: () => Promise<LoopAnswer>): Promise<LoopAnswer> {
  const turn = earlier.then(request, request);
  earlier = turn.catch(() => undefined);
  return turn;
}

function change(loop: readonly string[], request: () => Promise<LoopAnswer>): Promise<boolean> {
  return device.change(
    (state) => withLoop(state, loop),
    async () => {
      const confirmed = (await inTurn(request))?.loop;
      return confirmed === undefined ? undefined : (state) => withLoop(state, confirmed);
    },
  );
}

/** Puts the loop in this order. */
export function reorder(loop: readonly string[]): Promise<boolean> {
  if (sameOrder(loop, device.state.loop)) return Promise.resolve(true);
  return change(loop, () => call('PUT', '/api/loop', { loop: [...loop] }));
}

export function addToLoop(slug: string): Promise<boolean> {
  const loop = [...device.state.loop.filter((other) => other !== slug), slug];
  return change(loop, () => call('POST', '/api/loop', { slug }));
}

export function takeOutOfLoop(slug: string): Promise<boolean> {
  const loop = device.state.loop.filter((other) => other !== slug);
  return change(loop, () => call('DELETE', `/api/loop/${segment(slug)}`));
}
