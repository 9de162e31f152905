// @vitest-environment node
import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDevice } from '../../api/testing';
import { PLAIN } from '../../convert/edit';
import { ConvertError } from '../../convert/error';
import { file, kill, killAll, never, open, stages, until } from './testing';

const convert = vi.hoisted(() => vi.fn());
vi.mock('../../convert/convert', () => ({ convert }));
vi.mock('../../device/device.svelte', () => ({
  device: { phase: 'live', listen: () => undefined },
}));
vi.mock('../../device/link.svelte', () => ({
  link: {
    isUp: true,
    isLive: false,
    onBack: () => () => undefined,
    rest: async (_ms: number, signal: AbortSignal) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      signal.throwIfAborted();
    },
  },
}));

let device: FakeDevice;

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  device = new FakeDevice();
  device.install();
  convert
    .mockReset()
    .mockImplementation(async ({ name }: File) => ({ file: new Blob([`frames of ${name}`]) }));
});

afterEach(() => {
  killAll();
  vi.unstubAllGlobals();
});

describe('a queue', () => {
  it('brings several files to the display in their order', async () => {
    const tab = open();
    tab.add([file('a.gif'), file('b.gif'), file('c.gif')]);
    expect(tab.isFragile).toBe(true);
    await until(() => expect(stages(tab)).toEqual(['a.gif done', 'b.gif done', 'c.gif done']));
    const names = Array.from(device.uploads.values(), ({ metadata }) => metadata['filename']);
    expect(names).toEqual(['a.gif', 'b.gif', 'c.gif']);
    expect(device.uploads.get('up1')!.bytes.toString()).toBe('original of a.gifframes of a.gif');
    expect(tab.isFragile).toBe(false);
  });

  it('converts the next file while one is sent, and not the whole queue ahead', async () => {
    const tab = open();
    device.onPatch = never;
    tab.add(['a', 'b', 'c', 'd', 'e'].map(file));
    const ahead = ['a sending', 'b ready', 'c ready', 'd waiting', 'e waiting'];
    await until(() => expect(stages(tab)).toEqual(ahead));
  });

  it('has one stored before the next is sent, but does not wait for conversions by the display', async () => {
    const tab = open();
    device.ends = (upload) => (upload.state = 'converting');
    convert.mockRejectedValueOnce(new ConvertError('heic'));
    tab.add([file('a'), file('b'), file('c')]);
    await until(() => expect(stages(tab)).toEqual(['a storing', 'b storing', 'c ready']));
    device.uploads.get('up2')!.state = 'complete';
    await until(() => expect(stages(tab)).toEqual(['a storing', 'b done', 'c storing']));
  });

  it('goes on with the others when one fails, and tries that again', async () => {
    const tab = open();
    convert.mockRejectedValueOnce(new ConvertError('not-media'));
    tab.add([file('a'), file('b')]);
    await until(() => expect(stages(tab)).toEqual(['a failed', 'b done']));
    expect(tab.jobs[0]!.failure).toContain('not a picture or a film');
    tab.retry(...tab.failed);
    await until(() => expect(stages(tab)).toEqual(['a done', 'b done']));
  });

  it('does not convert again what only could not be sent', async () => {
    const tab = open();
    device.refuse.set('POST', { status: 507, body: { message: 'Full.' } });
    tab.add([file('a')]);
    await until(() => expect(tab.jobs[0]!.failure).toBe('Full.'));
    device.refuse.clear();
    tab.retry(...tab.failed);
    await until(() => expect(stages(tab)).toEqual(['a done']));
    expect(convert).toHaveBeenCalledTimes(1);
  });

  it('converts again what the display could not use', async () => {
    const tab = open();
    device.ends = (upload) => Object.assign(upload, { state: 'failed', message: 'Damaged.' });
    tab.add([file('a')]);
    await until(() => expect(tab.jobs[0]!.failure).toBe('Damaged.'));
    device.ends = (upload) => (upload.state = 'complete');
    tab.retry(...tab.failed);
    await until(() => expect(stages(tab)).toEqual(['a done']));
    expect(convert).toHaveBeenCalledTimes(2);
  });

  it('sends a file with another look anew, and takes the old upload back', async () => {
    const tab = open();
    device.onPatch = ({ id }) => (id === 'up1' ? never() : undefined);
    tab.add([file('a')]);
    await until(() => expect(stages(tab)).toEqual(['a sending']));
    tab.change(tab.jobs[0]!, { fit: 'fit' });
    await until(() => expect(stages(tab)).toEqual(['a done']));
    expect(Array.from(device.uploads.keys())).toEqual(['up2']);
    expect(device.only().metadata['fit']).toBe('fit');
  });

  it('leaves nothing of a cancelled file, and goes on with the next', async () => {
    const tab = open();
    device.onPatch = ({ id }) => (id === 'up1' ? never() : undefined);
    tab.add([file('a'), file('b')]);
    await until(() => expect(stages(tab)[0]).toBe('a sending'));
    tab.remove(tab.jobs[0]!);
    await until(() => expect(stages(tab)).toEqual(['b done']));
    await until(() => expect(Array.from(device.uploads.keys())).toEqual(['up2']));
    const next = open();
    await next.resume();
    expect(stages(next)).toEqual([]);
  });

  it('pauses one that is sent, lets the others pass, and goes on from the byte the device has', async () => {
    const tab = open();
    device.cutAfter = 5;
    device.onPatch = ({ id }) => {
      if (id !== 'up1') return;
      device.onPatch = (again) => (again.id === 'up1' ? never() : undefined);
    };
    tab.add([file('a'), file('b')]);
    await until(() => expect(device.uploads.get('up1')?.bytes).toHaveLength(5));
    tab.pause(tab.jobs[0]!);
    await until(() => expect(stages(tab)).toEqual(['a ready', 'b done']));
    device.onPatch = () => undefined;
    tab.goOn(...tab.paused);
    await until(() => expect(stages(tab)).toEqual(['a done', 'b done']));
    expect(device.uploads.get('up1')!.bytes.toString()).toBe('original of aframes of a');
    expect(convert).toHaveBeenCalledTimes(2);
  });

  it('paused as a whole begins nothing, and is still paused when the page comes back', async () => {
    const before = open();
    convert.mockImplementationOnce(never);
    before.add([file('a'), file('b')]);
    await until(() => expect(stages(before)).toEqual(['a converting', 'b waiting']));
    before.pause(...before.running);
    expect(stages(before)).toEqual(['a waiting', 'b waiting']);
    await before.jobs[1]!.check();
    kill(before);
    const after = open();
    await after.resume();
    expect(stages(after)).toEqual(['a waiting', 'b waiting']);
    expect([after.paused.length, after.running.length]).toEqual([2, 0]);
    after.goOn(...after.paused);
    await until(() => expect(stages(after)).toEqual(['a done', 'b done']));
  });

  it('keeps what is to be done to a file, and tells the conversion', async () => {
    const before = open();
    before.preferences.editFirst = true;
    const asked = vi.fn();
    before.onEditFirst = asked;
    before.add([file('a')]);
    const [job] = before.jobs;
    expect(asked).toHaveBeenCalledWith(job);
    const edit = { ...PLAIN, turn: 90, speed: 2 } as const;
    before.change(job!, { fit: 'fit', edit });
    await job!.check();
    kill(before);
    const after = open();
    await after.resume();
    expect(convert).not.toHaveBeenCalled();
    after.goOn(...after.jobs);
    await until(() => expect(stages(after)).toEqual(['a done']));
    expect(convert.mock.calls[0]![1]).toEqual({ fit: 'fit', quality: 'off', edit });
  });

  it('does not begin a file while it is edited, and makes a done one anew', async () => {
    const tab = open();
    tab.add([file('a')]);
    await until(() => expect(stages(tab)).toEqual(['a done']));
    tab.setEditing(tab.jobs[0]!, true);
    tab.change(tab.jobs[0]!, { edit: { ...PLAIN, mirrored: true } });
    expect(stages(tab)).toEqual(['a waiting']);
    tab.setEditing(tab.jobs[0]!, false);
    await until(() => expect(stages(tab)).toEqual(['a done']));
    expect(convert).toHaveBeenCalledTimes(2);
  });

  it('sends again what the device has lost track of', async () => {
    const tab = open();
    device.ends = (upload) => {
      if (upload.id === 'up1') device.uploads.delete('up1');
      else upload.state = 'complete';
    };
    tab.add([file('a')]);
    await until(() => expect(stages(tab)).toEqual(['a done']));
    expect(device.only().id).toBe('up2');
  });
});

describe('a page that was closed goes on', () => {
  it('with the conversion, from its beginning', async () => {
    const before = open();
    convert.mockImplementationOnce(never);
    before.add([file('a.gif'), file('b.gif')]);
    await until(() => expect(before.isFragile).toBe(false));
    kill(before);
    const after = open();
    await after.resume();
    await until(() => expect(stages(after)).toEqual(['a.gif done', 'b.gif done']));
    expect(after.jobs[0]!.file.type).toBe('image/gif');
  });

  it('with sending, from the byte the device has, without converting again', async () => {
    const before = open();
    device.cutAfter = 5;
    device.onPatch = () => {
      device.onPatch = never;
    };
    before.add([file('a')]);
    await until(() => expect(device.uploads.get('up1')?.bytes).toHaveLength(5));
    await until(() => expect(device.asked.at(-1)).toBe('PATCH /api/uploads/up1'));
    kill(before);
    device.onPatch = () => undefined;
    const after = open();
    await after.resume();
    await until(() => expect(stages(after)).toEqual(['a done']));
    expect(device.only().bytes.toString()).toBe('original of aframes of a');
    expect(convert).toHaveBeenCalledTimes(1);
  });

  it('with waiting for the device to store it', async () => {
    const before = open();
    device.ends = (upload) => (upload.state = 'converting');
    before.add([file('a')]);
    await until(() => expect(stages(before)).toEqual(['a storing']));
    await before.jobs[0]!.check();
    kill(before);
    const after = open();
    await after.resume();
    expect(stages(after)).toEqual(['a storing']);
    device.only().state = 'complete';
    await until(() => expect(stages(after)).toEqual(['a done']));
  });

  it('with what had failed, which still says why', async () => {
    const before = open();
    convert.mockRejectedValueOnce(new ConvertError('no-video-track'));
    before.add([file('a')]);
    await until(() => expect(stages(before)).toEqual(['a failed']));
    await before.jobs[0]!.check();
    kill(before);
    const after = open();
    await after.resume();
    expect(after.jobs[0]!.failure).toContain('only sound');
  });

  it('with telling the device what was cancelled', async () => {
    const before = open();
    device.onPatch = never;
    before.add([file('a')]);
    await until(() => expect(stages(before)).toEqual(['a sending']));
    await before.jobs[0]!.check();
    device.isAway = true;
    const [job] = before.jobs;
    before.remove(job!);
    await job!.check();
    kill(before);
    device.isAway = false;
    const after = open();
    await after.resume();
    expect(stages(after)).toEqual([]);
    await until(() => expect(device.uploads.size).toBe(0));
  });
});

describe('two tabs', () => {
  it('do not both work on a file', async () => {
    const one = open();
    device.onPatch = never;
    one.add([file('a')]);
    await until(() => expect(stages(one)).toEqual(['a sending']));
    const two = open();
    await two.resume();
    expect(stages(two)).toEqual([]);
    expect(device.uploads.size).toBe(1);
  });

  it('share out what a third one left', async () => {
    const third = open();
    convert.mockImplementation(never);
    third.add([file('a'), file('b'), file('c')]);
    await until(() => expect(third.isFragile).toBe(false));
    kill(third);
    const [one, two] = [open(), open()];
    await Promise.all([one.resume(), two.resume()]);
    expect([...stages(one), ...stages(two)].map((text) => text[0]).sort()).toEqual(['a', 'b', 'c']);
  });

  it('one that slept lets go of what the other has taken over', async () => {
    const sleeper = open();
    device.onPatch = never;
    sleeper.add([file('a')]);
    await until(() => expect(stages(sleeper)).toEqual(['a sending']));
    await sleeper.jobs[0]!.check();
    const [job] = sleeper.jobs;
    // Asleep: it does not answer.
    sleeper.jobs = [];
    device.onPatch = () => undefined;
    const other = open();
    await other.resume();
    await until(() => expect(stages(other)).toEqual(['a done']));
    sleeper.jobs = [job!];
    sleeper.wake();
    await until(() => expect(stages(sleeper)).toEqual([]));
    expect(device.uploads.size).toBe(1);
  });

  it('one takes over at once when the other leaves', async () => {
    const [one, two] = [open(), open()];
    convert.mockImplementation(never);
    one.add([file('a')]);
    await until(() => expect(one.isFragile).toBe(false));
    one.jobs = [];
    one.end();
    await until(() => expect(stages(two)).toEqual(['a converting']));
  });
});

describe('a browser that keeps nothing', () => {
  it('brings files to the display all the same, and says that the tab is needed', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const tab = open();
    device.onPatch = () => new Promise((resolve) => setTimeout(resolve, 50));
    tab.add([file('a')]);
    await until(() => expect(tab.jobs[0]!.keeping).toBe('memory'));
    expect(tab.isFragile).toBe(true);
    await until(() => expect(stages(tab)).toEqual(['a done']));
    expect(tab.isFragile).toBe(false);
  });

  it('because it is full, too', async () => {
    const full = (): never => {
      throw new DOMException('full', 'QuotaExceededError');
    };
    const tab = open();
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(full);
    tab.add([file('a')]);
    await until(() => expect(stages(tab)).toEqual(['a done']));
    expect(tab.jobs[0]!.keeping).toBe('memory');
  });

  it('keeps the file where only the frames do not fit, and converts it again', async () => {
    const before = open();
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (
      this: never,
      value,
      key,
    ) {
      if (String(key).endsWith('/frames')) throw new DOMException('full', 'QuotaExceededError');
      return put.call(this, value, key);
    });
    device.onPatch = never;
    before.add([file('a')]);
    await until(() => expect(stages(before)).toEqual(['a sending']));
    await before.jobs[0]!.check();
    expect(before.jobs[0]!.keeping).toBe('kept');
    kill(before);
    device.onPatch = () => undefined;
    const after = open();
    await after.resume();
    await until(() => expect(stages(after)).toEqual(['a done']));
    expect(device.only().id).toBe('up2');
    expect(convert).toHaveBeenCalledTimes(2);
  });
});
