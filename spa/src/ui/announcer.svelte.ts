import { untrack } from 'svelte';

/** What a screen reader is told about changes that eyes see by themselves. */
class Announcer {
  text = $state('');

  say(text: string): void {
    // The same sentence twice is read once: a mark nobody hears makes it new. An effect that speaks does not listen.
    this.text = untrack(() => this.text) === text ? `${text}\u00a0` : text;
  }
}

export const announcer = new Announcer();
