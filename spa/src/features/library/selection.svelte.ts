import { SvelteSet } from 'svelte/reactivity';

/** Which items are chosen, to do something with all of them. */
export class Selection {
  /** Whether choosing is what a tap does. */
  on = $state(false);
  readonly #slugs = new SvelteSet<string>();
  /** Where a range begins: what was tapped last. */
  #anchor: string | undefined;

  get size(): number {
    return this.#slugs.size;
  }

  get slugs(): string[] {
    return [...this.#slugs];
  }

  get anchor(): string | undefined {
    return this.#anchor;
  }

  has(slug: string): boolean {
    return this.#slugs.has(slug);
  }

  /** Begins, with an item if one was meant. */
  enter(slug?: string): void {
    this.leave();
    this.on = true;
    if (slug !== undefined) this.toggle(slug);
  }

  leave(): void {
    this.on = false;
    this.#slugs.clear();
    this.#anchor = undefined;
  }

  toggle(slug: string): void {
    if (!this.#slugs.delete(slug)) this.#slugs.add(slug);
    this.#anchor = slug;
  }

  /** Chooses these too. */
  add(slugs: readonly string[]): void {
    for (const slug of slugs) this.#slugs.add(slug);
  }

  /** Lets go of what is no more. */
  drop(slugs: readonly string[]): void {
    for (const slug of slugs) this.#slugs.delete(slug);
  }
}

export const selection = new Selection();
