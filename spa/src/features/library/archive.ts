import { failureFrom } from '../../api/client';
import type { Envelope } from '../../api/types';

/** How an import ended. */
export interface Imported {
  imported: number;
  skipped: number;
  failed: { slug: string; message: string }[];
}

type Counted = number | readonly unknown[] | null | undefined;
interface Answer {
  imported?: Counted;
  skipped?: Counted;
  failed?: { slug: string; message: string }[];
}

const count = (value: Counted): number =>
  typeof value === 'number' ? value : (value?.length ?? 0);

/**
 * Sends an exported library to be merged into this one. `sent` gets 0 to 1; at 1 the device has all of it and is
 * unpacking. Rejects with an ApiFailure or, when cancelled, with the signal's reason.
 */
export function importLibrary(
  file: File,
  sent: (fraction: number) => void,
  signal: AbortSignal,
): Promise<Imported> {
  const xhr = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    xhr.upload.onprogress = ({ loaded, total }) => {
      sent(total > 0 ? Math.min(loaded / total, 0.999) : 0);
    };
    xhr.upload.onload = () => sent(1);
    xhr.onload = () => {
      if (xhr.status !== 200) return reject(failureFrom(xhr.status, xhr.responseText));
      const { data } = JSON.parse(xhr.responseText) as Envelope<Answer>;
      const { imported, skipped, failed = [] } = data ?? {};
      resolve({ imported: count(imported), skipped: count(skipped), failed });
    };
    xhr.onerror = () => reject(failureFrom(0, ''));
    xhr.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => xhr.abort(), { once: true });
    xhr.open('POST', '/api/media/import');
    xhr.setRequestHeader('Content-Type', 'application/x-tar');
    xhr.send(file);
  });
}
