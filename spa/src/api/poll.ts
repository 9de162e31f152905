import type { Dashboard } from './types';

const EVERY_MS = 2_000;
const TIMEOUT_MS = 10_000;

export interface PollEvents {
  /** The device has answered, with the state unless it is the one it gave last; `at` is its clock. */
  answered: (dashboard: Dashboard | undefined, at: number) => void;
  failed: () => void;
}

/**
 * The state by asking again and again: for a way to the device that carries requests but no
 * WebSocket. The first question comes a moment after {@link start}, which a socket usually wins.
 */
export class StatePoll {
  readonly #events: PollEvents;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Tells answers that come too late from those that are waited for. */
  #run = 0;
  #etag = '';

  constructor(events: PollEvents) {
    this.#events = events;
  }

  /** Begins, unless it has begun. */
  start(): void {
    if (this.#timer !== undefined) return;
    // Meanwhile a socket may have told another state: the first answer is to be whole.
    this.#etag = '';
    this.#plan();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#run++;
  }

  #plan(): void {
    this.#timer = setTimeout(() => void this.#ask(), EVERY_MS);
  }

  async #ask(): Promise<void> {
    const run = this.#run;
    let tell: () => void;
    try {
      const response = await fetch('/api/dashboard', {
        headers: this.#etag === '' ? {} : { 'if-none-match': this.#etag },
        cache: 'no-store',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (!response.ok && response.status !== 304) throw new Error(`status ${response.status}`);
      const same = response.status === 304;
      const dashboard = same ? undefined : ((await response.json()) as Dashboard);
      if (run === this.#run) this.#etag = response.headers.get('etag') ?? '';
      const at = Date.parse(response.headers.get('date') ?? '');
      tell = () => this.#events.answered(dashboard, at);
    } catch {
      tell = this.#events.failed;
    }
    if (run !== this.#run) return;
    this.#plan();
    tell();
  }
}
