import { failureFrom } from './client';
import type { Envelope } from './types';

export interface Upload {
  original: File;
  frames: Blob;
  framesName: string;
  /** Names this upload in the device's progress events. */
  id: string;
}

/** No byte moved for this long: the way to the device is gone, whatever the browser believes. */
const STALL_MS = 60_000;
/** The device answers within its own request limit; this only ends a wait for nobody. */
const STORE_MS = 310_000;

/**
 * Sends a file and its frames. `sent` gets 0 to 1; at 1 the device has everything and is storing
 * it. Rejects with an ApiFailure or, when cancelled, with the signal's reason.
 */
export function upload(
  { original, frames, framesName, id }: Upload,
  sent: (fraction: number) => void,
  signal: AbortSignal,
): Promise<string> {
  const form = new FormData();
  form.append('files', original, original.name);
  form.append('files', frames, framesName);
  const xhr = new XMLHttpRequest();
  return new Promise<string>((resolve, reject) => {
    let stall: ReturnType<typeof setTimeout>;
    const moved = (limit: number): void => {
      clearTimeout(stall);
      stall = setTimeout(() => xhr.abort(), limit);
    };
    xhr.upload.onprogress = ({ loaded, total }) => {
      moved(STALL_MS);
      sent(total > 0 ? Math.min(loaded / total, 0.999) : 0);
    };
    xhr.upload.onload = () => {
      moved(STORE_MS);
      sent(1);
    };
    xhr.onload = () => {
      if (xhr.status !== 200) return reject(failureFrom(xhr.status, xhr.responseText));
      const answer = JSON.parse(xhr.responseText) as Envelope<{ slug: string }>;
      resolve(answer.data?.slug ?? '');
    };
    xhr.onerror = () => reject(failureFrom(0, ''));
    xhr.onabort = () => reject(signal.aborted ? signal.reason : failureFrom(0, ''));
    xhr.onloadend = () => clearTimeout(stall);
    signal.addEventListener('abort', () => xhr.abort(), { once: true });
    xhr.open('POST', '/api/media');
    xhr.setRequestHeader('X-Upload-Id', id);
    xhr.send(form);
    moved(STALL_MS);
  });
}
