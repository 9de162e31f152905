import type { Address, Body, Data, Method } from './operations';
import type { Envelope } from './types';

/** An answer that was not a success; `message` is the device's own sentence, or ours when there is none. */
export class ApiFailure extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** When the device wants to be asked again; 0 when it has not said so. */
    readonly retryAfterMs = 0,
    /** What is wrong with single fields of the request, by their names. */
    readonly faults: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = 'ApiFailure';
  }
}

const UNREACHABLE = 'The display did not answer. Is it switched on and in the same network?';
const TIMEOUT_MS = 10_000;

/** Browsers refuse to send more than 64 KiB after the page is gone, all such requests together. */
const OUTLIVES_CHARS = 32_000;

function field(body: unknown, name: string): string | undefined {
  const value: unknown =
    typeof body === 'object' && body !== null ? Reflect.get(body, name) : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Of `errors: [{"title": "it is empty"}]`. */
function faultsIn(body: unknown): Record<string, string> {
  const errors: unknown =
    typeof body === 'object' && body !== null ? Reflect.get(body, 'errors') : undefined;
  const all = Array.isArray(errors) ? errors.flatMap((error) => Object.entries(error ?? {})) : [];
  return Object.fromEntries(
    all.filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

/** Makes a failure out of any error body, ours or a proxy's. */
export function failureFrom(status: number, text: string, retryAfter?: string | null): ApiFailure {
  if (status === 0) return new ApiFailure(0, 'UNREACHABLE', UNREACHABLE);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const message =
    field(body, 'message') ?? field(body, 'detail') ?? `The display answered ${status}.`;
  const seconds = Number(retryAfter ?? 0);
  const ms = seconds > 0 ? seconds * 1000 : 0;
  const code = field(body, 'code') ?? 'UNKNOWN';
  return new ApiFailure(status, code, message, ms, status === 422 ? faultsIn(body) : {});
}

/** Calls the device; resolves with the envelope's `data`. What may be asked, and with what, the device describes itself. */
export async function call<M extends Method, A extends Address<M>>(
  method: M,
  path: A,
  body?: Body<M, A>,
): Promise<Data<M, A> | null> {
  const content = body === undefined ? null : JSON.stringify(body);
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      body: content,
      // A change asked for in the moment the page is left is still made, if it is short enough for that.
      keepalive: method !== 'GET' && (content?.length ?? 0) <= OUTLIVES_CHARS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch {
    throw failureFrom(0, '');
  }
  if (!response.ok) throw failureFrom(response.status, text);
  const envelope = JSON.parse(text) as Envelope<Data<M, A>>;
  if (envelope.success === false) throw failureFrom(response.status, text);
  return envelope.data;
}

/** A path segment for a name that came from the device. */
export function segment(name: string): string {
  return encodeURIComponent(name);
}
