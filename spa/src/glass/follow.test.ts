import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { goldenFile } from '../clip/testing';
import { followGlass, type View } from './follow';
import type { GlassViewer } from './state';

/** The first message: a key. */
function keyMessage(): ArrayBuffer {
  const bytes = goldenFile('forms.messages');
  return bytes.buffer.slice(4, 4 + new DataView(bytes.buffer).getUint32(0, true));
}

describe('following the glass', () => {
  let views: View[];
  let viewer: GlassViewer | undefined;
  let visibility: DocumentVisibilityState;
  const feed = {
    isOpen: true,
    watchGlass: vi.fn((wanted: GlassViewer) => {
      viewer = wanted;
      return () => (viewer = undefined);
    }),
  };
  const context = { putImageData: vi.fn(), drawImage: vi.fn() };
  const ask = vi.fn();
  let end: () => void;

  beforeEach(() => {
    vi.useFakeTimers();
    views = [];
    visibility = 'visible';
    feed.isOpen = true;
    feed.watchGlass.mockClear();
    vi.spyOn(document, 'visibilityState', 'get').mockImplementation(() => visibility);
    vi.stubGlobal('ImageData', vi.fn());
    vi.stubGlobal('createImageBitmap', () => Promise.resolve({ close: () => undefined }));
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        observe(): void {}
        disconnect(): void {}
      },
    );
    ask.mockReset();
    ask.mockImplementation(() =>
      Promise.resolve(new Response('png', { headers: { etag: '"1"' } })),
    );
    vi.stubGlobal('fetch', ask);
    const canvas = document.createElement('canvas');
    vi.spyOn(canvas, 'getContext').mockReturnValue(context as never);
    context.putImageData.mockReset();
    end = followGlass(feed, canvas, (view) => views.push(view));
  });

  afterEach(() => {
    end();
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  const look = (next: DocumentVisibilityState): void => {
    visibility = next;
    document.dispatchEvent(new Event('visibilitychange'));
  };

  it('paints pixels as they come', () => {
    viewer?.state({ mode: 'live' });
    viewer?.record(keyMessage());
    expect(context.putImageData).toHaveBeenCalledTimes(1);
    expect(views).toEqual(['live']);
  });

  it('takes no pixels while a clip plays', () => {
    viewer?.record(keyMessage());
    expect(context.putImageData).not.toHaveBeenCalled();
  });

  it('shows single pictures, twice a second, while nothing comes over the socket, and says so', async () => {
    feed.isOpen = false;
    await vi.advanceTimersByTimeAsync(2600);
    expect(ask).toHaveBeenCalledTimes(5);
    expect(ask).toHaveBeenLastCalledWith(
      '/api/display/snapshot.png',
      expect.objectContaining({ headers: { 'if-none-match': '"1"' } }),
    );
    expect(views).toEqual(['snapshots']);
    ask.mockImplementation(() => Promise.reject(new TypeError('no network')));
    await vi.advanceTimersByTimeAsync(600);
    expect(views).toEqual(['snapshots', 'old']);
  });

  it('does nothing while hidden and starts anew afterwards', async () => {
    look('hidden');
    expect(viewer).toBeUndefined();
    feed.isOpen = false;
    await vi.advanceTimersByTimeAsync(5000);
    expect(ask).not.toHaveBeenCalled();
    look('visible');
    expect(feed.watchGlass).toHaveBeenCalledTimes(2);
  });

  it('falls back to single pictures when a message makes no sense, and tries again', async () => {
    viewer?.state({ mode: 'live' });
    viewer?.record(keyMessage().slice(0, 900));
    expect(viewer).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1200);
    expect(views).toEqual(['snapshots']);
    await vi.advanceTimersByTimeAsync(5000);
    viewer?.state({ mode: 'live' });
    viewer?.record(keyMessage());
    expect(views).toEqual(['snapshots', 'live']);
  });

  it('falls back to single pictures when the clip cannot be had', async () => {
    ask.mockImplementation((url: string) => {
      const there = url.endsWith('.png');
      return Promise.resolve(new Response('', { status: there ? 200 : 404 }));
    });
    viewer?.state({
      mode: 'clip',
      slug: 'a',
      clip: '00',
      frame_count: 2,
      duration_ms: 100,
      position_ms: 0,
      age_ms: 0,
      as_of_ms: 0,
      paused: false,
    });
    await vi.advanceTimersByTimeAsync(1200);
    expect(views).toEqual(['snapshots']);
  });

  it('says that a picture is old while the display is away', () => {
    viewer?.state({ mode: 'live' });
    viewer?.record(keyMessage());
    viewer?.state({ mode: 'away', reason: 'restarting' });
    expect(views).toEqual(['live', 'old']);
  });
});
