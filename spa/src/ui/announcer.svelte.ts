/** What a screen reader is told about changes that eyes see by themselves. */
class Announcer {
  text = $state('');

  say(text: string): void {
    // The same sentence twice is read once: a mark nobody hears makes it new.
    this.text = this.text === text ? `${text}\u00a0` : text;
  }
}

export const announcer = new Announcer();
