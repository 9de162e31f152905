/** Which changes are left out, and when what was left out is made good: loop-proto/src/clip/quality.rs, step by step. */
import { COLUMNS, ROWS, type Frame } from '../frame';
import { Raster } from './raster';

/** A pixel whose exact value rests is shown inexactly for at most this long. */
const SETTLE_MS = 500;

const PIXELS = COLUMNS * ROWS;
const MOST = 0xffff;

/** What 5 and 6 bits are in 8, the top bits repeated. */
const FIVE = Uint8Array.from({ length: 32 }, (_, level) => (level << 3) | (level >> 2));
const SIX = Uint8Array.from({ length: 64 }, (_, level) => (level << 2) | (level >> 4));

/** Holds pixels that hardly change; what is shown is always compared with the exact value, so errors cannot add up. */
export class DeadZone {
  readonly #tolerance: number;
  readonly #shown = new Raster();
  readonly #exact = new Raster();
  /** For how long each pixel had had its exact value when the last frame began, in milliseconds. */
  readonly #rested = new Uint16Array(PIXELS);
  /** When the last frame and the next one begin, in microseconds. */
  #times: { began: number; now: number } | undefined;

  /** `tolerance`: by how much of 255 a channel may be off. */
  constructor(tolerance: number) {
    this.#tolerance = tolerance;
  }

  /** What to show instead of the next frame of the clip; the same one each time. */
  hold(frame: Raster, durationUs: number): Raster {
    if (this.#times === undefined) {
      this.#times = { began: 0, now: durationUs };
      this.#shown.copyFrom(frame.bytes);
      this.#exact.copyFrom(frame.bytes);
      return this.#shown;
    }
    const { began, now } = this.#times;
    const until = now + durationUs;
    this.#times = { began: now, now: until };
    this.#step(frame, millisBetween(began, now), millisBetween(now, until));
    return this.#shown;
  }

  /** `since`: how long the frame before was shown; `lasts`: how long this one will be. In milliseconds. */
  #step(frame: Raster, since: number, lasts: number): void {
    const [next, exact, shown] = [frame.pixels, this.#exact.pixels, this.#shown.pixels];
    const rested = this.#rested;
    const settled = SETTLE_MS - lasts;
    for (let at = 0; at < PIXELS; at++) {
      const pixel = next[at]!;
      let rest = 0;
      if (pixel === exact[at]) rest = Math.min(MOST, rested[at]! + since);
      else exact[at] = pixel;
      rested[at] = rest;
      if (pixel === shown[at]) continue;
      if (rest > settled || !near(frame.bytes, this.#shown.bytes, at * 2, this.#tolerance)) {
        shown[at] = pixel;
      }
    }
  }
}

/** Whether no channel of the pixels at this place differs by more. */
function near(a: Frame, b: Frame, at: number, tolerance: number): boolean {
  const [highA, lowA, highB, lowB] = [a[at]!, a[at + 1]!, b[at]!, b[at + 1]!];
  if (Math.abs(FIVE[highA >> 3]! - FIVE[highB >> 3]!) > tolerance) return false;
  if (Math.abs(FIVE[lowA & 31]! - FIVE[lowB & 31]!) > tolerance) return false;
  const greenA = SIX[((highA & 7) << 3) | (lowA >> 5)]!;
  const greenB = SIX[((highB & 7) << 3) | (lowB >> 5)]!;
  return Math.abs(greenA - greenB) <= tolerance;
}

/** Whole milliseconds that end between the two. Counting these, not rounding each duration, adds up over any number. */
function millisBetween(fromUs: number, toUs: number): number {
  return Math.min(MOST, Math.floor(toUs / 1000) - Math.floor(fromUs / 1000));
}
