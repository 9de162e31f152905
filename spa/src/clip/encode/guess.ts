/** Tells how small a fast LZ4 compressor would make something, without making it. */
const MIN_MATCH = 4;
const MATCH_MARGIN = 12;
const LAST_LITERALS = 5;
const MAX_DISTANCE = 0xffff;
const HASH_BITS = 12;
/** After this many places without a match one is passed over, after as many again two, and so on. */
const PATIENCE_BITS = 5;

const places = new Int32Array(1 << HASH_BITS);

/** Bytes of a length behind the four bits that hold its beginning. */
function lengthBytes(length: number): number {
  return length < 15 ? 0 : 1 + Math.floor((length - 15) / 255);
}

/** How many bytes the first `length` of `raw` would take: one look for each place, as the fast compressors do. */
export function packedSize(raw: Uint8Array, length: number): number {
  const view = new DataView(raw.buffer, raw.byteOffset, length);
  const slot = (at: number): number =>
    Math.imul(view.getUint32(at, true), 2_654_435_761) >>> (32 - HASH_BITS);
  const lastStart = length - MATCH_MARGIN;
  const limit = length - LAST_LITERALS;
  places.fill(-1);
  let size = 0;
  let written = 0;
  let misses = 1 << PATIENCE_BITS;
  let at = 0;
  while (at <= lastStart) {
    const hash = slot(at);
    let place = places[hash]!;
    places[hash] = at;
    const found =
      place >= 0 &&
      at - place <= MAX_DISTANCE &&
      view.getUint32(place, true) === view.getUint32(at, true);
    if (!found) {
      at += misses++ >> PATIENCE_BITS;
      continue;
    }
    let end = at + MIN_MATCH;
    for (let same = place + MIN_MATCH; end < limit && raw[same] === raw[end]; same++) end++;
    while (at > written && place > 0 && raw[at - 1] === raw[place - 1]) {
      at--;
      place--;
    }
    const literals = at - written;
    size += 3 + literals + lengthBytes(literals) + lengthBytes(end - at - MIN_MATCH);
    if (end - 2 <= lastStart) places[slot(end - 2)] = end - 2;
    at = end;
    written = end;
    misses = 1 << PATIENCE_BITS;
  }
  return size + 1 + length - written + lengthBytes(length - written);
}
