import { importLibrary, type Imported } from '../library/archive';

type Stage = 'idle' | 'sending' | 'unpacking' | 'done' | 'failed';

/** A library on its way back to the display. */
class Transfer {
  stage = $state<Stage>('idle');
  fraction = $state(0);
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
    [this.failure, this.result] = ['', undefined];
    const sent = (fraction: number): void => {
      this.fraction = fraction;
      if (fraction >= 1) this.stage = 'unpacking';
    };
    try {
      this.result = await importLibrary(file, sent, stop.signal);
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
  }
}

export const transfer = new Transfer();
