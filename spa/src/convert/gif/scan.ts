import { ConvertError } from '../error';

/** What is left on the canvas after a frame's time is over. */
export type Disposal = 'keep' | 'clear' | 'restore';

/** One picture of a GIF as the file describes it; its pixels are still packed. */
export interface GifFrame {
  left: number;
  top: number;
  width: number;
  height: number;
  interlaced: boolean;
  disposal: Disposal;
  /** Index of the see-through colour, or -1. */
  transparent: number;
  durationUs: number;
  palette: Uint8Array;
  minCodeSize: number;
  /** Where the first data sub-block begins in the file. */
  dataAt: number;
}

export interface Gif {
  width: number;
  height: number;
  frames: GifFrame[];
}

/** 25 million pixels are 100 MB of canvas; no real GIF comes near. */
const MAX_PIXELS = 25_000_000;
/** Browsers show delays of 0 and 10 ms as 100 ms, and authors rely on it. */
const SHORTEST_HONOURED_CS = 2;
const INSTEAD_OF_SHORT_CS = 10;
const US_PER_CS = 10_000;

interface Control {
  disposal: Disposal;
  transparent: number;
  durationUs: number;
}

const NO_CONTROL: Control = {
  disposal: 'keep',
  transparent: -1,
  durationUs: INSTEAD_OF_SHORT_CS * US_PER_CS,
};

class Cursor {
  at = 0;
  constructor(
    readonly bytes: Uint8Array,
    readonly frames: GifFrame[],
  ) {}

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  fail(what: string): never {
    throw new ConvertError(
      'broken-gif',
      `${what} (frame ${this.frames.length + 1}, byte ${this.at})`,
    );
  }

  u8(): number {
    const value = this.bytes[this.at];
    if (value === undefined) this.fail('the file ends too early');
    this.at++;
    return value;
  }

  u16(): number {
    const low = this.u8();
    return low | (this.u8() << 8);
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) this.fail('the file ends too early');
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  skipSubBlocks(): void {
    for (let size = this.u8(); size !== 0; size = this.u8()) this.take(size);
  }
}

function tableBytes(flags: number): number {
  return (flags & 0x80) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1);
}

/** 3 is "restore"; some old encoders wrote 4 for it, and browsers follow them. */
function disposalOf(flags: number): Disposal {
  const code = (flags >> 2) & 0x07;
  return code === 2 ? 'clear' : code === 3 || code === 4 ? 'restore' : 'keep';
}

function readControl(cursor: Cursor): Control {
  const size = cursor.u8();
  if (size < 4) cursor.fail('a frame has a damaged timing block');
  const block = cursor.take(size);
  cursor.skipSubBlocks();
  const flags = block[0]!;
  const delay = block[1]! | (block[2]! << 8);
  return {
    disposal: disposalOf(flags),
    transparent: flags & 1 ? block[3]! : -1,
    durationUs: (delay < SHORTEST_HONOURED_CS ? INSTEAD_OF_SHORT_CS : delay) * US_PER_CS,
  };
}

function readFrame(cursor: Cursor, control: Control, globalPalette: Uint8Array): GifFrame {
  const left = cursor.u16();
  const top = cursor.u16();
  const width = cursor.u16();
  const height = cursor.u16();
  const flags = cursor.u8();
  const local = cursor.take(tableBytes(flags));
  const palette = local.length > 0 ? local : globalPalette;
  if (palette.length === 0) cursor.fail('a frame has no colours');
  if (width * height > MAX_PIXELS) cursor.fail(`a frame of ${width} x ${height} is too large`);
  const minCodeSize = cursor.u8();
  if (minCodeSize < 1 || minCodeSize > 8) cursor.fail('a frame has damaged picture data');
  const dataAt = cursor.at;
  cursor.skipSubBlocks();
  const interlaced = (flags & 0x40) !== 0;
  return { left, top, width, height, interlaced, ...control, palette, minCodeSize, dataAt };
}

const EXTENSION = 0x21;
const GRAPHIC_CONTROL = 0xf9;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

function readBlocks(cursor: Cursor, globalPalette: Uint8Array): void {
  let control = NO_CONTROL;
  // A missing trailer after whole frames is common and harmless.
  while (!cursor.atEnd) {
    const introducer = cursor.u8();
    if (introducer === TRAILER) return;
    if (introducer === EXTENSION) {
      if (cursor.u8() === GRAPHIC_CONTROL) control = readControl(cursor);
      else cursor.skipSubBlocks();
    } else if (introducer === IMAGE) {
      cursor.frames.push(readFrame(cursor, control, globalPalette));
      control = NO_CONTROL;
    } else if (introducer !== 0) {
      cursor.fail('there is something that is not a GIF block');
    }
  }
}

/** Reads the whole structure of a GIF without unpacking a pixel; refuses truncated files. */
export function scanGif(bytes: Uint8Array): Gif {
  const cursor = new Cursor(bytes, []);
  const magic = String.fromCharCode(...cursor.take(6));
  if (magic !== 'GIF87a' && magic !== 'GIF89a') cursor.fail('the file does not begin like a GIF');
  let width = cursor.u16();
  let height = cursor.u16();
  const flags = cursor.u8();
  cursor.take(2);
  readBlocks(cursor, cursor.take(tableBytes(flags)));
  const [first] = cursor.frames;
  if (first === undefined) return cursor.fail('there is no picture in it');
  width ||= first.left + first.width;
  height ||= first.top + first.height;
  if (width === 0 || height === 0) cursor.fail('the picture has no size');
  if (width * height > MAX_PIXELS) cursor.fail(`${width} x ${height} pixels are too many`);
  return { width, height, frames: cursor.frames };
}
