import type { Component } from 'svelte';

/**
 * A part of the page that nobody needs in its first moment: it comes when the browser has nothing else to do, or when
 * somebody asks for it.
 */
export class Later<Props extends Record<string, unknown>, Exports extends Record<string, unknown>> {
  component = $state.raw<Component<Props, Exports>>();
  readonly #load: () => Promise<{ default: Component<Props, Exports> }>;
  #coming: Promise<void> | undefined;

  constructor(load: () => Promise<{ default: Component<Props, Exports> }>) {
    this.#load = load;
  }

  /** Rejects when it cannot be had; the next call tries again. */
  get(): Promise<void> {
    this.#coming ??= this.#load().then(
      (module) => void (this.component = module.default),
      (error: unknown) => {
        this.#coming = undefined;
        throw error;
      },
    );
    return this.#coming;
  }

  /** Gets it ahead of time; whether that works is no matter. */
  soon(): void {
    const get = (): void => void this.get().catch(() => undefined);
    if ('requestIdleCallback' in window) requestIdleCallback(get, { timeout: 4_000 });
    else setTimeout(get, 1_000);
  }
}
