/** A FAKE device for tests: uploads over tus 1.0.0 in memory, behind a fake XMLHttpRequest and fetch. Not shipped. */
import { vi } from 'vitest';
import type { Imported, UploadState } from './types';

interface Asked {
  method: string;
  path: string;
  headers: Map<string, string>;
  body: Blob | undefined;
}

interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
}

export interface FakeUpload {
  id: string;
  length: number;
  bytes: Buffer;
  metadata: Record<string, string>;
  state: UploadState['state'];
  code?: string;
  message?: string;
  imported?: Imported;
}

export class FakeDevice {
  uploads = new Map<string, FakeUpload>();
  asked: string[] = [];
  /** No request gets through. */
  isAway = false;
  /** The link is lost in the middle of the next chunk, of which the device keeps this much. */
  cutAfter: number | undefined;
  /** The next answer to such a method gets lost on its way, but what it was about was done. */
  loseAnswerTo: string | undefined;
  /** Instead of what it would answer, by method. */
  refuse = new Map<string, Answer>();
  /** Called when an upload is being made. */
  onPost: () => void = () => undefined;
  /** Called before each PATCH is worked off. */
  onPatch: (upload: FakeUpload) => Promise<void> | void = () => undefined;
  /** What becomes of an upload when its last byte is there. */
  ends: (upload: FakeUpload) => void = (upload) => (upload.state = 'complete');
  #made = 0;

  install(): void {
    const device = this.answer.bind(this);
    vi.stubGlobal('location', new URL('http://loop.test/'));
    vi.stubGlobal('fetch', async (path: string, { method = 'GET', headers }: RequestInit) => {
      const sent = new Map(new Headers(headers).entries());
      const url = new URL(path, 'http://loop.test');
      const answer = await device({ method, path: url.pathname, headers: sent, body: undefined });
      if (answer === undefined) throw new TypeError('no way');
      const body = answer.status === 204 ? null : JSON.stringify(answer.body ?? {});
      return new Response(body, { status: answer.status, headers: answer.headers ?? {} });
    });
    vi.stubGlobal('XMLHttpRequest', requestsTo(device));
  }

  only(): FakeUpload {
    const [upload] = this.uploads.values();
    if (upload === undefined || this.uploads.size > 1) throw new Error(`${this.uploads.size}`);
    return upload;
  }

  /** Undefined: no answer comes. */
  async answer(asked: Asked): Promise<Answer | undefined> {
    this.asked.push(`${asked.method} ${asked.path}`);
    if (this.isAway) return undefined;
    const answer = this.refuse.get(asked.method) ?? (await this.#work(asked));
    if (this.loseAnswerTo === asked.method) {
      this.loseAnswerTo = undefined;
      return undefined;
    }
    return this.isAway ? undefined : answer;
  }

  async #work(asked: Asked): Promise<Answer | undefined> {
    const { method, path } = asked;
    if (method === 'POST') return this.#make(asked);
    const upload = this.uploads.get(path.split('/').at(-1)!);
    if (upload === undefined) return { status: 404, body: { code: 'NOT_FOUND', message: 'gone' } };
    if (method === 'GET') return { status: 200, body: { success: true, data: stateOf(upload) } };
    if (method === 'DELETE') {
      this.uploads.delete(upload.id);
      return { status: 204 };
    }
    if (method === 'PATCH') return this.#take(upload, asked);
    const headers = {
      'upload-offset': `${upload.bytes.length}`,
      'upload-length': `${upload.length}`,
    };
    return { status: 200, headers };
  }

  #make({ headers }: Asked): Answer {
    this.onPost();
    const id = `up${++this.#made}`;
    const pairs = (headers.get('upload-metadata') ?? '').split(',').map((pair) => pair.split(' '));
    const text = (value = ''): string => Buffer.from(value, 'base64').toString();
    this.uploads.set(id, {
      id,
      length: Number(headers.get('upload-length')),
      bytes: Buffer.alloc(0),
      metadata: Object.fromEntries(pairs.map(([key, value]) => [key, text(value)])),
      state: 'receiving',
    });
    return { status: 201, headers: { location: `/api/uploads/${id}` } };
  }

  async #take(upload: FakeUpload, { headers, body }: Asked): Promise<Answer | undefined> {
    await this.onPatch(upload);
    if (Number(headers.get('upload-offset')) !== upload.bytes.length) return { status: 409 };
    const bytes = Buffer.from(await body!.arrayBuffer());
    const { cutAfter } = this;
    this.cutAfter = undefined;
    upload.bytes = Buffer.concat([upload.bytes, bytes.subarray(0, cutAfter)]);
    if (cutAfter !== undefined) return undefined;
    if (upload.bytes.length === upload.length) this.ends(upload);
    return { status: 204, headers: { 'upload-offset': `${upload.bytes.length}` } };
  }
}

function stateOf({ id, length, bytes, state, code, message, imported }: FakeUpload): UploadState {
  const about = { filename: '', progress: 50, slug: null };
  return {
    id,
    length,
    offset: bytes.length,
    state,
    code: code ?? null,
    message: message ?? null,
    imported: imported ?? null,
    ...about,
  };
}

/** As much of XMLHttpRequest as tus-js-client uses. */
function requestsTo(device: (asked: Asked) => Promise<Answer | undefined>): unknown {
  return class {
    upload: { onprogress?: (event: unknown) => void } = {};
    onload?: () => void;
    onerror?: (event: unknown) => void;
    status = 0;
    responseText = '';
    #asked: Asked = { method: '', path: '', headers: new Map(), body: undefined };
    #headers = new Headers();
    #isAborted = false;

    open(method: string, url: string): void {
      this.#asked = { ...this.#asked, method, path: new URL(url).pathname };
    }

    setRequestHeader(name: string, value: string): void {
      this.#asked.headers.set(name.toLowerCase(), value);
    }

    getResponseHeader(name: string): string | null {
      return this.#headers.get(name);
    }

    abort(): void {
      this.#isAborted = true;
    }

    send(body: Blob | null): void {
      this.#asked.body = body ?? undefined;
      if (body) this.upload.onprogress?.({ lengthComputable: true, loaded: body.size });
      void device(this.#asked).then((answer) => {
        if (this.#isAborted) return;
        if (answer === undefined) return this.onerror?.({});
        this.status = answer.status;
        this.#headers = new Headers(answer.headers);
        this.responseText = answer.body === undefined ? '' : JSON.stringify(answer.body);
        this.onload?.();
      });
    }
  };
}
