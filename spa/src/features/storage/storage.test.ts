import { cleanup, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
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

class FakeRequest {
  static last: FakeRequest;
  status = 0;
  responseText = '';
  upload: { onprogress?: (event: object) => void; onload?: () => void } = {};
  onload?: () => void;
  onerror?: () => void;
  onabort?: () => void;
  asked: string[] = [];
  constructor() {
    FakeRequest.last = this;
  }
  open(...asked: string[]): void {
    this.asked = asked;
  }
  setRequestHeader(...header: string[]): void {
    this.asked.push(...header);
  }
  send(): void {
    this.upload.onprogress?.({ loaded: 1, total: 4 });
  }
  abort(): void {
    this.onabort?.();
  }
  answer(status: number, body: object): void {
    this.upload.onload?.();
    [this.status, this.responseText] = [status, JSON.stringify(body)];
    this.onload?.();
  }
}

describe('an import', () => {
  const file = new File(['x'], 'library.tar');
  const failed = [{ slug: 'a', message: 'damaged' }];

  beforeEach(() => void vi.stubGlobal('XMLHttpRequest', FakeRequest));
  afterEach(() => {
    transfer.end();
    cleanup();
    vi.unstubAllGlobals();
  });

  it('sends the archive and counts what came of it', async () => {
    const sent: number[] = [];
    const done = importLibrary(file, (part) => sent.push(part), new AbortController().signal);
    FakeRequest.last.answer(200, {
      success: true,
      data: { imported: ['b', 'c'], skipped: 1, failed },
    });
    expect(await done).toEqual({ imported: 2, skipped: 1, failed });
    expect(sent).toEqual([0.25, 1]);
    expect(FakeRequest.last.asked).toEqual([
      'POST',
      '/api/media/import',
      'Content-Type',
      'application/x-tar',
    ]);
  });

  it('is shown from its first byte to what failed and why', async () => {
    render(Archive);
    void transfer.begin(file);
    expect(await screen.findByText('Sending the library 25 %')).toBeTruthy();
    FakeRequest.last.upload.onload?.();
    expect(await screen.findByText(/unpacking and checking/)).toBeTruthy();
    FakeRequest.last.answer(200, { success: true, data: { imported: 1, skipped: 2, failed } });
    expect(
      await screen.findByText('1 item imported, 2 there already, 1 could not be imported.'),
    ).toBeTruthy();
    expect(screen.getByText(/damaged/)).toBeTruthy();
  });

  it('that fails can be tried again, and one that is cancelled is gone', async () => {
    render(Archive);
    void transfer.begin(file);
    FakeRequest.last.answer(507, { success: false, message: 'The card is full' });
    expect((await screen.findByRole('alert')).textContent).toBe('The card is full');
    transfer.again();
    expect(transfer.stage).toBe('sending');
    transfer.end();
    await Promise.resolve();
    expect(transfer.stage).toBe('idle');
  });
});
