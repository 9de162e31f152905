import type { Draft } from './draft.svelte';

/** Plays the part that was chosen, at the speed that was chosen, over and over. */
export class Player {
  playing = $state(false);
  readonly #draft: () => Draft | undefined;
  #tick: number | undefined;

  constructor(draft: () => Draft | undefined) {
    this.#draft = draft;
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.#play();
  }

  pause(): void {
    this.playing = false;
    if (this.#tick !== undefined) cancelAnimationFrame(this.#tick);
    this.#tick = undefined;
  }

  #play(): void {
    const draft = this.#draft();
    if (draft === undefined) return;
    this.playing = true;
    let us = draft.startOf(draft.frame);
    let last = performance.now();
    const step = (now: number): void => {
      const { fromUs, speed } = draft.edit;
      us += Math.max(0, now - last) * 1000 * speed;
      last = now;
      if (us < fromUs || us >= draft.toUs) us = fromUs;
      draft.frame = draft.frameAt(us);
      this.#tick = requestAnimationFrame(step);
    };
    this.#tick = requestAnimationFrame(step);
  }
}
