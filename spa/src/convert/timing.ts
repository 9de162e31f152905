import { ConvertError } from './error';

/** The panel shows at most this many pictures a second; more would only be dropped on the wire. */
export const MAX_FPS = 30;
/** Longest clip in frames: 100 s at 30 a second, about 460 MB of raw pixels on the device. */
export const MAX_FRAMES = 3000;

const SLOT_US = 1_000_000 / MAX_FPS;
/** Containers round to milliseconds; a frame that comes this early still belongs to its slot. */
const JITTER_US = 1_000;
/** Closer pictures than this judder more than they add: 50 fps becomes an even 25, not 40-20-40 ms. */
const MIN_GAP_US = 28_000;

/**
 * Chooses which frames of a clip are shown. Frames come in order of their start; what is left out
 * lengthens the frame before it, so the clip keeps its length.
 */
export class Pacer {
  readonly #starts: number[] = [];
  #origin = 0;
  #lastSlot = -1;

  /** True when the frame that starts at `startUs` is to be shown. */
  accepts(startUs: number): boolean {
    const last = this.#starts.at(-1);
    if (last === undefined) {
      this.#origin = startUs;
    } else if (startUs - last < MIN_GAP_US) {
      return false;
    }
    const slot = Math.floor((startUs - this.#origin + JITTER_US) / SLOT_US);
    if (slot <= this.#lastSlot) return false;
    if (this.#starts.length >= MAX_FRAMES) throw new ConvertError('too-many-frames');
    this.#lastSlot = slot;
    this.#starts.push(startUs);
    return true;
  }

  get count(): number {
    return this.#starts.length;
  }

  /** How long each accepted frame stands, when the clip ends at `endUs`. */
  durations(endUs: number): number[] {
    return this.#starts.map((start, i) => {
      const next = this.#starts[i + 1] ?? endUs;
      return Math.max(1, Math.round(next) - Math.round(start));
    });
  }
}

/** The usual step between sorted times: the median, which a few dropped frames do not move. */
export function usualStep(times: readonly number[]): number | undefined {
  const steps = times
    .slice(1)
    .map((time, i) => time - times[i]!)
    .sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 2)];
}

/**
 * Times at which frames probably exist between the ones that were seen (seconds): wherever a gap
 * is half a step too long. A variable frame rate makes some of them wrong; seeking there shows a
 * known frame again, which costs time but never truth.
 */
export function missingTimes(seen: readonly number[], end: number): number[] {
  const step = usualStep(seen);
  if (step === undefined || step <= 0) return [];
  const missing: number[] = [];
  const bounds = [...seen, end];
  seen.forEach((time, i) => {
    const gap = bounds[i + 1]! - time;
    const holes = Math.round(gap / step) - 1;
    for (let n = 1; n <= holes; n++) missing.push(time + (gap * n) / (holes + 1));
  });
  return missing;
}

/**
 * With the container's own list of frame times: the ones no seen frame stands for. Undefined when
 * list and player do not speak of the same times (then {@link missingTimes} has to do).
 */
export function missingFromList(
  listed: readonly number[],
  seen: readonly number[],
): number[] | undefined {
  const tolerance = 0.002;
  const near = (time: number, among: readonly number[]): boolean => {
    let low = 0;
    let high = among.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (among[middle]! < time - tolerance) low = middle + 1;
      else high = middle;
    }
    return low < among.length && among[low]! <= time + tolerance;
  };
  const known = seen.filter((time) => near(time, listed)).length;
  if (seen.length === 0 || known < seen.length * 0.9) return undefined;
  return listed.filter((time) => !near(time, seen));
}
