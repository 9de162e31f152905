import { describe, expect, it } from 'vitest';
import type { Dashboard, MediaItem, Player, ServerMessage } from '../api/types';
import { ServerClock } from './clock';
import { loopItems, reduce, restingItems, UNKNOWN, type DeviceState } from './state';

const item = (slug: string, filename = `${slug}.gif`): MediaItem => ({
  slug,
  filename,
  type: 'image/gif',
  size: 1,
  uploadedAt: `2026-01-0${slug.charCodeAt(0) - 96}T00:00:00Z`,
});
const player = { current_media: 'a', paused: false } as Player;
const dashboard: Dashboard = {
  status: {
    system: 'LOOP v1',
    status: 'running',
    timestamp: 1,
    player,
    hardware: { connected: true, panel: null },
  },
  media: [item('a'), item('b'), item('c')],
  active: 'a',
  loop: ['b', 'a'],
  display: { brightness: 70, rotation: 270 },
};
const after = (...messages: ServerMessage[]): DeviceState =>
  messages.reduce(reduce, reduce(UNKNOWN, { type: 'initial_dashboard', data: dashboard }));

describe('the state after a message', () => {
  it('is whole after the first dashboard', () => {
    expect(after()).toMatchObject({ known: true, brightness: 70, loop: ['b', 'a'], player });
  });

  it('has new media once, also when they come again', () => {
    const newer = { ...item('d'), size: 2 };
    const state = after(
      { type: 'media_uploaded', data: item('d') },
      { type: 'media_uploaded', data: newer },
    );
    expect(state.media).toHaveLength(4);
    expect(state.media.at(-1)).toBe(newer);
  });

  it('has deleted media nowhere', () => {
    const state = after({ type: 'media_deleted', data: { slug: 'a' } });
    expect(state.media.map(({ slug }) => slug)).toEqual(['b', 'c']);
    expect(state.loop).toEqual(['b']);
  });

  it('has no player while the hardware is away', () => {
    const hardware = { connected: false, panel: null };
    expect(after({ type: 'system_status_changed', data: { hardware } }).player).toBeNull();
  });

  it('follows loop, playback and brightness', () => {
    const state = after(
      { type: 'loop_updated', data: { loop: ['c'] } },
      { type: 'playback_changed', data: { player: null } },
      { type: 'brightness_changed', data: { brightness: 5 } },
    );
    expect(state).toMatchObject({ loop: ['c'], player: null, brightness: 5 });
  });

  it('does not change for what says nothing about it', () => {
    const state = after();
    expect(reduce(state, { type: 'pong' })).toBe(state);
  });
});

it('lists follow the loop, and the rest is newest first', () => {
  const state = after({ type: 'loop_updated', data: { loop: ['b', 'gone'] } });
  expect(loopItems(state).map(({ slug }) => slug)).toEqual(['b']);
  expect(restingItems(state).map(({ slug }) => slug)).toEqual(['c', 'a']);
});

describe('the device’s clock', () => {
  it('is read from the message that was least late', () => {
    const clock = new ServerClock();
    for (const late of [400, 20, 90]) clock.note(100, 90_000 + late);
    expect(clock.at(0)).toBe(9_980);
  });

  it('is ours until it has spoken', () => {
    expect(new ServerClock().at(7)).toBe(7);
  });
});
