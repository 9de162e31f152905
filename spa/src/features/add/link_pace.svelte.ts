/** Fewer bytes than this tell more of the first answer than of the link. */
const ENOUGH_BYTES = 256 * 1024;

/** How fast the uploads of this page have been, as far as there were any. */
export class LinkPace {
  #bytes = $state(0);
  #ms = $state(0);

  /** So many bytes arrived in so long. */
  heard(bytes: number, ms: number): void {
    this.#bytes += bytes;
    this.#ms += ms;
  }

  /** Undefined until enough was sent to tell. */
  get bytesPerSecond(): number | undefined {
    const isEnough = this.#bytes >= ENOUGH_BYTES && this.#ms > 0;
    return isEnough ? (this.#bytes * 1000) / this.#ms : undefined;
  }
}

export const linkPace = new LinkPace();

/** Hears how far one upload is, and tells the pace of it; what waited for the link does not count. */
export class Stopwatch {
  #last: { bytes: number; at: number } | undefined;

  constructor(
    private readonly pace: LinkPace,
    private readonly now: () => number = () => performance.now(),
  ) {}

  interrupted(): void {
    this.#last = undefined;
  }

  arrived(bytes: number): void {
    const at = this.now();
    if (this.#last !== undefined && bytes > this.#last.bytes) {
      this.pace.heard(bytes - this.#last.bytes, at - this.#last.at);
    }
    this.#last = { bytes, at };
  }
}
