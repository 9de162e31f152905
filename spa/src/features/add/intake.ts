import { link } from '../../device/link.svelte';
import { toasts } from '../../ui/toasts.svelte';
import { texts } from './texts';

type Adding = typeof import('./adding');

const AGAIN_MS = 3_000;
const LATE_MS = 2_000;
let loading: Promise<Adding> | undefined;

async function load(): Promise<Adding> {
  for (;;) {
    try {
      return await import('./adding');
    } catch {
      await link.rest(AGAIN_MS, new AbortController().signal);
    }
  }
}

/** The queue and all that works on it: loaded after the page itself stands. */
export function adding(): Promise<Adding> {
  return (loading ??= load());
}

/** Takes files in, whether the queue has been loaded or not. */
export function takeIn(files: Iterable<File>): void {
  // The list empties itself when its field is cleared.
  const taken = Array.from(files);
  if (taken.length === 0) return;
  const late = setTimeout(() => toasts.say(texts.takenLater), LATE_MS);
  void adding().then(({ queue }) => {
    clearTimeout(late);
    queue.add(taken);
  });
}
