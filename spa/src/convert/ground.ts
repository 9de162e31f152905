import { HEIGHT, place, WIDTH, type View } from './geometry';
import type { Picture } from './clip';
import { context2d, drawPlaced } from './draw';

/** The picture out of focus: so few pixels, averaged over their neighbours, are spread over the whole glass. */
const COLUMNS = 40;
const ROWS = 30;
/** Each of them is an average of as many of the picture as this squared: what moves in a film does not flicker. */
const FINER = 4;
const REACH = 2;
const ROUNDS = 2;
/** Of the light, so that the picture stands out from it. */
const DIMMED = 0.6;

/** Each value becomes the average of those around it in its line; the ends count on. */
export function blurLine(
  from: Float32Array,
  to: Float32Array,
  start: number,
  step: number,
  n: number,
) {
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = i - REACH; k <= i + REACH; k++) {
      sum += from[start + Math.min(n - 1, Math.max(0, k)) * step]!;
    }
    to[start + i * step] = sum / (2 * REACH + 1);
  }
}

/** One channel of a small picture, out of focus. */
export function blurred(values: Float32Array, width: number, height: number): Float32Array {
  let now = values;
  let next: Float32Array = new Float32Array(values.length);
  for (let round = 0; round < ROUNDS; round++) {
    for (let y = 0; y < height; y++) blurLine(now, next, y * width, 1, width);
    [now, next] = [next, now];
    for (let x = 0; x < width; x++) blurLine(now, next, x, width, height);
    [now, next] = [next, now];
  }
  return now;
}

/** Averages blocks of RGBA, and puts the channels apart. */
function channels(rgba: Uint8ClampedArray): Float32Array[] {
  const all = [0, 1, 2].map(() => new Float32Array(COLUMNS * ROWS));
  const weight = DIMMED / FINER ** 2;
  for (let y = 0, p = 0; y < ROWS * FINER; y++) {
    for (let x = 0; x < COLUMNS * FINER; x++, p += 4) {
      const to = Math.floor(y / FINER) * COLUMNS + Math.floor(x / FINER);
      for (let c = 0; c < 3; c++) all[c]![to]! += rgba[p + c]! * weight;
    }
  }
  return all;
}

/** Fills the glass with the picture itself, out of focus and dimmed. */
export class BlurredGround {
  readonly #fine = context2d(COLUMNS * FINER, ROWS * FINER);
  readonly #small = context2d(COLUMNS, ROWS);

  draw(onto: OffscreenCanvasRenderingContext2D, picture: Picture, view: View, background: string) {
    const { width, height } = onto.canvas;
    const fine = this.#fine;
    fine.fillStyle = background;
    fine.fillRect(0, 0, fine.canvas.width, fine.canvas.height);
    const placement = place(picture.width, picture.height, 'fill', { ...view, zoom: 1 });
    fine.save();
    const { k } = placement;
    fine.scale(fine.canvas.width / (WIDTH * k), fine.canvas.height / (HEIGHT * k));
    fine.imageSmoothingQuality = 'high';
    drawPlaced(fine, picture, placement);
    fine.restore();
    const { data } = fine.getImageData(0, 0, fine.canvas.width, fine.canvas.height);
    const soft = channels(data).map((channel) => blurred(channel, COLUMNS, ROWS));
    const image = new ImageData(COLUMNS, ROWS);
    for (let i = 0; i < COLUMNS * ROWS; i++) {
      image.data.set([soft[0]![i]!, soft[1]![i]!, soft[2]![i]!, 255], i * 4);
    }
    this.#small.putImageData(image, 0, 0);
    onto.imageSmoothingEnabled = true;
    onto.drawImage(this.#small.canvas, 0, 0, width, height);
  }
}
