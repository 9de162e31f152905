import { BadClip } from './error';

const MIN_MATCH = 4;

/**
 * Unpacks an LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md) that must fill `output` exactly. Foreign bytes may
 * say anything: nothing outside the two arrays is read or written, and each step uses up input or output.
 */
export function unpackLz4(input: Uint8Array, output: Uint8Array): void {
  let at = 0;
  let out = 0;

  /** A length whose first four bits were `nibble`: further bytes add to it while they are 255. */
  const length = (nibble: number): number => {
    let sum = nibble;
    if (nibble === 15) {
      let more;
      do {
        if (at >= input.length) throw new BadClip('packed data ends in a length');
        more = input[at++]!;
        sum += more;
      } while (more === 255);
    }
    return sum;
  };

  for (;;) {
    if (at >= input.length) throw new BadClip('packed data ends before its last part');
    const token = input[at++]!;

    const literals = length(token >> 4);
    if (literals > input.length - at || literals > output.length - out) {
      throw new BadClip('packed data has more literals than there is room for');
    }
    output.set(input.subarray(at, at + literals), out);
    at += literals;
    out += literals;
    // The last part has no match.
    if (at === input.length) break;

    if (input.length - at < 2) throw new BadClip('packed data ends in an offset');
    const offset = input[at]! | (input[at + 1]! << 8);
    at += 2;
    const match = length(token & 15) + MIN_MATCH;
    if (offset === 0 || offset > out) throw new BadClip('packed data repeats what is not there');
    if (match > output.length - out) throw new BadClip('packed data unpacks to too much');
    if (offset >= match) {
      output.copyWithin(out, out - offset, out - offset + match);
    } else {
      // Source and target overlap: what has just been written is repeated.
      for (let i = 0; i < match; i++) output[out + i] = output[out + i - offset]!;
    }
    out += match;
  }
  if (out !== output.length) throw new BadClip('packed data unpacks to too little');
}
