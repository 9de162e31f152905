/** The glass, in pixels. */
export const WIDTH = 320;
export const HEIGHT = 240;

/** Fill crops what does not fit; fit keeps all of it on black. */
export type Fit = 'fill' | 'fit';

/** Where to draw: a part of the source onto a part of a canvas of `k` times the glass. */
export interface Placement {
  /** The canvas is k times the glass; k x k of its pixels become one of ours. */
  k: 1 | 2 | 3;
  source: { x: number; y: number; width: number; height: number };
  target: { x: number; y: number; width: number; height: number };
}

/** k follows the source (never far above its own resolution): browsers alias when they shrink by more than two. */
function supersample(ratio: number): 1 | 2 | 3 {
  const k = Math.round(ratio);
  return k <= 1 ? 1 : k >= 3 ? 3 : 2;
}

/** Centres a picture of the given size on the glass. */
export function place(width: number, height: number, fit: Fit): Placement {
  const across = WIDTH / width;
  const down = HEIGHT / height;
  const scale = fit === 'fill' ? Math.max(across, down) : Math.min(across, down);
  const k = supersample(1 / scale);
  const shownWidth = Math.min(WIDTH, width * scale);
  const shownHeight = Math.min(HEIGHT, height * scale);
  const sourceWidth = Math.min(width, shownWidth / scale);
  const sourceHeight = Math.min(height, shownHeight / scale);
  return {
    k,
    source: {
      x: (width - sourceWidth) / 2,
      y: (height - sourceHeight) / 2,
      width: sourceWidth,
      height: sourceHeight,
    },
    target: {
      x: ((WIDTH - shownWidth) / 2) * k,
      y: ((HEIGHT - shownHeight) / 2) * k,
      width: shownWidth * k,
      height: shownHeight * k,
    },
  };
}
