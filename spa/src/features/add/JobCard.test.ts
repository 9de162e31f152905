import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConvertError } from '../../convert/error';
import { USUAL } from '../../convert/quality';
import { Job } from './job.svelte';
import JobCard from './JobCard.svelte';

const convert = vi.hoisted(() => vi.fn());
const upload = vi.hoisted(() => vi.fn());
vi.mock('../../convert/convert', () => ({ convert }));
vi.mock('../../api/upload', () => ({ upload }));

const job = (name = 'cat.gif', type = 'image/gif'): Job =>
  new Job(new File(['x'], name, { type }), 'fill', USUAL);
const show = (shown: Job) => {
  const events = { onremove: vi.fn(), onretry: vi.fn(), onfit: vi.fn(), onquality: vi.fn() };
  render(JobCard, { job: shown, ...events });
  return events;
};

beforeEach(() => {
  convert.mockReset();
  upload.mockReset();
});
afterEach(cleanup);

it('tells the stages apart and ends with "On the display"', async () => {
  let send: (fraction: number) => void = () => undefined;
  let finish: () => void = () => undefined;
  convert.mockResolvedValue({ zip: new Blob(), metadata: {} });
  upload.mockImplementation((_what, sent) => {
    send = sent;
    return new Promise<void>((resolve) => (finish = resolve));
  });
  const one = job();
  show(one);
  expect(screen.getByText('Waiting its turn')).toBeTruthy();
  const run = one.run();
  await vi.waitFor(() => expect(upload).toHaveBeenCalled());
  send(0.5);
  expect(await screen.findByText(/Sending\s+50 %/)).toBeTruthy();
  send(1);
  expect(await screen.findByText('Storing on the display')).toBeTruthy();
  finish();
  await run;
  expect(await screen.findByText('On the display')).toBeTruthy();
});

it('says why a file did not work and offers another try', async () => {
  convert.mockRejectedValue(new ConvertError('video-codec', 'HEVC (H.265)'));
  const one = job();
  const { onretry } = show(one);
  await one.run();
  expect((await screen.findByRole('alert')).textContent).toContain('HEVC (H.265)');
  await fireEvent.click(screen.getByRole('button', { name: 'Try cat.gif again' }));
  expect(onretry).toHaveBeenCalled();
});

it('that was cancelled is neither done nor failed', async () => {
  convert.mockImplementation(
    (_file, _look, _progress, signal: AbortSignal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      ),
  );
  const one = job();
  const run = one.run();
  one.cancel();
  await run;
  expect(one.stage).toBe('converting');
  expect(upload).not.toHaveBeenCalled();
});

it('offers a quality for what moves: films begin balanced, animations exact', async () => {
  const film = job('dog.mp4', 'video/mp4');
  const { onquality } = show(film);
  const choice = (label: string) => screen.getByRole<HTMLInputElement>('radio', { name: label });
  expect(screen.getByRole('group', { name: 'Quality of dog.mp4' })).toBeTruthy();
  expect(choice('Balanced').checked).toBe(true);
  await fireEvent.click(choice('Small'));
  expect(onquality).toHaveBeenCalledWith('small');
  cleanup();
  show(job());
  expect(choice('Exact').checked).toBe(true);
  cleanup();
  show(job('photo.jpg', 'image/jpeg'));
  expect(screen.queryByRole('radio', { name: 'Exact' })).toBeNull();
});

it('sends the shape and the quality to the conversion', async () => {
  convert.mockRejectedValue(new ConvertError('broken-video'));
  await job('dog.mkv', '').run();
  expect(convert.mock.calls[0]?.[1]).toEqual({ fit: 'fill', quality: 'balanced' });
});
