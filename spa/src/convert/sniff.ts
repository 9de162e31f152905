/**
 * Says what a file is by its first bytes. Names and MIME types lie (a renamed file, a phone's
 * share sheet), so neither is asked.
 */
export type MediaKind =
  | 'gif'
  | 'still'
  | 'svg'
  | 'animated-webp'
  | 'animated-png'
  | 'heic'
  | 'tiff'
  | 'video'
  | 'old-video'
  | 'unknown';

/** What {@link sniff} found: the kind steers the path, the format is the word for people. */
export interface Sniffed {
  kind: MediaKind;
  format: string;
}

/** How much of the start of a file {@link sniff} wants to see. */
export const SNIFF_BYTES = 64 * 1024;

/** One character a byte. (TextDecoder's "latin1" is windows-1252, which moves 0x80 to 0x9f.) */
function text(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}

function u32be(bytes: Uint8Array, at: number): number {
  return at + 4 <= bytes.length
    ? ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
    : 0;
}

/** APNG has its `acTL` chunk before the first `IDAT`. */
function sniffPng(bytes: Uint8Array): Sniffed {
  let at = 8;
  while (at + 8 <= bytes.length) {
    const type = text(bytes, at + 4, 4);
    if (type === 'acTL') return { kind: 'animated-png', format: 'APNG' };
    if (type === 'IDAT') break;
    at += 12 + u32be(bytes, at);
  }
  return { kind: 'still', format: 'PNG' };
}

function sniffRiff(bytes: Uint8Array): Sniffed {
  const form = text(bytes, 8, 4);
  if (form === 'AVI ') return { kind: 'old-video', format: 'AVI' };
  if (form !== 'WEBP') return { kind: 'unknown', format: '' };
  const animated = text(bytes, 12, 4) === 'VP8X' && ((bytes[20] ?? 0) & 0x02) !== 0;
  return { kind: animated ? 'animated-webp' : 'still', format: 'WebP' };
}

const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1', 'heif'];

/** ISO base media: the brands tell pictures from films. */
function sniffIsoMedia(bytes: Uint8Array): Sniffed {
  const end = Math.min(u32be(bytes, 0), bytes.length, 512);
  const brands = [text(bytes, 8, 4)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(text(bytes, at, 4));
  if (brands.includes('avif') || brands.includes('avis')) return { kind: 'still', format: 'AVIF' };
  if (HEIC_BRANDS.includes(brands[0]!)) return { kind: 'heic', format: 'HEIC' };
  return { kind: 'video', format: brands[0] === 'qt  ' ? 'QuickTime' : 'MP4' };
}

const OLD_QUICKTIME_ATOMS = ['moov', 'mdat', 'wide', 'free', 'skip', 'pnot'];
const ASF = '\x30\x26\xb2\x75\x8e\x66\xcf\x11';

/** An SVG may hide behind a byte order mark, an XML declaration, comments and a doctype. */
function isSvg(bytes: Uint8Array): boolean {
  const start = new TextDecoder().decode(bytes.subarray(0, 4096));
  const body = start
    .replace(/^\uFEFF/, '')
    .replace(/<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!DOCTYPE[^>[]*(\[[\s\S]*?\])?\s*>/gi, '')
    .trimStart();
  return /^<(svg:)?svg[\s>]/i.test(body);
}

const SIGNATURES: readonly [string, MediaKind, string][] = [
  ['GIF87a', 'gif', 'GIF'],
  ['GIF89a', 'gif', 'GIF'],
  ['\xff\xd8\xff', 'still', 'JPEG'],
  ['\x00\x00\x01\x00', 'still', 'ICO'],
  ['\xff\x0a', 'still', 'JPEG XL'],
  ['\x00\x00\x00\x0cJXL ', 'still', 'JPEG XL'],
  ['II*\x00', 'tiff', 'TIFF'],
  ['MM\x00*', 'tiff', 'TIFF'],
  ['\x1a\x45\xdf\xa3', 'video', 'WebM or Matroska'],
  [ASF, 'old-video', 'WMV'],
  ['FLV', 'old-video', 'FLV'],
  ['\x00\x00\x01\xba', 'old-video', 'MPEG'],
  ['\x00\x00\x01\xb3', 'old-video', 'MPEG'],
  ['OggS', 'old-video', 'Ogg'],
];

/** Names the kind of a file from its first {@link SNIFF_BYTES} bytes. */
export function sniff(bytes: Uint8Array): Sniffed {
  const head = text(bytes, 0, 16);
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return sniffPng(bytes);
  if (head.startsWith('RIFF')) return sniffRiff(bytes);
  if (head.slice(4, 8) === 'ftyp') return sniffIsoMedia(bytes);
  const signature = SIGNATURES.find(([magic]) => head.startsWith(magic));
  if (signature) return { kind: signature[1], format: signature[2] };
  if (OLD_QUICKTIME_ATOMS.includes(head.slice(4, 8))) return { kind: 'video', format: 'QuickTime' };
  // A bitmap header is 12 to 124 bytes long; "BM" alone would also match plain text.
  if (
    head.startsWith('BM') &&
    bytes[15] === 0 &&
    [12, 40, 52, 56, 64, 108, 124].includes(bytes[14]!)
  ) {
    return { kind: 'still', format: 'BMP' };
  }
  if (bytes[0] === 0x47 && bytes[188] === 0x47 && bytes[376] === 0x47) {
    return { kind: 'video', format: 'MPEG-TS' };
  }
  if (isSvg(bytes)) return { kind: 'svg', format: 'SVG' };
  return { kind: 'unknown', format: '' };
}
