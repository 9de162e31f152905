const HELD_MS = 450;
/** A finger is never quite still; more than this is scrolling. */
const SLACK_PX = 10;

/** Calls `held` when a finger rests on the element; the tap that would follow does not happen. */
export function longPress(node: HTMLElement, held: () => void): { destroy: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let from = { x: 0, y: 0 };
  let fired = false;
  const stop = new AbortController();
  const end = (): void => clearTimeout(timer);
  const listen = <K extends keyof HTMLElementEventMap>(
    type: K,
    heard: (event: HTMLElementEventMap[K]) => void,
  ): void => node.addEventListener(type, heard, { signal: stop.signal, capture: true });

  listen('pointerdown', ({ pointerType, clientX, clientY }) => {
    fired = false;
    end();
    if (pointerType === 'mouse') return;
    from = { x: clientX, y: clientY };
    timer = setTimeout(() => {
      fired = true;
      navigator.vibrate?.(10);
      held();
    }, HELD_MS);
  });
  listen('pointermove', ({ clientX, clientY }) => {
    if (Math.hypot(clientX - from.x, clientY - from.y) > SLACK_PX) end();
  });
  listen('pointerup', end);
  listen('pointercancel', end);
  listen('contextmenu', (event) => {
    // The system's own menu for a press on a picture.
    if (fired) event.preventDefault();
  });
  listen('click', (event) => {
    if (!fired) return;
    fired = false;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  return {
    destroy: () => {
      end();
      stop.abort();
    },
  };
}
