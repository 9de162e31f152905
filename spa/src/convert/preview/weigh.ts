/** How large a clip will be, from a few of its frames. */
import { DeadZone } from '../../clip/encode/deadzone';
import { Encoder } from '../../clip/encode/encoder';
import { Raster } from '../../clip/encode/raster';
import { KEY_INTERVAL_US } from '../../clip/encode/writer';
import { ENTRY_BYTES, HEADER_BYTES } from '../../clip/format';
import type { Plan } from '../cut';
import type { Weight } from './messages';

/** Runs of neighbouring frames, so many and so long: changes weigh as much as pictures. */
const RUNS = 4;
const RUN_FRAMES = 4;

/** Which frames to look at, by their place in the clip: all of a short one, else runs of neighbours all over it. */
export function runsOf(count: number): number[][] {
  const run = (from: number, length: number) => Array.from({ length }, (_, i) => from + i);
  if (count <= RUNS * RUN_FRAMES) return [run(0, count)];
  const step = (count - RUN_FRAMES) / (RUNS - 1);
  return Array.from({ length: RUNS }, (_, i) => run(Math.round(i * step), RUN_FRAMES));
}

/** Weighs runs of frames, one after the other. */
export class Scale {
  readonly #tolerance: number;
  readonly #encoder = new Encoder();
  readonly #before = new Raster();
  readonly #now = new Raster();
  #zone: DeadZone | undefined;
  #isFirst = true;
  readonly #keys: number[] = [];
  readonly #deltas: number[] = [];

  constructor(tolerance: number) {
    this.#tolerance = tolerance;
  }

  /** The next frame has nothing to do with the one before. */
  begin(): void {
    this.#zone = this.#tolerance > 0 ? new DeadZone(this.#tolerance) : undefined;
    this.#isFirst = true;
  }

  /** A frame as it is seen, row after row. */
  add(picture: Uint8Array, durationUs: number): void {
    this.#now.takePicture(picture as Uint8Array<ArrayBuffer>);
    const shown = this.#zone?.hold(this.#now, durationUs) ?? this.#now;
    if (this.#isFirst) this.#keys.push(this.#encoder.key(shown).stored.length);
    else this.#deltas.push(this.#encoder.delta(this.#before, shown).stored.length);
    this.#before.copyFrom(shown.bytes);
    this.#isFirst = false;
  }

  weight({ frames, totalUs }: Plan): Weight {
    const count = frames.length;
    const mean = (sizes: number[]): number =>
      sizes.reduce((sum, size) => sum + size, 0) / Math.max(1, sizes.length);
    const keys = Math.min(count, Math.ceil(totalUs / KEY_INTERVAL_US));
    // The way back from the last picture to the first is about as long as a picture.
    const wholes = count > 1 ? keys + 1 : 1;
    const records = wholes * mean(this.#keys) + (count - keys) * mean(this.#deltas);
    const bytes = HEADER_BYTES + (count + 1) * ENTRY_BYTES + records;
    return { bytes: Math.round(bytes), frames: count, totalUs };
  }
}
