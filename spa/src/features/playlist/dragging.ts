/** Moving rows by hand: what does it comes a moment after the page itself, which works without it. */
import type { DndZoneAttributes, Item, Options } from 'svelte-dnd-action';
import type { ActionReturn } from 'svelte/action';

type Dnd = typeof import('svelte-dnd-action');

const AGAIN_MS = 5_000;
let loading: Promise<Dnd> | undefined;

async function load(): Promise<Dnd> {
  for (;;) {
    try {
      return await import('svelte-dnd-action');
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

/** Begins with what the element is told last by then, unless it is gone. */
function whenLoaded<T>(
  first: T,
  begin: (dnd: Dnd, told: T) => ActionReturn<NoInfer<T>>,
): ActionReturn<T> {
  let told = first;
  let running: ActionReturn<T> | undefined;
  let isGone = false;
  loading ??= load();
  void loading.then((dnd) => {
    if (!isGone) running = begin(dnd, told);
  });
  return {
    update: (options) => {
      told = options;
      running?.update?.(options);
    },
    destroy: () => {
      isGone = true;
      running?.destroy?.();
    },
  };
}

/** A list whose rows are dragged by their {@link grip}. */
export function rows<T extends Item>(
  node: HTMLElement,
  options: Options<T>,
): ActionReturn<Options<T>, DndZoneAttributes<T>> {
  return whenLoaded(options, (dnd, told) => dnd.dragHandleZone(node, told));
}

export function grip(node: HTMLElement): ActionReturn<undefined> {
  return whenLoaded<undefined>(undefined, (dnd) => dnd.dragHandle(node));
}
