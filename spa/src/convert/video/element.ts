import { ConvertError } from '../error';
import type { Part } from '../messages';
import { MAX_FRAMES, missingFromList, missingTimes, usualStep } from '../timing';

/** Where the frames go. */
export interface FrameReceiver {
  /** True while earlier frames are still being worked on; a frame passed over is sought later. */
  busy: () => boolean;
  /** Resolves when there is room again. */
  room: () => Promise<void>;
  take: (bitmap: ImageBitmap, startSeconds: number) => void;
  progress: (fraction: number) => void;
}

/** Playing takes most of the time; the rest of the bar is for the frames that must be sought. */
const PLAYING_SHARE = 0.9;
const STALL_MS = 15_000;
/** A seek that lands on the frame already shown presents nothing new. */
const NO_NEW_FRAME_MS = 1_000;
const SAME_FRAME_SECONDS = 0.001;
/** Aiming at a frame's first instant would show the one before, as times are rounded. */
export const INSIDE_SECONDS = 0.002;
/** Raw frames we are ready to keep; at most two source frames for each that is shown. */
const MOST_FRAMES = MAX_FRAMES * 2;

function once(target: EventTarget, name: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    target.addEventListener(name, () => resolve(), { once: true, signal });
  });
}

async function open(video: HTMLVideoElement, url: string, signal: AbortSignal): Promise<void> {
  const failed = once(video, 'error', signal).then(() => {
    throw new ConvertError('broken-video');
  });
  video.src = url;
  await Promise.race([once(video, 'loadeddata', signal), failed]);
  if (video.videoWidth === 0) throw new ConvertError('broken-video');
}

/** Puts a film into a player nobody sees; it is there until the signal aborts. */
export async function openVideo(file: Blob, signal: AbortSignal): Promise<HTMLVideoElement> {
  const url = URL.createObjectURL(file);
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.preload = 'auto';
  video.className = 'offstage';
  video.setAttribute('aria-hidden', 'true');
  video.tabIndex = -1;
  document.body.append(video);
  signal.addEventListener('abort', () => {
    video.removeAttribute('src');
    video.load();
    video.remove();
    URL.revokeObjectURL(url);
  });
  await open(video, url, signal);
  return video;
}

/** Plays the part once at the film's own speed and takes every frame it gets to see. */
async function playOnce(
  video: HTMLVideoElement,
  { from, to }: Part,
  receiver: FrameReceiver,
  signal: AbortSignal,
): Promise<number[]> {
  const seen: number[] = [];
  const length = Math.min(to, video.duration) - from;
  let partOver: () => void = () => undefined;
  const playedPart = new Promise<void>((resolve) => (partOver = resolve));
  const grabbed: Promise<void>[] = [];
  let lastLife = performance.now();
  const onFrame: VideoFrameRequestCallback = (_now, { mediaTime }) => {
    if (signal.aborted) return;
    lastLife = performance.now();
    if (mediaTime >= to) return partOver();
    if (!receiver.busy() && seen.at(-1) !== mediaTime) {
      seen.push(mediaTime);
      grabbed.push(createImageBitmap(video).then((bitmap) => receiver.take(bitmap, mediaTime)));
    }
    receiver.progress(Math.max(0, (video.currentTime - from) / length) * PLAYING_SHARE);
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);
  const ended = Promise.race([once(video, 'ended', signal), playedPart]);
  let isOver = false;
  void ended.then(() => (isOver = true));
  // Browsers stop silent films in hidden tabs: go on when the page is seen again.
  const resume = (): void => {
    lastLife = performance.now();
    if (!document.hidden && !isOver) void video.play().catch(() => undefined);
  };
  document.addEventListener('visibilitychange', resume, { signal });
  const stalled = new Promise<never>((_resolve, reject) => {
    const timer = setInterval(() => {
      if (document.hidden) lastLife = performance.now();
      if (performance.now() - lastLife > STALL_MS) reject(new ConvertError('broken-video'));
    }, 1_000);
    signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    void ended.then(() => clearInterval(timer));
  });
  await video.play();
  await Promise.race([ended, stalled]);
  video.pause();
  await Promise.all(grabbed);
  return seen.sort((a, b) => a - b);
}

/** Shows the frame at `seconds` and says which one it is; undefined when nothing new was shown. */
function seek(video: HTMLVideoElement, seconds: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(undefined), NO_NEW_FRAME_MS);
    video.requestVideoFrameCallback((_now, { mediaTime }) => {
      clearTimeout(timer);
      resolve(mediaTime);
    });
    video.currentTime = seconds;
  });
}

async function fetchMissing(
  video: HTMLVideoElement,
  seen: number[],
  missing: number[],
  receiver: FrameReceiver,
  signal: AbortSignal,
): Promise<void> {
  // Aim into the frame, not at its first instant: rounding would show the one before.
  const inside = Math.min(0.01, (usualStep(seen) ?? 0.04) / 2);
  const known = [...seen];
  for (const [i, time] of missing.entries()) {
    if (signal.aborted) return;
    await receiver.room();
    const mediaTime = await seek(video, Math.min(time + inside, video.duration));
    const isNew = (t: number): boolean =>
      known.every((other) => Math.abs(other - t) > SAME_FRAME_SECONDS);
    if (mediaTime !== undefined && isNew(mediaTime)) {
      known.push(mediaTime);
      receiver.take(await createImageBitmap(video), mediaTime);
    }
    receiver.progress(PLAYING_SHARE + ((1 - PLAYING_SHARE) * (i + 1)) / missing.length);
  }
}

/** Which of the frames that were not seen are to be sought: all of the part, and the one that stands where it begins. */
function soughtIn({ from, to }: Part, listed: readonly number[], seen: number[], end: number) {
  const first = listed.findLast((time) => time <= from + INSIDE_SECONDS) ?? from;
  const inPart = (time: number): boolean => time >= first && time < to;
  const known = missingFromList(listed.filter(inPart), seen);
  return (known ?? missingTimes(seen, Math.min(to, end))).filter(inPart);
}

/** Stands the film where its part begins, on the frame that is seen there; returns that one's time. */
async function standAt(
  video: HTMLVideoElement,
  from: number,
  receiver: FrameReceiver,
): Promise<number[]> {
  const mediaTime = from > 0 ? await seek(video, from + INSIDE_SECONDS) : undefined;
  if (mediaTime === undefined) return [];
  receiver.take(await createImageBitmap(video), mediaTime);
  return [mediaTime];
}

/**
 * Takes a film apart with the page's own `<video>`: it works on plain http, at the price of the
 * film's length. `listed` are the container's frame times, if known. Returns the end in seconds.
 */
export async function playForFrames(
  file: Blob,
  listed: readonly number[] | undefined,
  part: Part,
  receiver: FrameReceiver,
  signal: AbortSignal,
): Promise<number> {
  if (!('requestVideoFrameCallback' in HTMLVideoElement.prototype)) {
    throw new ConvertError('browser-too-old');
  }
  const over = new AbortController();
  const alive = AbortSignal.any([signal, over.signal]);
  try {
    const video = await openVideo(file, alive);
    if (part.from >= video.duration) throw new ConvertError('nothing-left');
    const stood = await standAt(video, part.from, receiver);
    const played = await playOnce(video, part, receiver, alive);
    const seen = [...new Set([...stood, ...played])].sort((a, b) => a - b);
    const missing = soughtIn(part, listed ?? [], seen, video.duration);
    if (seen.length + missing.length > MOST_FRAMES) throw new ConvertError('too-many-frames');
    await fetchMissing(video, seen, missing, receiver, alive);
    return video.duration;
  } finally {
    over.abort();
  }
}
