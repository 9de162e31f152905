import { device } from './device.svelte';

/** Whether the device is within reach, for those who wait for it. */
class Link {
  // Not shown anywhere, so nothing has to react to them.

  readonly #listeners = new Set<() => void>();

  constructor() {
    $effect.root(() => {
      $effect(() => {
        if (this.isUp) this.#listeners.forEach((listener) => listener());
      });
    });
  }

  get isUp(): boolean {
    return device.phase === 'live' || device.phase === 'polling';
  }

  /** The device tells by itself what happens. */
  get isLive(): boolean {
    return device.phase === 'live';
  }

  /** Calls `listener` each time the device is back within reach; returns how to stop that. */
  onBack(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves after `ms`, or as soon as the device is back. Rejects with the signal's reason. */
  rest(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        unlisten();
        signal.removeEventListener('abort', end);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      const timer = setTimeout(end, ms);
      const unlisten = this.onBack(end);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }
}

export const link = new Link();
