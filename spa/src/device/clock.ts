const SAMPLES = 8;

/**
 * The device's clock as seen from here. A message is always late, never early, so the largest
 * difference among the last few is the nearest to the truth.
 */
export class ServerClock {
  #differences: number[] = [];

  /** A message stamped `serverSeconds` has just arrived. */
  note(serverSeconds: number, localMs: number): void {
    this.#differences = [...this.#differences, serverSeconds * 1000 - localMs].slice(-SAMPLES);
  }

  /** The device's unix time in ms. */
  at(localMs: number): number {
    return this.#differences.length === 0 ? localMs : localMs + Math.max(...this.#differences);
  }
}
