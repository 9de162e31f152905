import { MOST_ZOOM, PLAIN, type Edit } from './edit';

/** The glass, in pixels. */
export const WIDTH = 320;
export const HEIGHT = 240;

/** Fill crops what does not fit; fit keeps all of it on a ground. */
export type Fit = 'fill' | 'fit';

export interface Size {
  width: number;
  height: number;
}

export interface Box extends Size {
  x: number;
  y: number;
}

/** How a picture is to lie on the glass. */
export type View = Pick<Edit, 'turn' | 'mirrored' | 'zoom' | 'x' | 'y'>;

/** Where to draw: a part of the source onto a part of a canvas of `k` times the glass. */
export interface Placement extends Pick<View, 'turn' | 'mirrored'> {
  /** The canvas is k times the glass; k x k of its pixels become one of ours. */
  k: 1 | 2 | 3;
  /** In the source, as it lies in the file. */
  source: Box;
  /** On the canvas, where the source comes turned and mirrored. */
  target: Box;
}

/** k follows the source (never far above its own resolution): browsers alias when they shrink by more than two. */
function supersample(ratio: number): 1 | 2 | 3 {
  const k = Math.round(ratio);
  return k <= 1 ? 1 : k >= 3 ? 3 : 2;
}

/** A size as it is after a turn. */
export function sizeTurned({ width, height }: Size, { turn }: Pick<View, 'turn'>): Size {
  return turn % 180 === 0 ? { width, height } : { width: height, height: width };
}

/** How many pixels of the glass one of the picture takes. */
export function scaleOf(size: Size, fit: Fit, view: View): number {
  const { width, height } = sizeTurned(size, view);
  const across = WIDTH / width;
  const down = HEIGHT / height;
  return (fit === 'fill' ? Math.max(across, down) : Math.min(across, down)) * view.zoom;
}

/** The nearest middle that leaves no ground where the picture could be; 0 to 1. */
function middle(wanted: number, length: number, shown: number): number {
  const margin = shown / length / 2;
  return margin >= 0.5 ? 0.5 : Math.min(1 - margin, Math.max(margin, wanted));
}

/** A part of the turned picture where it lies in the file. */
function inSource(part: Box, { width, height }: Size, { turn, mirrored }: View): Box {
  const across = turn % 180 === 0 ? width : height;
  const x = mirrored ? across - part.x - part.width : part.x;
  const { y } = part;
  switch (turn) {
    case 0:
      return { ...part, x };
    case 90:
      return { x: y, y: height - x - part.width, width: part.height, height: part.width };
    case 180:
      return { ...part, x: width - x - part.width, y: height - y - part.height };
    case 270:
      return { x: width - y - part.height, y: x, width: part.height, height: part.width };
  }
}

/** Lays a picture of the given size on the glass. */
export function place(width: number, height: number, fit: Fit, view: View = PLAIN): Placement {
  const size = { width, height };
  const lying = sizeTurned(size, view);
  const scale = scaleOf(size, fit, view);
  const k = supersample(1 / scale);
  const shownWidth = Math.min(WIDTH, lying.width * scale);
  const shownHeight = Math.min(HEIGHT, lying.height * scale);
  const partWidth = Math.min(lying.width, shownWidth / scale);
  const partHeight = Math.min(lying.height, shownHeight / scale);
  const x = middle(view.x, lying.width, partWidth) * lying.width - partWidth / 2;
  const y = middle(view.y, lying.height, partHeight) * lying.height - partHeight / 2;
  return {
    k,
    turn: view.turn,
    mirrored: view.mirrored,
    source: inSource({ x, y, width: partWidth, height: partHeight }, size, view),
    target: {
      x: ((WIDTH - shownWidth) / 2) * k,
      y: ((HEIGHT - shownHeight) / 2) * k,
      width: shownWidth * k,
      height: shownHeight * k,
    },
  };
}

/** The canvas transform under which the source, drawn around zero, comes to lie turned and mirrored on its target. */
export function transformOf({ turn, mirrored, target }: Placement): DOMMatrix2DInit {
  const [cos, sin] = ({ 0: [1, 0], 90: [0, 1], 180: [-1, 0], 270: [0, -1] } as const)[turn];
  const side = mirrored ? -1 : 1;
  return {
    a: side * cos,
    b: sin,
    c: side * -sin,
    d: cos,
    e: target.x + target.width / 2,
    f: target.y + target.height / 2,
  };
}

/** The view with its middle inside what can be seen: what a picture of this size makes of it. */
export function settled<V extends View>(view: V, size: Size, fit: Fit): V {
  const { width, height } = sizeTurned(size, view);
  const scale = scaleOf(size, fit, view);
  return {
    ...view,
    x: middle(view.x, width, WIDTH / scale),
    y: middle(view.y, height, HEIGHT / scale),
  };
}

/** The picture moved under the glass by so many of its pixels. */
export function panned<V extends View>(view: V, size: Size, fit: Fit, dx: number, dy: number): V {
  const { width, height } = sizeTurned(size, view);
  const scale = scaleOf(size, fit, view);
  const moved = { ...view, x: view.x - dx / scale / width, y: view.y - dy / scale / height };
  return settled(moved, size, fit);
}

/** Larger by `factor`; what is at this place of the glass stays there. */
export function zoomed<V extends View>(
  view: V,
  size: Size,
  fit: Fit,
  factor: number,
  at: { x: number; y: number } = { x: WIDTH / 2, y: HEIGHT / 2 },
): V {
  const zoom = Math.min(MOST_ZOOM, Math.max(1, view.zoom * factor));
  const { width, height } = sizeTurned(size, view);
  const [before, after] = [scaleOf(size, fit, view), scaleOf(size, fit, { ...view, zoom })];
  const drift = 1 / before - 1 / after;
  const x = view.x + ((at.x - WIDTH / 2) * drift) / width;
  const y = view.y + ((at.y - HEIGHT / 2) * drift) / height;
  return settled({ ...view, zoom, x, y }, size, fit);
}
