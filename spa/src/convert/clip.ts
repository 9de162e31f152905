import { roundingFor, type Rounding } from './dither';
import { place, WIDTH, HEIGHT, type Fit, type Placement } from './geometry';
import type { Quality } from './quality';
import { toRgb565 } from './rgb565';
import { Pacer } from './timing';
import { joinZip, pack, type ZipEntry } from './zip';

/**
 * Measured on 40 frames each of smooth, detailed and noisy film: level 3 takes 1.0 to 1.5 times as
 * long as level 1 for 2 to 12 % less to send; level 6 another half of the time for 2 % more.
 */
const LEVEL = 3;

/** What the device wants to know about the frames; `durations_us` wins over `fps`. */
export interface ClipMetadata {
  slug: string;
  original_filename: string;
  type: 'video' | 'image';
  width: number;
  height: number;
  frame_count: number;
  format: 'rgb565';
  fps: number;
  durations_us?: number[];
  /** How closely the device keeps to the frames. */
  quality: Quality;
}

/** A picture with its upright, square-pixel size, and the way to draw a part of it. */
export interface Picture {
  width: number;
  height: number;
  draw: (context: OffscreenCanvasRenderingContext2D, placement: Placement) => void;
}

/** A picture that a canvas can draw as it is. */
export function drawable(image: ImageBitmap | OffscreenCanvas | VideoFrame): Picture {
  const width = 'displayWidth' in image ? image.displayWidth : image.width;
  const height = 'displayHeight' in image ? image.displayHeight : image.height;
  return {
    width,
    height,
    draw: (context, { source: s, target: t }) =>
      context.drawImage(image, s.x, s.y, s.width, s.height, t.x, t.y, t.width, t.height),
  };
}

/**
 * Draws pictures of any size and gives them back as packed frames of the glass. Films are always rounded by the mask;
 * of the rest the first picture that tells decides for all of them, so that nothing changes on the way.
 */
export class FramePainter {
  readonly #fit: Fit;
  #rounding: Rounding | undefined;
  #canvas: OffscreenCanvas | undefined;
  #context: OffscreenCanvasRenderingContext2D | undefined;

  constructor(fit: Fit, rounding?: Rounding) {
    this.#fit = fit;
    this.#rounding = rounding;
  }

  #contextFor(k: number): OffscreenCanvasRenderingContext2D {
    if (this.#context === undefined || this.#canvas?.width !== WIDTH * k) {
      this.#canvas = new OffscreenCanvas(WIDTH * k, HEIGHT * k);
      const context = this.#canvas.getContext('2d', { willReadFrequently: true, alpha: false });
      if (context === null) throw new Error('no 2d canvas');
      context.imageSmoothingQuality = 'high';
      this.#context = context;
    }
    return this.#context;
  }

  /** Scales, crops, averages, rounds to RGB565 and packs. */
  paint(picture: Picture): ZipEntry {
    const placement = place(picture.width, picture.height, this.#fit);
    const { k } = placement;
    const context = this.#contextFor(k);
    const pixels = (smooth: boolean): Uint8ClampedArray => {
      context.imageSmoothingEnabled = smooth;
      context.fillStyle = '#000';
      context.fillRect(0, 0, WIDTH * k, HEIGHT * k);
      picture.draw(context, placement);
      return context.getImageData(0, 0, WIDTH * k, HEIGHT * k).data;
    };
    this.#rounding ??= roundingFor(pixels(false));
    return pack(toRgb565(pixels(true), WIDTH, HEIGHT, k, this.#rounding ?? 'nearest'), LEVEL);
  }
}

interface TimedFrame {
  startUs: number;
  entry: ZipEntry;
}

/** Collects packed frames in any order; the pixels wait in Blobs, which the browser may put on disk. */
export class ClipBuilder {
  readonly #frames: TimedFrame[] = [];

  add(startUs: number, entry: ZipEntry): void {
    const data = entry.data instanceof Blob ? entry.data : new Blob([entry.data]);
    this.#frames.push({ startUs, entry: { ...entry, data } });
  }

  get count(): number {
    return this.#frames.length;
  }

  /** Puts the frames in order, thins them to what the panel can show, and makes the ZIP. */
  finish(slug: string, filename: string, endUs: number, quality: Quality): Clip {
    const sorted = [...this.#frames].sort((a, b) => a.startUs - b.startUs);
    const pacer = new Pacer();
    const shown = sorted.filter(({ startUs }) => pacer.accepts(startUs));
    const metadata = describe(slug, filename, pacer.durations(endUs), quality);
    const frames = shown.map(({ entry }, i) => ({
      name: `frame_${String(i + 1).padStart(6, '0')}.rgb`,
      entry,
    }));
    const about = pack(new TextEncoder().encode(JSON.stringify(metadata)), 6);
    return { zip: joinZip([{ name: 'metadata.json', entry: about }, ...frames]), metadata };
  }
}

/** One frame is a still, whatever it came from: the device decides how long it stands. */
function describe(
  slug: string,
  filename: string,
  durationsUs: number[],
  quality: Quality,
): ClipMetadata {
  const still = durationsUs.length === 1;
  const totalUs = durationsUs.reduce((sum, duration) => sum + duration, 0);
  return {
    slug,
    original_filename: filename,
    type: still ? 'image' : 'video',
    width: WIDTH,
    height: HEIGHT,
    frame_count: durationsUs.length,
    format: 'rgb565',
    fps: still ? 0 : Math.round((durationsUs.length * 1e9) / totalUs) / 1000,
    ...(still ? {} : { durations_us: durationsUs }),
    quality,
  };
}

/** The result of a conversion: what is sent to the device. */
export interface Clip {
  zip: Blob;
  metadata: ClipMetadata;
}
