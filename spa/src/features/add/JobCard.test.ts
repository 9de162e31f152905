import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ApiFailure } from '../../api/client';
import type { DeliveryEvents } from '../../api/deliver';
import { ConvertError } from '../../convert/error';
import { motionOf, USUAL } from '../../convert/quality';
import { Job, type Keeper } from './job.svelte';
import JobCard from './JobCard.svelte';

const convert = vi.hoisted(() => vi.fn());
const calls = vi.hoisted(() => ({ deliver: vi.fn(), follow: vi.fn(), takeBack: vi.fn() }));
vi.mock('../../convert/convert', () => ({ convert }));
vi.mock('../../api/deliver', async (actual) => ({
  ...(await actual<typeof import('../../api/deliver')>()),
  ...calls,
}));

/** A browser that keeps nothing. */
const keeper: Keeper = { owner: 'me', kept: Promise.resolve(undefined), lost: () => undefined };
const job = (name = 'cat.gif', type = 'image/gif'): Job => {
  const file = new File(['x'], name, { type });
  return Job.begin(file, { fit: 'fill', quality: USUAL[motionOf(file)] }, keeper);
};
const show = (shown: Job) => {
  const events = {
    onremove: vi.fn(),
    onretry: vi.fn(),
    onfit: vi.fn(),
    onquality: vi.fn(),
    onedit: vi.fn(),
    onpause: vi.fn(),
    onresume: vi.fn(),
  };
  render(JobCard, { job: shown, ...events });
  return events;
};
/** The events the running job has given to `deliver` or `follow`. */
async function events<T>(from: keyof typeof calls, at: number): Promise<T> {
  await vi.waitFor(() => expect(calls[from]).toHaveBeenCalled());
  return calls[from].mock.calls[0]![at] as T;
}

beforeEach(() => {
  convert.mockReset().mockResolvedValue({ file: new Blob(['clp']) });
  Object.values(calls).forEach((call) => call.mockReset());
});
afterEach(cleanup);

it('tells the stages apart and ends with "On the display"', async () => {
  let sent: (id: string) => void = () => undefined;
  let stored: (is: boolean) => void = () => undefined;
  calls.deliver.mockReturnValue(new Promise((resolve) => (sent = resolve)));
  calls.follow.mockReturnValue(new Promise((resolve) => (stored = resolve)));
  const one = job();
  show(one);
  expect(screen.getByText('Waiting its turn')).toBeTruthy();
  await one.convert();
  expect(await screen.findByText('Waiting to be sent')).toBeTruthy();
  const sending = one.send();
  const { created, acknowledged, hold } = await events<DeliveryEvents>('deliver', 2);
  created('up1');
  acknowledged(0.5);
  expect(await screen.findByText(/Sending\s+50 %/)).toBeTruthy();
  hold('no-link');
  expect(await screen.findByText(/no link to the display. Goes on by itself/)).toBeTruthy();
  sent('up1');
  await sending;
  expect(await screen.findByText('Storing on the display')).toBeTruthy();
  expect(screen.queryByText(/no link/)).toBeNull();
  const following = one.follow();
  // The device counts what was sent as well.
  one.hear({ job_id: 'up1', progress: 60, stage: 'finalizing' });
  one.hear({ job_id: 'up1', progress: 80, stage: 'finalizing' });
  one.hear({ job_id: 'another', progress: 10, stage: 'finalizing' });
  expect(await screen.findByText(/Storing on the display\s+50 %/)).toBeTruthy();
  stored(true);
  await following;
  expect(await screen.findByText('On the display')).toBeTruthy();
});

it('says why a file did not work, offers another try, and keeps the focus on it', async () => {
  convert.mockRejectedValue(new ConvertError('no-video-track'));
  const one = job();
  const { onretry } = show(one);
  await one.convert();
  expect((await screen.findByRole('alert')).textContent).toContain('only sound');
  onretry.mockImplementation(() => one.retry());
  const retry = screen.getByRole('button', { name: 'Try cat.gif again' });
  retry.focus();
  await fireEvent.click(retry);
  expect(one.stage).toBe('waiting');
  const cancel = screen.getByRole('button', { name: 'Cancel cat.gif' });
  await vi.waitFor(() => expect(document.activeElement).toBe(cancel));
});

it('goes to the display as it is when only this browser cannot open it', async () => {
  convert.mockImplementation((_file, _look, { hashed }) => {
    hashed('abc');
    return Promise.reject(new ConvertError('video-codec', 'HEVC (H.265)'));
  });
  calls.deliver.mockRejectedValue(new ApiFailure(415, 'NEEDS_FFMPEG', 'Install ffmpeg.'));
  const one = job('dog.mov', 'video/quicktime');
  show(one);
  await one.convert();
  expect(await screen.findByText('This browser cannot convert it, so the display does.'));
  await one.send();
  const { body, metadata } = await events<{ body: Blob; metadata: object }>('deliver', 0);
  expect(body.size).toBe(1);
  const look = { fit: 'fill', quality: 'balanced', sha256: 'abc' };
  expect(metadata).toEqual({ filename: 'dog.mov', filetype: 'video/quicktime', ...look });
  const words = (await screen.findByRole('alert')).textContent;
  expect(words).toContain('HEVC (H.265)');
  expect(words).toContain('The display could not either: Install ffmpeg.');
});

it('sends the original, then the frames, and how many bytes those are', async () => {
  calls.deliver.mockResolvedValue('up1');
  const one = job();
  await one.convert();
  await one.send();
  const { body, metadata } = await events<{ body: Blob; metadata: object }>('deliver', 0);
  expect(body.size).toBe(4);
  expect(metadata).toMatchObject({ frames: '3' });
});

it('that was cancelled while it is converted is neither done nor failed', async () => {
  convert.mockImplementation(
    (_file, _look, _events, signal: AbortSignal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      ),
  );
  const one = job();
  const run = one.convert();
  await one.discard();
  await run;
  expect(one.stage).toBe('converting');
  expect(calls.takeBack).not.toHaveBeenCalled();
});

it('that was cancelled while it is sent, or stored, is taken back from the display', async () => {
  for (const step of ['send', 'store']) {
    const one = job();
    await one.convert();
    calls.deliver.mockImplementationOnce(async (_parcel, _id, { created }: DeliveryEvents) => {
      created(`up-${step}`);
      if (step === 'send') await new Promise(() => undefined);
    });
    void one.send();
    await vi.waitFor(() => expect(one.stage).toBe(step === 'send' ? 'sending' : 'storing'));
    await one.discard();
    expect(calls.takeBack).toHaveBeenLastCalledWith(`up-${step}`);
  }
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
  convert.mockRejectedValue(new ConvertError('too-many-frames'));
  await job('dog.mkv', '').convert();
  expect(convert.mock.calls[0]?.[1]).toEqual({ fit: 'fill', quality: 'balanced' });
});
