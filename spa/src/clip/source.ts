import { BadClip } from './error';

/** Clips up to this size are kept whole; most GIFs are. */
export const WHOLE_BYTES = 4 * 1024 * 1024;

const CHUNK_BYTES = 256 * 1024;
/** Chunks of a long clip that are kept: 3 MB. */
const KEPT = 12;
/** A device that does not answer in this time is not worth waiting for. */
const PATIENCE_MS = 20_000;

/** Bytes of a clip, from wherever they are. */
export interface Source {
  readonly size: number;
  /** The bytes if they are here. */
  read(offset: number, length: number): Uint8Array | undefined;
  /** Gets the bytes here; they stay for a while. */
  load(offset: number, length: number): Promise<void>;
}

/** Opens a file by its address. A small one is fetched whole, of a long one what is needed. */
export async function openSource(url: string, signal: AbortSignal): Promise<Source> {
  return withPatience(signal, async (stop) => {
    const response = await fetch(url, { signal: stop.signal });
    if (!response.ok) throw new BadClip(`the display answered ${response.status}`);
    const size = Number(response.headers.get('content-length') ?? Number.NaN);
    if (!Number.isSafeInteger(size)) throw new BadClip('the display did not say how long it is');
    if (size <= WHOLE_BYTES) return new WholeSource(new Uint8Array(await response.arrayBuffer()));
    stop.abort();
    return new RangedSource(url, size, signal);
  });
}

/** Does something that ends when `signal` says so, or when it takes too long. */
async function withPatience<T>(
  signal: AbortSignal,
  act: (stop: AbortController) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const abort = (): void => stop.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort);
  const timer = setTimeout(() => stop.abort(new BadClip('the display is too slow')), PATIENCE_MS);
  try {
    return await act(stop);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

export class WholeSource implements Source {
  readonly size: number;

  constructor(readonly bytes: Uint8Array) {
    this.size = bytes.length;
  }

  read(offset: number, length: number): Uint8Array | undefined {
    return offset + length <= this.size ? this.bytes.subarray(offset, offset + length) : undefined;
  }

  load(offset: number, length: number): Promise<void> {
    if (offset + length <= this.size) return Promise.resolve();
    return Promise.reject(new BadClip('the clip is cut off'));
  }
}

export class RangedSource implements Source {
  /** The one used last comes last. */
  readonly #chunks = new Map<number, Uint8Array>();
  readonly #loading = new Map<number, Promise<void>>();

  constructor(
    readonly url: string,
    readonly size: number,
    readonly signal: AbortSignal,
  ) {}

  read(offset: number, length: number): Uint8Array | undefined {
    const numbers = this.#numbers(offset, length);
    const chunks = numbers.map((number) => this.#touch(number));
    const first = numbers[0]! * CHUNK_BYTES;
    if (chunks.length === 1) return chunks[0]?.subarray(offset - first, offset - first + length);
    const bytes = new Uint8Array(length);
    for (const [i, chunk] of chunks.entries()) {
      if (chunk === undefined) return undefined;
      const at = first + i * CHUNK_BYTES - offset;
      bytes.set(chunk.subarray(Math.max(0, -at), length - at), Math.max(0, at));
    }
    return bytes;
  }

  async load(offset: number, length: number): Promise<void> {
    if (offset + length > this.size) throw new BadClip('the clip is cut off');
    await Promise.all(this.#numbers(offset, length).map((number) => this.#load(number)));
  }

  #numbers(offset: number, length: number): number[] {
    const first = Math.floor(offset / CHUNK_BYTES);
    const last = Math.floor((offset + Math.max(length, 1) - 1) / CHUNK_BYTES);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  }

  #touch(number: number): Uint8Array | undefined {
    const chunk = this.#chunks.get(number);
    if (chunk !== undefined) {
      this.#chunks.delete(number);
      this.#chunks.set(number, chunk);
    }
    return chunk;
  }

  async #load(number: number): Promise<void> {
    if (this.#chunks.has(number)) return;
    let loading = this.#loading.get(number);
    if (loading === undefined) {
      loading = this.#fetch(number).finally(() => this.#loading.delete(number));
      this.#loading.set(number, loading);
    }
    await loading;
  }

  async #fetch(number: number): Promise<void> {
    const start = number * CHUNK_BYTES;
    const end = Math.min(start + CHUNK_BYTES, this.size);
    const bytes = await withPatience(this.signal, async ({ signal }) => {
      const headers = { range: `bytes=${start}-${end - 1}` };
      const response = await fetch(this.url, { headers, signal });
      // Anything but the part asked for could be as long as it likes.
      const length = Number(response.headers.get('content-length'));
      if (response.status !== 206 || length !== end - start) {
        await response.body?.cancel();
        throw new BadClip(`the display answered ${response.status} to a part of the clip`);
      }
      return response.arrayBuffer();
    });
    this.#chunks.set(number, new Uint8Array(bytes));
    const [oldest] = this.#chunks.keys();
    if (this.#chunks.size > KEPT && oldest !== undefined) this.#chunks.delete(oldest);
  }
}
