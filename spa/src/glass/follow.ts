import { LivePicture } from '../clip/live';
import { Painter } from '../clip/paint';
import { ClipPlayer } from './clip_player';
import { Snapshots } from './snapshots';
import type { GlassFeed, GlassState } from './state';

/**
 * How good what is seen is: nothing yet; what the glass shows as it shows it; single pictures twice a second; or an old
 * picture, since the device or its display is away.
 */
export type View = 'waiting' | 'live' | 'snapshots' | 'old';

const POLL_MS = 500;
/** After something could not be read. */
const RETRY_MS = 5_000;

/**
 * Keeps drawing what is on the glass: a clip from its own file, other content as it is pushed over the socket, single
 * pictures where neither works (some networks block WebSockets), and nothing at all while nobody can see it.
 */
export function followGlass(
  feed: GlassFeed,
  canvas: HTMLCanvasElement,
  changed: (view: View) => void,
): () => void {
  const follower = new Follower(feed, canvas, changed);
  return () => follower.end();
}

class Follower {
  readonly #feed: GlassFeed;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #changed: (view: View) => void;
  readonly #painter = new Painter();
  readonly #live = new LivePicture();
  readonly #snapshots = new Snapshots();
  readonly #player: ClipPlayer;
  readonly #observer: IntersectionObserver;
  #state: GlassState | undefined;
  #view: View = 'waiting';
  #onScreen = true;
  #ended = false;
  #unwatch: (() => void) | undefined;
  /** What was sent cannot be read: until then, single pictures. */
  #brokenUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(feed: GlassFeed, canvas: HTMLCanvasElement, changed: (view: View) => void) {
    this.#feed = feed;
    this.#changed = changed;
    this.#context = canvas.getContext('2d', { alpha: false });
    this.#player = new ClipPlayer({
      picture: (pixels) => this.#paint(pixels),
      failed: () => this.#broken(),
    });
    this.#observer = new IntersectionObserver(([entry]) => {
      this.#onScreen = entry?.isIntersecting ?? true;
      this.#follow();
    });
    this.#observer.observe(canvas);
    document.addEventListener('visibilitychange', this.#follow);
    this.#follow();
    this.#pollLater();
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#observer.disconnect();
    document.removeEventListener('visibilitychange', this.#follow);
    this.#leave();
  }

  get #visible(): boolean {
    return this.#onScreen && document.visibilityState === 'visible';
  }

  readonly #follow = (): void => {
    if (!this.#visible) this.#leave();
    else if (performance.now() >= this.#brokenUntil) this.#watch();
  };

  #watch(): void {
    this.#unwatch ??= this.#feed.watchGlass({ state: this.#hear, record: this.#record });
  }

  /** Whoever comes back is told everything anew. */
  #leave(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
    this.#state = undefined;
    this.#player.stop();
    this.#live.reset();
  }

  readonly #hear = (state: GlassState): void => {
    this.#state = state;
    if (state.mode !== 'live') this.#live.reset();
    if (state.mode === 'away') this.#show('old');
    if (state.mode !== 'clip') this.#player.stop();
    else this.#player.follow(state);
  };

  readonly #record = (message: ArrayBuffer): void => {
    if (this.#state?.mode !== 'live') return;
    try {
      this.#live.apply(message);
      this.#paint(this.#live.pixels);
    } catch {
      this.#broken();
    }
  };

  #paint(pixels: LivePicture['pixels']): void {
    if (this.#context === null) return;
    this.#painter.paint(pixels, this.#context);
    this.#snapshots.forget();
    this.#show('live');
  }

  #broken(): void {
    this.#brokenUntil = performance.now() + RETRY_MS;
    this.#leave();
  }

  /** Looks twice a second whether pictures come by themselves, and fetches one if not. */
  async #poll(): Promise<void> {
    if (this.#visible && this.#needsSnapshots()) await this.#takeSnapshot();
    if (!this.#ended) this.#pollLater();
  }

  #pollLater(): void {
    this.#timer = setTimeout(() => void this.#poll(), POLL_MS);
  }

  async #takeSnapshot(): Promise<void> {
    try {
      const picture = await this.#snapshots.next();
      // Meanwhile something better may have come.
      if (this.#needsSnapshots()) {
        if (picture !== undefined) this.#context?.drawImage(picture, 0, 0);
        this.#show('snapshots');
      }
      picture?.close();
    } catch {
      if (this.#needsSnapshots()) this.#show('old');
    }
  }

  #needsSnapshots(): boolean {
    if (performance.now() < this.#brokenUntil) return true;
    if (!this.#feed.isOpen) {
      // What it said last may have changed since.
      this.#player.stop();
      this.#live.reset();
      return true;
    }
    // After a pause for what could not be read.
    this.#follow();
    return false;
  }

  #show(view: View): void {
    const next = view === 'old' && this.#view === 'waiting' ? 'waiting' : view;
    if (next === this.#view) return;
    this.#view = next;
    this.#changed(next);
  }
}
