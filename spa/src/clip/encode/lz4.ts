/**
 * Packs LZ4 blocks (github.com/lz4/lz4, doc/lz4_Block_format.md) as loop-proto/src/clip/lz4.rs does, which tells why it
 * searches as it does: through a chain of earlier places, and for a longer match one byte further on.
 */
const MIN_MATCH = 4;
/** The format wants the last match to begin this long before the end, and to end LAST_LITERALS before it. */
const MATCH_MARGIN = 12;
const LAST_LITERALS = 5;
const MAX_DISTANCE = 0xffff;

/** Earlier places that are tried. */
const DEPTH = 8;
/** A match that is long enough not to look for a longer one. */
const GOOD_ENOUGH = 64;
const HASH_BITS = 14;
/** After this many places without a match (2 to this power) one is passed over, after as many again two, and so on. */
const PATIENCE_BITS = 7;

/** What a block can take at most: a byte more for each 255 that cannot be packed, and some. */
export function mostPacked(length: number): number {
  return length + Math.ceil(length / 255) + 16;
}

/** Four bytes to one of 2^14 places; the high bits depend on all four. */
function slot(view: DataView, at: number): number {
  return Math.imul(view.getUint32(at, true), 2_654_435_761) >>> (32 - HASH_BITS);
}

/** Packs one block after the other; its tables are reused. */
export class Packer {
  /** For each hash of four bytes: one more than where it was seen last, 0 for nowhere. */
  readonly #heads = new Int32Array(1 << HASH_BITS);
  /** For each place: how far before it the same hash was seen, 0 for nowhere that can be reached. */
  readonly #links: Uint16Array;
  readonly #out: Uint8Array<ArrayBuffer>;
  #length = 0;
  /** The match that was found last. */
  #matchLength = 0;
  #distance = 0;

  /** For blocks of at most this many bytes. */
  constructor(longest: number) {
    this.#links = new Uint16Array(longest);
    this.#out = new Uint8Array(mostPacked(longest));
  }

  /** The block that unpacks to the first `length` bytes of `raw`; valid until the next one. */
  pack(raw: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
    const view = new DataView(raw.buffer, raw.byteOffset, length);
    this.#heads.fill(0);
    this.#length = 0;
    const lastStart = length - MATCH_MARGIN;
    const limit = length - LAST_LITERALS;
    let at = 0;
    let written = 0;
    let misses = 1 << PATIENCE_BITS;
    while (at < lastStart) {
      const found = this.#find(raw, view, at, MIN_MATCH - 1, limit);
      this.#remember(view, at);
      if (!found) {
        at += misses++ >> PATIENCE_BITS;
        continue;
      }
      misses = 1 << PATIENCE_BITS;
      while (this.#matchLength < GOOD_ENOUGH && at + 1 < lastStart) {
        if (!this.#find(raw, view, at + 1, this.#matchLength, limit)) break;
        at++;
        this.#remember(view, at);
      }
      const end = at + this.#matchLength;
      let from = at;
      // What lies before it may be the same, too.
      while (
        from > written &&
        from > this.#distance &&
        raw[from - 1] === raw[from - 1 - this.#distance]
      ) {
        from--;
      }
      this.#literals(raw, written, from, end - from - MIN_MATCH);
      this.#match(end - from - MIN_MATCH);
      for (let inside = at + 1, last = Math.min(end, lastStart); inside < last; inside++) {
        this.#remember(view, inside);
      }
      at = end;
      written = end;
    }
    this.#literals(raw, written, length, 0);
    return this.#out.subarray(0, this.#length);
  }

  /** Looks for the longest match at `at` that is longer than `than`; what was found before stays if there is none. */
  #find(raw: Uint8Array, view: DataView, at: number, than: number, limit: number): boolean {
    const links = this.#links;
    let place = this.#heads[slot(view, at)]! - 1;
    if (place < 0) return false;
    let longest = than;
    for (let tries = 0; tries < DEPTH; tries++) {
      if (at - place > MAX_DISTANCE || at + longest >= limit) break;
      // A longer match agrees with this one's next byte: most places are dismissed by that alone.
      if (raw[place + longest] === raw[at + longest]) {
        let length = 0;
        while (at + length < limit && raw[place + length] === raw[at + length]) length++;
        if (length > longest) {
          longest = length;
          this.#matchLength = length;
          this.#distance = at - place;
        }
      }
      const link = links[place]!;
      if (link === 0) break;
      place -= link;
    }
    return longest > than;
  }

  #remember(view: DataView, at: number): void {
    const hash = slot(view, at);
    const back = at + 1 - this.#heads[hash]!;
    // Nowhere is 0, from where it is as far as it is to what cannot be reached.
    this.#links[at] = this.#heads[hash] === 0 || back > MAX_DISTANCE ? 0 : back;
    this.#heads[hash] = at + 1;
  }

  /** The literals of a sequence, with the part of the match's length that goes before them. */
  #literals(raw: Uint8Array, from: number, end: number, extra: number): void {
    const count = end - from;
    const out = this.#out;
    out[this.#length++] = (Math.min(count, 15) << 4) | Math.min(extra, 15);
    this.#putLength(count);
    if (count < 64) for (let at = from; at < end; at++) out[this.#length++] = raw[at]!;
    else {
      out.set(raw.subarray(from, end), this.#length);
      this.#length += count;
    }
  }

  #match(extra: number): void {
    this.#out[this.#length++] = this.#distance & 0xff;
    this.#out[this.#length++] = this.#distance >> 8;
    this.#putLength(extra);
  }

  /** What of a length its four bits do not hold. */
  #putLength(length: number): void {
    if (length < 15) return;
    let rest = length - 15;
    for (; rest >= 255; rest -= 255) this.#out[this.#length++] = 255;
    this.#out[this.#length++] = rest;
  }
}
