import {
  BlobSource,
  EncodedPacketSink,
  Input,
  MATROSKA,
  MP4,
  MPEG_TS,
  QTFF,
  VideoSampleSink,
  WEBM,
  type InputVideoTrack,
  type VideoSample,
} from 'mediabunny';
import type { Progress } from '../animation';
import { FramePainter, type ClipBuilder, type Picture } from '../clip';
import { ConvertError } from '../error';
import { Cut } from '../cut';
import type { Edit } from '../edit';
import type { Fit } from '../geometry';
import { MAX_FRAMES, Pacer } from '../timing';

const US = 1_000_000;

export function open(file: Blob): Input {
  return new Input({
    source: new BlobSource(file),
    formats: [MP4, QTFF, WEBM, MATROSKA, MPEG_TS],
  });
}

export async function videoTrack(input: Input): Promise<InputVideoTrack> {
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new ConvertError('no-video-track');
  return track;
}

/** The codec as people may know it from their phone's settings. */
export async function codecName(track: InputVideoTrack): Promise<string> {
  const codec = await track.getCodec();
  if (codec === 'hevc') return 'HEVC (H.265)';
  if (codec === 'avc') return 'H.264';
  if (codec === 'prores') return 'ProRes';
  if (codec !== null) return codec.toUpperCase();
  const id = await track.getInternalCodecId();
  return typeof id === 'string' && id.startsWith('ap') ? 'ProRes' : String(id ?? 'unknown');
}

/** Refuses before the first frame is decoded what could only be refused after thousands; returns the film's end. */
async function checkLength(track: InputVideoTrack, cut: Cut): Promise<number> {
  const duration = await track.computeDuration();
  const { averagePacketRate } = await track.computePacketStats(200);
  const frames = cut.frames(duration * US, averagePacketRate);
  if (frames > MAX_FRAMES * 1.01) throw new ConvertError('too-many-frames', String(frames));
  return duration * US;
}

export function picture(sample: VideoSample): Picture {
  return {
    width: sample.displayWidth,
    height: sample.displayHeight,
    draw: (context, s, t) =>
      sample.draw(context, s.x, s.y, s.width, s.height, t.x, t.y, t.width, t.height),
  };
}

/** Decodes a film with WebCodecs, every frame at its own time; returns when the last one is over. */
export async function convertWithCodecs(
  file: Blob,
  fit: Fit,
  edit: Edit,
  builder: ClipBuilder,
  progress: Progress,
): Promise<number> {
  const input = open(file);
  try {
    const track = await videoTrack(input);
    if (!(await track.canDecode())) throw new ConvertError('video-codec', await codecName(track));
    const cut = new Cut(edit);
    const durationUs = await checkLength(track, cut);
    const wantedUs = Math.min(durationUs, cut.toUs);
    const painter = new FramePainter(fit, 'masked', edit);
    const pacer = new Pacer();
    let endUs = 0;
    for await (const sample of samples(track, cut)) {
      const startUs = Math.round(sample.timestamp * US);
      const overUs = startUs + Math.round(sample.duration * US);
      const at = cut.begins(startUs, overUs);
      try {
        // An edit list hides what ends before zero.
        if (overUs > 0 && at !== undefined && pacer.accepts(at)) {
          builder.add(at, painter.paint(picture(sample)));
        }
      } finally {
        sample.close();
      }
      endUs = Math.max(endUs, overUs);
      progress(Math.min(1, Math.max(0, (startUs - cut.fromUs) / (wantedUs - cut.fromUs))));
    }
    // A film that was cut off in transfer decodes without complaint up to where it stops.
    const lackingUs = wantedUs - endUs;
    if (builder.count === 0 || lackingUs > Math.max(0.5 * US, durationUs * 0.05)) {
      throw new ConvertError('broken-video');
    }
    return cut.ends(endUs);
  } finally {
    input.dispose();
  }
}

/** The samples of a part, decoded from the last key before it, and no further than its end. */
function samples(track: InputVideoTrack, { fromUs, toUs }: Cut): AsyncGenerator<VideoSample> {
  const from = fromUs === 0 ? undefined : fromUs / US;
  return new VideoSampleSink(track).samples(from, Number.isFinite(toUs) ? toUs / US : undefined);
}

/** What the container says without decoding: frame times in seconds and the codec's name. */
export interface Listing {
  times: number[];
  codec: string;
}

/** When its frames begin, in seconds and in order; nothing is decoded. */
export async function frameTimes(track: InputVideoTrack): Promise<number[]> {
  const times: number[] = [];
  const packets = new EncodedPacketSink(track).packets(undefined, undefined, {
    metadataOnly: true,
  });
  for await (const packet of packets) times.push(packet.timestamp);
  return times.sort((a, b) => a - b);
}

/** Reads a film's index; needs no secure context. Refuses one that is too long when so much of it is wanted. */
export async function listFrames(file: Blob, cut: Cut): Promise<Listing> {
  const input = open(file);
  try {
    const track = await videoTrack(input);
    await checkLength(track, cut);
    return { times: await frameTimes(track), codec: await codecName(track) };
  } finally {
    input.dispose();
  }
}
