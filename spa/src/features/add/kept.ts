import type { Edit } from '../../convert/edit';
import type { Fit } from '../../convert/geometry';
import type { Quality } from '../../convert/quality';

/**
 * What this browser keeps of the queue, so that it outlives the tab: IndexedDB, which plain http has too. A hundred lines
 * of our own: the smallest libraries have no transaction over several steps, and that is what tabs keep apart by.
 */

/** How far a file got, as far as it matters to one who goes on with it. `cancelled`: the device is yet to be told. */
export type KeptStage = 'waiting' | 'ready' | 'storing' | 'failed' | 'cancelled';

export interface KeptJob {
  id: string;
  /** The tab that works on it; another one may take it over, see {@link Kept.adopt}. */
  owner: string;
  /** Orders the queue. */
  at: number;
  name: string;
  type: string;
  modified: number;
  fit: Fit;
  quality: Quality;
  /** What else is done to it; nothing, when it is absent. */
  edit?: Edit | undefined;
  /** Somebody has stopped it. */
  paused?: boolean;
  stage: KeptStage;
  uploadId: string | undefined;
  sha256: string;
  /** Why the display is to convert it, in words; empty when this browser does. */
  refusal: string;
  failure: string;
}

export interface KeptFiles {
  original: Blob | undefined;
  frames: Blob | undefined;
}

const NAME = 'loop.queue';
const JOBS = 'jobs';
const FILES = 'files';
/** A database that has not opened by then will not: some browsers never answer. */
const OPEN_MS = 5_000;
/** Larger files are not taken into memory, only to be kept. */
const MOST_BYTES = 64 * 1024 * 1024;

type Part = keyof KeptFiles;
const fileKey = (id: string, part: Part): string => `${id}/${part}`;

function answered<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Some browsers do not keep Blobs, but do keep their bytes. */
async function asBlobOrBytes<T>(
  blob: Blob | undefined,
  write: (value: Blob | ArrayBuffer | undefined) => Promise<T>,
): Promise<T> {
  try {
    return await write(blob);
  } catch (error) {
    const full = error instanceof DOMException && error.name === 'QuotaExceededError';
    if (blob === undefined || full || blob.size > MOST_BYTES) throw error;
    return write(await blob.arrayBuffer());
  }
}

function asBlob(value: Blob | ArrayBuffer | undefined): Blob | undefined {
  return value instanceof ArrayBuffer ? new Blob([value]) : value;
}

export class Kept {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab has a newer page: it is not to wait for us.
    database.onversionchange = () => database.close();
  }

  /** Undefined where nothing can be kept: private windows, blocked storage. */
  static async open(): Promise<Kept | undefined> {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(JOBS, { keyPath: 'id' });
        request.result.createObjectStore(FILES);
      };
      const late = new Promise<undefined>((resolve) => setTimeout(resolve, OPEN_MS));
      const database = await Promise.race([answered(request), late]);
      return database && new Kept(database);
    } catch {
      return undefined;
    }
  }

  /** Keeps a new file. */
  add(job: KeptJob, original: Blob): Promise<void> {
    return asBlobOrBytes(original, (value) =>
      this.#run('readwrite', async (jobs, files) => {
        jobs.put(job);
        files.put(value, fileKey(job.id, 'original'));
      }),
    );
  }

  /** Keeps what has become of a file. False, and nothing is changed, when another tab works on it by now. */
  put(job: KeptJob, frames?: Blob): Promise<boolean> {
    return asBlobOrBytes(frames, (value) =>
      this.#run('readwrite', async (jobs, files) => {
        const found = (await answered(jobs.get(job.id))) as KeptJob | undefined;
        if (found?.owner !== job.owner) return false;
        jobs.put(job);
        if (value !== undefined) files.put(value, fileKey(job.id, 'frames'));
        const isOver = job.stage === 'cancelled';
        if (isOver) files.delete(fileKey(job.id, 'original'));
        if (isOver || job.stage === 'waiting') files.delete(fileKey(job.id, 'frames'));
        return true;
      }),
    );
  }

  /** Whether the file is still `owner`'s. */
  owns(id: string, owner: string): Promise<boolean> {
    return this.#run('readonly', async (jobs) => {
      const found = (await answered(jobs.get(id))) as KeptJob | undefined;
      return found?.owner === owner;
    });
  }

  /** Gives a file that was `from`'s to `to`. Of several who try, one gets it; the others get undefined. */
  adopt(id: string, from: string, to: string): Promise<KeptJob | undefined> {
    return this.#run('readwrite', async (jobs) => {
      const found = (await answered(jobs.get(id))) as KeptJob | undefined;
      if (found?.owner !== from) return undefined;
      const taken = { ...found, owner: to };
      jobs.put(taken);
      return taken;
    });
  }

  /** All of all tabs, in order. */
  async list(): Promise<KeptJob[]> {
    const all = await this.#run('readonly', (jobs) => answered(jobs.getAll()));
    return (all as KeptJob[]).sort((a, b) => a.at - b.at);
  }

  files(id: string): Promise<KeptFiles> {
    return this.#run('readonly', async (_jobs, files) => {
      const part = async (name: Part) => asBlob(await answered(files.get(fileKey(id, name))));
      const [original, frames] = await Promise.all([part('original'), part('frames')]);
      return { original, frames };
    });
  }

  remove(id: string): Promise<void> {
    return this.#run('readwrite', async (jobs, files) => {
      jobs.delete(id);
      files.delete(fileKey(id, 'original'));
      files.delete(fileKey(id, 'frames'));
    });
  }

  /** `work` in one transaction; resolves when that is on the disk. */
  async #run<T>(
    mode: IDBTransactionMode,
    work: (jobs: IDBObjectStore, files: IDBObjectStore) => Promise<T>,
  ): Promise<T> {
    const transaction = this.#database.transaction([JOBS, FILES], mode);
    const over = new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
    const worked = work(transaction.objectStore(JOBS), transaction.objectStore(FILES));
    const [result] = await Promise.all([worked, over]);
    return result;
  }
}
