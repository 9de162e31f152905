import { durationOf, gifContext } from '../animation';
import { drawable, type Picture } from '../clip';
import type { Rounding } from '../dither';
import { composeGif } from '../gif/compose';
import { scanGif } from '../gif/scan';
import type { Opened } from './messages';

/** An open file that can show any of its frames, fastest the next one. */
export interface Film extends Opened {
  /** How it is rounded, whatever it shows. */
  rounding?: Rounding;
  /** Good until the next call. */
  picture: (frame: number) => Promise<Picture>;
  close: () => void;
}

/** One picture, which is held. */
export function stillFilm(bitmap: ImageBitmap): Film {
  const { width, height } = bitmap;
  return {
    size: { width, height },
    starts: [0],
    endUs: 1,
    picture: () => Promise.resolve(drawable(bitmap)),
    close: () => bitmap.close(),
  };
}

function startsOf(durationsUs: readonly number[]): { starts: number[]; endUs: number } {
  let endUs = 0;
  const starts = durationsUs.map((us) => (endUs += us) - us);
  return { starts, endUs };
}

export async function gifFilm(file: Blob): Promise<Film> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const gif = scanGif(bytes);
  const context = gifContext(gif);
  let playing = composeGif(bytes, gif);
  let shown = -1;
  return {
    size: gif,
    ...startsOf(gif.frames.map(({ durationUs }) => durationUs)),
    picture: (frame) => {
      // Each picture lies on those before it: there is no way back.
      if (frame < shown) [playing, shown] = [composeGif(bytes, gif), -1];
      let rgba: Uint8ClampedArray<ArrayBuffer> | undefined;
      for (; shown < frame; shown++) rgba = playing.next().value?.rgba ?? rgba;
      if (rgba) context.putImageData(new ImageData(rgba, gif.width, gif.height), 0, 0);
      return Promise.resolve(drawable(context.canvas));
    },
    close: () => undefined,
  };
}

/** Animated WebP and APNG: how long each picture stands is known when it is decoded. */
export async function animatedFilm(file: Blob, type: 'image/webp' | 'image/png'): Promise<Film> {
  const decoder = new ImageDecoder({ data: file.stream(), type });
  await decoder.completed;
  const total = decoder.tracks.selectedTrack?.frameCount ?? 1;
  const durations: number[] = [];
  let size = { width: 0, height: 0 };
  for (let frameIndex = 0; frameIndex < total; frameIndex++) {
    const { image } = await decoder.decode({ frameIndex });
    durations.push(durationOf(image));
    size = { width: image.displayWidth, height: image.displayHeight };
    image.close();
  }
  let shown: VideoFrame | undefined;
  return {
    size,
    ...startsOf(durations),
    picture: async (frameIndex) => {
      shown?.close();
      shown = (await decoder.decode({ frameIndex })).image;
      return drawable(shown);
    },
    close: () => {
      shown?.close();
      decoder.close();
    },
  };
}

/** So many pictures a second are assumed of a film whose container nobody can read. */
const GUESSED_FPS = 25;

/** A film that only the page can play: it draws what it is asked for. */
export async function pageFilm(
  draw: (us: number) => Promise<{ bitmap: ImageBitmap; endUs: number }>,
  listed: readonly number[] | undefined,
): Promise<Film> {
  const { bitmap, endUs } = await draw(0);
  const { width, height } = bitmap;
  let shown = bitmap;
  const count = Math.max(1, Math.round((endUs / 1e6) * GUESSED_FPS));
  const guessed = Array.from({ length: count }, (_, i) => (i * 1e6) / GUESSED_FPS);
  const starts = listed?.map((seconds) => Math.round(seconds * 1e6)) ?? guessed;
  return {
    size: { width, height },
    starts,
    endUs,
    rounding: 'masked',
    picture: async (frame) => {
      const next = await draw(starts[frame] ?? 0);
      shown.close();
      shown = next.bitmap;
      return drawable(shown);
    },
    close: () => shown.close(),
  };
}
