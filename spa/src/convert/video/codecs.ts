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
import type { Fit } from '../geometry';
import { MAX_FPS, MAX_FRAMES, Pacer } from '../timing';

const US = 1_000_000;

function open(file: Blob): Input {
  return new Input({
    source: new BlobSource(file),
    formats: [MP4, QTFF, WEBM, MATROSKA, MPEG_TS],
  });
}

async function videoTrack(input: Input): Promise<InputVideoTrack> {
  const track = await input.getPrimaryVideoTrack();
  if (track === null) throw new ConvertError('no-video-track');
  return track;
}

/** The codec as people may know it from their phone's settings. */
async function codecName(track: InputVideoTrack): Promise<string> {
  const codec = await track.getCodec();
  if (codec === 'hevc') return 'HEVC (H.265)';
  if (codec === 'avc') return 'H.264';
  if (codec === 'prores') return 'ProRes';
  if (codec !== null) return codec.toUpperCase();
  const id = await track.getInternalCodecId();
  return typeof id === 'string' && id.startsWith('ap') ? 'ProRes' : String(id ?? 'unknown');
}

/** Refuses before the first frame is decoded what could only be refused after thousands. */
async function checkLength(track: InputVideoTrack): Promise<number> {
  const duration = await track.computeDuration();
  const { averagePacketRate } = await track.computePacketStats(200);
  const frames = Math.round(duration * Math.min(averagePacketRate, MAX_FPS));
  if (frames > MAX_FRAMES * 1.01) throw new ConvertError('too-many-frames', String(frames));
  return duration;
}

function picture(sample: VideoSample): Picture {
  return {
    width: sample.displayWidth,
    height: sample.displayHeight,
    draw: (context, { source: s, target: t }) =>
      sample.draw(context, s.x, s.y, s.width, s.height, t.x, t.y, t.width, t.height),
  };
}

/** Decodes a film with WebCodecs, every frame at its own time; returns when the last one is over. */
export async function convertWithCodecs(
  file: Blob,
  fit: Fit,
  builder: ClipBuilder,
  progress: Progress,
): Promise<number> {
  const input = open(file);
  try {
    const track = await videoTrack(input);
    if (!(await track.canDecode())) throw new ConvertError('video-codec', await codecName(track));
    const duration = await checkLength(track);
    const painter = new FramePainter(fit, 'masked');
    const pacer = new Pacer();
    let endUs = 0;
    for await (const sample of new VideoSampleSink(track).samples()) {
      const startUs = Math.round(sample.timestamp * US);
      const overUs = startUs + Math.round(sample.duration * US);
      // An edit list hides what ends before zero.
      if (overUs > 0 && pacer.accepts(startUs)) {
        try {
          builder.add(startUs, painter.paint(picture(sample)));
        } finally {
          sample.close();
        }
      } else {
        sample.close();
      }
      endUs = Math.max(endUs, overUs);
      progress(Math.min(1, sample.timestamp / duration));
    }
    // A film that was cut off in transfer decodes without complaint up to where it stops.
    const lacking = duration - endUs / US;
    if (builder.count === 0 || lacking > Math.max(0.5, duration * 0.05)) {
      throw new ConvertError('broken-video');
    }
    return endUs;
  } finally {
    input.dispose();
  }
}

/** What the container says without decoding: frame times in seconds and the codec's name. */
export interface Listing {
  times: number[];
  codec: string;
}

/** Reads a film's index; needs no secure context. */
export async function listFrames(file: Blob): Promise<Listing> {
  const input = open(file);
  try {
    const track = await videoTrack(input);
    await checkLength(track);
    const times: number[] = [];
    const packets = new EncodedPacketSink(track).packets(undefined, undefined, {
      metadataOnly: true,
    });
    for await (const packet of packets) times.push(packet.timestamp);
    return { times: times.sort((a, b) => a - b), codec: await codecName(track) };
  } finally {
    input.dispose();
  }
}
