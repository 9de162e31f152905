import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from './frame';

const PROTO = join(import.meta.dirname, '../../../loop-proto');
/** Written by golden.rs and page.rs beside it, which read them, too. */
const GOLDEN = join(PROTO, 'tests/golden');

export function protoSource(name: string): string {
  return readFileSync(join(PROTO, 'src', name), 'utf8');
}

export function goldenFile(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(GOLDEN, name)));
}

/** How long each frame is shown and what its bytes hash to. */
export function goldenFrames(): { durationUs: number; hash: string }[] {
  const lines = readFileSync(join(GOLDEN, 'forms.frames'), 'utf8').trim().split('\n');
  return lines.map((line) => {
    const [duration, hash] = line.split(' ');
    return { durationUs: Number(duration), hash: hash! };
  });
}

export function hashOf(frame: Frame): string {
  return createHash('sha256').update(frame).digest('hex');
}

/** Numbers that look random and are the same each time. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
