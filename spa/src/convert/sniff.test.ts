import { expect, it } from 'vitest';
import { sniff } from './sniff';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));
const ftyp = (major: string, ...others: string[]): Uint8Array => {
  const size = 16 + others.length * 4;
  return bytes(`\0\0\0${String.fromCharCode(size)}ftyp${major}\0\0\0\0${others.join('')}`);
};
const PNG = '\x89PNG\r\n\x1a\n';
const IHDR = `\0\0\0\rIHDR${'\0'.repeat(17)}`;

it.each([
  ['gif', 'GIF', bytes('GIF89a…')],
  ['still', 'JPEG', bytes('\xff\xd8\xff\xe0')],
  ['still', 'PNG', bytes(`${PNG}${IHDR}\0\0\0\x01IDAT`)],
  ['animated-png', 'APNG', bytes(`${PNG}${IHDR}\0\0\0\x08acTL`)],
  ['still', 'WebP', bytes('RIFF....WEBPVP8 ....\x02')],
  ['animated-webp', 'WebP', bytes('RIFF....WEBPVP8X....\x02')],
  ['old-video', 'AVI', bytes('RIFF....AVI LIST')],
  ['still', 'AVIF', ftyp('avif', 'mif1')],
  ['still', 'AVIF', ftyp('mif1', 'avif')],
  ['heic', 'HEIC', ftyp('heic', 'mif1')],
  ['video', 'MP4', ftyp('isom', 'avc1')],
  ['video', 'QuickTime', ftyp('qt  ')],
  ['video', 'QuickTime', bytes('\0\0\0\x08wide')],
  ['video', 'WebM or Matroska', bytes('\x1a\x45\xdf\xa3')],
  ['tiff', 'TIFF', bytes('II*\0')],
  ['still', 'BMP', bytes(`BM${'\0'.repeat(12)}\x28\0\0\0`)],
  ['svg', 'SVG', bytes('<?xml version="1.0"?>\n<!-- hi -->\n<svg xmlns="a">')],
  ['svg', 'SVG', bytes('<!DOCTYPE svg PUBLIC "a" "b">\n<svg>')],
  ['unknown', '', bytes('<!DOCTYPE html><html><svg></svg></html>')],
  ['unknown', '', bytes('BMX is a kind of bicycle')],
  ['unknown', '', bytes('PK\x03\x04')],
  ['unknown', '', bytes('')],
])('%s: %s', (kind, format, head) => {
  expect(sniff(head)).toEqual({ kind, format });
});

it('does not stumble over any cut of a header', () => {
  const whole = ftyp('isom', 'avc1', 'mp42');
  for (let n = 0; n < whole.length; n++)
    expect(sniff(whole.subarray(0, n)).kind).toBeTypeOf('string');
});
