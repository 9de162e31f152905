import { drawable, FramePainter, type ClipBuilder } from './clip';
import { ConvertError } from './error';
import { Cut } from './cut';
import type { Edit } from './edit';
import type { Fit, Size } from './geometry';
import { composeGif } from './gif/compose';
import { scanGif } from './gif/scan';
import { Pacer } from './timing';

/** Tells how far a conversion is, 0 to 1. */
export type Progress = (fraction: number) => void;

/** A GIF with its own delays; returns when the last picture is over. */
export async function convertGif(
  file: Blob,
  fit: Fit,
  edit: Edit,
  builder: ClipBuilder,
  progress: Progress,
): Promise<number> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const gif = scanGif(bytes);
  const painter = new FramePainter(fit, undefined, edit);
  const context = gifContext(gif);
  const cut = new Cut(edit);
  const pacer = new Pacer();
  let startUs = 0;
  let done = 0;
  // Each picture lies on those before it: they are composed, too, but not painted.
  for (const { rgba, durationUs } of composeGif(bytes, gif)) {
    if (cut.isOver(startUs)) break;
    const at = cut.begins(startUs, startUs + durationUs);
    if (at !== undefined && pacer.accepts(at)) {
      context.putImageData(new ImageData(rgba, gif.width, gif.height), 0, 0);
      builder.add(at, painter.paint(drawable(context.canvas)));
    }
    startUs += durationUs;
    progress(++done / gif.frames.length);
  }
  return cut.ends(startUs);
}

/** Where the pictures of a GIF are put. */
export function gifContext({ width, height }: Size): OffscreenCanvasRenderingContext2D {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new ConvertError('broken-gif', `${width} x ${height}`);
  return context;
}

/** Delays below 20 ms mean "as fast as you like"; browsers take 100 ms for them. */
const SHORTEST_US = 20_000;
const INSTEAD_OF_SHORT_US = 100_000;

/** How long a picture of an animation stands. */
export function durationOf({ duration }: VideoFrame): number {
  return (duration ?? 0) < SHORTEST_US ? INSTEAD_OF_SHORT_US : duration!;
}

/** Animated WebP and APNG, where the browser lends its decoder; returns when the last picture is over. */
export async function convertWithImageDecoder(
  file: Blob,
  type: 'image/webp' | 'image/png',
  fit: Fit,
  edit: Edit,
  builder: ClipBuilder,
  progress: Progress,
): Promise<number> {
  const decoder = new ImageDecoder({ data: file.stream(), type });
  try {
    await decoder.completed;
    const total = decoder.tracks.selectedTrack?.frameCount ?? 1;
    const painter = new FramePainter(fit, undefined, edit);
    const cut = new Cut(edit);
    const pacer = new Pacer();
    let startUs = 0;
    for (let frameIndex = 0; frameIndex < total && !cut.isOver(startUs); frameIndex++) {
      const { image } = await decoder.decode({ frameIndex });
      const overUs = startUs + durationOf(image);
      try {
        const at = cut.begins(startUs, overUs);
        if (at !== undefined && pacer.accepts(at)) builder.add(at, painter.paint(drawable(image)));
      } finally {
        image.close();
      }
      startUs = overUs;
      progress((frameIndex + 1) / total);
    }
    return cut.ends(startUs);
  } finally {
    decoder.close();
  }
}

/** A still picture, turned upright as its EXIF says. */
export async function convertStill(
  file: Blob,
  fit: Fit,
  edit: Edit,
  builder: ClipBuilder,
): Promise<number> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  try {
    builder.add(0, new FramePainter(fit, undefined, edit).paint(drawable(bitmap)));
  } finally {
    bitmap.close();
  }
  return 1;
}
