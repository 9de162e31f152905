import type { Hold } from '../../api/deliver';
import type { Imported } from '../../api/types';
import { importLibrary } from '../library/archive';

type Stage = 'idle' | 'sending' | 'unpacking' | 'done' | 'failed';

/** A library on its way back to the display. */
class Transfer {
  stage = $state<Stage>('idle');
  /** Of the present stage. */
  fraction = $state(0);
  /** Why nothing moves at the moment. */
  hold = $state<Hold>();
  name = $state('');
  result = $state.raw<Imported>();
  failure = $state('');
  #file: File | undefined;
  #stop = new AbortController();

  get active(): boolean {
    return this.stage === 'sending' || this.stage === 'unpacking';
  }

  async begin(file: File): Promise<void> {
    if (this.active) return;
    this.#file = file;
    const stop = new AbortController();
    this.#stop = stop;
    [this.stage, this.fraction, this.name] = ['sending', 0, file.name];
    [this.failure, this.result, this.hold] = ['', undefined, undefined];
    const events = {
      sent: (fraction: number) => {
        this.fraction = fraction;
        if (fraction >= 1) [this.stage, this.fraction] = ['unpacking', 0];
      },
      unpacked: (fraction: number) => (this.fraction = fraction),
      hold: (why: Hold | undefined) => {
        if (!stop.signal.aborted) this.hold = why;
      },
    };
    try {
      this.result = await importLibrary(file, events, stop.signal);
      this.stage = 'done';
    } catch (error) {
      if (stop.signal.aborted) return;
      this.failure = error instanceof Error ? error.message : String(error);
      this.stage = 'failed';
    }
  }

  again(): void {
    if (this.#file) void this.begin(this.#file);
  }

  /** Ends it, wherever it is, and forgets how it went. */
  end(): void {
    this.#stop.abort(new DOMException('cancelled', 'AbortError'));
    this.#file = undefined;
    this.stage = 'idle';
    this.hold = undefined;
  }
}

export const transfer = new Transfer();
