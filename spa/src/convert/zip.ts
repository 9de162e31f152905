import { deflateSync } from 'fflate';

/** One entry, already deflated. Sizes and checksum are known, so no data descriptor is needed. */
export interface ZipEntry {
  data: Blob | Uint8Array<ArrayBuffer>;
  packedSize: number;
  size: number;
  crc: number;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let bit = 0; bit < 8; bit++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});

/** CRC-32 as ZIP wants it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** Deflates one entry; `level` as in zlib. */
export function pack(bytes: Uint8Array, level: 1 | 2 | 3 | 4 | 5 | 6): ZipEntry {
  const data = deflateSync(bytes, { level }) as Uint8Array<ArrayBuffer>;
  return { data, packedSize: data.length, size: bytes.length, crc: crc32(bytes) };
}

const VERSION = 20;
const UTF8 = 0x0800;
const DEFLATED = 8;
/** 1 January 1980, the first day ZIP knows: the same frames make the same bytes. */
const DOS_DATE = 0x21;

/** The 26 bytes local header and directory share, from "version needed" on. */
function describe(view: DataView, at: number, entry: ZipEntry, nameLength: number): void {
  view.setUint16(at, VERSION, true);
  view.setUint16(at + 2, UTF8, true);
  view.setUint16(at + 4, DEFLATED, true);
  view.setUint16(at + 6, 0, true);
  view.setUint16(at + 8, DOS_DATE, true);
  view.setUint32(at + 10, entry.crc, true);
  view.setUint32(at + 14, entry.packedSize, true);
  view.setUint32(at + 18, entry.size, true);
  view.setUint16(at + 22, nameLength, true);
}

function localHeader(name: Uint8Array, entry: ZipEntry): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(30 + name.length);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x04034b50, true);
  describe(view, 4, entry, name.length);
  header.set(name, 30);
  return header;
}

function directoryHeader(
  name: Uint8Array,
  entry: ZipEntry,
  offset: number,
): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(46 + name.length);
  const view = new DataView(header.buffer);
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, VERSION, true);
  describe(view, 6, entry, name.length);
  view.setUint32(42, offset, true);
  header.set(name, 46);
  return header;
}

function endRecord(count: number, size: number, offset: number): Uint8Array<ArrayBuffer> {
  const record = new Uint8Array(22);
  const view = new DataView(record.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return record;
}

/**
 * Joins entries into a ZIP without copying them: the result refers to the same Blobs.
 * Below 65,535 entries and 4 GB, which the frame limit guarantees.
 */
export function joinZip(entries: readonly { name: string; entry: ZipEntry }[]): Blob {
  const encoder = new TextEncoder();
  const parts: BlobPart[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { name, entry } of entries) {
    const nameBytes = encoder.encode(name);
    const header = localHeader(nameBytes, entry);
    directory.push(directoryHeader(nameBytes, entry, offset));
    parts.push(header, entry.data);
    offset += header.length + entry.packedSize;
  }
  const directorySize = directory.reduce((sum, part) => sum + part.length, 0);
  parts.push(...directory, endRecord(entries.length, directorySize, offset));
  return new Blob(parts, { type: 'application/zip' });
}
