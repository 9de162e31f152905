import { LiveSocket, socketUrl } from '../api/socket';
import { followGlass, type View } from '../glass/follow';
import type { GlassFeed, GlassViewer } from '../glass/state';

const TEXTS: Record<View, string> = {
  waiting: 'No picture yet',
  live: '',
  snapshots: 'Single pictures',
  old: 'Not live',
};

/** The glass and nothing else of the device. */
class Feed implements GlassFeed {
  readonly #viewers = new Set<GlassViewer>();
  readonly #socket = new LiveSocket(socketUrl(), {
    open: () => undefined,
    lost: () => undefined,
    message: (message) => {
      if (message.type === 'glass') this.#viewers.forEach(({ state }) => state(message.data));
    },
    record: (message) => this.#viewers.forEach(({ record }) => record(message)),
  });

  get isOpen(): boolean {
    return this.#socket.isOpen;
  }

  readonly wake = (): void => this.#socket.wake();

  watchGlass(viewer: GlassViewer): () => void {
    this.#viewers.add(viewer);
    this.#socket.join('live');
    return () => {
      this.#viewers.delete(viewer);
      if (this.#viewers.size === 0) this.#socket.leave('live');
    };
  }
}

function show(view: View): void {
  document.body.className = view;
  document.querySelector('p')!.textContent = TEXTS[view];
}

const feed = new Feed();
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') feed.wake();
});
addEventListener('online', feed.wake);
addEventListener('pageshow', feed.wake);
feed.wake();
show('waiting');
followGlass(feed, document.querySelector('canvas')!, show);
