/** What a message offers to do, for as long as it stands there. */
export interface Offer {
  label: string;
  /** A key that does it too. */
  key: string;
  /** False when it did not work and may be tried again. */
  run: () => Promise<boolean>;
}

export interface ToastAbout {
  text: string;
  failed?: boolean;
  /** How long it is shown, or how long the offer stands. */
  ms?: number;
  offer?: Offer;
}

/** Short, and gone after a while. An offer's time runs on the device, so it is never stopped, only waited out. */
export class Toast {
  readonly text: string;
  readonly failed: boolean;
  readonly offer: Offer | undefined;
  readonly ms: number;
  /** What is left of its time. */
  left = $state(0);
  /** Its offer has been taken and is under way. */
  busy = $state(false);

  constructor(
    readonly id: number,
    { text, failed = false, ms = SHOWN_MS, offer }: ToastAbout,
  ) {
    this.text = text;
    this.failed = failed;
    this.offer = offer;
    this.ms = ms;
    this.left = ms;
  }
}

const SHOWN_MS = 7_000;
/** Those that are seen at once; offers behind them come up when they are gone. */
export const MOST = 3;
const TICK_MS = 250;

/** Short messages at the edge of the page; the oldest leaves first. None leaves under the pointer or the focus. */
class Toasts {
  list = $state.raw<readonly Toast[]>([]);
  #held = false;
  #next = 0;
  #ticking: ReturnType<typeof setInterval> | undefined;
  #last = 0;

  fail(text: string): void {
    this.show({ text, failed: true });
  }

  say(text: string): void {
    this.show({ text });
  }

  show(about: ToastAbout): Toast {
    const toast = new Toast(this.#next++, about);
    const others = this.list.filter(
      ({ text, offer }) => offer !== undefined || text !== about.text,
    );
    const plain = others.filter(({ offer }) => offer === undefined);
    const tooMany = plain.slice(0, Math.max(0, plain.length + 1 - MOST));
    this.list = [...others.filter((other) => !tooMany.includes(other)), toast];
    this.#tick();
    return toast;
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** Takes back every offer: it could not be kept any more. */
  withdraw(): void {
    this.list = this.list.filter(({ offer }) => offer === undefined);
  }

  /** While somebody is reading or about to press, nothing goes away. */
  hold(held: boolean): void {
    this.#held = held;
  }

  /** Does what a message offers; it stands there until that is done. */
  async accept(toast: Toast): Promise<void> {
    if (toast.offer === undefined || toast.busy) return;
    toast.busy = true;
    if (await toast.offer.run()) this.dismiss(toast.id);
    toast.busy = false;
  }

  /** The newest offer under this key, if there is one. */
  offered(key: string): Toast | undefined {
    return this.list.findLast(({ offer, busy }) => offer?.key === key && !busy);
  }

  #tick(): void {
    if (this.#ticking !== undefined) return;
    this.#last = Date.now();
    this.#ticking = setInterval(() => this.#pass(), TICK_MS);
  }

  #pass(): void {
    const now = Date.now();
    const passed = now - this.#last;
    this.#last = now;
    for (const toast of this.list) {
      if (toast.offer !== undefined || !this.#held) toast.left = Math.max(0, toast.left - passed);
    }
    if (!this.#held) this.list = this.list.filter(({ left, busy }) => left > 0 || busy);
    if (this.list.length > 0) return;
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }
}

export const toasts = new Toasts();
