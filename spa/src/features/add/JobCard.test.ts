import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ConvertError } from '../../convert/error';
import { Job } from './job.svelte';
import JobCard from './JobCard.svelte';

const convert = vi.hoisted(() => vi.fn());
const upload = vi.hoisted(() => vi.fn());
vi.mock('../../convert/convert', () => ({ convert }));
vi.mock('../../api/upload', () => ({ upload }));

const job = (): Job => new Job(new File(['x'], 'cat.gif'), 'fill');
const show = (shown: Job) => {
  const events = { onremove: vi.fn(), onretry: vi.fn(), onfit: vi.fn() };
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
    (_file, _fit, _progress, signal: AbortSignal) =>
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
