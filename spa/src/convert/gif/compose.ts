import { unpackLzw } from './lzw';
import type { Gif, GifFrame } from './scan';

/** A finished picture of the animation. `rgba` is reused for the next one. */
export interface ComposedFrame {
  rgba: Uint8ClampedArray<ArrayBuffer>;
  durationUs: number;
}

/** The part of a frame that lies on the canvas. */
interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

function visible(frame: GifFrame, gif: Gif): Area {
  const x = Math.min(frame.left, gif.width);
  const y = Math.min(frame.top, gif.height);
  return {
    x,
    y,
    width: Math.min(frame.width, gif.width - x),
    height: Math.min(frame.height, gif.height - y),
  };
}

/** Colours as the 32 bits a canvas holds on little-endian machines (every browser): A B G R. */
function paletteColours(palette: Uint8Array): Uint32Array {
  const colours = new Uint32Array(palette.length / 3);
  for (let i = 0, p = 0; i < colours.length; i++, p += 3) {
    colours[i] = 0xff000000 | (palette[p + 2]! << 16) | (palette[p + 1]! << 8) | palette[p]!;
  }
  return colours;
}

const PASSES = [
  [0, 8],
  [4, 8],
  [2, 4],
  [1, 2],
] as const;

/** The row of the picture each row of the file belongs to. */
function rowOrder(frame: GifFrame): number[] {
  const plain = Array.from({ length: frame.height }, (_, y) => y);
  if (!frame.interlaced) return plain;
  return PASSES.flatMap(([start, step]) =>
    plain.filter((y) => y >= start && (y - start) % step === 0),
  );
}

function paint(canvas: Uint32Array, gif: Gif, frame: GifFrame, indices: Uint8Array, count: number) {
  const area = visible(frame, gif);
  const colours = paletteColours(frame.palette);
  rowOrder(frame).forEach((y, fileRow) => {
    if (y >= area.height) return;
    const from = fileRow * frame.width;
    const to = (area.y + y) * gif.width + area.x;
    const width = Math.min(area.width, count - from);
    for (let x = 0; x < width; x++) {
      const index = indices[from + x]!;
      if (index !== frame.transparent && index < colours.length) canvas[to + x] = colours[index]!;
    }
  });
}

function copyArea(canvas: Uint32Array, gif: Gif, area: Area): Uint32Array {
  const copy = new Uint32Array(area.width * area.height);
  for (let y = 0; y < area.height; y++) {
    const from = (area.y + y) * gif.width + area.x;
    copy.set(canvas.subarray(from, from + area.width), y * area.width);
  }
  return copy;
}

function putArea(canvas: Uint32Array, gif: Gif, area: Area, content: Uint32Array | 0): void {
  for (let y = 0; y < area.height; y++) {
    const to = (area.y + y) * gif.width + area.x;
    if (content === 0) canvas.fill(0, to, to + area.width);
    else canvas.set(content.subarray(y * area.width, (y + 1) * area.width), to);
  }
}

/** Plays a GIF once, frame by frame; holds one canvas and one frame of indices. */
export function* composeGif(bytes: Uint8Array, gif: Gif): Generator<ComposedFrame> {
  const rgba = new Uint8ClampedArray(gif.width * gif.height * 4);
  const canvas = new Uint32Array(rgba.buffer);
  let indices = new Uint8Array(0);
  for (const frame of gif.frames) {
    const pixels = frame.width * frame.height;
    if (indices.length < pixels) indices = new Uint8Array(pixels);
    const out = indices.subarray(0, pixels);
    const count = unpackLzw(bytes, frame.dataAt, frame.minCodeSize, out);
    const area = visible(frame, gif);
    const before = frame.disposal === 'restore' ? copyArea(canvas, gif, area) : undefined;
    paint(canvas, gif, frame, out, count);
    yield { rgba, durationUs: frame.durationUs };
    if (frame.disposal === 'clear') putArea(canvas, gif, area, 0);
    else if (before !== undefined) putArea(canvas, gif, area, before);
  }
}
