import { ApiFailure, call } from '../../api/client';
import type { ServerMessage, StorageUse } from '../../api/types';
import { device } from '../../device/device.svelte';
import { toasts } from '../../ui/toasts.svelte';
import { bytesText } from '../../ui/bytes';
import { texts } from './texts';

export interface Cleaned {
  files: number;
  bytes: number;
  uploads: number;
  trash: number;
}

/** After these the disk holds something else. */
const CHANGES: readonly ServerMessage['type'][] = [
  'initial_dashboard',
  'dashboard_update',
  'media_uploaded',
  'media_changed',
  'media_deleted',
];
const SETTLE_MS = 150;
/** Trash and uploads come and go without an event that says so. */
const EVERY_MS = 15_000;

/** The disk's figures, asked for while somebody looks at them. */
class Storage {
  use = $state.raw<StorageUse>();
  /** The exported library's length, once the device has said it. */
  exportBytes = $state<number>();
  failure = $state('');
  cleaning = $state(false);
  cleaned = $state('');

  /** Keeps the figures true until the returned function is called. */
  watch(): () => void {
    let settling: ReturnType<typeof setTimeout> | undefined;
    void this.#ask();
    const every = setInterval(() => {
      if (document.visibilityState === 'visible') void this.#ask();
    }, EVERY_MS);
    const unlisten = device.listen(({ type }) => {
      if (!CHANGES.includes(type)) return;
      clearTimeout(settling);
      settling = setTimeout(() => void this.#ask(), SETTLE_MS);
    });
    return () => {
      clearTimeout(settling);
      clearInterval(every);
      unlisten();
    };
  }

  async cleanUp(): Promise<void> {
    if (this.cleaning) return;
    [this.cleaning, this.cleaned] = [true, ''];
    try {
      const done = await call('POST', '/api/media/cleanup');
      this.cleaned = done === null ? '' : texts.cleaned(done, bytesText(done.bytes ?? 0));
      // What lay in the trash cannot be taken back any more.
      if ((done?.trash ?? 0) > 0) toasts.withdraw();
    } catch (error) {
      toasts.fail(error instanceof ApiFailure ? error.message : String(error));
    } finally {
      this.cleaning = false;
    }
    void this.#ask();
  }

  async #ask(): Promise<void> {
    try {
      this.use = await bare();
      this.failure = '';
    } catch (error) {
      this.failure = error instanceof ApiFailure ? error.message : String(error);
    }
  }

  /** How long the export would be now; asked before it is offered, since making it costs the device something. */
  async measureExport(): Promise<void> {
    try {
      const answer = await fetch('/api/media/export', { method: 'HEAD' });
      const length = Number(answer.headers.get('content-length') ?? Number.NaN);
      this.exportBytes = answer.ok && length > 0 ? length : undefined;
    } catch {
      this.exportBytes = undefined;
    }
  }
}

/** These figures come without an envelope, as they always have. */
async function bare(): Promise<StorageUse> {
  let response: Response;
  try {
    response = await fetch('/api/dashboard/storage', { cache: 'no-store' });
  } catch {
    throw new ApiFailure(0, 'UNREACHABLE', texts.unreachable);
  }
  if (!response.ok) throw new ApiFailure(response.status, 'UNKNOWN', texts.unreachable);
  return (await response.json()) as StorageUse;
}

export const storage = new Storage();
