import { ApiFailure, call, failureFrom, segment } from './client';
import type { UploadState } from './types';

/** Where uploads are made (tus 1.0.0). */
export const UPLOADS = '/api/uploads';
const TIMEOUT_MS = 10_000;

export function isGone(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 404 || error.status === 410);
}

/** How far an upload is; undefined when the device does not know it, or has let it go because nobody went on with it. */
export async function uploadState(id: string): Promise<UploadState | undefined> {
  try {
    const state = await call('GET', `${UPLOADS}/${segment(id)}`);
    return state === null || state.code === 'EXPIRED' ? undefined : state;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Takes an upload back, whether it is under way, waiting or being converted. */
export async function terminate(id: string): Promise<void> {
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(`${UPLOADS}/${segment(id)}`, {
      method: 'DELETE',
      headers: { 'tus-resumable': '1.0.0' },
      // The last cancel before the page is left still counts.
      keepalive: true,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await answer.text();
  } catch {
    throw failureFrom(0, '');
  }
  const failure = failureFrom(answer.status, text, answer.headers.get('retry-after'));
  if (!answer.ok && !isGone(failure)) throw failure;
}
