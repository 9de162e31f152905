import type { Attachment } from 'svelte/attachments';
import { HEIGHT, WIDTH } from '../../convert/geometry';

export interface Gestures {
  /** So many pixels of the glass. */
  pan: (dx: number, dy: number) => void;
  /** About a place of the glass; its middle, when there is none. */
  zoom: (factor: number, at?: { x: number; y: number }) => void;
}

const STEP = 8;
const LEAP = 32;
const KEY_ZOOM = 1.15;
const WHEEL_ZOOM = 0.0015;
/** Firefox counts in lines. */
const LINE_PX = 16;

const ARROWS: Record<string, [number, number]> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

interface Point {
  x: number;
  y: number;
}

const between = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
const apart = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);

/** One finger or the mouse moves, two fingers or the wheel zoom, and so do arrows, plus and minus. */
export function gestures({ pan, zoom }: Gestures): Attachment<HTMLElement> {
  return (glass) => {
    const over = new AbortController();
    const { signal } = over;
    const fingers = new Map<number, Point>();

    const onGlass = ({ clientX, clientY }: { clientX: number; clientY: number }): Point => {
      const { left, top, width, height } = glass.getBoundingClientRect();
      return {
        x: ((clientX - left) / width) * WIDTH,
        y: ((clientY - top) / height) * HEIGHT,
      };
    };

    const down = (event: PointerEvent): void => {
      if (event.button !== 0 || fingers.size >= 2) return;
      glass.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, onGlass(event));
    };
    const move = (event: PointerEvent): void => {
      const before = fingers.get(event.pointerId);
      if (before === undefined) return;
      const now = onGlass(event);
      const other = Array.from(fingers).find(([id]) => id !== event.pointerId)?.[1];
      fingers.set(event.pointerId, now);
      if (other === undefined) return pan(now.x - before.x, now.y - before.y);
      const [from, to] = [between(before, other), between(now, other)];
      pan(to.x - from.x, to.y - from.y);
      zoom(apart(now, other) / Math.max(1, apart(before, other)), to);
    };
    const up = ({ pointerId }: PointerEvent): void => void fingers.delete(pointerId);
    const wheel = (event: WheelEvent): void => {
      event.preventDefault();
      const px = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1;
      zoom(Math.exp(-event.deltaY * px * WHEEL_ZOOM), onGlass(event));
    };
    const key = (event: KeyboardEvent): void => {
      const arrow = ARROWS[event.key];
      const step = event.shiftKey ? LEAP : STEP;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (arrow !== undefined) pan(arrow[0] * step, arrow[1] * step);
      else if (event.key === '+' || event.key === '=') zoom(KEY_ZOOM);
      else if (event.key === '-' || event.key === '_') zoom(1 / KEY_ZOOM);
      else return;
      event.preventDefault();
    };

    glass.addEventListener('pointerdown', down, { signal });
    glass.addEventListener('pointermove', move, { signal });
    glass.addEventListener('pointerup', up, { signal });
    glass.addEventListener('pointercancel', up, { signal });
    glass.addEventListener('wheel', wheel, { signal, passive: false });
    glass.addEventListener('keydown', key, { signal });
    return () => over.abort();
  };
}
