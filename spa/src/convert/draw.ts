import type { Picture } from './clip';
import { transformOf, type Placement } from './geometry';

/** Something to draw on and to read from; what is see-through when it is drawn lies on black. */
export function context2d(width: number, height: number): OffscreenCanvasRenderingContext2D {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true, alpha: false });
  if (context === null) throw new Error('no 2d canvas');
  return context;
}

/** Draws a picture where it belongs, turned and mirrored as it should be. */
export function drawPlaced(
  context: OffscreenCanvasRenderingContext2D,
  picture: Picture,
  placement: Placement,
): void {
  const { turn, mirrored, source, target } = placement;
  if (turn === 0 && !mirrored) return picture.draw(context, source, target);
  const { a = 1, b = 0, c = 0, d = 1, e = 0, f = 0 } = transformOf(placement);
  const [width, height] =
    turn % 180 === 0 ? [target.width, target.height] : [target.height, target.width];
  context.save();
  context.transform(a, b, c, d, e, f);
  picture.draw(context, source, { x: -width / 2, y: -height / 2, width, height });
  context.restore();
}
