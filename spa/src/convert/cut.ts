import type { Edit } from './edit';
import { ConvertError } from './error';
import { MAX_FRAMES, MAX_FPS, Pacer } from './timing';

/** Which part of a file is shown, and how fast: turns its own time into the clip's. */
export class Cut {
  readonly fromUs: number;
  /** Infinite when it goes on to the end. */
  readonly toUs: number;
  readonly speed: number;

  constructor({ fromUs, toUs, speed }: Pick<Edit, 'fromUs' | 'toUs' | 'speed'>) {
    this.fromUs = fromUs;
    this.toUs = toUs ?? Number.POSITIVE_INFINITY;
    this.speed = speed;
  }

  /** When a frame begins in the clip; undefined when nothing of it is in. The one that stands at the cut begins there. */
  begins(startUs: number, overUs: number): number | undefined {
    const isIn = startUs < this.toUs && (overUs > this.fromUs || startUs >= this.fromUs);
    return isIn ? Math.max(0, startUs - this.fromUs) / this.speed : undefined;
  }

  /** Nothing that begins then, or later, is in. */
  isOver(startUs: number): boolean {
    return startUs >= this.toUs;
  }

  /** How long the clip is of a file that ends then. Throws when nothing is left. */
  ends(endUs: number): number {
    const us = (Math.min(endUs, this.toUs) - this.fromUs) / this.speed;
    if (us <= 0) throw new ConvertError('nothing-left');
    return us;
  }

  /** About how many frames the clip has of a file that ends then and has so many a second. */
  frames(endUs: number, rate: number): number {
    return Math.round((this.ends(endUs) / 1e6) * Math.min(rate * this.speed, MAX_FPS));
  }
}

/** The frames of a clip before there is one. */
export interface Plan {
  /** Which frames of the file are shown. */
  frames: number[];
  durationsUs: number[];
  totalUs: number;
}

/** What becomes of a file whose frames begin at `starts` and are over at `endUs`; undefined when they are too many. */
export function planOf(starts: readonly number[], endUs: number, cut: Cut): Plan | undefined {
  const totalUs = cut.ends(endUs);
  const pacer = new Pacer();
  const frames: number[] = [];
  for (const [i, startUs] of starts.entries()) {
    const at = cut.begins(startUs, starts[i + 1] ?? endUs);
    if (at === undefined) continue;
    if (pacer.count === MAX_FRAMES) return undefined;
    if (pacer.accepts(at)) frames.push(i);
  }
  return { frames, durationsUs: pacer.durations(totalUs), totalUs };
}
