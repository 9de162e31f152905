/** Finds the smallest form of a record, as loop-proto/src/clip/encoder.rs does. */
import { COLUMNS, FRAME_BYTES, PIXEL_BYTES } from '../frame';
import { COUNT_BYTES, DELTA, KEY, MASKED, MAX_RAW_BYTES, RECT_BYTES, XOR } from '../record';
import type { Form } from '../record';
import { packedSize } from './guess';
import { Packer } from './lz4';
import type { Raster } from './raster';
import { COARSE, Rects, TIGHT } from './rects';

/** A form with a mask must be smaller by this part, because it takes the player longer. */
const MASK_GAIN = 8;

/** A record's bytes before they are packed. */
class Draft {
  readonly bytes = new Uint8Array(MAX_RAW_BYTES);
  /** The same, for what begins at an even place: all but what comes behind a mask. */
  readonly pixels = new Uint16Array(this.bytes.buffer);
  length = 0;

  constructor(readonly mode: number) {}

  begin(rects: Rects): void {
    const view = new DataView(this.bytes.buffer);
    view.setUint16(0, rects.count, true);
    this.length = COUNT_BYTES + rects.count * RECT_BYTES;
    for (let i = 0, at = COUNT_BYTES; i < rects.count; i++, at += RECT_BYTES) {
      const [x, y] = [rects.x[i]!, rects.y[i]!];
      view.setUint16(at, x, true);
      view.setUint16(at + 2, y, true);
      view.setUint16(at + 4, rects.right[i]! - x, true);
      view.setUint16(at + 6, rects.bottom[i]! - y, true);
    }
  }

  append(bytes: Uint8Array): void {
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  get isMasked(): boolean {
    return (this.mode & MASKED) !== 0;
  }
}

/** A record for the file. */
export interface Encoded {
  form: Form;
  /** As long as the form says, and valid until the next record. */
  stored: Uint8Array<ArrayBuffer>;
}

/** Makes one record after the other; its buffers, about 2 MB, are reused. */
export class Encoder {
  readonly #tight = new Rects();
  /** The rectangles of the forms with a mask: fewer, and larger. */
  readonly #coarse = new Rects();
  readonly #literal = new Draft(0);
  readonly #xor = new Draft(XOR);
  readonly #masked = new Draft(MASKED);
  readonly #maskedXor = new Draft(MASKED | XOR);
  readonly #mask = new Uint8Array(FRAME_BYTES / PIXEL_BYTES / 8);
  readonly #changed = new Uint16Array(FRAME_BYTES / PIXEL_BYTES);
  readonly #changedXor = new Uint16Array(FRAME_BYTES / PIXEL_BYTES);
  readonly #packer = new Packer(MAX_RAW_BYTES);

  /** A record that is a whole picture. */
  key(frame: Raster): Encoded {
    this.#literal.length = 0;
    this.#literal.append(frame.bytes);
    return this.#pack(this.#literal, KEY);
  }

  /** A record that leads from one picture to the next. */
  delta(before: Raster, after: Raster): Encoded {
    this.#tight.cover(before, after, TIGHT);
    this.#coarse.cover(before, after, COARSE);
    this.#fill(before, after);
    this.#fillMasked(before, after);
    let best = this.#literal;
    let smallest = Number.POSITIVE_INFINITY;
    for (const draft of [this.#literal, this.#xor, this.#masked, this.#maskedXor]) {
      if (draft.isMasked && draft.length > this.#literal.length) continue;
      // What a fast compressor makes of a form tells well enough what a thorough one would.
      const size = Math.min(packedSize(draft.bytes, draft.length), draft.length);
      const counted = draft.isMasked ? size + Math.floor(size / MASK_GAIN) : size;
      if (counted < smallest) [best, smallest] = [draft, counted];
    }
    return this.#pack(best, DELTA);
  }

  #pack({ bytes, length, mode }: Draft, kind: number): Encoded {
    const packed = this.#packer.pack(bytes, length);
    const [packing, stored] = packed.length < length ? [1, packed] : [0, bytes.subarray(0, length)];
    return { form: { kind, mode, packing, raw: length, stored: stored.length }, stored };
  }

  #fill(before: Raster, after: Raster): void {
    const rects = this.#tight;
    const [literal, xor] = [this.#literal, this.#xor];
    literal.begin(rects);
    xor.begin(rects);
    let to = literal.length / PIXEL_BYTES;
    for (let i = 0; i < rects.count; i++) {
      const [left, right] = [rects.x[i]!, rects.right[i]!];
      for (let y = rects.y[i]!; y < rects.bottom[i]!; y++) {
        const rowEnd = y * COLUMNS + right;
        for (let at = y * COLUMNS + left; at < rowEnd; at++, to++) {
          const pixel = after.pixels[at]!;
          literal.pixels[to] = pixel;
          xor.pixels[to] = pixel ^ before.pixels[at]!;
        }
      }
    }
    literal.length = xor.length = to * PIXEL_BYTES;
  }

  #fillMasked(before: Raster, after: Raster): void {
    const rects = this.#coarse;
    let bit = 0;
    let bits = 0;
    let count = 0;
    for (let i = 0; i < rects.count; i++) {
      const [left, right] = [rects.x[i]!, rects.right[i]!];
      for (let y = rects.y[i]!; y < rects.bottom[i]!; y++) {
        const rowEnd = y * COLUMNS + right;
        for (let at = y * COLUMNS + left; at < rowEnd; at++) {
          const [old, pixel] = [before.pixels[at]!, after.pixels[at]!];
          if (old !== pixel) {
            bits |= 1 << (bit & 7);
            this.#changed[count] = pixel;
            this.#changedXor[count++] = old ^ pixel;
          }
          if ((++bit & 7) === 0) {
            this.#mask[(bit >> 3) - 1] = bits;
            bits = 0;
          }
        }
      }
    }
    if ((bit & 7) !== 0) this.#mask[bit >> 3] = bits;
    const mask = this.#mask.subarray(0, Math.ceil(bit / 8));
    for (const [draft, { buffer }] of [
      [this.#masked, this.#changed],
      [this.#maskedXor, this.#changedXor],
    ] as const) {
      draft.begin(rects);
      draft.append(mask);
      draft.append(new Uint8Array(buffer, 0, count * PIXEL_BYTES));
    }
  }
}
