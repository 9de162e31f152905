import { sha256 } from '@noble/hashes/sha2.js';
import { ENTRY_BYTES, HEADER_BYTES, MAX_DURATION_US, MAX_FRAMES, MIN_DURATION_US } from '../format';
import { COLUMNS, ROWS } from '../frame';
import { WRAP, type Form } from '../record';
import { DeadZone } from './deadzone';
import { Encoder, type Encoded } from './encoder';
import { Raster } from './raster';

/** A frame that begins this long after the last key is stored whole. */
export const KEY_INTERVAL_US = 2_000_000;

/** The part of the header that the hash covers. */
const HASHED_BYTES = 40;

/** Records are handed over to the browser, which may put them on disk, in pieces of this size. */
const PIECE_BYTES = 1024 * 1024;

interface Entry extends Form {
  durationUs: number;
}

/** Writes a clip as loop-proto/src/clip/writer.rs does, one frame at a time. Of the file only the last piece is in memory. */
export class ClipWriter {
  readonly #hash = sha256.create();
  readonly #entries: Entry[] = [];
  readonly #pieces: Blob[] = [];
  #records: Uint8Array<ArrayBuffer>[] = [];
  #recordBytes = 0;
  readonly #encoder = new Encoder();
  readonly #deadZone: DeadZone | undefined;
  readonly #first = new Raster();
  readonly #last = new Raster();
  #sinceKeyUs = 0;

  /** `tolerance`: by how much of 255 a channel of a moving pixel may be off; 0 for a clip of exactly its frames. */
  constructor(tolerance: number) {
    this.#deadZone = tolerance > 0 ? new DeadZone(tolerance) : undefined;
  }

  /** Adds a frame. A duration that no frame can have becomes the nearest that it can. */
  push(frame: Raster, durationUs: number): void {
    if (this.#entries.length >= MAX_FRAMES) throw new RangeError(`more than ${MAX_FRAMES} frames`);
    const us = Math.min(MAX_DURATION_US, Math.max(MIN_DURATION_US, Math.round(durationUs)));
    const shown = this.#deadZone?.hold(frame, us) ?? frame;
    const isFirst = this.#entries.length === 0;
    if (isFirst) this.#first.copyFrom(shown.bytes);
    if (isFirst || this.#sinceKeyUs >= KEY_INTERVAL_US) {
      this.#sinceKeyUs = 0;
      this.#write(this.#encoder.key(shown), us);
    } else {
      this.#write(this.#encoder.delta(this.#last, shown), us);
    }
    this.#sinceKeyUs += us;
    this.#last.copyFrom(shown.bytes);
  }

  /** Adds the way back to the first frame, and what stands around the records. */
  finish(): Blob {
    const frames = this.#entries.length;
    if (frames === 0) throw new RangeError('a clip has at least one frame');
    if (frames > 1) {
      const { form, stored } = this.#encoder.delta(this.#last, this.#first);
      this.#write({ form: { ...form, kind: WRAP }, stored }, 0);
    }
    const index = indexOf(this.#entries);
    const header = new Uint8Array(HEADER_BYTES);
    header.set(headOf(frames, this.#entries));
    this.#hash.update(index).update(header.subarray(0, HASHED_BYTES));
    header.set(this.#hash.digest(), HASHED_BYTES);
    return new Blob([header, ...this.#pieces, ...this.#records, index]);
  }

  #write({ form, stored }: Encoded, durationUs: number): void {
    this.#entries.push({ ...form, durationUs });
    this.#hash.update(stored);
    this.#records.push(stored.slice());
    this.#recordBytes += stored.length;
    if (this.#recordBytes < PIECE_BYTES) return;
    this.#pieces.push(new Blob(this.#records));
    this.#records = [];
    this.#recordBytes = 0;
  }
}

/** The header without its hash. */
function headOf(frames: number, entries: readonly Entry[]): Uint8Array {
  const head = new Uint8Array(HASHED_BYTES);
  const view = new DataView(head.buffer);
  head.set(new TextEncoder().encode('LOOPCLIP'));
  view.setUint16(8, 2, true);
  view.setUint8(10, 1);
  view.setUint8(11, 1);
  view.setUint16(12, COLUMNS, true);
  view.setUint16(14, ROWS, true);
  view.setUint32(16, frames, true);
  view.setUint32(20, entries.length, true);
  const indexOffset = entries.reduce((at, { stored }) => at + stored, HEADER_BYTES);
  view.setBigUint64(24, BigInt(indexOffset), true);
  const totalUs = entries.reduce((sum, { durationUs }) => sum + durationUs, 0);
  view.setBigUint64(32, BigInt(totalUs), true);
  return head;
}

function indexOf(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const index = new Uint8Array(entries.length * ENTRY_BYTES);
  const view = new DataView(index.buffer);
  let offset = HEADER_BYTES;
  entries.forEach(({ stored, raw, durationUs, kind, mode, packing }, i) => {
    const at = i * ENTRY_BYTES;
    view.setBigUint64(at, BigInt(offset), true);
    view.setUint32(at + 8, stored, true);
    view.setUint32(at + 12, raw, true);
    view.setUint32(at + 16, durationUs, true);
    index.set([kind, mode, packing], at + 20);
    offset += stored;
  });
  return index;
}
