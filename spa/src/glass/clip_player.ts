import { Clip } from '../clip/clip';
import type { Frame } from '../clip/frame';
import { ClipPosition } from './position';
import type { ClipState } from './state';

export interface ClipPlayerEvents {
  picture: (pixels: Frame) => void;
  /** The clip cannot be had or read; the player has stopped. */
  failed: (error: unknown) => void;
}

export type OpenClip = (url: string, signal: AbortSignal) => Promise<Clip>;

export function clipUrl({ slug, clip }: ClipState): string {
  return `/api/media/${encodeURIComponent(slug)}/clip?v=${encodeURIComponent(clip)}`;
}

/**
 * Plays the clip the glass plays, at the place where the glass is. It draws when another frame is due and does nothing
 * in between, also while paused.
 */
export class ClipPlayer {
  readonly #events: ClipPlayerEvents;
  readonly #open: OpenClip;
  readonly #position = new ClipPosition();
  #state: ClipState | undefined;
  #clip: Clip | undefined;
  #drawn: number | undefined;
  #loading = false;
  /** What is due is not here yet. */
  #waiting = false;
  #fetchedFor: number | undefined;
  #opened = new AbortController();
  #request: number | undefined;

  constructor(events: ClipPlayerEvents, open: OpenClip = Clip.open) {
    this.#events = events;
    this.#open = open;
  }

  follow(state: ClipState): void {
    const same = this.#state !== undefined && clipUrl(this.#state) === clipUrl(state);
    this.#position.note(state, performance.now());
    this.#state = state;
    if (same) {
      this.#draw();
      return;
    }
    this.#forget();
    void this.#load(clipUrl(state), this.#opened);
  }

  stop(): void {
    this.#forget();
    this.#state = undefined;
  }

  async #load(url: string, opened: AbortController): Promise<void> {
    try {
      const clip = await this.#open(url, opened.signal);
      if (opened.signal.aborted) return;
      this.#clip = clip;
      this.#draw();
    } catch (error) {
      this.#fail(error, opened);
    }
  }

  /** Shows what is due, and sees to it that it is called again when something else may be. */
  #draw(): void {
    this.#cancel();
    const [clip, state] = [this.#clip, this.#state];
    if (clip === undefined || state === undefined) return;
    const frame = clip.frameAt(this.#position.at(performance.now()) * 1000);
    try {
      const progress = frame === this.#drawn ? 'shown' : clip.show(frame);
      if (progress === 'shown' && frame !== this.#drawn) {
        this.#drawn = frame;
        this.#events.picture(clip.pixels);
      }
      this.#waiting = progress === 'missing';
      if (this.#waiting || frame !== this.#fetchedFor) void this.#fetch(clip, frame);
      const runs = progress === 'working' || (!state.paused && clip.frameCount > 1);
      if (runs) this.#request = requestAnimationFrame(() => this.#draw());
    } catch (error) {
      this.#fail(error, this.#opened);
    }
  }

  /** Sees to it that this frame and the next ones are here; one thing at a time. */
  async #fetch(clip: Clip, frame: number): Promise<void> {
    if (this.#loading) return;
    const opened = this.#opened;
    this.#loading = true;
    this.#fetchedFor = frame;
    try {
      await clip.load(frame);
      if (opened.signal.aborted) return;
      this.#loading = false;
      if (this.#waiting) this.#draw();
    } catch (error) {
      this.#fail(error, opened);
    }
  }

  #fail(error: unknown, opened: AbortController): void {
    if (opened.signal.aborted) return;
    this.stop();
    this.#events.failed(error);
  }

  #forget(): void {
    this.#cancel();
    this.#opened.abort();
    this.#opened = new AbortController();
    this.#clip = undefined;
    this.#drawn = undefined;
    this.#loading = false;
    this.#waiting = false;
    this.#fetchedFor = undefined;
  }

  #cancel(): void {
    if (this.#request !== undefined) cancelAnimationFrame(this.#request);
    this.#request = undefined;
  }
}
