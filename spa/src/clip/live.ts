import { BadClip } from './error';
import { blackFrame, type Frame } from './frame';
import { DELTA, KEY, RecordReader } from './record';

/** The layout is told in loop-proto/src/clip/message.rs. */
const HEAD_BYTES = 16;

/** Pictures that are in no clip, as they come: a key, then what has changed. */
export class LivePicture {
  readonly pixels: Frame = blackFrame();
  readonly #reader = new RecordReader();
  #serial: number | undefined;

  /** Forgets what was there; the next message must be a key. */
  reset(): void {
    this.#serial = undefined;
  }

  /** Throws BadClip, also for a message that does not follow on what is there. */
  apply(message: ArrayBuffer): void {
    if (message.byteLength < HEAD_BYTES) throw new BadClip('a message is too short');
    const view = new DataView(message);
    const [serial, base] = [view.getUint32(0, true), view.getUint32(4, true)];
    const form = {
      raw: view.getUint32(8, true),
      stored: message.byteLength - HEAD_BYTES,
      kind: view.getUint8(12),
      mode: view.getUint8(13),
      packing: view.getUint8(14),
    };
    if (form.kind !== (base === 0 ? KEY : DELTA)) throw new BadClip('a message is of a wrong kind');
    if (base !== 0 && base !== this.#serial) throw new BadClip('a message is missing');
    this.#reader.apply(form, new Uint8Array(message, HEAD_BYTES), this.pixels);
    this.#serial = serial;
  }
}
