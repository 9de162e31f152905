import { ConvertError } from '../error';

const MAX_CODES = 4096;
const MAX_CODE_SIZE = 12;

// The dictionary: entry = entry `prefix` + byte `suffix`. Every unpacking starts by rewriting it.
const prefix = new Uint16Array(MAX_CODES);
const suffix = new Uint8Array(MAX_CODES);
const first = new Uint8Array(MAX_CODES);
const length = new Uint16Array(MAX_CODES);

/** Copies the data sub-blocks that begin at `at` into one run of bytes. */
function gather(bytes: Uint8Array, at: number): Uint8Array {
  let total = 0;
  for (let p = at; bytes[p]; p += bytes[p]! + 1) total += bytes[p]!;
  const data = new Uint8Array(total);
  for (let p = at, o = 0; bytes[p]; p += bytes[p]! + 1) {
    data.set(bytes.subarray(p + 1, p + 1 + bytes[p]!), o);
    o += bytes[p]!;
  }
  return data;
}

function resetTo(clear: number): void {
  for (let c = 0; c < clear; c++) {
    suffix[c] = c;
    first[c] = c;
    length[c] = 1;
  }
}

/** Writes the string of `code` so that it starts at `at`, back to front; what is beyond `out` is lost. */
function expand(code: number, out: Uint8Array, at: number): void {
  let c = code;
  for (let p = at + length[code]! - 1; p >= at; p--) {
    if (p < out.length) out[p] = suffix[c]!;
    c = prefix[c]!;
  }
}

/** Learns `previous` + the first byte of `code` as entry `next`. */
function learn(next: number, previous: number, code: number): void {
  prefix[next] = previous;
  first[next] = first[previous]!;
  length[next] = length[previous]! + 1;
  suffix[next] = code === next ? first[previous]! : first[code]!;
}

/**
 * Unpacks GIF's LZW into colour indices. Returns how many came: a frame may end early, the rest of
 * it then stays as it was. Throws on codes that cannot be.
 */
export function unpackLzw(
  bytes: Uint8Array,
  at: number,
  minCodeSize: number,
  out: Uint8Array,
): number {
  const data = gather(bytes, at);
  const clear = 1 << minCodeSize;
  resetTo(clear);
  let codeSize = minCodeSize + 1;
  let next = clear + 2;
  let previous = -1;
  let buffer = 0;
  let bits = 0;
  let o = 0;
  for (let p = 0; o < out.length;) {
    for (; bits < codeSize && p < data.length; bits += 8) buffer |= data[p++]! << bits;
    if (bits < codeSize) break;
    const code = buffer & ((1 << codeSize) - 1);
    buffer >>>= codeSize;
    bits -= codeSize;
    if (code === clear + 1) break;
    if (code === clear) {
      codeSize = minCodeSize + 1;
      next = clear + 2;
      previous = -1;
      continue;
    }
    // The only entry that may be named before it exists is the one this very code makes.
    const known = previous < 0 ? code < clear : code < next || (code === next && next < MAX_CODES);
    if (!known) {
      throw new ConvertError('broken-gif', `a frame has damaged picture data (byte ${at + p})`);
    }
    if (previous >= 0 && next < MAX_CODES) {
      learn(next, previous, code);
      next++;
      if (next === 1 << codeSize && codeSize < MAX_CODE_SIZE) codeSize++;
    }
    expand(code, out, o);
    o += length[code]!;
    previous = code;
  }
  return Math.min(o, out.length);
}
