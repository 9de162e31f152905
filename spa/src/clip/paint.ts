import { COLUMNS, HEIGHT, ROWS, WIDTH, type Frame } from './frame';

/** RGBA for every RGB565 pixel, its top bits repeated below, as the device's own pictures have it. */
export function colours(): Uint32Array {
  const all = new Uint32Array(65_536);
  const bytes = new Uint8Array(all.buffer);
  for (let pixel = 0; pixel < all.length; pixel++) {
    const [r, g, b] = [pixel >> 11, (pixel >> 5) & 63, pixel & 31];
    bytes.set([(r << 3) | (r >> 2), (g << 2) | (g >> 4), (b << 3) | (b >> 2), 255], pixel * 4);
  }
  return all;
}

/** Turns frames into pictures as the viewer sees them. */
export class Painter {
  readonly #colours = colours();
  readonly #rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  readonly #pixels = new Uint32Array(this.#rgba.buffer);

  /** The picture in RGBA; the same array each time. */
  rgba(frame: Frame): Uint8ClampedArray<ArrayBuffer> {
    let from = 0;
    for (let x = 0; x < ROWS; x++) {
      for (let y = 0; y < COLUMNS; y++, from += 2) {
        this.#pixels[y * WIDTH + x] = this.#colours[(frame[from]! << 8) | frame[from + 1]!]!;
      }
    }
    return this.#rgba;
  }

  paint(frame: Frame, canvas: CanvasRenderingContext2D): void {
    canvas.putImageData(new ImageData(this.rgba(frame), WIDTH, HEIGHT), 0, 0);
  }
}
