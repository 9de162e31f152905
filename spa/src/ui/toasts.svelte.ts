export interface Toast {
  id: number;
  text: string;
  failed: boolean;
}

const SHOWN_MS = 7_000;
const MOST = 3;

/** Short messages at the edge of the page; the oldest leaves first. */
class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #next = 0;

  fail(text: string): void {
    this.#show(text, true);
  }

  say(text: string): void {
    this.#show(text, false);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #show(text: string, failed: boolean): void {
    const id = this.#next++;
    const others = this.list.filter((toast) => toast.text !== text);
    this.list = [...others, { id, text, failed }].slice(-MOST);
    setTimeout(() => this.dismiss(id), SHOWN_MS);
  }
}

export const toasts = new Toasts();
