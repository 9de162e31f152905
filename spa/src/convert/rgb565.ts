import { CELL_BITS, levelsFor, SIDE, type Rounding } from './dither';

/** Bytes of one pixel row block: two per pixel, high byte first, as the panel takes them. */
export const BYTES_PER_PIXEL = 2;

/**
 * Box-averages k x k RGBA pixels into one RGB565 big-endian pixel. `rgba` is `width*k` by
 * `height*k`; alpha is ignored (the caller draws on an opaque ground).
 */
export function toRgb565(
  rgba: Uint8ClampedArray,
  width: number,
  height: number,
  k: number,
  rounding: Rounding,
): Uint8Array {
  if (rgba.length !== width * height * k * k * 4) {
    throw new RangeError(`${rgba.length} bytes are not ${width * k}x${height * k} RGBA pixels`);
  }
  const { five, six, lift } = levelsFor(k * k, rounding);
  const out = new Uint8Array(width * height * BYTES_PER_PIXEL);
  const stride = width * k * 4;
  let o = 0;
  for (let y = 0; y < height; y++) {
    const cells = (y % SIDE) * SIDE;
    for (let x = 0; x < width; x++) {
      let r = 0;
      let g = 0;
      let b = 0;
      let row = y * k * stride + x * k * 4;
      for (let j = 0; j < k; j++, row += stride) {
        for (let p = row, end = row + k * 4; p < end; p += 4) {
          r += rgba[p]!;
          g += rgba[p + 1]!;
          b += rgba[p + 2]!;
        }
      }
      const up = lift[cells + (x % SIDE)]!;
      const green = (six[g]! + up) >> CELL_BITS;
      out[o++] = (((five[r]! + up) >> CELL_BITS) << 3) | (green >> 3);
      out[o++] = ((green & 7) << 5) | ((five[b]! + up) >> CELL_BITS);
    }
  }
  return out;
}
