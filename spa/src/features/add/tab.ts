/** Eight random bytes in hex. Not `randomUUID`: plain http does not have it. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

let lastAt = 0;

/** Orders jobs of all tabs; no two of one tab are the same. */
export function nextAt(): number {
  lastAt = Math.max(lastAt + 1, Date.now());
  return lastAt;
}

type Message =
  { type: 'whose'; jobs: string[] } | { type: 'mine'; jobs: string[] } | { type: 'leaving' };

/** A living tab answers at once, also in the background, where timers hardly run; one put to sleep by the system does not. */
const ANSWER_MS = 700;

/**
 * This tab among the others with the same page. Web Locks are missing on plain http, and a heartbeat stops in the
 * background while work goes on: so who finds somebody else's file asks whether there is still somebody. A tab that
 * sleeps through the question finds on waking that the file has gone to another ({@link Kept.put}), and lets go of it.
 */
export class Tab {
  readonly id = randomId();
  readonly #channel =
    typeof BroadcastChannel === 'undefined' ? undefined : new BroadcastChannel('loop.queue');
  readonly #claimed = new Set<string>();

  constructor(
    private readonly holds: (job: string) => boolean,
    private readonly someoneLeft: () => void,
  ) {
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<Message>) => {
      if (data.type === 'leaving') this.someoneLeft();
      else if (data.type === 'mine') data.jobs.forEach((job) => this.#claimed.add(job));
      else this.#claim(data.jobs.filter((job) => this.holds(job)));
    });
  }

  /** Those of the jobs that no other tab works on. */
  async abandoned(jobs: string[]): Promise<string[]> {
    this.#claimed.clear();
    this.#tell({ type: 'whose', jobs });
    await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
    return jobs.filter((job) => !this.#claimed.has(job));
  }

  /** What was ours is free. */
  leave(): void {
    this.#tell({ type: 'leaving' });
  }

  #claim(jobs: string[]): void {
    if (jobs.length > 0) this.#tell({ type: 'mine', jobs });
  }

  #tell(message: Message): void {
    this.#channel?.postMessage(message);
  }
}
