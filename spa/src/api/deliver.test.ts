// @vitest-environment node
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiFailure } from './client';
import { deliver, follow, News, takeBack, Unreadable, type Hold, type Parcel } from './deliver';
import { FakeDevice } from './testing';

const link = vi.hoisted(() => ({
  isUp: true,
  isLive: true,
  rests: 0,
  back: (): void => undefined,
  onBack: (listener: () => void) => {
    link.back = listener;
    return () => undefined;
  },
  rest: vi.fn(),
}));
vi.mock('../device/link.svelte', () => ({ link }));

const MIB = 1024 * 1024;
let device: FakeDevice;
let held: (Hold | undefined)[];
let told: string[];
let control: AbortController;

const parcel = (size = 2.5 * MIB): Parcel => ({
  body: new Blob([Uint8Array.from({ length: size }, (_, i) => i % 251)]),
  metadata: { filename: 'Käse.gif', frames: '7' },
});

const events = () => ({
  hold: (why: Hold | undefined) => {
    if (held.at(-1) !== why) held.push(why);
  },
  created: (id: string) => void told.push(`created ${id}`),
  acknowledged: (fraction: number) => void told.push(fraction.toFixed(2)),
  moving: () => void (held.at(-1) !== undefined && held.push(undefined)),
  forgotten: () => void told.push('forgotten'),
});

const run = (what = parcel(), known?: string) => deliver(what, known, events(), control.signal);

async function same(body: Blob, bytes: Buffer): Promise<boolean> {
  return bytes.equals(Buffer.from(await body.arrayBuffer()));
}

beforeEach(() => {
  device = new FakeDevice();
  device.install();
  held = [];
  told = [];
  control = new AbortController();
  link.isUp = true;
  link.rest.mockReset().mockImplementation(async (_ms: number, signal: AbortSignal) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    signal.throwIfAborted();
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('sending', () => {
  it('brings every byte in chunks of a MiB, and tells what the device has', async () => {
    const what = parcel();
    expect(await run(what)).toBe('up1');
    expect(device.asked).toEqual([
      'POST /api/uploads',
      ...Array<string>(3).fill('PATCH /api/uploads/up1'),
    ]);
    expect(told).toEqual(['created up1', '0.40', '0.80', '1.00']);
    expect(device.only().metadata).toEqual({ filename: 'Käse.gif', frames: '7' });
    expect(await same(what.body, device.only().bytes)).toBe(true);
  });

  it('goes on from the byte the device has when the link is lost in the middle', async () => {
    const what = parcel();
    device.cutAfter = 1000;
    await run(what);
    expect(held).toEqual(['no-link', 'resuming', undefined]);
    expect(await same(what.body, device.only().bytes)).toBe(true);
    expect(device.asked.filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });

  it('has patience for as long as the link is away', async () => {
    device.isAway = true;
    link.rest.mockImplementation(async () => {
      if (link.rest.mock.calls.length > 200) device.isAway = false;
    });
    await run();
    expect(link.rest.mock.calls.length).toBeGreaterThan(200);
    expect(device.only().state).toBe('complete');
  });

  it('takes up an upload of another time', async () => {
    const what = parcel();
    device.cutAfter = MIB / 2;
    const away = run(what);
    link.rest.mockReturnValue(new Promise(() => undefined));
    await vi.waitFor(() => expect(link.rest).toHaveBeenCalled());
    void away;
    told = [];
    expect(await run(what, 'up1')).toBe('up1');
    expect(told[0]).toBe('0.20');
    expect(await same(what.body, device.only().bytes)).toBe(true);
  });

  it('does not send what the device has already, though its last answer was lost', async () => {
    device.loseAnswerTo = 'PATCH';
    device.ends = (upload) => (upload.state = 'storing');
    await run(parcel(10));
    expect(device.asked.filter((line) => line.startsWith('PATCH'))).toHaveLength(1);
  });

  it('begins anew when the device has forgotten the upload', async () => {
    expect(await run(parcel(), 'old')).toBe('up1');
    expect(told.slice(0, 2)).toEqual(['forgotten', 'created up1']);
  });

  it('begins anew when nobody has gone on with the upload for too long', async () => {
    await run();
    Object.assign(device.only(), { state: 'failed', code: 'EXPIRED' });
    expect(await run(parcel(), 'up1')).toBe('up2');
  });

  it('waits as long as a busy device wants', async () => {
    const body = { code: 'TOO_MANY_UPLOADS', message: 'enough' };
    device.refuse.set('POST', { status: 429, headers: { 'retry-after': '7' }, body });
    link.rest.mockImplementation(async () => device.refuse.clear());
    await run();
    expect(held[0]).toBe('busy');
    expect(link.rest.mock.calls[0]![0]).toBeGreaterThanOrEqual(7000);
  });

  it('ends with the device’s own words when waiting does not help', async () => {
    device.refuse.set('POST', {
      status: 507,
      body: { code: 'DISK_FULL', message: 'Full: delete' },
    });
    await expect(run()).rejects.toMatchObject({ code: 'DISK_FULL', message: 'Full: delete' });
    expect(link.rest).not.toHaveBeenCalled();
  });

  it('ends when the file cannot be read, rather than wait for a link', async () => {
    const what = parcel();
    vi.spyOn(what.body, 'slice').mockImplementation(() => {
      throw new DOMException('moved', 'NotReadableError');
    });
    await expect(run(what)).rejects.toThrow(Unreadable);
  });

  describe('over a link that died without a word', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
      device.onPatch = () => {
        device.onPatch = () => undefined;
        return new Promise(() => undefined);
      };
    });
    it('gives up a request in which no byte moves for a minute', async () => {
      const sent = run(parcel(10));
      await vi.waitFor(() => expect(device.asked.at(-1)).toMatch(/^PATCH/));
      await vi.advanceTimersByTimeAsync(59_000);
      expect(held).not.toContain('no-link');
      await vi.advanceTimersByTimeAsync(2_000);
      await vi.waitFor(() => expect(device.only().state).toBe('complete'));
      expect(await sent).toBe('up1');
    });

    it('gives it up at once when the device is back', async () => {
      const sent = run(parcel(10));
      await vi.waitFor(() => expect(device.asked.at(-1)).toMatch(/^PATCH/));
      await vi.advanceTimersByTimeAsync(10_000);
      link.back();
      await vi.waitFor(() => expect(device.only().state).toBe('complete'));
      expect(await sent).toBe('up1');
    });
  });

  it('stops when cancelled, between two chunks', async () => {
    device.onPatch = () => control.abort(new Error('enough'));
    await expect(run()).rejects.toThrow('enough');
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(device.asked).toHaveLength(2);
  });

  it('tells the name of an upload that was being made when cancelled', async () => {
    device.onPost = () => control.abort(new Error('enough'));
    await expect(run()).rejects.toThrow('enough');
    await vi.waitFor(() => expect(told).toEqual(['created up1']));
    expect(device.asked).toEqual(['POST /api/uploads']);
  });
});

describe('following', () => {
  const follows = (id = 'up1') => {
    const progress = vi.fn();
    const news = new News();
    return follow(id, { hold: () => undefined, progress, news }, control.signal);
  };

  it('ends when the item is stored', async () => {
    device.ends = (upload) => (upload.state = 'converting');
    await run();
    const outcome = follows();
    await vi.waitFor(() => expect(device.asked.at(-1)).toMatch(/^GET/));
    device.only().state = 'complete';
    expect(await outcome).toMatchObject({ state: 'complete' });
  });

  it('tells why the device could not use it', async () => {
    device.ends = (upload) =>
      Object.assign(upload, { state: 'failed', code: 'NEEDS_FFMPEG', message: 'Install ffmpeg' });
    await run();
    const failure = await follows().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiFailure);
    expect(failure).toMatchObject({ code: 'NEEDS_FFMPEG', message: 'Install ffmpeg' });
  });

  it('knows when the device has nothing to follow', async () => {
    expect(await follows('nothing')).toBeUndefined();
  });
});

it('an upload is taken back once the device can be asked', async () => {
  await run();
  device.isAway = true;
  link.rest.mockImplementation(async () => (device.isAway = false));
  await takeBack('up1');
  expect(device.uploads.size).toBe(0);
});
