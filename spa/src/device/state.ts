import type { Dashboard, Hardware, MediaItem, Player, ServerMessage } from '../api/types';

/** All the page knows about the device. */
export interface DeviceState {
  /** False until the first whole picture of the state has come. */
  known: boolean;
  version: string;
  /** All of the library, or those of it that loop first and then the newest. */
  media: readonly MediaItem[];
  /** How many the device has; more than `media` when the library is large. */
  total: number;
  loop: readonly string[];
  player: Player | null;
  hardware: Hardware | null;
  brightness: number | null;
}

export const UNKNOWN: DeviceState = {
  known: false,
  version: '',
  media: [],
  total: 0,
  loop: [],
  player: null,
  hardware: null,
  brightness: null,
};

function fromDashboard({ status, media, media_total, loop, display }: Dashboard): DeviceState {
  return {
    known: true,
    version: status.system,
    media,
    total: media_total ?? media.length,
    loop,
    player: status.player,
    hardware: status.hardware ?? { connected: status.player !== null, panel: null },
    brightness: display?.brightness ?? null,
  };
}

/** Adds an item, or puts it in the place of the older one of that name. */
export function withMedia(state: DeviceState, item: MediaItem): DeviceState {
  const known = state.media.some(({ slug }) => slug === item.slug);
  const media = known
    ? state.media.map((old) => (old.slug === item.slug ? item : old))
    : [...state.media, item];
  return { ...state, media, total: known ? state.total : state.total + 1 };
}

/** An item that is not among those the page has stays unknown. */
export function withChanged(state: DeviceState, item: MediaItem): DeviceState {
  const known = state.media.some(({ slug }) => slug === item.slug);
  return known ? withMedia(state, item) : state;
}

export function withoutMedia(state: DeviceState, ...slugs: string[]): DeviceState {
  const media = state.media.filter((item) => !slugs.includes(item.slug));
  return {
    ...state,
    media,
    // What the page does not have may be gone twice over: the next whole state tells.
    total: state.total - (state.media.length - media.length),
    loop: state.loop.filter((other) => !slugs.includes(other)),
  };
}

export function withLoop(state: DeviceState, loop: readonly string[]): DeviceState {
  return { ...state, loop };
}

export function withBrightness(state: DeviceState, brightness: number): DeviceState {
  return { ...state, brightness };
}

/** The state after a message. Messages that say nothing about the state leave it as it is. */
export function reduce(state: DeviceState, message: ServerMessage): DeviceState {
  switch (message.type) {
    case 'initial_dashboard':
    case 'dashboard_update':
      return fromDashboard(message.data);
    case 'media_uploaded':
      return withMedia(state, message.data);
    case 'media_changed':
      return withChanged(state, message.data);
    case 'media_deleted':
      return withoutMedia(state, message.data.slug);
    case 'loop_updated':
      return withLoop(state, message.data.loop);
    case 'playback_changed':
      return { ...state, player: message.data.player };
    case 'brightness_changed':
      return withBrightness(state, message.data.brightness);
    case 'system_status_changed': {
      const { hardware } = message.data;
      return { ...state, hardware, player: hardware.connected ? state.player : null };
    }
    default:
      return state;
  }
}

/** The loop's items in playing order; names whose item has not arrived yet are passed over. */
export function loopItems({ media, loop }: DeviceState): MediaItem[] {
  const bySlug = new Map(media.map((item) => [item.slug, item]));
  return loop.flatMap((slug) => bySlug.get(slug) ?? []);
}

/** What is stored but does not loop, newest first. */
export function restingItems({ media, loop }: DeviceState): MediaItem[] {
  const looping = new Set(loop);
  return media
    .filter(({ slug }) => !looping.has(slug))
    .sort((a, b) => b.uploadedAt.localeCompare(a.uploadedAt));
}
