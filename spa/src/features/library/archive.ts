import { ApiFailure } from '../../api/client';
import { deliver, follow, News, Rest, takeBack, type Hold } from '../../api/deliver';
import type { Imported, StoringProgress } from '../../api/types';
import { device } from '../../device/device.svelte';

export interface ImportEvents {
  /** 0 to 1; at 1 the device has all of it and unpacks. */
  sent: (fraction: number) => void;
  /** 0 to 1. */
  unpacked: (fraction: number) => void;
  hold: (why: Hold | undefined) => void;
}

const LOST =
  'The display has lost track of this library. Try again: what is there already is skipped.';

/**
 * Sends an exported library to be merged into this one, however often the link is lost on the way. Rejects with an
 * ApiFailure or, when cancelled, with the signal's reason; what was merged by then stays.
 */
export async function importLibrary(
  file: File,
  { sent, unpacked, hold }: ImportEvents,
  signal: AbortSignal,
): Promise<Imported> {
  let id: string | undefined;
  const [news, rest] = [new News(), new Rest()];
  const told = ({ percent, progress, stage }: StoringProgress): void => {
    const value = percent ?? progress;
    if (value !== undefined) unpacked(rest.fraction(value));
    if (stage === 'complete' || stage === 'error') news.tell();
  };
  let unlisten = (): void => undefined;
  const created = (name: string): void => {
    id = name;
    if (signal.aborted) void takeBack(name);
  };
  const cancelled = (): void => {
    if (id !== undefined) void takeBack(id);
  };
  signal.addEventListener('abort', cancelled, { once: true });
  const metadata = { filename: file.name, filetype: 'application/x-tar', kind: 'library' };
  const forgotten = (): void => {
    id = undefined;
    sent(0);
  };
  try {
    const delivery = {
      created,
      forgotten,
      hold,
      moving: () => hold(undefined),
      // The whole is told once: when it is there to stay.
      acknowledged: (fraction: number) => sent(Math.min(fraction, 0.999)),
    };
    const name = await deliver({ body: file, metadata }, undefined, delivery, signal);
    sent(1);
    unlisten = device.listen((message) => {
      if (message.type !== 'processing_progress' && message.type !== 'upload_progress') return;
      if ((message.data.job_id ?? message.data.upload_id) === name) told(message.data);
    });
    const following = {
      hold,
      news,
      progress: ({ progress }: { progress: number }) => unpacked(rest.fraction(progress)),
    };
    const ended = await follow(name, following, signal);
    if (ended === undefined) throw new ApiFailure(404, 'LOST', LOST);
    return ended.imported ?? { imported: 0, skipped: 0, renamed: [], failed: [] };
  } finally {
    signal.removeEventListener('abort', cancelled);
    unlisten();
  }
}
