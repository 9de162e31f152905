/** Writes small GIFs for tests, byte by byte as the format's description has it. Not part of the page. */
export interface TestFrame {
  left?: number;
  top?: number;
  width: number;
  height: number;
  /** Colour indices, row by row from the top. */
  pixels: number[];
  delayCs?: number;
  disposal?: number;
  transparent?: number;
  interlaced?: boolean;
  palette?: number[];
}

/** Eight colours: black, red, green, blue, white, yellow, magenta, cyan. */
export const COLOURS: readonly (readonly [number, number, number])[] = [
  [0, 0, 0],
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
  [255, 255, 0],
  [255, 0, 255],
  [0, 255, 255],
];

const MIN_CODE_SIZE = 3;

const u16 = (value: number): number[] => [value & 255, value >> 8];

/** LZW without a dictionary: a clear code before each pixel keeps every code at four bits. */
function packed(pixels: number[]): number[] {
  const clear = 1 << MIN_CODE_SIZE;
  const codes = [...pixels.flatMap((pixel) => [clear, pixel]), clear + 1];
  const bytes: number[] = [];
  codes.forEach((code, i) => {
    if (i % 2 === 0) bytes.push(code);
    else bytes[bytes.length - 1]! |= code << 4;
  });
  return bytes;
}

function subBlocks(bytes: number[]): number[] {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += 255) {
    const part = bytes.slice(at, at + 255);
    out.push(part.length, ...part);
  }
  return [...out, 0];
}

function woven({ pixels, width, height }: TestFrame): number[] {
  const rows = [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ].flatMap(([start, step]) => {
    const part: number[] = [];
    for (let y = start!; y < height; y += step!) part.push(y);
    return part;
  });
  return rows.flatMap((y) => pixels.slice(y * width, (y + 1) * width));
}

function frameBytes(frame: TestFrame): number[] {
  const { left = 0, top = 0, width, height, delayCs = 10, disposal = 0, transparent } = frame;
  const flags = (disposal << 2) | (transparent === undefined ? 0 : 1);
  const local = frame.palette === undefined ? [] : frame.palette;
  const imageFlags = (frame.interlaced ? 0x40 : 0) | (local.length > 0 ? 0x82 : 0);
  return [
    ...[0x21, 0xf9, 4, flags, ...u16(delayCs), transparent ?? 0, 0],
    ...[0x2c, ...u16(left), ...u16(top), ...u16(width), ...u16(height), imageFlags],
    ...local,
    MIN_CODE_SIZE,
    ...subBlocks(packed(frame.interlaced ? woven(frame) : frame.pixels)),
  ];
}

export function gifFile(width: number, height: number, frames: TestFrame[]): Uint8Array {
  return Uint8Array.from([
    ...Array.from('GIF89a', (c) => c.charCodeAt(0)),
    ...[...u16(width), ...u16(height), 0x82, 0, 0],
    ...COLOURS.flat(),
    ...frames.flatMap(frameBytes),
    0x3b,
  ]);
}
