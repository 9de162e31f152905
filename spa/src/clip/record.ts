import { BadClip } from './error';
import { COLUMNS, FRAME_BYTES, PIXEL_BYTES, ROWS, ROW_BYTES, type Frame } from './frame';
import { unpackLz4 } from './lz4';

export const KEY = 0;
export const DELTA = 1;
export const WRAP = 2;

/** Bits of a record's mode. */
export const XOR = 1;
export const MASKED = 2;

export const COUNT_BYTES = 2;
export const RECT_BYTES = 8;
export const MAX_RECTS = 4096;

/** Longest record when unpacked: every rectangle, and all pixels once. */
export const MAX_RAW_BYTES = COUNT_BYTES + MAX_RECTS * RECT_BYTES + FRAME_BYTES;

/** What must be known of a record to unpack it. */
export interface Form {
  kind: number;
  mode: number;
  packing: number;
  /** Length when unpacked. */
  raw: number;
  /** Length as it is stored. */
  stored: number;
}

/** Checks all that can be checked without the record itself. */
export function checkForm({ kind, mode, packing, raw, stored }: Form): void {
  const sizeIsRight =
    kind === KEY
      ? raw === FRAME_BYTES && mode === 0
      : kind <= WRAP && mode <= (XOR | MASKED) && raw >= COUNT_BYTES && raw <= MAX_RAW_BYTES;
  const packingIsRight =
    packing === 0 ? stored === raw : packing === 1 && stored > 0 && stored < raw;
  if (!sizeIsRight || !packingIsRight) throw new BadClip('a record has an impossible form');
}

/** Unpacks records and puts them on pictures; one buffer serves them all. */
export class RecordReader {
  readonly #buffer = new Uint8Array(MAX_RAW_BYTES);

  /** Changes `frame`, which must be what the record follows on. A record that is refused has changed nothing. */
  apply(form: Form, stored: Uint8Array, frame: Frame): void {
    checkForm(form);
    if (stored.length !== form.stored) throw new BadClip('a record is not as long as it should be');
    let raw = stored;
    if (form.packing === 1) {
      raw = this.#buffer.subarray(0, form.raw);
      unpackLz4(stored, raw);
    }
    if (form.kind === KEY) frame.set(raw);
    else applyRects(raw, form.mode, frame);
  }
}

function applyRects(raw: Uint8Array, mode: number, frame: Frame): void {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const count = view.getUint16(0, true);
  if (count > MAX_RECTS) throw new BadClip('a record has too many rectangles');
  const listEnd = COUNT_BYTES + count * RECT_BYTES;
  if (listEnd > raw.length) throw new BadClip('a record ends in its list of rectangles');
  const rects = new Uint16Array(count * 4);
  let area = 0;
  for (let i = 0; i < rects.length; i += 4) {
    for (let k = 0; k < 4; k++) rects[i + k] = view.getUint16(COUNT_BYTES + (i + k) * 2, true);
    const [x, y, width, height] = rects.subarray(i, i + 4) as unknown as Rect;
    if (width === 0 || height === 0 || x + width > COLUMNS || y + height > ROWS) {
      throw new BadClip('a rectangle lies outside the picture');
    }
    area += width * height;
  }
  if (area * PIXEL_BYTES > FRAME_BYTES) throw new BadClip('a record has too many pixels');

  const xor = (mode & XOR) !== 0;
  if ((mode & MASKED) === 0) {
    const pixels = raw.subarray(listEnd);
    if (pixels.length !== area * PIXEL_BYTES) throw wrongCount();
    putRows(rects, pixels, xor, frame);
    return;
  }
  const maskEnd = listEnd + Math.ceil(area / 8);
  if (maskEnd > raw.length) throw new BadClip('a record ends in its mask');
  const mask = raw.subarray(listEnd, maskEnd);
  const pixels = raw.subarray(maskEnd);
  let set = 0;
  for (const bits of mask) for (let rest = bits; rest !== 0; rest &= rest - 1) set++;
  if (pixels.length !== set * PIXEL_BYTES) throw wrongCount();
  putMasked(rects, mask, pixels, xor, frame);
}

type Rect = [x: number, y: number, width: number, height: number];

function wrongCount(): BadClip {
  return new BadClip('a record has more or fewer pixels than its rectangles');
}

function putRows(rects: Uint16Array, pixels: Uint8Array, xor: boolean, frame: Frame): void {
  let from = 0;
  for (let i = 0; i < rects.length; i += 4) {
    const width = rects[i + 2]! * PIXEL_BYTES;
    let to = rects[i + 1]! * ROW_BYTES + rects[i]! * PIXEL_BYTES;
    for (let row = 0; row < rects[i + 3]!; row++) {
      if (xor) for (let k = 0; k < width; k++) frame[to + k]! ^= pixels[from + k]!;
      else frame.set(pixels.subarray(from, from + width), to);
      from += width;
      to += ROW_BYTES;
    }
  }
}

/** Changes the pixels whose bit is 1; bits that fill the mask's last byte up belong to no pixel and are passed over. */
function putMasked(
  rects: Uint16Array,
  mask: Uint8Array,
  pixels: Uint8Array,
  xor: boolean,
  frame: Frame,
): void {
  let bit = 0;
  let from = 0;
  for (let i = 0; i < rects.length; i += 4) {
    for (let row = 0; row < rects[i + 3]!; row++) {
      let to = (rects[i + 1]! + row) * ROW_BYTES + rects[i]! * PIXEL_BYTES;
      for (let k = 0; k < rects[i + 2]!; k++, bit++, to += PIXEL_BYTES) {
        if (((mask[bit >> 3]! >> (bit & 7)) & 1) === 0) continue;
        const [high, low] = [pixels[from]!, pixels[from + 1]!];
        frame[to] = xor ? frame[to]! ^ high : high;
        frame[to + 1] = xor ? frame[to + 1]! ^ low : low;
        from += PIXEL_BYTES;
      }
    }
  }
}
