/** Bytes of one pixel row block: two per pixel, high byte first, as the panel takes them. */
export const BYTES_PER_PIXEL = 2;

interface Levels {
  five: Uint8Array;
  six: Uint8Array;
}

/** Sum of k x k channel values -> nearest 5 or 6 bit level; the table does average and rounding at once. */
function levelsFor(k: number): Levels {
  const top = 255 * k * k;
  const five = new Uint8Array(top + 1);
  const six = new Uint8Array(top + 1);
  for (let sum = 0; sum <= top; sum++) {
    five[sum] = Math.round((sum * 31) / top);
    six[sum] = Math.round((sum * 63) / top);
  }
  return { five, six };
}

const tables = new Map<number, Levels>();

/**
 * Box-averages k x k RGBA pixels into one RGB565 big-endian pixel. `rgba` is `width*k` by
 * `height*k`; alpha is ignored (the caller draws on an opaque ground).
 */
export function toRgb565(
  rgba: Uint8ClampedArray,
  width: number,
  height: number,
  k: number,
): Uint8Array {
  if (rgba.length !== width * height * k * k * 4) {
    throw new RangeError(`${rgba.length} bytes are not ${width * k}x${height * k} RGBA pixels`);
  }
  const levels = tables.get(k) ?? levelsFor(k);
  tables.set(k, levels);
  const { five, six } = levels;
  const out = new Uint8Array(width * height * BYTES_PER_PIXEL);
  const stride = width * k * 4;
  let o = 0;
  for (let y = 0; y < height; y++) {
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
      const green = six[g]!;
      out[o++] = (five[r]! << 3) | (green >> 3);
      out[o++] = ((green & 7) << 5) | five[b]!;
    }
  }
  return out;
}
