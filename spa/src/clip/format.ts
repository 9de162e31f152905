import { BadClip } from './error';
import { COLUMNS, ROWS } from './frame';
import { checkForm, DELTA, KEY, WRAP, type Form } from './record';

/** The layout is told in loop-proto/src/clip.rs. */
export const HEADER_BYTES = 72;
export const ENTRY_BYTES = 24;

export const MAX_FRAMES = 36_000;
export const MIN_DURATION_US = 1_000;
export const MAX_DURATION_US = 3_600_000_000;

export interface Header {
  frames: number;
  records: number;
  indexOffset: number;
  totalUs: number;
}

export function parseHeader(bytes: Uint8Array, size: number): Header {
  if (bytes.length < HEADER_BYTES) throw new BadClip('it is too short for a clip');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (String.fromCharCode(...bytes.subarray(0, 8)) !== 'LOOPCLIP') {
    throw new BadClip('it does not begin with LOOPCLIP');
  }
  const version = view.getUint16(8, true);
  if (version !== 2) throw new BadClip(`version ${version}, this page reads 2: load it again`);
  const rightPixels = bytes[10] === 1 && bytes[11] === 1;
  if (!rightPixels || view.getUint16(12, true) !== COLUMNS || view.getUint16(14, true) !== ROWS) {
    throw new BadClip('unknown pixel format or size');
  }
  const frames = view.getUint32(16, true);
  const records = view.getUint32(20, true);
  if (frames === 0 || frames > MAX_FRAMES || records !== frames + (frames > 1 ? 1 : 0)) {
    throw new BadClip(`${frames} frames in ${records} records`);
  }
  const indexOffset = Number(view.getBigUint64(24, true));
  if (indexOffset + records * ENTRY_BYTES !== size) {
    throw new BadClip('the index does not end where the file ends');
  }
  return { frames, records, indexOffset, totalUs: Number(view.getBigUint64(32, true)) };
}

/** Where each record is and when each frame is due. */
export class Index {
  readonly #entries: DataView;
  /** When a frame begins, in microseconds; one more than there are frames. */
  readonly #starts: Float64Array;
  /** The key at or before a frame. */
  readonly #keys: Uint32Array;

  constructor(
    readonly header: Header,
    bytes: Uint8Array,
  ) {
    const { frames, records } = header;
    if (bytes.length !== records * ENTRY_BYTES) throw new BadClip('the index is cut off');
    this.#entries = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#starts = new Float64Array(frames + 1);
    this.#keys = new Uint32Array(frames);
    let offset = HEADER_BYTES;
    for (let record = 0; record < records; record++) {
      if (this.offset(record) !== offset || this.#entries.getUint8(record * ENTRY_BYTES + 23) !== 0)
        throw new BadClip(`record ${record} is not where the one before it ends`);
      const form = this.form(record);
      checkForm(form);
      offset += form.stored;
      this.#place(record, form.kind);
    }
    if (offset !== header.indexOffset || this.#starts[frames] !== header.totalUs) {
      throw new BadClip('records and header do not add up');
    }
  }

  /** The record's offset in the file. */
  offset(record: number): number {
    return Number(this.#entries.getBigUint64(record * ENTRY_BYTES, true));
  }

  form(record: number): Form {
    const at = record * ENTRY_BYTES;
    return {
      stored: this.#entries.getUint32(at + 8, true),
      raw: this.#entries.getUint32(at + 12, true),
      kind: this.#entries.getUint8(at + 20),
      mode: this.#entries.getUint8(at + 21),
      packing: this.#entries.getUint8(at + 22),
    };
  }

  /** The frame that is shown at this place in the pass. */
  frameAt(positionUs: number): number {
    let [low, high] = [0, this.header.frames - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= positionUs) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** How long a frame is shown. */
  durationUs(frame: number): number {
    return this.#starts[frame + 1]! - this.#starts[frame]!;
  }

  keyBefore(frame: number): number {
    return this.#keys[frame]!;
  }

  #place(record: number, kind: number): void {
    const { frames } = this.header;
    const kindIsRight =
      kind === KEY
        ? record < frames
        : kind === DELTA
          ? record > 0 && record < frames
          : kind === WRAP && record === frames;
    if (!kindIsRight) throw new BadClip(`record ${record} is of a kind that cannot be there`);
    const duration = this.#entries.getUint32(record * ENTRY_BYTES + 16, true);
    if (kind === WRAP) {
      if (duration !== 0) throw new BadClip('the wrap has a duration');
      return;
    }
    if (duration < MIN_DURATION_US || duration > MAX_DURATION_US) {
      throw new BadClip(`record ${record} has an impossible duration`);
    }
    this.#starts[record + 1] = this.#starts[record]! + duration;
    this.#keys[record] = kind === KEY ? record : this.#keys[record - 1]!;
  }
}
