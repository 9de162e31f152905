import { ApiFailure } from '../api/client';
import { StatePoll } from '../api/poll';
import { LiveSocket, socketUrl } from '../api/socket';
import type { Dashboard, ServerMessage } from '../api/types';
import type { GlassFeed, GlassViewer } from '../glass/state';
import { toasts } from '../ui/toasts.svelte';
import { ServerClock } from './clock';
import { reduce, UNKNOWN, type DeviceState } from './state';

/** `polling`: the device answers requests, but no socket opens. */
export type Phase = 'connecting' | 'live' | 'polling' | 'reconnecting';
type Patch = (state: DeviceState) => DeviceState;

/**
 * The one place that holds the device's state. What the device said and what was asked of it but
 * not yet answered are kept apart: a refused wish disappears by itself and the truth is back.
 */
export class Device implements GlassFeed {
  readonly clock = new ServerClock();
  phase = $state<Phase>('connecting');
  /** Local time of the last word from the device. */
  heardAt = $state(Date.now());

  #confirmed = $state.raw<DeviceState>(UNKNOWN);
  #wishes = $state.raw<readonly Patch[]>([]);
  readonly #view = $derived(this.#wishes.reduce((state, wish) => wish(state), this.#confirmed));
  // Not shown anywhere, so nothing has to react to them.
  /* eslint-disable svelte/prefer-svelte-reactivity */
  readonly #listeners = new Set<(message: ServerMessage) => void>();
  readonly #viewers = new Set<GlassViewer>();
  /* eslint-enable svelte/prefer-svelte-reactivity */
  readonly #socket: LiveSocket;
  readonly #poll: StatePoll;

  constructor(url: string) {
    this.#socket = new LiveSocket(url, {
      open: () => {
        this.#poll.stop();
        this.phase = 'live';
      },
      lost: () => {
        this.#poll.start();
        if (this.phase !== 'polling') this.phase = 'reconnecting';
      },
      message: (message) => this.#hear(message),
      record: (message) => this.#viewers.forEach(({ record }) => record(message)),
    });
    this.#socket.join('progress');
    this.#poll = new StatePoll({
      answered: (dashboard, at) => this.#take(dashboard, at),
      failed: () => {
        if (this.phase === 'polling') this.phase = 'reconnecting';
      },
    });
  }

  /** What the page shows: the device's word, with open wishes on top. */
  get state(): DeviceState {
    return this.#view;
  }

  connect = (): void => {
    this.#socket.wake();
    if (!this.#socket.isOpen) this.#poll.start();
  };

  get isOpen(): boolean {
    return this.phase === 'live';
  }

  watchGlass(viewer: GlassViewer): () => void {
    this.#viewers.add(viewer);
    this.#socket.join('live');
    return () => {
      this.#viewers.delete(viewer);
      if (this.#viewers.size === 0) this.#socket.leave('live');
    };
  }

  listen(listener: (message: ServerMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** An answer to a request may carry the same news as an event, only sooner. */
  told(message: ServerMessage): void {
    this.#hear(message);
  }

  /**
   * Shows `wish` at once and sends the request. The answer may carry the confirmed truth; on
   * failure the wish is taken back and the device's own sentence is shown. True when it worked.
   */
  async change(wish: Patch, request: () => Promise<Patch | undefined>): Promise<boolean> {
    this.#wishes = [...this.#wishes, wish];
    try {
      const confirm = await request();
      this.#confirmed = (confirm ?? wish)(this.#confirmed);
      return true;
    } catch (error) {
      toasts.fail(error instanceof ApiFailure ? error.message : String(error));
      return false;
    } finally {
      this.#wishes = this.#wishes.filter((other) => other !== wish);
    }
  }

  #take(dashboard: Dashboard | undefined, at: number): void {
    this.phase = 'polling';
    this.heardAt = Date.now();
    if (!Number.isNaN(at)) this.clock.note(at / 1000, this.heardAt);
    if (dashboard !== undefined) this.#hear({ type: 'dashboard_update', data: dashboard });
  }

  #hear(message: ServerMessage): void {
    this.heardAt = Date.now();
    if (message.timestamp !== undefined) this.clock.note(message.timestamp, this.heardAt);
    if (message.type === 'glass') this.#viewers.forEach(({ state }) => state(message.data));
    this.#confirmed = reduce(this.#confirmed, message);
    this.#listeners.forEach((listener) => listener(message));
  }
}

export const device = new Device(socketUrl());
