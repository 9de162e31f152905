import type { ClipState } from './state';

/** Moments that are compared. */
const SAMPLES = 6;

/**
 * Where in its pass a clip is, by our own clock. A message takes time to get here, so each says that the pass began a
 * little later than it did: of several that speak of the same moment the earliest is the nearest to the truth. Only the
 * last few count, since the two clocks do not run equally fast.
 */
export class ClipPosition {
  #state: ClipState | undefined;
  #starts: number[] = [];

  /** The state has arrived at our time `nowMs`. */
  note(state: ClipState, nowMs: number): void {
    const before = this.#state;
    const sameMoment =
      before?.clip === state.clip &&
      before.as_of_ms === state.as_of_ms &&
      before.paused === state.paused;
    const start = nowMs - state.age_ms - state.position_ms;
    this.#starts = sameMoment ? [...this.#starts, start].slice(-SAMPLES) : [start];
    this.#state = state;
  }

  /** In milliseconds from the beginning of the pass. */
  at(nowMs: number): number {
    if (this.#state === undefined) return 0;
    const { paused, position_ms, duration_ms } = this.#state;
    if (paused || duration_ms <= 0) return position_ms;
    return Math.max(0, nowMs - Math.min(...this.#starts)) % duration_ms;
  }
}
