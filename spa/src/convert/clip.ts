import { deflateSync, inflateSync } from 'fflate';
import { Raster } from '../clip/encode/raster';
import { ClipWriter } from '../clip/encode/writer';
import { FRAME_BYTES } from '../clip/frame';
import { roundingFor, type Rounding } from './dither';
import { context2d, drawPlaced } from './draw';
import { PLAIN, type Edit } from './edit';
import { place, WIDTH, HEIGHT, type Box, type Fit } from './geometry';
import { BlurredGround } from './ground';
import { TOLERANCE, type Quality } from './quality';
import { toRgb565 } from './rgb565';
import { Pacer } from './timing';

/** Frames are packed only while they wait: what takes least time is best. */
const LEVEL = 1;

/** Pixels of the glass, row after row in RGB565, deflated. */
export type PackedFrame = Uint8Array<ArrayBuffer>;

/** A picture with its upright, square-pixel size, and the way to draw a part of it. */
export interface Picture {
  width: number;
  height: number;
  draw: (context: OffscreenCanvasRenderingContext2D, source: Box, target: Box) => void;
}

/** A picture that a canvas can draw as it is. */
export function drawable(image: ImageBitmap | OffscreenCanvas | VideoFrame): Picture {
  const width = 'displayWidth' in image ? image.displayWidth : image.width;
  const height = 'displayHeight' in image ? image.displayHeight : image.height;
  return {
    width,
    height,
    draw: (context, s, t) =>
      context.drawImage(image, s.x, s.y, s.width, s.height, t.x, t.y, t.width, t.height),
  };
}

/**
 * Draws pictures of any size and gives them back as frames of the glass. Films are always rounded by the mask; of the
 * rest the first picture that tells decides for all of them, so that nothing changes on the way.
 */
export class FramePainter {
  readonly #fit: Fit;
  readonly #edit: Edit;
  readonly #ground: BlurredGround | undefined;
  #rounding: Rounding | undefined;
  #context: OffscreenCanvasRenderingContext2D | undefined;

  constructor(fit: Fit, rounding?: Rounding, edit: Edit = PLAIN) {
    this.#fit = fit;
    this.#edit = edit;
    this.#rounding = edit.dither === 'auto' ? rounding : edit.dither;
    this.#ground = edit.ground === 'blur' && fit === 'fit' ? new BlurredGround() : undefined;
  }

  #contextFor(k: number): OffscreenCanvasRenderingContext2D {
    if (this.#context?.canvas.width !== WIDTH * k) {
      this.#context = context2d(WIDTH * k, HEIGHT * k);
      this.#context.imageSmoothingQuality = 'high';
    }
    return this.#context;
  }

  /** Lets this picture decide how all are rounded, unless that is decided. */
  look(picture: Picture): void {
    this.#rounding ??= roundingFor(this.#pixels(picture, false).data);
  }

  /** Scales, crops, averages and rounds to RGB565: row after row, as it is seen. */
  frame(picture: Picture): Uint8Array {
    this.look(picture);
    const { data, k } = this.#pixels(picture, true);
    return toRgb565(data, WIDTH, HEIGHT, k, this.#rounding ?? 'nearest');
  }

  /** The same, packed. */
  paint(picture: Picture): PackedFrame {
    return deflateSync(this.frame(picture), { level: LEVEL }) as PackedFrame;
  }

  #pixels(picture: Picture, smooth: boolean): { data: Uint8ClampedArray; k: number } {
    const placement = place(picture.width, picture.height, this.#fit, this.#edit);
    const { k } = placement;
    const context = this.#contextFor(k);
    context.fillStyle = this.#edit.background;
    context.fillRect(0, 0, WIDTH * k, HEIGHT * k);
    this.#ground?.draw(context, picture, this.#edit, this.#edit.background);
    context.imageSmoothingEnabled = smooth;
    drawPlaced(context, picture, placement);
    return { data: context.getImageData(0, 0, WIDTH * k, HEIGHT * k).data, k };
  }
}

interface TimedFrame {
  startUs: number;
  packed: Blob;
}

/** Collects packed frames in any order; they wait in Blobs, which the browser may put on disk. */
export class ClipBuilder {
  #frames: TimedFrame[] = [];

  add(startUs: number, packed: PackedFrame): void {
    this.#frames.push({ startUs, packed: new Blob([packed]) });
  }

  get count(): number {
    return this.#frames.length;
  }

  /**
   * Puts the frames in order, thins them to what the panel can show, and writes the clip; can be done once. One frame is
   * a still, whatever it came from: the device decides how long it stands.
   */
  async finish(
    endUs: number,
    quality: Quality,
    progress: (fraction: number) => void,
  ): Promise<Clip> {
    const pacer = new Pacer();
    const waiting = this.#frames
      .sort((a, b) => a.startUs - b.startUs)
      .filter(({ startUs }) => pacer.accepts(startUs));
    this.#frames = [];
    const durationsUs = pacer.durations(endUs);
    const writer = new ClipWriter(TOLERANCE[quality]);
    const picture = new Uint8Array(FRAME_BYTES);
    const frame = new Raster();
    for (const [i, durationUs] of durationsUs.entries()) {
      // One that is taken is let go of.
      const packed = await waiting.shift()!.packed.arrayBuffer();
      inflateSync(new Uint8Array(packed), { out: picture });
      frame.takePicture(picture);
      writer.push(frame, durationUs);
      progress((i + 1) / durationsUs.length);
    }
    return { file: writer.finish() };
  }
}

/** The result of a conversion: what is sent to the device. */
export interface Clip {
  /** The clip file, ready to be played. */
  file: Blob;
}
