import { cleanup, fireEvent, render, screen, within } from '@testing-library/svelte';
import { tick } from 'svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { device } from '../../device/device.svelte';
import { FakeDevice, item } from '../library/testing';
import { Draft, withTag } from './draft.svelte';
import ItemSheet from './ItemSheet.svelte';
import { fetchOriginal } from './original';

const giveToQueue = vi.hoisted(() => vi.fn());
vi.mock('./adding', async (original) => ({ ...(await original<object>()), giveToQueue }));

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

describe('a draft', () => {
  it('has only what is other than on the device', () => {
    new FakeDevice([item(1)]);
    const draft = new Draft(item(1));
    draft.edit({ title: ' Title 1 ', repeat: 3 });
    expect(draft.changes).toEqual({ repeat: 3 });
    draft.edit({ repeat: null });
    expect(draft.dirty).toBe(false);
  });

  it('follows the device where nothing is written', () => {
    const draft = new Draft(item(1));
    draft.edit({ repeat: 5 });
    draft.item = item(1, { title: 'New', settings: { ...item(1).settings!, repeat: 9 } });
    expect([draft.title, draft.repeat]).toEqual(['New', 5]);
  });

  it.each([
    [{ title: '  ' }, 'title'],
    [{ title: 'a\u0007' }, 'title'],
    [{ tags: ['x'.repeat(41)] }, 'tags'],
    [{ repeat: 0 }, 'repeat'],
    [{ repeat: 1.5 }, 'repeat'],
    [{ repeat: Number.NaN }, 'repeat'],
    [{ still_seconds: 0.4 }, 'still_seconds'],
  ])('that says %j is not sent', async (changes, field) => {
    const fake = new FakeDevice([item(1)]);
    const draft = new Draft(item(1));
    draft.edit(changes);
    expect(await draft.save()).toBe(false);
    expect(Object.keys(draft.errors)).toEqual([field]);
    expect(fake.asked).toEqual([]);
  });

  it.each([
    [{ message: 'title: too long', errors: [{ title: 'too long' }] }, { title: 'Too long.' }],
    [{ message: 'no', errors: [{ other: 'what' }] }, { all: 'no' }],
    [{ message: 'no', errors: null }, { all: 'no' }],
  ])('puts a refusal %j where it belongs', async (body, errors) => {
    const fake = new FakeDevice([item(1)]);
    fake.refuse = { status: 422, body };
    const draft = new Draft(item(1));
    draft.edit({ title: 'x' });
    await draft.save();
    expect(draft.errors).toEqual(errors);
    expect(draft.title).toBe('x');
  });

  it('keeps a tag once, in its first spelling', () => {
    expect(withTag(['Sea'], ' sea ')).toEqual(['Sea']);
    expect(withTag(['Sea'], 'a  b')).toEqual(['Sea', 'a b']);
  });
});

describe('the sheet of an item', () => {
  beforeEach(() => {
    // What jsdom does not have of dialogs.
    HTMLDialogElement.prototype.showModal = function () {
      this.open = true;
    };
    HTMLDialogElement.prototype.close = function () {
      this.open = false;
      this.dispatchEvent(new Event('close'));
    };
    HTMLCanvasElement.prototype.getContext = () => null;
    vi.stubGlobal('matchMedia', () => ({ matches: false }));
  });

  async function open(about = item(1)) {
    const fake = new FakeDevice([about], []);
    const ondelete = vi.fn();
    const { component } = render(ItemSheet, { ondelete });
    await component.show(about);
    return { fake, ondelete };
  }
  const button = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name });

  it('saves what was changed, and closes', async () => {
    const { fake } = await open();
    expect(button('Save').disabled).toBe(true);
    await fireEvent.input(screen.getByLabelText('Title'), { target: { value: 'Other' } });
    await fireEvent.click(button('Save'));
    await fireEvent.submit(document.querySelector('form')!);
    await vi.waitFor(() => expect(document.querySelector('dialog')?.open).toBe(false));
    expect(fake.asked.filter((path) => path.startsWith('PATCH'))).toHaveLength(1);
    expect(device.state.media[0]?.title).toBe('Other');
  });

  it('does not close over something unsaved', async () => {
    await open();
    await fireEvent.input(screen.getByLabelText('Title'), { target: { value: 'Other' } });
    await fireEvent(document.querySelector('dialog')!, new Event('cancel', { cancelable: true }));
    expect(document.querySelector('dialog')?.open).toBe(true);
    expect(screen.getByText(/not saved/)).toBeTruthy();
    await fireEvent.click(button('Discard'));
    expect(document.querySelector('dialog')?.open).toBe(false);
  });

  it('asks for seconds of a picture and for times of what moves', async () => {
    await open();
    expect(screen.getByRole('group', { name: 'Plays in a row' })).toBeTruthy();
    expect(screen.getByRole('group', { name: 'Quality' })).toBeTruthy();
    cleanup();
    await open(item(2, { frame_count: 1, duration: 0 }));
    expect(screen.getByRole('group', { name: 'Stays on the glass' })).toBeTruthy();
    expect(screen.queryByRole('group', { name: 'Quality' })).toBeNull();
  });

  it('has the device convert what it can, and says how far it is', async () => {
    const { fake } = await open();
    vi.stubGlobal('fetch', (path: string) => {
      fake.asked.push(path);
      return Promise.resolve(
        Response.json({ success: true, data: { job_id: 'j' } }, { status: 202 }),
      );
    });
    await fireEvent.click(button('Convert again'));
    await vi.waitFor(() => expect(screen.getByText('The display is converting, 0 %')).toBeTruthy());
    device.told({ type: 'processing_progress', data: { job_id: 'j', progress: 40 } });
    expect(await screen.findByText('The display is converting, 40 %')).toBeTruthy();
    device.told({
      type: 'processing_progress',
      data: { job_id: 'j', progress: 40, stage: 'error', message: 'Broken file' },
    });
    expect(await within(document.body).findByText('Broken file')).toBeTruthy();
  });

  it('converts in the browser what the device cannot, in the look that is chosen', async () => {
    await open(item(3, { convertible: false, type: 'video/mp4', filename: 'a.mp4' }));
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('film')));
    await fireEvent.click(screen.getByRole('radio', { name: 'Fit' }));
    await fireEvent.click(button('Convert again'));
    await vi.waitFor(() => expect(giveToQueue).toHaveBeenCalled());
    const [file, look] = giveToQueue.mock.lastCall as [File, unknown];
    expect([file.name, file.type, look]).toEqual([
      'a.mp4',
      'video/mp4',
      { fit: 'fit', quality: 'off' },
    ]);
    await tick();
  });
});

it('an original that is not there says so', async () => {
  vi.stubGlobal('fetch', () =>
    Promise.resolve(Response.json({ message: 'gone' }, { status: 404 })),
  );
  const stop = new AbortController();
  await expect(fetchOriginal(item(1), () => undefined, stop.signal)).rejects.toThrow('gone');
});
