import { VideoSampleSink, type VideoSample } from 'mediabunny';
import { ConvertError } from '../error';
import type { Film } from '../preview/film';
import { codecName, frameTimes, open, picture, videoTrack } from './codecs';

/** A frame this far ahead is reached by decoding what lies between; one farther off from the key before it. */
const NEAR_FRAMES = 40;
const SAME_SECONDS = 0.000_5;

/** A film that WebCodecs can open. */
export async function decodedFilm(file: Blob): Promise<Film> {
  const input = open(file);
  try {
    const track = await videoTrack(input);
    if (!(await track.canDecode())) throw new ConvertError('video-codec', await codecName(track));
    const endUs = (await track.computeDuration()) * 1e6;
    const times = await frameTimes(track);
    // An edit list hides what ends before zero.
    const seen = times.filter((_, i) => (times[i + 1] ?? endUs / 1e6) > 0);
    const sink = new VideoSampleSink(track);
    let coming: AsyncGenerator<VideoSample> | undefined;
    let shown: VideoSample | undefined;
    let at = -1;
    const next = async (): Promise<VideoSample | undefined> => {
      shown?.close();
      shown = (await coming?.next())?.value ?? undefined;
      return shown;
    };
    const show = async (frame: number) => {
      const seconds = seen[frame] ?? 0;
      if (coming === undefined || frame < at || frame > at + NEAR_FRAMES) {
        await coming?.return(undefined);
        coming = sink.samples(seconds);
        await next();
      }
      while (shown !== undefined && shown.timestamp < seconds - SAME_SECONDS) await next();
      if (shown === undefined) throw new ConvertError('broken-video');
      at = frame;
      return picture(shown);
    };
    const { width, height } = await show(0);
    return {
      size: { width, height },
      starts: seen.map((seconds) => Math.max(0, Math.round(seconds * 1e6))),
      endUs,
      rounding: 'masked',
      picture: show,
      close: () => {
        shown?.close();
        input.dispose();
      },
    };
  } catch (error) {
    input.dispose();
    throw error;
  }
}

/** When a film's frames begin, in seconds, however long it is; undefined where its container cannot be read. */
export async function timesOf(file: Blob): Promise<number[] | undefined> {
  const input = open(file);
  try {
    return await frameTimes(await videoTrack(input));
  } catch {
    return undefined;
  } finally {
    input.dispose();
  }
}
