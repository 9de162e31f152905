import type { Device } from '../../device/device.svelte';

const POLL_MS = 500;
const SNAPSHOT = '/api/display/snapshot.png';

/** Fetches the picture when it has changed; undefined when not, or when it cannot be had. */
async function snapshot(known: { etag: string }): Promise<Blob | undefined> {
  try {
    const response = await fetch(SNAPSHOT, {
      headers: known.etag === '' ? {} : { 'if-none-match': known.etag },
      cache: 'no-store',
      signal: AbortSignal.timeout(5_000),
    });
    if (response.status !== 200) return undefined;
    known.etag = response.headers.get('etag') ?? '';
    return await response.blob();
  } catch {
    return undefined;
  }
}

/**
 * Keeps drawing what is on the glass: pushed over the socket, asked for twice a second where the
 * socket is not open (some networks block it), and not at all while nobody can see it.
 */
export function followGlass(
  device: Device,
  seen: HTMLElement,
  draw: (picture: ImageBitmap) => void,
): () => void {
  let latest = 0;
  let onScreen = true;
  let unwatch: (() => void) | undefined;
  const known = { etag: '' };

  const show = async (png: Blob): Promise<void> => {
    const mine = ++latest;
    const picture = await createImageBitmap(png);
    if (mine === latest) draw(picture);
    picture.close();
  };
  const live = (): boolean => device.phase === 'live';
  const visible = (): boolean => onScreen && document.visibilityState === 'visible';
  const follow = (): void => {
    if (visible()) {
      unwatch ??= device.watchGlass((png) => void show(png).catch(() => undefined));
    } else {
      unwatch?.();
      unwatch = undefined;
    }
  };
  const poll = async (): Promise<void> => {
    if (visible() && !live()) {
      const png = await snapshot(known);
      if (png !== undefined && !live()) await show(png).catch(() => undefined);
    }
    timer = setTimeout(() => void poll(), POLL_MS);
  };

  const observer = new IntersectionObserver(([entry]) => {
    onScreen = entry?.isIntersecting ?? true;
    follow();
  });
  observer.observe(seen);
  document.addEventListener('visibilitychange', follow);
  let timer = setTimeout(() => void poll(), POLL_MS);
  follow();
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    document.removeEventListener('visibilitychange', follow);
    unwatch?.();
  };
}
