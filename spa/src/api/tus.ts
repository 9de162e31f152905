/** One try at sending an upload with tus-js-client. Loaded only when something is sent. */
import { DetailedError, Upload, type UploadOptions } from 'tus-js-client';
import { link } from '../device/link.svelte';
import { failureFrom, segment } from './client';
import { Unreadable, type Parcel, type SendEvents } from './deliver';
import { UPLOADS } from './uploads';

/**
 * Each request ends with a flush to the device's card, which takes its time: smaller ones would wait for it more often,
 * larger ones would run into the device's limit of 300 s on a slow link (1 MiB passes at 4 KB/s, 4 MiB would not) and
 * tell how far it is less often.
 */
const CHUNK_BYTES = 1024 * 1024;

/** No byte moved for this long: the way to the device is gone, whatever the browser believes. */
const STALL_MS = 60_000;
/** After the connection was lost and is back, a request that stands still for this long hangs in the old one. */
const STALE_MS = 4_000;

/** Reads each chunk before it is sent: a request that cannot read its body looks as if the link was lost. */
const reading: NonNullable<UploadOptions['fileReader']> = {
  openFile: (body: Blob) =>
    Promise.resolve({
      size: body.size,
      slice: async (start: number, end: number) => {
        try {
          const value = new Blob([await body.slice(start, end).arrayBuffer()]);
          return { value, done: end >= body.size };
        } catch (error) {
          throw new Unreadable('the file cannot be read', { cause: error });
        }
      },
      close: () => undefined,
    }),
};

function explain(error: unknown): Error {
  if (!(error instanceof DetailedError)) return failureFrom(0, '');
  if (error.causingError instanceof Unreadable) return error.causingError;
  const answer = error.originalResponse;
  return answer === null
    ? failureFrom(0, '')
    : failureFrom(answer.getStatus(), answer.getBody(), answer.getHeader('Retry-After'));
}

/** Watches that bytes move; `stalled` is called once. */
class Watchdog {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #movedAt = 0;
  readonly #stalled: () => void;
  readonly #unlisten: () => void;

  constructor(stalled: () => void) {
    this.#stalled = stalled;
    this.#unlisten = link.onBack(() => {
      if (Date.now() - this.#movedAt > STALE_MS) this.#stalled();
    });
    this.moved();
  }

  moved(): void {
    this.#movedAt = Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#stalled, STALL_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#unlisten();
  }
}

/**
 * Sends what the device does not have yet of the upload `id`, or of a new one. Rejects with an ApiFailure (status 0 when
 * the link was lost), with {@link Unreadable}, or with the signal's reason.
 */
export function send(
  { body, metadata }: Parcel,
  id: string | undefined,
  events: SendEvents,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let known = id;
    const end = (): void => {
      dog.end();
      signal.removeEventListener('abort', cancelled);
    };
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const endpoint = new URL(UPLOADS, location.href).href;
    const upload = new Upload(body, {
      // Whether to begin anew is not for the client to say: what it resumes, it only resumes.
      endpoint: id === undefined ? endpoint : null,
      uploadUrl: id === undefined ? null : `${endpoint}/${segment(id)}`,
      metadata: { ...metadata },
      chunkSize: CHUNK_BYTES,
      parallelUploads: 1,
      // Patience is ours, see deliver.ts: it has no end, and knows when the link is back.
      retryDelays: null,
      storeFingerprintForResuming: false,
      fileReader: reading,
      onUploadUrlAvailable: () => {
        dog.moved();
        if (known !== undefined) return;
        known = decodeURIComponent(new URL(upload.url!).pathname.split('/').at(-1)!);
        events.created(known);
        if (signal.aborted) void upload.abort();
      },
      onProgress: () => {
        dog.moved();
        events.moving();
      },
      onChunkComplete: (_size, offset, total) => events.acknowledged(offset / total),
      onSuccess: () => {
        end();
        resolve(known!);
      },
      onError: (error) => fail(explain(error)),
    });
    const dog = new Watchdog(() => {
      void upload.abort();
      fail(failureFrom(0, ''));
    });
    const cancelled = (): void => {
      // An upload that is just being made gets its name first, or nobody could take it back.
      if (known !== undefined) void upload.abort();
      fail(signal.reason);
    };
    signal.addEventListener('abort', cancelled);
    upload.start();
  });
}
