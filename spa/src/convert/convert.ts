import type { Clip } from './clip';
import { ConvertError } from './error';
import { DECODED, type FromWorker, type Look, type Part, type ToWorker } from './messages';
import { drawSvg } from './svg';
import { playForFrames, type FrameReceiver } from './video/element';

/** Frames of a film that may wait for the worker: each can be 8 MB. */
const MOST_WAITING = 4;

interface WantedFilm {
  listed: number[] | undefined;
  part: Part;
}

export interface ConvertEvents {
  progress: (fraction: number) => void;
  /** The file's SHA-256 in hex. */
  hashed: (sha256: string) => void;
}

/** The page's side of one conversion: owns the worker and does what only a document can do. */
class Conversion {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  readonly #over = new AbortController();
  #waiting = 0;
  #roomMade: (() => void) | undefined;

  run(file: File, look: Look, events: ConvertEvents, signal: AbortSignal) {
    return new Promise<Clip>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { signal: this.#over.signal });
      this.#worker.addEventListener('error', (event) => {
        // An error of the code has a message; that the code did not come has none.
        const { message = '' } = event;
        reject(new ConvertError(message === '' ? 'not-loaded' : 'internal', message));
      });
      this.#worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
        if (data.type === 'done') resolve(data.clip);
        else if (data.type === 'failed') reject(new ConvertError(data.reason, data.detail));
        else if (data.type === 'progress') events.progress(data.fraction);
        else if (data.type === 'hashed') events.hashed(data.sha256);
        else if (data.type === 'taken') this.#taken();
        else if (data.type === 'needs-svg') void this.#supply(() => this.#sendSvg(file));
        else void this.#supply(() => this.#sendVideo(file, data, events.progress));
      });
      this.#tell({ type: 'start', file, look });
    }).finally(() => {
      this.#over.abort();
      this.#worker.terminate();
    });
  }

  #tell(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  #taken(): void {
    this.#waiting--;
    this.#roomMade?.();
  }

  async #supply(send: () => Promise<number>): Promise<void> {
    try {
      this.#tell({ type: 'frames-end', endUs: await send() });
    } catch (error) {
      const { reason, detail } =
        error instanceof ConvertError ? error : new ConvertError('broken-video', String(error));
      this.#tell({ type: 'frames-failed', reason, detail });
    }
  }

  #send(bitmap: ImageBitmap, startUs: number): void {
    this.#waiting++;
    this.#tell({ type: 'frame', bitmap, startUs }, [bitmap]);
  }

  async #sendSvg(file: File): Promise<number> {
    this.#send(await drawSvg(file), 0);
    return 1;
  }

  async #sendVideo(file: File, wanted: WantedFilm, progress: (fraction: number) => void) {
    const receiver: FrameReceiver = {
      busy: () => this.#waiting >= MOST_WAITING,
      room: async () => {
        while (this.#waiting >= MOST_WAITING) {
          await new Promise<void>((resolve) => (this.#roomMade = resolve));
        }
      },
      take: (bitmap, seconds) => this.#send(bitmap, Math.round(seconds * 1e6)),
      progress: (fraction) => progress(fraction * DECODED),
    };
    const seconds = await playForFrames(
      file,
      wanted.listed,
      wanted.part,
      receiver,
      this.#over.signal,
    );
    return Math.round(seconds * 1e6);
  }
}

/**
 * Turns a file into what the glass shows, in this browser alone. Rejects with a
 * {@link ConvertError}, or with the signal's reason; either way the worker is gone.
 */
export function convert(
  file: File,
  look: Look,
  events: ConvertEvents,
  signal: AbortSignal,
): Promise<Clip> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Conversion().run(file, look, events, signal);
}
