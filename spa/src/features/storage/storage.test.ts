import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeDevice } from '../../api/testing';
import { device } from '../../device/device.svelte';
import { bytesText } from '../../ui/bytes';
import { importLibrary } from '../library/archive';
import Archive from './Archive.svelte';
import { parts, room } from './share';
import { texts } from './texts';
import { transfer } from './transfer.svelte';

const use = {
  total: 100,
  used: 60,
  free: 40,
  media: 20,
  uploads: 5,
  trash: 3,
  reserved: 4,
  min_free: 6,
};

it('the parts of the disk are all of it', () => {
  expect(parts(use).map(({ bytes }) => bytes)).toEqual([20, 5, 3, 32, 40]);
  expect(parts({ total: 10, used: 6, free: 4, media: 2 }).map(({ bytes }) => bytes)).toEqual([
    2, 0, 0, 4, 4,
  ]);
});

it('room is what is free but for what is kept and what is promised', () => {
  expect(room(use)).toBe(30);
  expect(room({ ...use, free: 5 })).toBe(0);
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [4_600_000, '4.6 MB'],
  [999_999, '1.0 MB'],
  [31_900_000_000, '31.9 GB'],
  [250_000_000, '250 MB'],
])('%i bytes read %s', (bytes, text) => expect(bytesText(bytes)).toBe(text));

it('cleaning up says what it did', () => {
  const none = { files: 0, bytes: 0, uploads: 0, trash: 0 };
  expect(texts.cleaned(none, '0 B')).toBe('Nothing to clean up.');
  expect(texts.cleaned({ ...none, files: 1, trash: 2 }, '5 MB')).toBe(
    'Removed 1 leftover file, 2 deleted items: 5 MB.',
  );
});

describe('an import', () => {
  const bytes = new Uint8Array(2_500_000).fill(7);
  const file = new File([bytes], 'library.tar');
  const none = { imported: 0, skipped: 0, renamed: [], failed: [] };
  const failed = [{ slug: 'a', message: 'damaged' }];
  let fake: FakeDevice;
  const events = (sent: number[]) => ({
    sent: (part: number) => void sent.push(part),
    unpacked: () => undefined,
    hold: () => undefined,
  });

  beforeEach(() => {
    fake = new FakeDevice();
    fake.install();
  });
  afterEach(() => {
    transfer.end();
    cleanup();
    vi.unstubAllGlobals();
  });

  it('sends the archive as a library and tells what came of it', async () => {
    const imported = { imported: 2, skipped: 1, renamed: [], failed };
    fake.ends = (upload) => Object.assign(upload, { state: 'complete', imported });
    const sent: number[] = [];
    const done = await importLibrary(file, events(sent), new AbortController().signal);
    expect(done).toEqual(imported);
    expect(fake.only().metadata).toMatchObject({ kind: 'library', filename: 'library.tar' });
    expect(fake.only().bytes).toHaveLength(bytes.length);
    expect(sent.at(-1)).toBe(1);
  });

  it('goes on where it was when the link is lost', async () => {
    fake.cutAfter = 600_000;
    fake.ends = (upload) => Object.assign(upload, { state: 'complete', imported: none });
    const done = importLibrary(file, events([]), new AbortController().signal);
    expect(await done).toEqual(none);
    expect(fake.asked.filter((asked) => asked.startsWith('POST'))).toHaveLength(1);
    expect(Buffer.compare(fake.only().bytes, bytes)).toBe(0);
  });

  it('is shown from its first byte to what failed and why', async () => {
    let goOn = (): void => undefined;
    fake.onPatch = ({ bytes: had }) => {
      if (had.length > 0) return new Promise<void>((resolve) => (goOn = resolve));
    };
    fake.ends = (upload) => (upload.state = 'storing');
    render(Archive);
    void transfer.begin(file);
    expect(await screen.findByText('Sending the library 41 %')).toBeTruthy();
    fake.onPatch = () => undefined;
    goOn();
    expect(await screen.findByText(/unpacking and checking/)).toBeTruthy();
    const imported = { imported: 1, skipped: 2, renamed: [{ from: 'b', to: 'b_1' }], failed };
    Object.assign(fake.only(), { state: 'complete', imported });
    device.told({
      type: 'processing_progress',
      data: { job_id: fake.only().id, stage: 'complete' },
    });
    const words =
      '1 item imported, 2 there already, 1 of them under another name, 1 could not be imported.';
    expect(await screen.findByText(words)).toBeTruthy();
    expect(screen.getByText(/damaged/)).toBeTruthy();
  });

  it('that fails can be tried again, and one that is cancelled is gone', async () => {
    fake.refuse.set('POST', { status: 507, body: { success: false, message: 'The card is full' } });
    render(Archive);
    void transfer.begin(file);
    expect((await screen.findByRole('alert')).textContent).toBe('The card is full');
    fake.refuse.clear();
    fake.ends = (upload) => (upload.state = 'storing');
    transfer.again();
    await vi.waitFor(() => expect(transfer.stage).toBe('unpacking'));
    transfer.end();
    await vi.waitFor(() => expect(fake.uploads.size).toBe(0));
    expect(transfer.stage).toBe('idle');
  });
});
