/** The conversion worker: one file in, one clip out, then it is done. Cancelled by terminating it. */
import { convertGif, convertStill, convertWithImageDecoder } from './animation';
import { ClipBuilder, drawable, FramePainter } from './clip';
import { Cut } from './cut';
import { PLAIN, type Edit } from './edit';
import { ConvertError, type ConvertReason } from './error';
import type { Fit } from './geometry';
import { DECODED, type FromWorker, type Look, type ToWorker } from './messages';
import { sha256Hex } from './sha256';
import { sniff, SNIFF_BYTES, type Sniffed } from './sniff';

type FrameMessage = Exclude<ToWorker, { type: 'start' }>;

const builder = new ClipBuilder();
let frameSink: ((message: FrameMessage) => void) | undefined;

function tell(message: FromWorker): void {
  postMessage(message);
}

let lastTold = 0;
function tellProgress(fraction: number): void {
  const now = performance.now();
  if (now - lastTold < 100 && fraction < 1) return;
  lastTold = now;
  tell({ type: 'progress', fraction });
}

/** How far the file is decoded. */
function progress(fraction: number): void {
  tellProgress(fraction * DECODED);
}

/** How much of the clip is written. */
function written(fraction: number): void {
  tellProgress(DECODED + fraction * (1 - DECODED));
}

/** Takes frames that only the document can draw; resolves with the end of the last one. */
function framesFromPage(painter: FramePainter, cut: Cut): Promise<number> {
  return new Promise((resolve, reject) => {
    frameSink = (message) => {
      try {
        if (message.type === 'frames-end') resolve(cut.ends(message.endUs));
        else if (message.type === 'frames-failed')
          throw new ConvertError(message.reason, message.detail);
        else takeFrame(message, painter, cut);
      } catch (error) {
        reject(error);
      }
    };
  });
}

function takeFrame(
  { bitmap, startUs }: Extract<FrameMessage, { type: 'frame' }>,
  painter: FramePainter,
  cut: Cut,
): void {
  try {
    // The page sends nothing that is over before the part begins.
    const at = cut.begins(startUs, Number.POSITIVE_INFINITY);
    if (at !== undefined) builder.add(at, painter.paint(drawable(bitmap)));
    tell({ type: 'taken' });
  } finally {
    bitmap.close();
  }
}

/** The part that takes films apart comes from the device when it is needed. */
async function codecs(): Promise<typeof import('./video/codecs')> {
  try {
    return await import('./video/codecs');
  } catch (error) {
    throw new ConvertError('not-loaded', '', { cause: error });
  }
}

/** Plays the film in the page's own video element, the only way on plain http. */
async function convertByPlaying(file: File, fit: Fit, edit: Edit, codec?: string): Promise<number> {
  const { listFrames } = await codecs();
  const cut = new Cut(edit);
  let name = codec;
  let listed: number[] | undefined;
  try {
    const listing = await listFrames(file, cut);
    listed = listing.times;
    name ??= listing.codec;
  } catch (error) {
    if (error instanceof ConvertError) throw error;
    // A container that only the browser can read: it plays without a list.
  }
  const { fromUs, toUs } = edit;
  tell({ type: 'needs-video', listed, part: { from: fromUs / 1e6, to: (toUs ?? cut.toUs) / 1e6 } });
  try {
    return await framesFromPage(new FramePainter(fit, 'masked', edit), cut);
  } catch (error) {
    const refused = error instanceof ConvertError && error.reason === 'broken-video';
    // Every browser plays H.264: if that fails, it is the file.
    throw refused && name !== undefined && name !== 'H.264'
      ? new ConvertError('video-codec', name)
      : error;
  }
}

async function convertVideo(file: File, fit: Fit, edit: Edit): Promise<number> {
  if (typeof VideoDecoder === 'undefined') return convertByPlaying(file, fit, edit);
  const { convertWithCodecs } = await codecs();
  try {
    return await convertWithCodecs(file, fit, edit, builder, progress);
  } catch (error) {
    const final = error instanceof ConvertError && error.reason !== 'video-codec';
    if (final || builder.count > 0) throw error;
    const codec = error instanceof ConvertError ? error.detail : undefined;
    return convertByPlaying(file, fit, edit, codec);
  }
}

function convertAnimated(
  file: File,
  fit: Fit,
  edit: Edit,
  { kind, format }: Sniffed,
): Promise<number> {
  // Without it there is only the first picture, which is not what the file is about.
  if (typeof ImageDecoder === 'undefined') throw new ConvertError('animation', format);
  const type = kind === 'animated-webp' ? 'image/webp' : 'image/png';
  return convertWithImageDecoder(file, type, fit, edit, builder, progress);
}

/** Resolves with the end of the last picture. */
async function convertByKind(file: File, fit: Fit, edit: Edit, found: Sniffed): Promise<number> {
  switch (found.kind) {
    case 'gif':
      return convertGif(file, fit, edit, builder, progress);
    case 'still':
    case 'heic':
    case 'tiff':
      return convertStill(file, fit, edit, builder);
    case 'animated-webp':
    case 'animated-png':
      return convertAnimated(file, fit, edit, found);
    case 'svg':
      tell({ type: 'needs-svg' });
      return framesFromPage(new FramePainter(fit, undefined, edit), new Cut(PLAIN));
    case 'video':
      return convertVideo(file, fit, edit);
    case 'old-video':
      throw new ConvertError('old-video', found.format);
    case 'unknown':
      throw new ConvertError(file.size === 0 ? 'empty-file' : 'not-media');
  }
}

const BROKEN: Partial<Record<Sniffed['kind'], ConvertReason>> = {
  video: 'broken-video',
  gif: 'broken-gif',
  heic: 'heic',
  tiff: 'tiff',
};

/** What a browser's own error means depends on what it was decoding. */
function explain(error: unknown, found: Sniffed | undefined): ConvertError {
  if (error instanceof ConvertError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  if (found === undefined) return new ConvertError('unreadable', detail, { cause: error });
  const reason = BROKEN[found.kind] ?? 'broken-picture';
  return new ConvertError(reason, found.format, { cause: error });
}

async function run(file: File, { fit, quality, edit = PLAIN }: Look): Promise<void> {
  let found: Sniffed | undefined;
  try {
    const head = new Uint8Array(await file.slice(0, SNIFF_BYTES).arrayBuffer());
    const sha256 = await sha256Hex(file);
    tell({ type: 'hashed', sha256 });
    found = sniff(head);
    const endUs = await convertByKind(file, fit, edit, found);
    const clip = await builder.finish(endUs, quality, written);
    tell({ type: 'done', clip });
  } catch (error) {
    const { reason, detail } = explain(error, found);
    tell({ type: 'failed', reason, detail });
  }
}

addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if (data.type === 'start') {
    void run(data.file, data.look);
  } else {
    frameSink?.(data);
  }
});
