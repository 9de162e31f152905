import { link } from '../device/link.svelte';
import { backoff } from './backoff';
import { ApiFailure, failureFrom } from './client';
import type { UploadState } from './types';
import { isGone, terminate, uploadState } from './uploads';

/** What is sent: the original's bytes, then those of the frames, and what the device has to know about them. */
export interface Parcel {
  body: Blob;
  metadata: Readonly<Record<string, string>>;
}

/** Why nothing moves; each ends by itself. */
export type Hold = 'no-link' | 'busy' | 'resuming';

export interface SendEvents {
  /** The device has named the upload. May come after a cancel: then it is to be taken back. */
  created: (id: string) => void;
  /** The device has this much, 0 to 1, for good. */
  acknowledged: (fraction: number) => void;
  /** Bytes are on their way. */
  moving: () => void;
}

export interface DeliveryEvents extends SendEvents {
  hold: (why: Hold | undefined) => void;
  /** The device does not know the upload any more: it begins anew. */
  forgotten: () => void;
}

/** The file cannot be read any more. */
export class Unreadable extends Error {}

/** A part of the page that is loaded when it is needed could not be loaded. */
export class NotLoaded extends Error {}

const BUSY = [408, 409, 423, 425, 429, 460, 503];
const UNREACHED = [0, 502, 504];
/** So often something is tried again that should not go wrong even once. */
const TRIES = 3;

/** How long to wait after `error`, or throws it when waiting does not help. */
function patience(error: unknown, attempt: number): { why: Hold; ms: number } {
  const ms = backoff(attempt);
  // Not the link, then: the device has other software by now, or the browser remembers the failure.
  const stale = error instanceof NotLoaded && link.isUp && attempt >= TRIES;
  if (error instanceof NotLoaded && !stale) return { why: 'no-link', ms };
  if (!(error instanceof ApiFailure)) throw error;
  if (UNREACHED.includes(error.status)) return { why: 'no-link', ms };
  if (BUSY.includes(error.status)) return { why: 'busy', ms: Math.max(ms, error.retryAfterMs) };
  if (error.status === 500 && attempt < TRIES) return { why: 'busy', ms };
  throw error;
}

/** Repeats `work` until it comes to an end, with an answer or with a failure that waiting does not mend. */
export async function patiently<T>(
  /** Calls `gotOn` when it has got further: then it deserves the patience of a beginner. */
  work: (gotOn: () => void) => Promise<T>,
  hold: (why: Hold | undefined) => void,
  signal: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work(() => (attempt = 0));
    } catch (error) {
      signal.throwIfAborted();
      const { why, ms } = patience(error, attempt);
      hold(why);
      await link.rest(ms, signal);
    }
  }
}

async function client(): Promise<typeof import('./tus')> {
  try {
    return await import('./tus');
  } catch (error) {
    throw new NotLoaded('tus', { cause: error });
  }
}

/** Gets the client while there is a link, so that it is there when there is none. */
export function prepare(): void {
  client().catch(() => undefined);
}

/**
 * Brings a parcel to the device, however often the link is lost on the way: as a new upload, or on from where the upload
 * `known` stands. Resolves with the upload's id when the device has every byte for good; what it makes of them is
 * another matter, see {@link follow}.
 */
export async function deliver(
  parcel: Parcel,
  known: string | undefined,
  events: DeliveryEvents,
  signal: AbortSignal,
): Promise<string> {
  let id = known;
  let lost = 0;
  const forget = (): void => {
    if (++lost > TRIES) throw failureFrom(404, '');
    id = undefined;
    events.forgotten();
  };
  const once = async (gotOn: () => void): Promise<string> => {
    const { send } = await client();
    if (id !== undefined) {
      if (link.isUp) events.hold('resuming');
      const found = await uploadState(id);
      signal.throwIfAborted();
      if (found === undefined) forget();
      else if (found.state !== 'receiving') return id;
      else events.acknowledged(found.offset / found.length);
    }
    const seen: SendEvents = {
      created: (name) => events.created((id = name)),
      moving: () => events.moving(),
      acknowledged: (fraction) => {
        gotOn();
        events.acknowledged(fraction);
      },
    };
    try {
      return await send(parcel, id, seen, signal);
    } catch (error) {
      if (!isGone(error) || id === undefined) throw error;
      forget();
      return once(gotOn);
    }
  };
  return patiently(once, events.hold, signal);
}

/** How often the device is asked when it would tell by itself, and when it cannot. */
const ASK_LIVE_MS = 5_000;
const ASK_MS = 1_500;

/** What the device tells while it is not listened to counts as soon as somebody waits for it. */
export class News {
  #isThere = false;
  #came: (() => void) | undefined;

  tell(): void {
    this.#isThere = true;
    this.#came?.();
  }

  async next(): Promise<void> {
    if (!this.#isThere) await new Promise<void>((resolve) => (this.#came = resolve));
    this.#isThere = false;
  }
}

/**
 * Follows what the device makes of an upload. Resolves when that has worked, with what came of it; with undefined when the
 * device does not have the upload, or not all of it, any more. Rejects with the device's reason when it did not work.
 */
export async function follow(
  id: string,
  events: {
    hold: (why: Hold | undefined) => void;
    progress: (state: UploadState) => void;
    news: News;
  },
  signal: AbortSignal,
): Promise<UploadState | undefined> {
  for (;;) {
    const found = await patiently(() => uploadState(id), events.hold, signal);
    signal.throwIfAborted();
    events.hold(undefined);
    if (found === undefined || found.state === 'receiving') return undefined;
    if (found.state === 'complete') return found;
    if (found.state === 'failed') {
      throw new ApiFailure(
        422,
        found.code ?? 'UNKNOWN',
        found.message ?? failureFrom(422, '').message,
      );
    }
    events.progress(found);
    const ms = link.isLive ? ASK_LIVE_MS : ASK_MS;
    await Promise.race([link.rest(ms, signal), events.news.next()]);
  }
}

/**
 * The device counts sending and storing together; this makes of its percents the part that is done of what was left when
 * it was first heard.
 */
export class Rest {
  #from: number | undefined;

  fraction(percent: number): number {
    this.#from ??= Math.min(percent, 99);
    return Math.min(1, Math.max(0, (percent - this.#from) / (100 - this.#from)));
  }
}

/** Takes an upload back, as soon as the device can be asked. */
export async function takeBack(id: string): Promise<void> {
  try {
    await patiently(
      () => terminate(id),
      () => undefined,
      new AbortController().signal,
    );
  } catch {
    // The device refuses: it ends by itself when its time is over.
  }
}
